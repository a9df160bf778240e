"""Print the host's vocabulary as TypeScript, for the front end."""

import json
from collections.abc import Iterator

from livingmap.core.vocabulary import STATUSES

HEAD = """\
// The host's vocabulary, generated from `livingmap/core/vocabulary.py` by `npm run vocabulary`. Do not edit.

"""


def module() -> str:
    """Return the text of the module."""
    return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "/** By spelling in lower case: the one word that the map uses for a status. */"
    yield "export const STATUSES: Readonly<Record<string, string>> = {"
    for spelling in sorted(STATUSES):
        yield f"  {spelling}: {json.dumps(STATUSES[spelling])},"
    yield "};"


if __name__ == "__main__":
    print(module(), end="")
