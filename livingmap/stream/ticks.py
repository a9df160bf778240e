"""Ticks: when events go out. The first after silence goes at once, those that follow go together."""

import asyncio
from collections.abc import Callable
from typing import Final

from livingmap.core.fold import Folded

TICK_SECONDS: Final = 0.02
MOST_TICK_SECONDS: Final = 0.05
_FULL_BATCH: Final = 100
"""With so many events in one write, the cost of the write itself no longer counts."""


class Ticks:
    """Collects events and hands them to ``flush``, which has to call `flushed` when they are written."""

    def __init__(self, flush: Callable[[list[Folded]], None]) -> None:
        self._flush = flush
        self._loop = asyncio.get_running_loop()
        self._pending: list[Folded] = []
        self.busy = False
        """Whether events wait for a flush, or one is underway."""
        self._due: asyncio.Handle | None = None
        self._began_at = self._flushed_at = 0.0
        self._seconds = TICK_SECONDS

    def add(self, folded: Folded) -> None:
        """Collect the next event. Returns at once."""
        self._pending.append(folded)
        if not self.busy:
            self.busy = True
            self._schedule()
        elif self._due is not None and len(self._pending) == _FULL_BATCH:
            self._due.cancel()
            self._schedule()

    def clear(self) -> None:
        """Forget the events that have not been flushed."""
        self._pending.clear()

    def flushed(self, *, batched: bool) -> None:
        """Note that a flush is done; ``batched`` says whether waiting has let events go out together."""
        self._flushed_at = self._loop.time()
        # Where events come one by one, waiting longer would only make each of them late.
        stretched = min(max(TICK_SECONDS, 2 * (self._flushed_at - self._began_at)), MOST_TICK_SECONDS)
        self._seconds = stretched if batched else TICK_SECONDS
        self.busy = bool(self._pending)
        if self.busy:
            self._schedule()

    def _schedule(self) -> None:
        """Flush when the tick is over; at once if so many wait that waiting for more saves nothing."""
        if len(self._pending) >= _FULL_BATCH:
            self._due = self._loop.call_soon(self._begin)
        else:
            due_at = max(self._loop.time(), self._flushed_at + self._seconds)
            self._due = self._loop.call_at(due_at, self._begin)

    def _begin(self) -> None:
        self._due = None
        self._began_at = self._loop.time()
        events, self._pending = self._pending, []
        self._flush(events)
