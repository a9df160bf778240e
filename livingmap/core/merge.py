"""Merging of fields: of several sources' values of a field, the first that is not None is shown."""

from collections.abc import Iterable, Sequence

from livingmap.core.model import CollectionKey, Fields, Json


class Dirty:
    """Fields of items and of layers that have to be merged again, in the order in which they were touched."""

    def __init__(self) -> None:
        self.items: dict[tuple[CollectionKey, str], Iterable[str] | None] = {}
        self.totals: dict[str, dict[str, None]] = {}

    def item(self, key: CollectionKey, entity_id: str) -> None:
        """Note a whole item: whether it exists, and all its fields."""
        self.items[key, entity_id] = None

    def fields(self, key: CollectionKey, entity_id: str, names: Iterable[str]) -> None:
        """Note some fields of an item."""
        item = (key, entity_id)
        if item not in self.items:
            self.items[item] = names
        elif (previous := self.items[item]) is not None:
            self.items[item] = {**dict.fromkeys(previous), **dict.fromkeys(names)}

    def total(self, layer: str, names: Iterable[str]) -> None:
        """Note some fields of a layer itself."""
        self.totals.setdefault(layer, {}).update(dict.fromkeys(names))


def strongest(candidates: Sequence[Fields], names: Iterable[str]) -> dict[str, Json]:
    """Return the fields ``names`` that any candidate has; the first value that is not None wins."""
    merged: dict[str, Json] = {}
    for name in names:
        for fields in candidates:
            if name in fields:
                merged[name] = value = fields[name]
                if value is not None:
                    break
    return merged


def difference(
    before: Fields, after: Fields, names: Iterable[str]
) -> tuple[dict[str, Json], tuple[str, ...], dict[str, Json]]:
    """Return how the fields ``names`` differ: what to set, what to unset in order of name, what both replace."""
    updates: dict[str, Json] = {}
    removals: list[str] = []
    replaced: dict[str, Json] = {}
    for name in names:
        if name in after:
            if name not in before:
                updates[name] = after[name]
            elif before[name] != after[name]:
                updates[name] = after[name]
                replaced[name] = before[name]
        elif name in before:
            removals.append(name)
            replaced[name] = before[name]
    return updates, tuple(sorted(removals)), replaced


def changed(before: Fields, updates: dict[str, Json], removals: Iterable[str]) -> dict[str, Json]:
    """Return ``before`` with a difference applied to it.

    What is new shares the fields with the change that brought it: neither is ever altered.
    """
    if not before:
        return updates
    after = {**before, **updates}
    for name in removals:
        del after[name]
    return after
