"""References: which fields of the map's items hold which ids."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from livingmap.core.model import CollectionKey, Fields, Json
from livingmap.core.shared import shared

Field: TypeAlias = tuple[CollectionKey, str, str]
"""A collection, the id of one of its items, and a field of that item."""

_Place: TypeAlias = tuple[CollectionKey, str]
"""A collection, and a field of its items."""


class References:
    """An index of all items' references by target, so that they follow when an id resolves to another."""

    def __init__(self) -> None:
        self._to: dict[str, dict[_Place, dict[str, None]]] = {}
        """By target, the items that refer to it, by the field in which they do."""
        self._from: dict[_Place, dict[str, tuple[str, ...]]] = defaultdict(dict)
        """By field, the targets of each item."""

    def note(self, key: CollectionKey, entity_id: str, names: Iterable[str], item: Fields) -> None:
        """Index the ids that the fields ``names`` of an item hold, unresolved."""
        for name in names:
            self._note((key, name), entity_id, tuple(dict.fromkeys(ids_in(item.get(name)))))

    def _note(self, place: _Place, entity_id: str, targets: tuple[str, ...]) -> None:
        previous = self._from[place].get(entity_id, ())
        if targets == previous:
            return
        for target in previous:
            self._forget(place, entity_id, target)
        for target in targets:
            self._to.setdefault(target, {}).setdefault(place, {})[entity_id] = None
        if targets:
            self._from[place][entity_id] = shared(targets)
        else:
            del self._from[place][entity_id]

    def _forget(self, place: _Place, entity_id: str, target: str) -> None:
        places = self._to[target]
        del places[place][entity_id]
        if not places[place]:
            del places[place]
        if not places:
            del self._to[target]

    def count(self, entity_id: str) -> int:
        """Return how many fields refer to ``entity_id``."""
        return sum(map(len, self._to.get(entity_id, {}).values()))

    def to(self, entity_id: str) -> Iterator[Field]:
        """Yield every field that refers to ``entity_id``."""
        for (key, name), items in self._to.get(entity_id, {}).items():
            for one in items:
                yield key, one, name


def ids_in(value: Json) -> Iterator[str]:
    """Yield the ids that the value of a reference holds: one, or those of a list."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
