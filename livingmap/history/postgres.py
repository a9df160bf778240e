"""The history in PostgreSQL."""

import math
import uuid
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg
import structlog

from livingmap.core.model import Position
from livingmap.history import (
    MOST_GAPS,
    Entry,
    Gap,
    HistoryUnavailable,
    Page,
    PruningRefused,
    Query,
    Retention,
    sql,
    time_span,
    utc,
)
from livingmap.history.database import Database
from livingmap.history.jsonb import decode, encode, text
from livingmap.history.migrate import migrate
from livingmap.history.query import losses_in

_JSONB_VERSION: Final = b"\x01"  # of the binary format, which is this byte and the JSON text
_PRUNED_AT_ONCE: Final = 1000
_COPIED_FROM: Final = 100
"""Fewer entries are written sooner by one statement than by the four of a COPY."""

_logger = structlog.get_logger(__name__)

# What one entry alone can be to blame for: a value out of range (found by the server, or by asyncpg: ValueError),
# an index row too large, JSON too deep.
_FAULTY_ENTRY: Final = (asyncpg.DataError, asyncpg.ProgramLimitExceededError, ValueError)


class PostgresHistory:
    """A `livingmap.history.History` in the database at ``url``. Its tables are migrated when it is opened.

    ``connecting`` is what asyncpg's ``connect`` is given besides.
    """

    def __init__(
        self,
        url: str,
        *,
        connecting: Mapping[str, Any] | None = None,
        migrations: Path | None = None,
        connections: int = 5,
    ) -> None:
        self._migrations = migrations
        self._database = Database(url, connecting or {}, connections, _prepare)
        self._ask = self._database.ask

    async def open(self) -> None:
        """Connect and migrate, unless that is done. Raises HistoryUnavailable, or MigrationError for good."""
        await self._database.open(lambda connection: migrate(connection, self._migrations))

    async def close(self) -> None:
        """Close every connection, by force if that takes longer than a moment."""
        await self._database.close()

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries`` in one transaction; one that cannot be stored at all becomes a gap."""
        if not entries:
            return
        try:
            await self._ask(lambda connection: _written(connection, entries))
        except HistoryUnavailable as error:
            if not isinstance(error.__cause__, _FAULTY_ENTRY):
                raise
            await self._write_apart(entries, error.__cause__)

    async def _write_apart(self, entries: Sequence[Entry], error: Exception) -> None:
        """Write the halves, down to the one entry that the database does not take."""
        if len(entries) > 1:
            middle = len(entries) // 2
            await self.write(entries[:middle])
            await self.write(entries[middle:])
            return
        entry = entries[0]
        reason = f"{text(entry.event_type)[:100]} could not be stored: {error}"
        _logger.warning(
            "an entry could not be stored", position=str(entry.position), type=entry.event_type, error=str(error)
        )
        seq, received = entry.position.seq, entry.received_at
        await self.record_gap(Gap(entry.position.epoch, seq, seq, received, received, reason))

    async def read(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""
        return await self._ask(lambda connection: _page(connection, query))

    async def entries_after(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first."""
        rows = await self._ask(lambda asked: asked.fetch(sql.ENTRIES_AFTER, position.epoch, position.seq, limit))
        return [_entry(row) for row in rows]

    async def last_seq(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost."""
        seq: int | None = await self._ask(lambda connection: connection.fetchval(sql.LAST_SEQ, text(epoch)))
        return seq

    async def record_gap(self, gap: Gap) -> None:
        """Keep ``gap``; recorded again, it can only grow."""
        await self._ask(lambda connection: _record(connection, gap))

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows, a little at a time; return how many entries."""
        cutoffs = {one: retention.cutoff(one, now) for one in await self._ask(_types)}
        if retention.most_share < 1:
            await self._check_share(cutoffs, retention.most_share)
        await self._ask(lambda connection: connection.execute(sql.PRUNE_GAPS, retention.gap_cutoff(now)))
        total = 0
        for event_type, cutoff in cutoffs.items():
            deleted = _PRUNED_AT_ONCE
            while deleted == _PRUNED_AT_ONCE:  # the connection is given back each time: others wait for it, too
                deleted = await self._ask(partial(_pruned, event_type=event_type, cutoff=cutoff))
                total += deleted
        return total

    async def _check_share(self, cutoffs: Mapping[str, datetime], most_share: float) -> None:
        """Raise PruningRefused if more than a share of all entries is older than ``cutoffs``."""
        old = 0
        for event_type, cutoff in cutoffs.items():
            old += await self._ask(partial(_count, statement=sql.COUNT_OLD, values=(event_type, cutoff)))
        if not old:
            return
        enough = math.ceil(old / most_share)  # so many entries are enough to know: never all are counted
        total = await self._ask(partial(_count, statement=sql.COUNT_UP_TO, values=(enough,)))
        if old > most_share * total:
            raise PruningRefused(old, total, most_share)


async def _prepare(connection: Any) -> None:
    """Let jsonb be raw JSON on the way in and objects on the way out."""
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda raw: _JSONB_VERSION + raw,
        decoder=lambda raw: decode(memoryview(raw)[1:]),
    )


async def _types(connection: Any) -> list[str]:
    return [row[0] for row in await connection.fetch(sql.TYPES)]


async def _page(connection: Any, query: Query) -> Page:
    statement = sql.page(query, await _types(connection) if sql.wild(query) else [])
    rows = await connection.fetch(statement[0], *statement[1]) if statement else []
    entries = [_entry(row) for row in rows]
    oldest = await connection.fetchval(sql.OLDEST)
    gaps = await connection.fetch(sql.GAPS, *time_span(query, entries), MOST_GAPS)
    return Page.of(query, entries, oldest, [Gap(**row) for row in gaps])


async def _count(connection: Any, statement: str, values: Sequence[Any]) -> int:
    return int(await connection.fetchval(statement, *values))


async def _pruned(connection: Any, event_type: str, cutoff: datetime) -> int:
    """Delete some entries that are older than ``cutoff``; return how many."""
    tag: str = await connection.execute(sql.PRUNE, event_type, cutoff, _PRUNED_AT_ONCE)
    return int(tag.rpartition(" ")[2])


async def _record(connection: Any, gap: Gap) -> None:
    values = (gap.first_seq, gap.last_seq, gap.from_time, gap.until, text(gap.reason), gap.events)
    await connection.execute(sql.RECORD_GAP, text(gap.epoch), *values)


async def _written(connection: Any, entries: Sequence[Entry]) -> None:
    losses = losses_in(entries)
    async with connection.transaction() if losses else nullcontext():  # it takes longer, and losses are rare
        await _insert(connection, entries)
        for gap in losses:
            await _record(connection, gap)


async def _insert(connection: Any, entries: Sequence[Entry]) -> None:
    if len(entries) < _COPIED_FROM or not await _copied(connection, entries):
        await connection.execute(sql.WRITE, *_columns(entries))


async def _copied(connection: Any, entries: Sequence[Entry]) -> bool:
    """Write ``entries`` by COPY, which is quicker; False, and nothing written, if any is there already."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(sql.TABLE, records=map(_row, entries), columns=sql.COPIED)
            await connection.execute(sql.REACH, *_reached(entries))
    except asyncpg.UniqueViolationError:
        return False
    return True


def _row(entry: Entry) -> tuple[Any, ...]:
    """Return the values of `sql.COPIED`."""
    return (
        entry.id,
        entry.received_at,
        text(entry.event_type),
        encode(entry.payload),
        text(entry.position.epoch),
        entry.position.seq,
        None if entry.source is None else text(entry.source),
        [text(entity_id) for entity_id in entry.entity_ids],
        entry.occurred_at,
        entry.previous,
        entry.changes,
        entry.place,
    )


def _reached(entries: Sequence[Entry]) -> list[list[Any]]:
    """Return how far the log got, by epoch: its name, the last position, and when."""
    reached: dict[str, tuple[int, datetime]] = {}
    for entry in entries:
        epoch, seq = text(entry.position.epoch), entry.position.seq
        last, until = reached.get(epoch, (seq, entry.received_at))
        reached[epoch] = max(seq, last), max(entry.received_at, until)
    return [list(reached), [seq for seq, _ in reached.values()], [until for _, until in reached.values()]]


def _columns(entries: Sequence[Entry]) -> list[list[Any]]:
    """Return the values of `sql.WRITE`: the columns of the rows, and how far the log got by epoch."""
    ids: list[uuid.UUID] = [entry.id for entry in entries]
    return [
        ids,
        [entry.received_at for entry in entries],
        [text(entry.event_type) for entry in entries],
        [encode(entry.payload) for entry in entries],
        [text(entry.position.epoch) for entry in entries],
        [entry.position.seq for entry in entries],
        [None if entry.source is None else text(entry.source) for entry in entries],
        [sql.array(tuple(map(text, entry.entity_ids))) for entry in entries],
        *_reached(entries),
        [entry.occurred_at for entry in entries],
        [entry.previous for entry in entries],
        [entry.changes for entry in entries],
        [entry.place for entry in entries],
    ]


def _entry(row: Any) -> Entry:
    return Entry(
        Position(row["epoch"], row["seq"]),
        row["event_type"],
        row["payload"],
        utc(row["timestamp"]),  # asyncpg gives the end of time without a zone
        utc(row["occurred_at"]) if row["occurred_at"] else None,
        row["source"],
        tuple(row["entity_ids"]),
        row["previous"],
        row["changes"],
        place=utc(row["place"]) if row["place"] else None,
    )
