"""The clock of the machine: notices when it is set, which no time that was read from it shows.

A machine has two clocks: one says the time and may be set, the other only counts seconds. Example: between two
looks the second has counted one second, and the first has gone back by an hour: it was set back by 3,601 s.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import structlog

from livingmap.core.fold import CLOCK_SET
from livingmap.core.model import Message
from livingmap.transport import Append

_LOOK_SECONDS: Final = 1.0
_STEP_SECONDS: Final = 2.0
"""A clock that is only adjusted moves by far less between two looks."""

_logger = structlog.get_logger(__name__)


class ClockWatch:
    """Logs each step of the clock that ``now`` reads; by ``append`` in the map's log, too, if that goes by it.

    A step ahead may also mean that the machine was asleep: ``seconds`` does not count that.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        append: Append | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.steps = 0
        """How often the clock was set."""
        self._now = now
        self._append = append
        self._seconds = seconds
        self._before = now(), seconds()

    async def run(self) -> None:
        """Look at the clock until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Compare the clocks with how they stood the last time."""
        (time_before, seconds_before), present = self._before, (self._now(), self._seconds())
        self._before = present
        step = (present[0] - time_before).total_seconds() - (present[1] - seconds_before)
        if abs(step) < _STEP_SECONDS:
            return
        self.steps += 1
        _logger.warning("the clock of this machine was set", seconds=round(step, 1))
        if self._append is not None:
            await self._append(Message(CLOCK_SET, {"seconds": round(step, 1)}))
