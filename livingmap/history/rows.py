"""Rows: entries as the database keeps them, narrow; see `migrations/017_partition_history.sql`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from hashlib import sha1
from typing import Any, Final, TypeAlias, TypeVar

from livingmap.core.fold import OF_SOURCES
from livingmap.core.model import Position
from livingmap.history import Effect, Entry, utc
from livingmap.history.compression import Compression, MissingDictionaryError
from livingmap.history.days import day_of
from livingmap.history.entry import ROW_IDS
from livingmap.history.jsonb import text
from livingmap.history.kinds import Kind, Kinds, payload
from livingmap.history.sql import COLUMNS

_BETWEEN: Final = "\x1f"
_SHOWN: Final = "\u241f"
"""Replaces U+001F in an id, which stands between ids."""
_LONGEST_STEP: Final = 2**31 - 1

T = TypeVar("T")
Row: TypeAlias = tuple[Any, ...]
"""The values of `livingmap.history.sql.COLUMNS`."""

_KIND: Final = COLUMNS.index("kind")


class Rows:
    """Packs and unpacks the entries of one database."""

    def __init__(self) -> None:
        self.kinds = Kinds()
        self.compression = Compression()

    def packed(
        self, entries: Iterable[Entry], ids: Mapping[Position, bytes] | None = None
    ) -> tuple[list[Row], list[Kind]]:
        """Return the rows of ``entries``, and the kinds that have to be added first; with any the rows are void.

        ``ids`` are those of rows that have other ids than their positions say.
        """
        rows, missing = list[Row](), dict[Kind, None]()
        numbers, pack, compress = self.kinds.numbers, self.kinds.packed, self.compression.packed
        for entry in entries:
            kind, values = pack(entry)
            number = numbers.get(kind)
            if number is None:
                missing[kind] = None
            rows.append(
                (
                    (ids and ids.get(entry.position)) or _id(entry.position),
                    entry.received_at,
                    entry.position.seq,
                    entry.occurred_at,
                    entry.place,
                    number,
                    _step(entry),
                    text(entry.position.epoch),
                    joined(entry.entity_ids),
                    values,
                    compress(entry.changes),
                )
            )
        return rows, list(missing)

    def used(self, rows: Iterable[Row]) -> list[list[Any]]:
        """Return the kinds of ``rows``: number and type."""
        numbers = list({row[_KIND] for row in rows})
        return [numbers, [self.kinds.by_number[number].event_type for number in numbers]]

    async def unpacked(self, connection: Any, records: Sequence[Any]) -> list[Entry]:
        """Return the entries of ``records``; ``connection`` is used if they need what was not read yet."""
        return await self._made(connection, records, self._entry)

    async def effects(self, connection: Any, records: Sequence[Any]) -> list[Effect]:
        """Return how the entries of ``records`` changed the map."""
        return await self._made(connection, records, self._effect)

    async def _made(self, connection: Any, records: Sequence[Any], make: Callable[[Any], T]) -> list[T]:
        if any(record["kind"] not in self.kinds.by_number for record in records):
            await self.kinds.read_all(connection)
        try:
            return list(map(make, records))
        except MissingDictionaryError:
            await self.compression.read(connection)
            return list(map(make, records))

    def _effect(self, record: Any) -> Effect:
        seq, step, changes = record["seq"], record["step"], record["changes"]
        return Effect(
            seq,
            None if step is None else seq - step,
            record["timestamp"],
            self.compression.unpacked(changes),
            self._entry(record) if self.kinds.by_number[record["kind"]].event_type in OF_SOURCES else None,
        )

    def _entry(self, record: Any) -> Entry:
        kind = self.kinds.by_number[record["kind"]]
        seq, step, entities = record["seq"], record["step"], record["entities"]
        return Entry(
            Position(record["epoch"], seq),
            kind.event_type,
            payload(kind, record["payload"]),
            utc(record["timestamp"]),  # asyncpg gives the end of time without a zone
            utc(record["occurred_at"]) if record["occurred_at"] else None,
            kind.source,
            tuple(entities.split(_BETWEEN)) if entities else (),
            None if step is None else seq - step,
            self.compression.unpacked(record["changes"]),
            place=utc(record["place"]) if record["place"] else None,
        )


def entity_text(entity_id: str) -> str:
    """Return an id as a row keeps it."""
    return text(entity_id).replace(_BETWEEN, _SHOWN)


def joined(entity_ids: Sequence[str]) -> str:
    """Return ids as a row keeps them."""
    raw = _BETWEEN.join(entity_ids)
    if raw.isascii() and "\0" not in raw and raw.count(_BETWEEN) < max(1, len(entity_ids)):
        return raw
    return _BETWEEN.join(map(entity_text, entity_ids))


def reached(entries: Iterable[Entry]) -> list[list[Any]]:
    """Return how far the log got, by epoch: its name, the last position, and when."""
    reached: dict[str, tuple[int, datetime]] = {}
    for entry in entries:
        epoch, seq = text(entry.position.epoch), entry.position.seq
        last, until = reached.get(epoch, (seq, entry.received_at))
        reached[epoch] = max(seq, last), max(entry.received_at, until)
    return [list(reached), [seq for seq, _ in reached.values()], [until for _, until in reached.values()]]


def by_day(entries: Iterable[Entry]) -> list[list[Any]]:
    """Return what ``entries`` bring to `living_map_days`, column by column."""
    found: dict[tuple[date, str], list[Entry]] = {}
    for entry in entries:
        found.setdefault((day_of(entry.received_at), text(entry.position.epoch)), []).append(entry)
    days = [(day, epoch, *_summary(some)) for (day, epoch), some in found.items()]
    return [list(column) for column in zip(*days, strict=True)]


def _summary(entries: Sequence[Entry]) -> tuple[Any, ...]:
    seqs = [entry.position.seq for entry in entries]
    places = [entry.place for entry in entries if entry.place]
    return min(seqs), max(seqs), len(seqs), min(places, default=None), max(places, default=None)


def _id(position: Position) -> bytes:
    """Return the bytes of `Entry.id`, which takes longer."""
    digest = bytearray(sha1(ROW_IDS.bytes + str(position).encode(), usedforsecurity=False).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return bytes(digest)


def _step(entry: Entry) -> int | None:
    """Return how far the entry before it is; None if that is not known, or further than is kept."""
    if entry.previous is None:
        return None
    step = entry.position.seq - entry.previous
    return step if abs(step) <= _LONGEST_STEP else None
