"""Exports: a stretch of the past in a file, and the history that such a file is read into.

A file is JSON lines, compressed with zstd or not. The first is a header, with the words of the map; the others are
the messages of a play of that stretch, as the stream sent them::

    {"kind": "export", "format": 1, "version": "1.0.0", "types": {"en": {…}, "uk": {…}}, "sentences": […]}
    {"kind": "snapshot", "timestamp": "…", "payload": {"layers": {…}, "meta": {…}}, …}
    {"kind": "event", "event_type": "agent.event.status", "timestamp": "…", "payload": {…}, "changes": […], …}
    {"kind": "gap", "since": "…", "until": "…", "events": 3, "reason": "…"}
    {"kind": "end", "at": "…"}

Read again, each snapshot begins an epoch of its own. So every moment of the stretch can be rebuilt as it was.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson
import zstandard

from livingmap.core.fold import OF_SOURCES, TIME_PASSED
from livingmap.core.model import CollectionKey, Fields, Json, Position
from livingmap.core.reducer import state_of
from livingmap.core.units import rfc3339
from livingmap.errors import LivingMapError
from livingmap.history import Entry, Gap, State
from livingmap.history.changes import encoded
from livingmap.history.memory import MemoryHistory
from livingmap.history.state import packed_layers

FORMAT: Final = 1
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_STATE_ENTRIES: Final = 2_000
_IGNORED: Final = frozenset({"playing", "paused", "heartbeat", "live"})


class ExportError(LivingMapError):
    """A file is not an export, or is damaged. The message names the line."""


@dataclass(slots=True)
class Export:
    """A stretch of the past as it was read from a file."""

    header: Fields
    entries: list[Entry] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    layers: dict[str, Json] = field(default_factory=dict)
    """The map at the end."""
    is_complete: bool = False
    """Whether the last line is there, so that nothing was cut off."""

    @property
    def start(self) -> datetime:
        """The moment where it begins."""
        return self.entries[0].mark.time

    @property
    def end(self) -> datetime:
        """The moment where it ends."""
        return self.entries[-1].mark.time

    async def history(self) -> MemoryHistory:
        """Return a history that holds it."""
        history = MemoryHistory(len(self.entries) + 1)
        await history.write(self.entries)
        for state in self.states:
            await history.write_state(state)
        for gap in self.gaps:
            await history.record_gap(gap)
        return history


def read(file: Path) -> Export:
    """Read a file. Raises ExportError, which names the line, and OSError."""
    with file.open("rb") as raw:
        is_compressed = raw.read(len(_ZSTD)) == _ZSTD
        raw.seek(0)
        lines: Iterable[bytes] = raw
        if is_compressed:
            lines = io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))
        return _read(file, _numbered(file, lines))


def _numbered(file: Path, lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        for number, line in enumerate(lines, 1):
            if line.strip():
                message = orjson.loads(line)
                if not isinstance(message, dict):
                    raise ExportError(f"{file}:{number}: not a JSON object")
                yield number, message
    except orjson.JSONDecodeError as error:
        raise ExportError(f"{file}:{number}: not JSON, or cut off: {error}") from None
    except zstandard.ZstdError as error:
        raise ExportError(f"{file}: damaged after line {number}: {error}") from None


def _read(file: Path, messages: Iterator[tuple[int, dict[str, Any]]]) -> Export:
    number, header = next(messages, (1, {}))
    if header.get("kind") != "export":
        raise ExportError(f"{file}:{number}: not the header of an export, such as livingmap export writes")
    if header.get("format") != FORMAT:
        raise ExportError(f"{file}:{number}: format {header.get('format')!r}; this livingmap reads {FORMAT}")
    reader = _Reader(Export(header))
    for number, message in messages:
        try:
            reader.take(message)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise ExportError(f"{file}:{number}: {message.get('kind', 'a line without kind')}: {reason}") from None
    if not reader.export.entries:
        raise ExportError(f"{file}: holds no snapshot")
    return reader.finished()


class _Reader:
    """Makes entries, states and gaps of the messages of a play."""

    def __init__(self, export: Export) -> None:
        self.export = export
        self._map = _Map({})
        self._sources: list[Fields] = []
        self._position = Position("", 0)
        self._epochs = 0

    def take(self, message: Fields) -> None:
        kind = message["kind"]
        if kind != "snapshot" and kind not in _IGNORED and not self._epochs:
            raise ValueError("a snapshot has to come first")
        match kind:
            case "snapshot":
                self._begin(message)
            case "event":
                self._add(message)
            case "gap":
                self._note_gap(message)
            case "end":
                self.export.is_complete = True
                self._keep(
                    TIME_PASSED, {}, _time(message["at"]), ()
                )  # so that what came before goes on until then
            case kind if kind not in _IGNORED:
                raise ValueError("unknown kind of line")

    def finished(self) -> Export:
        """Return the export, as far as it was taken in."""
        self.export.layers = self._map.layers()
        return self.export

    def _begin(self, message: Fields) -> None:
        payload = message.get("payload") or message["data"]
        self._epochs += 1
        self._position = Position(f"export-{self._epochs:06}", 0)
        self._map = _Map(payload["layers"])
        self._sources = list(payload["meta"]["sources"])
        self._keep(TIME_PASSED, {}, _time(message["timestamp"]), ())
        self._keep_state()

    def _add(self, message: Fields) -> None:
        changes = [self._map.apply(change) for change in message["changes"]]
        self._keep(message["event_type"], dict(message["payload"]), _time(message["timestamp"]), changes)
        if self._position.seq % _STATE_ENTRIES == 0:
            self._keep_state()

    def _keep(self, event_type: str, payload: Fields, time: datetime, changes: Iterable[Fields]) -> None:
        previous = self._position
        self._position = Position(previous.epoch, previous.seq + 1)
        last = self.export.entries[-1].mark.time if self.export.entries else time
        changes = list(changes)
        entry = Entry(
            self._position,
            str(event_type),
            payload,
            time,
            source=str(payload.get("source")) if event_type in OF_SOURCES else None,
            entity_ids=tuple(dict.fromkeys(change["id"] for change in changes if "id" in change)),
            previous=previous.seq,
            changes=encoded(changes),
            place=last if time < last else None,
        )
        self.export.entries.append(entry)

    def _keep_state(self) -> None:
        entry, layers = self.export.entries[-1], self._map.layers()
        body = packed_layers(layers, self._sources, list(layers))
        self.export.states.append(State(entry.position, entry.received_at, entry.mark.time, body))

    def _note_gap(self, message: Fields) -> None:
        epoch, seq = self._position.epoch, self._position.seq + 1
        since, until = _time(message["since"]), _time(message["until"])
        self.export.gaps.append(Gap(epoch, seq, seq, since, until, str(message["reason"]), message["events"] or 0))


class _Map:
    """The map at some line of a file."""

    def __init__(self, layers: Fields) -> None:
        state = state_of(layers)
        self._totals: dict[str, dict[str, Json]] = {name: dict(layer.totals) for name, layer in state.items()}
        self._items: dict[CollectionKey, dict[str, dict[str, Json]]] = {
            (name, collection): {entity_id: dict(item) for entity_id, item in items.items()}
            for name, layer in state.items()
            for collection, items in layer.collections.items()
        }

    def layers(self) -> dict[str, Json]:
        """Return it as a snapshot has it."""
        layers: dict[str, Json] = {name: dict(fields) for name, fields in self._totals.items()}
        for (name, collection), items in self._items.items():
            listed = [items[entity_id] for entity_id in sorted(items)]
            layers.setdefault(name, {})[collection] = [dict(item) for item in listed]
        return layers

    def apply(self, change: Fields) -> Fields:
        """Apply a change; return it with what it replaces, as a history keeps it."""
        if change["op"] == "total":
            fields = self._totals.setdefault(change["layer"], {})
            return {**change, "was": _replaced(fields, change)}
        items = self._items.setdefault((change["layer"], change["collection"]), {})
        if change["op"] == "drop":
            before = items.pop(change["id"], {})
            return {**change, "was": {name: value for name, value in before.items() if name != "id"}}
        came = {} if change["id"] in items else {"came": True}
        return {**change, "was": _replaced(items.setdefault(change["id"], {"id": change["id"]}), change), **came}


def _replaced(fields: dict[str, Json], change: Fields) -> dict[str, Json]:
    """Set and unset fields; return what was there of them."""
    was = {name: fields[name] for name in (*change["set"], *change["unset"]) if name in fields}
    fields.update(change["set"])
    for name in change["unset"]:
        fields.pop(name, None)
    return was


def _time(text: Any) -> datetime:
    time = rfc3339(text)
    if time is None:
        raise ValueError(f"{text!r} is not a time")
    return datetime.fromisoformat(time)
