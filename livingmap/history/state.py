"""States: the whole merged scene at one position, from which the moments after it are made by their changes.

A state is lines of JSON, compressed. The first says what there is, the others are the items, one each, in that
order. So whoever makes a moment of it need not parse the ten thousand items that nobody asks about::

    {"totals": {"agents": {"total": 2}}, "items": [["agents", "items", ["agent:a", "agent:b"]]], "sources": […], …}
    {"id": "agent:a", "name": "A"}
    {"id": "agent:b", "name": "B"}
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final, TypeAlias

import orjson
import zstandard

from livingmap.core.json_bytes import right_sized
from livingmap.core.layers import Layers, layer_names
from livingmap.core.model import CollectionKey, Fields, Json, Position
from livingmap.core.reducer import state_of

Names: TypeAlias = tuple[Sequence[str], Mapping[str, str]]
"""The aliases of an item, and by id and alias their namespaces."""

_NO_NAMES: Final[Mapping[str, Names]] = {}
_LEVEL: Final = 6
_COMPRESSED_AT_ONCE: Final = 250
"""Lines: about a hundred kilobytes."""
_ATOMS: Final = frozenset({str, int, float, bool, type(None)})
_READ_BYTES: Final = 8 * 1024
"""Compressed: most states are a dozen times as long."""
_MOST_BYTES: Final = 1024 * 1024 * 1024
"""No state is larger when it is unpacked: a row that claims to be is damaged."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What a state holds; its items are JSON still, each with its ``id``."""

    totals: Mapping[str, Fields]
    """The fields of each layer itself."""
    items: Mapping[CollectionKey, Mapping[str, bytes]]
    """By id."""
    sources: list[Fields]
    """As in the ``meta`` of a snapshot, and more: see `livingmap.past.sources_then`."""
    filled: frozenset[str]
    """The layers that some source has filled."""
    names: frozenset[str]
    """The names of all fields, at any depth."""
    aliases: Mapping[str, Names] = field(default_factory=dict)
    """What else items are called that may come to be hidden, by id."""


@dataclass(frozen=True, slots=True)
class State:
    """The merged scene as it was after the entry at ``position``.

    Example: the state of ``a1-5000`` and the changes of the entries from 5001 to 5123 make the scene of
    ``a1-5123``.
    """

    position: Position
    received_at: datetime
    """When the log received that entry, UTC."""
    mark_time: datetime
    """Where that entry stands in the order of the history: see `livingmap.history.entry.Mark`."""
    body: bytes
    """What `packed` returned."""

    def unpacked(self) -> Unpacked:
        """Return what it holds. Raises ValueError if it is damaged.

        Takes a moment for a large map: call it beside the event loop.
        """
        first, *lines = self._lines()
        head = orjson.loads(first)
        return _unpacked(head, lines) if "totals" in head else _of_earlier_version(head, lines)

    def items(self) -> Iterator[tuple[CollectionKey, str, Fields]]:
        """Yield every item with its collection and id, layer by layer. Raises ValueError if it is damaged.

        Nothing but the item whose turn it is has to be in memory, nor the JSON of the others.
        """
        lines = self._lines()
        head = orjson.loads(next(lines))
        if "totals" not in head:
            for key, items in _of_earlier_version(head, lines).items.items():
                yield from ((key, entity_id, orjson.loads(item)) for entity_id, item in items.items())
            return
        for layer, collection, ids in head["items"]:
            for entity_id, line in zip(ids, lines, strict=False):
                yield (layer, collection), entity_id, orjson.loads(line)

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines of the body. Raises ValueError if it is damaged."""
        size, rest = 0, b""
        decompressing = zstandard.ZstdDecompressor().decompressobj()
        try:
            for start in range(0, len(self.body), _READ_BYTES):
                piece = decompressing.decompress(self.body[start : start + _READ_BYTES])
                size += len(piece)
                *lines, rest = (rest + piece).split(b"\n")
                yield from lines
                if decompressing.eof or size > _MOST_BYTES:
                    break
        except zstandard.ZstdError as error:
            raise ValueError(f"the state at {self.position} is damaged: {error}") from error
        if not decompressing.eof or size > _MOST_BYTES:
            raise ValueError(f"the state at {self.position} is damaged: it has no end after {size} bytes")
        yield rest


def packed(
    scene: Layers, sources: Json, filled: Collection[str] = (), aliases: Mapping[str, Names] = _NO_NAMES
) -> bytes:
    """Return the body of a state of ``scene``; ``filled`` are the layers that a source has filled.

    Takes a while for a large map: call it beside the event loop, which no step of it holds up for long.
    """
    totals = {
        name: {**scene.vocabulary.standing.get(name, {}), **scene.totals(name)} for name in layer_names(scene)
    }
    listed = {
        (name, collection): scene.items(name, collection)
        for name, collections in sorted(scene.layers().items())
        for collection in collections
    }
    names, ids = set[str](), {key: sorted(items) for key, items in listed.items()}
    for items in listed.values():
        _note_names_in(items.values(), names)
    lines = (json_of(one, listed[key][one]) for key, own in ids.items() for one in own)
    return _compressed(_head(totals, ids, sources, filled, names, aliases), lines)


def packed_layers(layers: Fields, sources: Json, filled: Collection[str] = ()) -> bytes:
    """Return the body of a state with the ``layers`` of a snapshot."""
    first, *lines = _lines_of(layers, sources, filled)
    return _compressed(first, lines)


def _lines_of(layers: Fields, sources: Json, filled: Collection[str]) -> list[bytes]:
    state, names = state_of(layers), set[str]()
    for layer in state.values():
        for listed in layer.collections.values():
            _note_names_in(listed.values(), names)
    items = {
        (name, collection): {entity_id: right_sized(orjson.dumps(item)) for entity_id, item in listed.items()}
        for name, layer in sorted(state.items())
        for collection, listed in layer.collections.items()
    }
    totals = {name: layer.totals for name, layer in state.items()}
    first = _head(totals, {key: list(listed) for key, listed in items.items()}, sources, filled, names)
    return [first, *(line for listed in items.values() for line in listed.values())]


def json_of(entity_id: str, item: Fields) -> bytes:
    """Return the JSON of an item, given without its id, with it."""
    fields = orjson.dumps(item if type(item) is dict else dict(item))
    return b'{"id":%b%b%b' % (orjson.dumps(entity_id), b"," if item else b"", fields[1:])


def _head(
    totals: Mapping[str, Fields],
    ids: Mapping[CollectionKey, Sequence[str]],
    sources: Json,
    filled: Collection[str],
    names: set[str],
    aliases: Mapping[str, Names] = _NO_NAMES,
) -> bytes:
    """Return the first line; ``names`` are those of the fields of all items."""
    _note_names_in(totals.values(), names)
    head = {
        "totals": totals,
        "items": [[*key, own] for key, own in ids.items()],
        "sources": sources,
        "filled": sorted(filled),
        "names": sorted(names),
        "aliases": aliases,
    }
    return orjson.dumps(head)


def _compressed(first: bytes, lines: Iterable[bytes]) -> bytes:
    """Return lines compressed, some at a time: those of a large map need not be in memory together."""
    # the checksum lets a damaged state be found here, not when one of its items is parsed
    compressing = zstandard.ZstdCompressor(_LEVEL, write_checksum=True).compressobj()
    pieces, rest = [compressing.compress(first)], iter(lines)
    while some := list(islice(rest, _COMPRESSED_AT_ONCE)):
        pieces.append(compressing.compress(b"\n".join((b"", *some))))
    return b"".join((*pieces, compressing.flush()))


def _unpacked(head: Fields, lines: list[bytes]) -> Unpacked:
    items, rest = dict[CollectionKey, Mapping[str, bytes]](), iter(lines)
    for layer, collection, ids in head["items"]:
        items[layer, collection] = dict(zip(ids, rest, strict=False))  # strict would ask for the next line
    filled, names = frozenset(head["filled"]), frozenset(head["names"])
    return Unpacked(head["totals"], items, head["sources"], filled, names, head.get("aliases", _NO_NAMES))


def _of_earlier_version(head: Fields, lines: Iterable[bytes]) -> Unpacked:
    """Return a state whose first line is a snapshot, the rest of its long lists in lines of their own."""
    layers = head["layers"]
    for line in lines:
        layer, name, values = orjson.loads(line)
        layers[layer][name] += values
    first, *rest = _lines_of(layers, head["sources"], head.get("filled", layers))
    return _unpacked(orjson.loads(first), rest)


def _note_names_in(values: Iterable[Json], names: set[str]) -> None:
    """Add the names of all fields within ``values``, at any depth, to ``names``."""
    for value in values:
        if type(value) in _ATOMS:
            continue
        if isinstance(value, dict):
            names.update(value)
            _note_names_in(value.values(), names)
        elif isinstance(value, list):
            _note_names_in(value, names)
