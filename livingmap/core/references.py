"""Which fields of the map's items refer to which ids."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from livingmap.core.model import CollectionKey, Fields, Json

Field: TypeAlias = tuple[CollectionKey, str, str]
"""A collection, the id of one of its items, and a field of that."""


class References:
    """The references of all items, so that they follow when an id gets another meaning."""

    def __init__(self) -> None:
        self._to: dict[str, dict[Field, None]] = {}
        self._from: dict[Field, tuple[str, ...]] = {}

    def note(self, place: CollectionKey, entity_id: str, names: Iterable[str], item: Fields) -> None:
        """Remember which ids the fields ``names`` of an item name, as its sources say them."""
        for name in names:
            self._note((place, entity_id, name), tuple(dict.fromkeys(_ids(item.get(name)))))

    def _note(self, field: Field, now: tuple[str, ...]) -> None:
        old = self._from.get(field, ())
        if now == old:
            return
        for one in old:
            del self._to[one][field]
            if not self._to[one]:
                del self._to[one]
        for one in now:
            self._to.setdefault(one, {})[field] = None
        self._from[field] = now
        if not now:
            del self._from[field]

    def to(self, entity_id: str) -> Iterator[Field]:
        """Yield every field that refers to ``entity_id``."""
        yield from self._to.get(entity_id, ())


def _ids(value: Json) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
