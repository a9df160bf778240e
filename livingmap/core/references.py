"""References: which fields of the map's items hold which ids."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from livingmap.core.model import CollectionKey, Fields, Json

Field: TypeAlias = tuple[CollectionKey, str, str]
"""A collection, the id of one of its items, and a field of that item."""


class References:
    """An index of all items' references by target, so that they follow when an id resolves to another."""

    def __init__(self) -> None:
        self._to: dict[str, dict[Field, None]] = {}
        self._from: dict[Field, tuple[str, ...]] = {}

    def note(self, key: CollectionKey, entity_id: str, names: Iterable[str], item: Fields) -> None:
        """Index the ids that the fields ``names`` of an item hold, unresolved."""
        for name in names:
            self._note((key, entity_id, name), tuple(dict.fromkeys(ids_in(item.get(name)))))

    def _note(self, field: Field, targets: tuple[str, ...]) -> None:
        previous = self._from.get(field, ())
        if targets == previous:
            return
        for target in previous:
            del self._to[target][field]
            if not self._to[target]:
                del self._to[target]
        for target in targets:
            self._to.setdefault(target, {})[field] = None
        self._from[field] = targets
        if not targets:
            del self._from[field]

    def count(self, entity_id: str) -> int:
        """Return how many fields refer to ``entity_id``."""
        return len(self._to.get(entity_id, ()))

    def to(self, entity_id: str) -> Iterator[Field]:
        """Yield every field that refers to ``entity_id``."""
        yield from self._to.get(entity_id, ())


def ids_in(value: Json) -> Iterator[str]:
    """Yield the ids that the value of a reference holds: one, or those of a list."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
