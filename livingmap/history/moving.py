"""Moving: what an earlier version wrote comes into the partitions, little by little, while the map works.

Each step moves a thousand entries in one transaction: whoever reads sees them before it where they were, and after
it where they belong. So the process may be killed at any moment, and the next one goes on.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from livingmap.history import History, HistoryUnavailable

_LEAST_PAUSE_SECONDS: Final = 0.01
_AGAIN_SECONDS: Final = 5.0
_REPORT_SECONDS: Final = 60.0

_logger = structlog.get_logger(__name__)


class Mover:
    """Moves what an earlier version wrote into ``history``; ``report`` gets how many entries are left, or None."""

    def __init__(
        self,
        history: History,
        report: Callable[[int | None], None],
        again_seconds: float = _AGAIN_SECONDS,
    ) -> None:
        self._history = history
        self._report = report
        self._again_seconds = again_seconds
        self._moved = 0
        self._reported_at: float | None = None
        self._error: str | None = None

    async def run(self) -> None:
        """Move until nothing is left. Steps take half of the time at most: others use the database, too."""
        now = asyncio.get_running_loop().time
        try:
            while True:
                began = now()
                try:
                    step = await self._history.move()
                except HistoryUnavailable as error:
                    self._note_failure(str(error))
                    await asyncio.sleep(self._again_seconds)
                    continue
                if step is None:
                    break
                self._note(step.moved, step.left)
                pause = max(_LEAST_PAUSE_SECONDS, now() - began)
                await asyncio.sleep(pause if step.moved else self._again_seconds)
            if self._reported_at is not None:
                _logger.info("the history is moved", entries=self._moved)
        finally:
            self._report(None)  # the process that leads next moves

    def _note(self, moved: int, left: int) -> None:
        self._moved, self._error = self._moved + moved, None
        self._report(left)
        now = asyncio.get_running_loop().time()
        if self._reported_at is None or now - self._reported_at >= _REPORT_SECONDS:
            self._reported_at = now
            _logger.info("the history is being moved into a partition for each day", moved=self._moved, left=left)

    def _note_failure(self, error: str) -> None:
        if self._error is None and self._reported_at is not None:
            _logger.warning("the history is not moved any further now", error=error)
        self._error = error
