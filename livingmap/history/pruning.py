"""Pruning: deletes what is older than the retention allows, every ten minutes and in small steps."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from livingmap.history import History, HistoryUnavailable, Retention

_EVERY_SECONDS: Final = 600.0

_logger = structlog.get_logger(__name__)


class Pruner:
    """Keeps a history to its retention for as long as it runs."""

    def __init__(
        self,
        history: History,
        retention: Retention,
        now: Callable[[], datetime],
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        self.deleted = 0
        """How many entries were deleted so far."""
        self._history = history
        self._retention = retention
        self._now = now
        self._every_seconds = every_seconds

    async def run(self) -> None:
        """Prune until cancelled. What cannot be deleted while the database is away is deleted later."""
        while True:
            try:
                deleted = await self._history.prune(self._now(), self._retention)
            except HistoryUnavailable:  # the writer logs that
                deleted = 0
            if deleted:
                self.deleted += deleted
                _logger.info("old history was deleted", entries=deleted)
            await asyncio.sleep(self._every_seconds)
