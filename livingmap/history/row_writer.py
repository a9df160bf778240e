"""Row writer: writes entries as rows, and first makes what they need: kinds, partitions, a dictionary."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date
from functools import partial
from typing import Any, Final, Protocol, TypeVar

import asyncpg
import structlog

from livingmap.core.model import Position
from livingmap.history import Entry, Gap, HistoryUnavailable, before, partitions, sql
from livingmap.history.compression import keep
from livingmap.history.days import EVE, MORROW, day_of
from livingmap.history.jsonb import text
from livingmap.history.kinds import add
from livingmap.history.query import losses_in
from livingmap.history.rows import Row, Rows, by_day, reached

T = TypeVar("T")

_COPIED_FROM: Final = 100
"""Fewer entries are written sooner by one statement than by the four of a COPY."""
_MAKE_AGAIN_SECONDS: Final = 10.0

_logger = structlog.get_logger(__name__)


class Ask(Protocol):
    """Has some work done with a connection: `livingmap.history.database.Database.ask`."""

    async def __call__(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Return what ``work`` returns."""


class RowWriter:
    """Writes entries into the database that ``ask`` reaches."""

    def __init__(self, ask: Ask, rows: Rows) -> None:
        self._ask = ask
        self._rows = rows
        self._days: set[date] = set()
        self._make_again_at = 0.0
        self._is_any_before: bool | None = None

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries`` in one transaction; those that are there already stay as they are."""
        try:
            await self._write(entries)
        except _OtherKindsError:
            self.forget()
            await self._write(entries)

    def forget(self) -> None:
        """Look again at what the database has."""
        self._rows.kinds.forget()
        self._days.clear()
        self._is_any_before = None

    async def _write(self, entries: Sequence[Entry]) -> None:
        new = await self._without_before(entries)
        rows = await self.prepared(new)
        await self._ask(lambda connection: self._written(connection, entries, new, rows))

    async def prepared(self, entries: Sequence[Entry], ids: Mapping[Position, bytes] | None = None) -> list[Row]:
        """Return the rows of ``entries``, when all is made that they need; see `Rows.packed`."""
        await self._ready_compression()
        await self._make_partitions({day_of(entry.received_at) for entry in entries})
        rows, missing = self._rows.packed(entries, ids)
        if missing:
            await self._ask(self._rows.kinds.read_all)  # another process may have added them
            rows, missing = self._rows.packed(entries, ids)
        if missing:
            await self._ask(lambda connection: add(connection, missing))  # to count they have to be committed
            await self._ask(self._rows.kinds.read_all)
            rows, _ = self._rows.packed(entries, ids)
        return rows

    async def insert(
        self, connection: Any, entries: Sequence[Entry], new: Sequence[Entry], rows: Sequence[Row]
    ) -> None:
        """Write the ``rows`` of ``new``, and how far the log got with ``entries``, together or not at all."""
        shared = *reached(entries), *self._rows.used(rows)
        if len(rows) >= _COPIED_FROM and await _is_copied(connection, rows, (*shared, *by_day(new))):
            return
        columns = zip(*rows, strict=True) if rows else [()] * len(sql.COLUMNS)
        if not await connection.fetchval(sql.WRITE, *shared, *map(list, columns)):
            raise _OtherKindsError

    async def _written(
        self, connection: Any, entries: Sequence[Entry], new: Sequence[Entry], rows: Sequence[Row]
    ) -> None:
        losses = losses_in(entries)
        async with connection.transaction() if losses else nullcontext():  # it takes longer, and losses are rare
            await self.insert(connection, entries, new, rows)
            for gap in losses:
                await record(connection, gap)

    async def _ready_compression(self) -> None:
        compression = self._rows.compression
        if not compression.is_read:
            await self._ask(compression.read)
        if compression.is_due and (dictionary := await compression.trained()):
            await self._ask(lambda connection: keep(connection, *dictionary))
            await self._ask(compression.read)

    async def _make_partitions(self, days: set[date]) -> None:
        """Make those of ``days`` and of the next day, unless that is done; without one the odd one serves."""
        wanted = days | {partitions.next_day(day) for day in days if day not in (EVE, MORROW)}
        missing = wanted - self._days - {EVE, MORROW}
        now = asyncio.get_running_loop().time()
        if not missing or now < self._make_again_at:
            return
        for day in sorted(missing):
            try:
                await self._ask(partial(partitions.make, day=day))
            except HistoryUnavailable as error:
                if not isinstance(error.__cause__, (*partitions.LOCKED, asyncpg.InsufficientPrivilegeError)):
                    raise
                self._make_again_at = now + _MAKE_AGAIN_SECONDS
                _logger.warning("a partition of the history could not be made", day=str(day), error=str(error))
                return
            self._days.add(day)

    async def _without_before(self, entries: Sequence[Entry]) -> Sequence[Entry]:
        """Return those of ``entries`` that no earlier version has written."""
        if self._is_any_before is None:
            self._is_any_before = await self._ask(before.is_there)
        if not self._is_any_before:
            return entries
        try:
            there = await self._ask(lambda connection: before.positions(connection, entries))
        except HistoryUnavailable as error:
            if not isinstance(error.__cause__, asyncpg.UndefinedTableError):
                raise
            self._is_any_before, there = False, set()
        return [one for one in entries if _position(one) not in there] if there else entries


class _OtherKindsError(Exception):
    """The database has not the kinds that were read: it is another one."""


async def record(connection: Any, gap: Gap) -> None:
    """Keep ``gap``; recorded again, it can only grow."""
    values = (gap.first_seq, gap.last_seq, gap.from_time, gap.until, text(gap.reason), gap.events)
    await connection.execute(sql.RECORD_GAP, text(gap.epoch), *values)


async def _is_copied(connection: Any, rows: Sequence[Row], noted: Sequence[Any]) -> bool:
    """Write by COPY, which is quicker; False, and nothing written, if any is there already."""
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(sql.TABLE, records=rows, columns=sql.COLUMNS)
            if not await connection.fetchval(sql.NOTE, *noted):
                raise _OtherKindsError
    except asyncpg.UniqueViolationError:
        return False
    return True


def _position(entry: Entry) -> Position:
    return Position(text(entry.position.epoch), entry.position.seq)
