"""Print the host's vocabulary as TypeScript, for the front end."""

import json
from collections.abc import Iterable, Iterator

from livingmap.core.vocabulary import STANDING_LAYERS, STATUSES, TYPES, EntityType

HEAD = """\
// The host's vocabulary, generated from `livingmap/core/vocabulary.py` by `npm run vocabulary`. Do not edit.

export type EntityType = {
  /** The layer that lists its entities, and the collection of that layer. */
  readonly home: string;
  readonly collection: string;
  /** The fields that hold the id, or a list of ids, of other entities. */
  readonly references: readonly string[];
  /** The statuses, in the map's own words, that mean something is wrong. */
  readonly trouble: readonly string[];
};

"""


def module() -> str:
    """Return the text of the module."""
    return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "/** The types of entity by name. */"
    yield "export const TYPES: Readonly<Record<string, EntityType>> = {"
    for name in sorted(TYPES):
        yield f"  {name}: {_row(TYPES[name])},"
    yield "};"
    yield ""
    yield "/** By spelling in lower case: the one word that the map uses for a status. */"
    yield "export const STATUSES: Readonly<Record<string, string>> = {"
    for spelling in sorted(STATUSES):
        yield f"  {spelling}: {json.dumps(STATUSES[spelling])},"
    yield "};"
    yield ""
    yield "/** The layers that every snapshot has. */"
    yield f"export const STANDING_LAYERS: readonly string[] = {_list(STANDING_LAYERS)};"


def _row(entity: EntityType) -> str:
    fields = {
        "home": json.dumps(entity.home),
        "collection": json.dumps(entity.collection),
        "references": _list(entity.references),
        "trouble": _list(sorted(entity.trouble)),
    }
    return "{ " + ", ".join(f"{name}: {value}" for name, value in fields.items()) + " }"


def _list(names: Iterable[str]) -> str:
    return "[" + ", ".join(json.dumps(name) for name in names) + "]"


if __name__ == "__main__":
    print(module(), end="")
