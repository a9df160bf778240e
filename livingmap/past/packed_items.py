"""Packed items: the items of a collection at a past moment, each parsed once somebody looks at it.

Of ten thousand items a few hundred are touched by the changes after a state, and a difference looks at those only
that are another then. The others go from the state into an answer as they are.
"""

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from itertools import islice
from typing import Final, cast

import orjson

from livingmap.core.model import Fields, Json
from livingmap.history.state import json_of

_AT_ONCE: Final = 500
"""So many are parsed in one step, which holds up the event loop if it is done beside it."""


class PackedItems(Mapping[str, Fields]):
    """Items by id; each is its JSON, with its ``id``, or its fields without."""

    def __init__(self, items: Mapping[str, bytes | Fields]) -> None:
        self.raw = dict(items)
        """As they are: JSON with the id, or fields without."""

    def copy(self) -> "PackedItems":
        """Return items that go on from here."""
        return PackedItems(self.raw)

    def __getitem__(self, entity_id: str) -> Fields:
        item = self.raw[entity_id]
        if isinstance(item, bytes):
            item = self.raw[entity_id] = _fields(orjson.loads(item))
        return item

    def __iter__(self) -> Iterator[str]:
        return iter(self.raw)

    def __len__(self) -> int:
        return len(self.raw)

    def __contains__(self, entity_id: object) -> bool:
        return entity_id in self.raw

    def keys(self) -> KeysView[str]:
        """Return the ids."""
        return self.raw.keys()

    def items(self) -> ItemsView[str, Fields]:
        """Return ids and items."""
        return self._parsed().items()

    def values(self) -> ValuesView[Fields]:
        """Return the items."""
        return self._parsed().values()

    def put(self, entity_id: str, item: Fields) -> None:
        """Put an item without its id in the place of what is there."""
        self.raw[entity_id] = item

    def drop(self, entity_id: str) -> None:
        """Drop an item, if it is there."""
        self.raw.pop(entity_id, None)

    def encoded(self) -> bytes:
        """Return the items as a JSON array in order of id."""
        items = self.raw
        return b"[%b]" % b",".join([_json(entity_id, items[entity_id]) for entity_id in sorted(items)])

    def differing(self, before: "PackedItems") -> Iterable[str]:
        """Return the ids of the items that may be others than in ``before``, or were not there."""
        other = before.raw.get
        return [
            entity_id
            for entity_id, item in self.raw.items()
            if not (isinstance(item, bytes) and item == other(entity_id))
        ]

    def _parsed(self) -> dict[str, Fields]:
        packed = iter([(entity_id, item) for entity_id, item in self.raw.items() if isinstance(item, bytes)])
        while some := list(islice(packed, _AT_ONCE)):
            parsed = orjson.loads(b"[%b]" % b",".join([item for _, item in some]))
            for (entity_id, _), item in zip(some, parsed, strict=True):
                self.raw[entity_id] = _fields(item)
        return cast("dict[str, Fields]", self.raw)


def _fields(item: dict[str, Json]) -> Fields:
    del item["id"]
    return item


def _json(entity_id: str, item: bytes | Fields) -> bytes:
    return item if isinstance(item, bytes) else json_of(entity_id, item)
