"""How the words of several sources become one: of each field the strongest word that is not None is shown."""

from collections.abc import Iterable, Sequence

from livingmap.core.model import CollectionKey, Fields, Json


class Dirty:
    """What has to be worked out anew, in the order in which it was touched: fields of items and of layers."""

    def __init__(self) -> None:
        self.items: dict[tuple[CollectionKey, str], Iterable[str] | None] = {}
        self.totals: dict[str, dict[str, None]] = {}

    def item(self, place: CollectionKey, entity_id: str) -> None:
        """Note a whole item: whether it is there, and all its fields."""
        self.items[place, entity_id] = None

    def fields(self, place: CollectionKey, entity_id: str, names: Iterable[str]) -> None:
        """Note some fields of an item."""
        key = (place, entity_id)
        if key not in self.items:
            self.items[key] = names
        elif (known := self.items[key]) is not None:
            self.items[key] = {**dict.fromkeys(known), **dict.fromkeys(names)}

    def total(self, layer: str, names: Iterable[str]) -> None:
        """Note some fields of a layer itself."""
        self.totals.setdefault(layer, {}).update(dict.fromkeys(names))


def strongest(said: Sequence[Fields], names: Iterable[str]) -> dict[str, Json]:
    """Return the fields ``names``, as far as somebody has said anything of them; the first in ``said`` wins."""
    found: dict[str, Json] = {}
    for name in names:
        for fields in said:
            if name in fields:
                found[name] = value = fields[name]
                if value is not None:
                    break
    return found


def difference(before: Fields, after: Fields, names: Iterable[str]) -> tuple[dict[str, Json], tuple[str, ...]]:
    """Return how the fields ``names`` differ: what to set, and what to unset in order of name."""
    fresh: dict[str, Json] = {}
    gone: list[str] = []
    for name in names:
        if name in after:
            if name not in before or before[name] != after[name]:
                fresh[name] = after[name]
        elif name in before:
            gone.append(name)
    return fresh, tuple(sorted(gone))


def changed(before: Fields, fresh: Fields, gone: Iterable[str]) -> dict[str, Json]:
    """Return ``before`` with the difference applied to it."""
    after = {**before, **fresh}
    for name in gone:
        del after[name]
    return after
