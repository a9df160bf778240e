"""The forecast: looks again and again at what the history has on disk, and says when that will be full."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from livingmap.history import History, HistoryUnavailable
from livingmap.history.holdings import DAY, Holdings
from livingmap.history.settings import HistorySettings

_LOOK_SECONDS: Final = 60.0
_HOUR: Final = timedelta(hours=1)
_SAMPLES: Final = 61
"""From the first to the last of so many an hour passes."""

_logger = structlog.get_logger(__name__)


class DiskForecast:
    """What ``history`` has on disk. ``settings`` may say what the database may take.

    Example: yesterday's entries take 2 GB, and 10 GB are free: five days. In the last hour 1 GB was written, as
    never before: at that rate it is ten hours, which is within a day, and so that counts.
    """

    def __init__(self, history: History, settings: HistorySettings, now: Callable[[], datetime]) -> None:
        self.holdings: Holdings | None = None
        """As of the last look; None before the first, and where nothing is on disk."""
        self._history = history
        self._disk_bytes = settings.disk_bytes
        self._retention = timedelta(days=settings.retention_days)
        self._now = now
        self._bytes: deque[int] = deque(maxlen=_SAMPLES)

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Look once; what cannot be seen now stays as it was."""
        try:
            seen = await self._history.holdings(self._now())
        except HistoryUnavailable as error:
            _logger.debug("what the history has on disk cannot be seen now", error=str(error))
            return
        self.holdings = seen.within(self._disk_bytes) if seen else None
        if seen:
            self._bytes.append(seen.bytes)

    def days_left(self) -> float | None:
        """Return in how many days the disk is full; None if never, or if that is not known."""
        if self.holdings is None or self.holdings.free_bytes is None:
            return None
        usual, lately = (
            self.holdings.days_left(self._now(), self._retention),
            self._lately(self.holdings.free_bytes),
        )
        return lately if lately is not None and lately < min(1.0, usual or 1.0) else usual

    def _lately(self, free_bytes: int) -> float | None:
        """Return in how many days the disk is full at the rate of the last hour; None if that is not known."""
        grown = self._bytes[-1] - self._bytes[0] if len(self._bytes) == _SAMPLES else 0
        return free_bytes / grown * (_HOUR / DAY) if grown > 0 else None
