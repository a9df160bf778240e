"""Past changes: what readers with limited rights see of the changes that the history kept.

The present rights count, and what things belong to now. What is hidden was hidden: a reader that may not see
``agent:bo`` learns neither that it came nor that ``agent:sofia`` had it as ``deputy_id``. Numbers that the map
counts are left out, because what they counted then was of everything.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import ids_in
from livingmap.access.view import Rights
from livingmap.core.model import Fields, Json
from livingmap.core.source import Source
from livingmap.core.vocabulary import type_of

Numbers: TypeAlias = Mapping[tuple[str, str | None], frozenset[str]]
"""By collection the fields that the map counts; by a layer and None those of the layer itself."""


def numbers_of(sources: Iterable[Source]) -> Numbers:
    """Return which fields hold numbers that the map counts itself."""
    numbers: dict[tuple[str, str | None], frozenset[str]] = defaultdict(frozenset)
    for source in sources:
        for tally in source.tallies:
            numbers[tally.layer, tally.collection if tally.per else None] |= {tally.field}
    return dict(numbers)


def visible_changes(
    changes: Iterable[Fields], filtered: FilteredScene, rights: Rights, numbers: Numbers
) -> list[dict[str, Json]]:
    """Return what is shown of ``changes``, each as the history keeps it."""
    if rights.summary:
        return []
    shown = (change for change in changes if _is_shown(change, filtered, rights))
    clean = (_without_hidden(change, filtered, numbers) for change in shown)
    return [change for change in clean if _says_something(change)]


def _is_shown(change: Fields, filtered: FilteredScene, rights: Rights) -> bool:
    if not filtered.shows_layer(change["layer"]):
        return False
    if change["op"] == "total":
        return rights.grants is None  # what sources say of a whole layer is of everything in it
    # of what is gone, nobody can tell whose it was if no source declares its type
    is_judged = filtered.knows(change["id"]) or type_of(change["id"]) in filtered.vocabulary.types
    return is_judged and not filtered.hides(change["id"])


def _without_hidden(change: Fields, filtered: FilteredScene, numbers: Numbers) -> dict[str, Json]:
    """Return a change without numbers, and without the ids of what is not shown."""
    counted = numbers.get((change["layer"], change.get("collection")), frozenset())
    clean = dict(change)
    for part in {"set", "was"}.intersection(change):
        clean[part] = filtered.scrub({name: value for name, value in change[part].items() if name not in counted})
    if "unset" in change:
        clean["unset"] = _without(change["unset"], counted, filtered.hides)
    if "was" in clean and "set" in clean:  # what differs in hidden ids alone does not differ for this reader
        same = [
            name for name, value in clean["set"].items() if name in clean["was"] and clean["was"][name] == value
        ]
        for part in ("set", "was"):
            clean[part] = {name: value for name, value in clean[part].items() if name not in same}
    return clean


def _without(names: Sequence[str], counted: frozenset[str], hides: Callable[[str], bool]) -> list[str]:
    return [name for name in names if name not in counted and not any(map(hides, ids_in(name)))]


def _says_something(change: Fields) -> bool:
    return change["op"] == "drop" or change.get("came", False) or bool(change["set"]) or bool(change["unset"])
