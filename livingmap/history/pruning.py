"""Pruning: deletes what is older than the retention allows, every ten minutes and in small steps.

How old an entry is depends on a clock, and clocks are set wrong. So age is counted from the newest entry of the
history, or by the clock of this process if that says less; and when more than a set share of the history would be
deleted at once, nothing is. Example: a process whose clock is 40 days ahead begins to lead. By its own clock all
entries of the last 30 days are too old; but the newest one was received a moment ago, by the clock of the log.
A history without entries may have gaps left, whose age only the clock of the process tells.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from livingmap.history import History, HistoryUnavailable, PruningRefused, Query, Retention

_EVERY_SECONDS: Final = 600.0
_DAY_SECONDS: Final = 86_400

_logger = structlog.get_logger(__name__)


class Pruner:
    """Keeps a history to its retention for as long as it runs. ``report`` gets why it does not, or None."""

    def __init__(
        self,
        history: History,
        retention: Retention,
        now: Callable[[], datetime],
        report: Callable[[str | None], None],
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        self.deleted = 0
        """How many entries were deleted so far."""
        self._history = history
        self._retention = retention
        self._now = now
        self._report = report
        self._error: str | None = None
        # half of a short retention: what is deleted each time must not be most of what there is
        self._every_seconds = min(every_seconds, max(1, retention.shortest_days * _DAY_SECONDS / 2))

    async def run(self) -> None:
        """Prune until cancelled. What cannot be deleted while the database is away is deleted later."""
        try:
            while True:
                await self._prune()
                await asyncio.sleep(self._every_seconds)
        finally:
            self._error = None
            self._report(None)  # the process that leads next prunes

    async def _prune(self) -> None:
        try:
            newest = (await self._history.read(Query(limit=1))).entries
            now = min([self._now(), *(entry.received_at for entry in newest)])
            deleted = await self._history.prune(now, self._retention)
        except HistoryUnavailable:  # the writer logs that
            return
        except PruningRefused as error:
            self._note(str(error))
            return
        self._note(None)
        if deleted:
            self.deleted += deleted
            _logger.info("old history was deleted", entries=deleted)

    def _note(self, error: str | None) -> None:
        if error is not None and self._error is None:
            _logger.error("old history is not deleted", error=error)
        elif error is None and self._error is not None:
            _logger.info("old history is deleted again")
        self._error = error
        self._report(error)
