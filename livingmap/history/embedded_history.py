"""The history in the embedded server, which is started when the history is opened, and again when it dies."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import structlog

from livingmap.core.model import Position
from livingmap.history import Entry, Gap, History, HistoryUnavailable, Page, Query, Retention
from livingmap.history.embedded import EmbeddedMissing, embedded_server
from livingmap.history.memory import MemoryHistory
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

    async def open(self) -> None:
        """Start the server and connect; start it again if it has ended.

        Raises HistoryUnavailable, or EmbeddedError if the server cannot be started for the first time.
        """
        async with self._opening:
            if self._history is None:
                self._history = await self._started()
            elif self._server is not None and self._server.has_ended:
                await self._restart(self._server)
            await self._history.open()

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

    async def last_seq(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost."""
        return await self._opened().last_seq(epoch)

    async def record_gap(self, gap: Gap) -> None:
        """Keep ``gap``; recorded again, it can only grow."""
        await self._opened().record_gap(gap)

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows; return how many entries that were."""
        return await self._opened().prune(now, retention)

    def _opened(self) -> History:
        if self._history is None:
            raise HistoryUnavailable("history: the embedded PostgreSQL is being started")
        return self._history
