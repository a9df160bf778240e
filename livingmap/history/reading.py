"""Reading: answers from the partitions, and from what an earlier version wrote while that is being moved."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import asyncpg

from livingmap.core.model import Position
from livingmap.history import (
    MOST_GAPS,
    Effect,
    Entry,
    Gap,
    HistoryUnavailable,
    Mark,
    Page,
    Query,
    before,
    pages,
    sql,
    time_span,
)
from livingmap.history.row_writer import Ask
from livingmap.history.rows import Rows

T = TypeVar("T")

_INSTANT: Final = timedelta(microseconds=1)
_FIRST_SEQ: Final = -(2**63)


class Reading:
    """Reads the database that ``ask`` reaches."""

    def __init__(self, ask: Ask, rows: Rows) -> None:
        self._ask = ask
        self._rows = rows
        self._is_all_moved = False

    async def page(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""
        limit = query.limit + 1
        former = await self._before(lambda connection: before.newest(connection, query, limit))
        first = await self._before_oldest() if not self._is_all_moved else None

        async def read(connection: Any) -> Page:
            days = await pages.days(connection)
            latter = await pages.newest(connection, self._rows, query, limit, days)
            entries = _joined(former, latter, _mark, newest_first=True)[:limit]
            oldest = min(filter(None, (first, await pages.oldest(connection, days))), default=None)
            gaps = await connection.fetch(sql.GAPS, *time_span(query, entries), MOST_GAPS)
            return Page.of(query, entries, oldest, [Gap(**row) for row in gaps])

        return await self._ask(read)

    async def after(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first."""
        former = await self._before(lambda connection: before.after(connection, position, limit))
        latter = await self._ask(lambda connection: pages.after(connection, self._rows, position, limit))
        return _joined(former, latter, _position)[:limit]

    async def effects_after(self, position: Position, limit: int) -> list[Effect]:
        """Return how the entries after ``position`` in the same epoch changed the map, oldest first."""
        former = await self._before(lambda connection: before.after(connection, position, limit))
        latter = await self._ask(lambda connection: pages.effects_after(connection, self._rows, position, limit))
        if not former:
            return latter
        effects = {one.seq: one for one in (*map(Effect.of, former), *latter)}
        return [effects[seq] for seq in sorted(effects)][:limit]

    async def since(self, mark: Mark | None, limit: int) -> list[Entry]:
        """Return the entries after a place, of whatever epoch, oldest first."""
        former = await self._before(lambda connection: before.since(connection, mark, limit))
        latter = await self._ask(lambda connection: pages.since(connection, self._rows, mark, limit))
        return _joined(former, latter, _mark)[:limit]

    async def newest_at(self, time: datetime) -> Entry | None:
        """Return the newest entry whose place in the history is at ``time`` or before it."""
        try:
            query = Query(limit=1, before=Mark(time + _INSTANT, "", _FIRST_SEQ))
        except OverflowError:
            query = Query(limit=1)
        former = await self._before(lambda connection: before.newest(connection, query, 1))
        latter = await self._ask(lambda connection: pages.newest(connection, self._rows, query, 1))
        return next(iter(_joined(former, latter, _mark, newest_first=True)), None)

    async def _before(self, read: Callable[[Any], Awaitable[Sequence[Entry]]]) -> Sequence[Entry]:
        """Return what ``read`` finds among what an earlier version wrote."""

        async def ask(connection: Any) -> Sequence[Entry] | None:
            return await read(connection) if await before.is_there(connection) else None

        entries = None if self._is_all_moved else await self._unless_moved(ask)
        self._is_all_moved = self._is_all_moved or entries is None
        return entries or ()

    async def _before_oldest(self) -> datetime | None:
        return await self._unless_moved(before.oldest)

    async def _unless_moved(self, work: Callable[[Any], Awaitable[T]]) -> T | None:
        """Return what ``work`` returns; None if the table was removed in between, because all is moved."""
        try:
            return await self._ask(work)
        except HistoryUnavailable as error:
            if not isinstance(error.__cause__, asyncpg.UndefinedTableError):
                raise
            return None


def _joined(
    former: Iterable[Entry],
    latter: Iterable[Entry],
    key: Callable[[Entry], Mark | Position],
    *,
    newest_first: bool = False,
) -> list[Entry]:
    """Return all entries in order; what is in both was moved in between."""
    if not former:
        return list(latter)
    entries = {entry.position: entry for entry in (*former, *latter)}
    return sorted(entries.values(), key=key, reverse=newest_first)


def _mark(entry: Entry) -> Mark:
    return entry.mark


def _position(entry: Entry) -> Position:
    return entry.position
