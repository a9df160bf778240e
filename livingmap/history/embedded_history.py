"""The history in the embedded server, which is started when the history is opened, and again when it dies."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from livingmap.core.model import Position
from livingmap.history import (
    Effect,
    Entry,
    Gap,
    History,
    HistoryUnavailable,
    Mark,
    Page,
    Query,
    Retention,
    RollUps,
    State,
    Step,
)
from livingmap.history.embedded import EmbeddedMissing, embedded_server
from livingmap.history.holdings import Holdings
from livingmap.history.memory import MemoryHistory
from livingmap.history.migrate import MigrationError
from livingmap.history.postgres import PostgresHistory
from livingmap.history.server import EmbeddedError, Server

_logger = structlog.get_logger(__name__)


class EmbeddedHistory:
    """A `livingmap.history.History` in the embedded server on ``folder``.

    On a machine without the embedded server it is in memory, and a warning says so.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._history: History | None = None
        self._server: Server | None = None
        self._running = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._is_reported = False

    @property
    def roll_ups(self) -> RollUps:
        """What is kept of the entries for longer."""
        return self._opened().roll_ups

    async def open(self) -> None:
        """Start the server and connect; start it again if it has ended.

        Raises HistoryUnavailable; for good EmbeddedError if the server cannot be started for the first time, and
        MigrationError if another version made what is in the folder.
        """
        async with self._opening:
            if self._history is None:
                self._history = await self._started()
            elif self._server is not None and self._server.has_ended:
                await self._restart(self._server)
                await self._history.close()  # its connections lead to the server that has ended
            try:
                await self._history.open()
            except MigrationError as error:
                folder = self._server.folder if self._server else self._folder
                raise MigrationError(f"{error}. The folder is {folder}") from None

    async def _started(self) -> History:
        try:
            self._server = await self._running.enter_async_context(embedded_server(self._folder))
        except EmbeddedMissing as error:
            _logger.warning("THE HISTORY IS KEPT IN MEMORY ONLY and ends with this process", reason=str(error))
            return MemoryHistory()
        return PostgresHistory(self._server.url)

    async def _restart(self, server: Server) -> None:
        if not self._is_reported:
            self._is_reported = True
            _logger.error("the embedded PostgreSQL has ended; it is started again")
        try:
            await server.restart()
        except EmbeddedError as error:
            raise HistoryUnavailable(str(error)) from error
        self._is_reported = False
        _logger.info("the embedded PostgreSQL runs again")

    async def close(self) -> None:
        """Close all connections, and stop the server."""
        history, self._history = self._history, None
        if history is not None:
            await history.close()
        await self._running.aclose()

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries``."""
        await self._opened().write(entries)

    async def read(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""
        return await self._opened().read(query)

    async def entries_after(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first."""
        return await self._opened().entries_after(position, limit)

    async def effects_after(self, position: Position, limit: int) -> list[Effect]:
        """Return what `entries_after` does, but only how each changed the map."""
        return await self._opened().effects_after(position, limit)

    async def entries_from(self, after: Mark | None, limit: int) -> list[Entry]:
        """Return the entries after a place, of whatever epoch, oldest first."""
        return await self._opened().entries_from(after, limit)

    async def newest_at(self, time: datetime) -> Entry | None:
        """Return the newest entry whose place in the history is at ``time`` or before it."""
        return await self._opened().newest_at(time)

    async def write_state(self, state: State) -> None:
        """Keep ``state``; one of a position that is kept already stays as it is."""
        await self._opened().write_state(state)

    async def state_before(self, position: Position) -> State | None:
        """Return the newest state of the epoch that is at ``position`` or before it."""
        return await self._opened().state_before(position)

    async def oldest_state(self) -> State | None:
        """Return the oldest state by its place."""
        return await self._opened().oldest_state()

    async def gaps_in(self, start: datetime | None, end: datetime | None) -> list[Gap]:
        """Return the newest gaps that overlap a span of time, newest first."""
        return await self._opened().gaps_in(start, end)

    async def last_seq(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost."""
        return await self._opened().last_seq(epoch)

    async def record_gap(self, gap: Gap) -> None:
        """Keep ``gap``; recorded again, it can only grow."""
        await self._opened().record_gap(gap)

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows; return how many entries that were."""
        return await self._opened().prune(now, retention)

    async def holdings(self, now: datetime) -> Holdings | None:
        """Return what is on disk, and what is free there."""
        holdings = await self._opened().holdings(now)
        if holdings is None or self._server is None:
            return holdings
        return replace(holdings, free_bytes=self._server.free_bytes())

    async def move(self) -> Step | None:
        """Move some of what an earlier version wrote; None if all is moved."""
        return await self._opened().move()

    def _opened(self) -> History:
        if self._history is None:
            raise HistoryUnavailable("history: the embedded PostgreSQL is being started")
        return self._history
