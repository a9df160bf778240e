"""Ticks: when events go out. The first after silence goes at once, those that follow go together."""

import asyncio
from collections.abc import Callable
from typing import Final

from livingmap.core.fold import Folded

TICK_SECONDS: Final = 0.02
MOST_TICK_SECONDS: Final = 0.05
_PAUSE: Final = 1.5
"""How many times as long as writing to all viewers a tick is, where it is more than `TICK_SECONDS`."""
_FULL_BATCH: Final = 100
"""With so many events in one write, the cost of the write itself no longer counts."""


class Ticks:
    """Collects events and calls ``due`` when they are to go out: who gets them by `take` has to call `flushed`.

    ``write_seconds`` says how long writing to all viewers takes.
    """

    def __init__(self, due: Callable[[], None], write_seconds: Callable[[], float]) -> None:
        self._due = due
        self._write_seconds = write_seconds
        self._loop = asyncio.get_running_loop()
        self._pending: list[Folded] = []
        self.busy = False
        """Whether events wait for a flush, or one is underway."""
        self._handle: asyncio.Handle | None = None
        self._began_at = self._flushed_at = 0.0
        self._seconds = TICK_SECONDS

    @property
    def flush_seconds(self) -> float:
        """How long the last flush took."""
        return max(self._flushed_at - self._began_at, 0.0)

    def add(self, folded: Folded) -> None:
        """Collect the next event. Returns at once."""
        self._pending.append(folded)
        if not self.busy:
            self.busy = True
            self._schedule()
        elif self._handle is not None and len(self._pending) == _FULL_BATCH:
            self._handle.cancel()
            self._schedule()

    def clear(self) -> None:
        """Forget the events that have not been taken."""
        self._pending.clear()

    def take(self) -> list[Folded]:
        """Return the events that go out now."""
        self._began_at = self._loop.time()
        events, self._pending = self._pending, []
        return events

    def flushed(self, *, batched: bool) -> None:
        """Note that a flush is done; ``batched`` says whether waiting has let events go out together."""
        self._flushed_at = self._loop.time()
        # Where events come one by one, waiting longer would only make each of them late.
        stretched = min(max(TICK_SECONDS, _PAUSE * self._write_seconds()), MOST_TICK_SECONDS)
        self._seconds = stretched if batched else TICK_SECONDS
        self.busy = bool(self._pending)
        if self.busy:
            self._schedule()

    def _schedule(self) -> None:
        """Flush when the tick is over; at once if so many wait that waiting for more saves nothing."""
        if len(self._pending) >= _FULL_BATCH:
            self._handle = self._loop.call_soon(self._end)
        else:
            due_at = max(self._loop.time(), self._flushed_at + self._seconds)
            self._handle = self._loop.call_at(due_at, self._end)

    def _end(self) -> None:
        self._handle = None
        self._due()
