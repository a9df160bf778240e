"""Move: entries of the table of an earlier version, from there into the partitions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import asyncpg

from livingmap.core.model import Position
from livingmap.history import Entry, HistoryUnavailable, Step, before, partitions
from livingmap.history.row_writer import Ask, RowWriter
from livingmap.history.rows import Row

_AT_ONCE: Final = 1000


class Move:
    """Moves the newest of what is left, step by step."""

    def __init__(self, ask: Ask, writer: RowWriter) -> None:
        self._ask = ask
        self._writer = writer
        self._left: int | None = None

    async def step(self) -> Step | None:
        """Move some entries in one transaction; None if all are moved, and the table is removed."""
        if not await self._ask(before.is_there):
            return None
        some = await self._ask(lambda connection: before.some(connection, _AT_ONCE))
        if not some:
            return await self._end()
        if self._left is None:
            self._left = await self._ask(before.count)
        ids = {entry.position: row_id for row_id, entry in some}
        moved = await self._moved([entry for _, entry in some], ids)
        self._left = max(0, self._left - moved)
        return Step(moved, self._left)

    async def _moved(self, entries: Sequence[Entry], ids: Mapping[Position, bytes]) -> int:
        rows = await self._writer.prepared(entries, ids)

        async def work(connection: Any) -> int:
            async with connection.transaction():
                there = await before.drop(connection, entries)  # meanwhile some may have been too old
                left = [(one, row) for one, row in zip(entries, rows, strict=True) if one.position in there]
                new: list[Entry] = [one for one, _ in left]
                left_rows: list[Row] = [row for _, row in left]
                await self._writer.insert(connection, new, new, left_rows)
            return len(new)

        return await self._ask(work)

    async def _end(self) -> Step | None:
        try:
            return None if await self._ask(before.end) else Step(0, 0)
        except HistoryUnavailable as error:
            if not isinstance(error.__cause__, (*partitions.LOCKED, asyncpg.InsufficientPrivilegeError)):
                raise
            return Step(0, 0)
