"""Encoded layers: the JSON of a layer in chunks, of which only those are made anew whose items have changed.

Example: of 100,000 agents one becomes busy. Of some 390 chunks one is encoded again, and the others are joined
with it as they are.
"""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from livingmap.core.layers import LiveLayers
from livingmap.core.model import Fields

_CHUNK_ITEMS: Final = 256


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some items of a collection, one after another in order of id."""

    ids: Sequence[str]
    body: bytes
    """Their JSON, separated by commas."""
    digest: bytes


class Body:
    """A body that is put together from parts, and the tag that follows from them."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._digest = hashlib.blake2b(digest_size=12)

    def add(self, part: bytes, digest: bytes | None = None) -> None:
        """Append a part, of which a digest may be there already: to compute that takes longer than to append."""
        self._parts.append(part)
        self._digest.update(part if digest is None else digest)

    def joined(self) -> bytes:
        """Return the whole."""
        return b"".join(self._parts)

    def tag(self) -> str:
        """Return a digest of the whole."""
        return self._digest.hexdigest()


class EncodedLayer:
    """One layer as a snapshot has it: totals first, then each collection as a list in order of id."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._version: int | None = None
        self._totals = b""
        self._collections: dict[str, list[_Chunk]] = {}

    def add_to(self, body: Body, shown: LiveLayers) -> None:
        """Append the layer as it is in ``shown``, which is the same each time."""
        self._update(shown)
        body.add(self._totals)
        separator = b"" if self._totals == b"{" else b","
        for collection, chunks in self._collections.items():
            body.add(separator + orjson.dumps(collection) + b":[")
            for number, chunk in enumerate(chunks):
                if number:
                    body.add(b",")
                body.add(chunk.body, chunk.digest)
            body.add(b"]")
            separator = b","
        body.add(b"}")

    def _update(self, shown: LiveLayers) -> None:
        name, version = self._name, shown.version(self._name)
        if version == self._version:
            return
        changed = None if self._version is None else shown.changed_since(name, self._version)
        ids_of = defaultdict[str, set[str]](set)
        for collection, entity_id in changed or ():
            ids_of[collection].add(entity_id)
        collections = {}
        for collection in shown.layers().get(name, []):
            items, before = shown.items(name, collection), self._collections.get(collection)
            if changed is None or before is None:
                collections[collection] = list(_chunks(sorted(items), items))
            else:
                collections[collection] = _updated(before, ids_of[collection], items)
        totals = {**shown.vocabulary.standing.get(name, {}), **shown.totals(name)}
        encoded = orjson.dumps({field: value for field, value in totals.items() if field not in collections})
        self._totals, self._collections, self._version = encoded[:-1], collections, version


def _updated(chunks: Sequence[_Chunk], changed: Iterable[str], items: Fields) -> list[_Chunk]:
    """Return the chunks of ``items``, made of those that there were before some items ``changed``."""
    starts = [chunk.ids[0] for chunk in chunks]
    touched = defaultdict[int, set[str]](set)
    for entity_id in changed:
        touched[max(0, bisect_right(starts, entity_id) - 1)].add(entity_id)
    updated: list[_Chunk] = []
    for number, chunk in enumerate(chunks):
        if number in touched:
            ids = sorted({*chunk.ids, *touched[number]})
            updated += _chunks([one for one in ids if one in items], items)
        else:
            updated.append(chunk)
    return updated if chunks else list(_chunks(sorted(items), items))


def _chunks(ids: Sequence[str], items: Fields) -> Iterator[_Chunk]:
    """Yield the items ``ids`` in chunks of about equal length."""
    count = max(1, len(ids) // _CHUNK_ITEMS)
    for number in range(count if ids else 0):
        own = ids[len(ids) * number // count : len(ids) * (number + 1) // count]
        body = orjson.dumps([{"id": entity_id, **items[entity_id]} for entity_id in own])[1:-1]
        yield _Chunk(own, body, hashlib.blake2b(body, digest_size=12).digest())
