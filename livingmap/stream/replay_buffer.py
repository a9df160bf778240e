"""The replay buffer: the latest events, kept in memory for viewers that resume."""

import itertools
from typing import Final

from livingmap.core.bounded import FIFO, Limit
from livingmap.core.fold import Folded
from livingmap.core.model import Position

MOST_EVENTS: Final = 20_000
MOST_CHANGES: Final = 50_000
MOST_BYTES: Final = 64 * 1024 * 1024


class ReplayBuffer:
    """Every event after some position, bounded in number, changes and bytes. The oldest make room for new ones."""

    def __init__(self, position: Position) -> None:
        self.begin(position)

    def begin(self, position: Position) -> None:
        """Forget every event: the next one follows ``position``."""
        self._events: FIFO[Folded] = FIFO(
            MOST_EVENTS,
            Limit(MOST_CHANGES, lambda folded: len(folded.changes)),
            Limit(MOST_BYTES, lambda folded: folded.event.size),
        )
        self._begins_after = position

    def keep(self, folded: Folded) -> None:
        """Keep the next event."""
        if evicted := self._events.put(folded):
            self._begins_after = evicted[-1].event.position

    def reaches(self, position: Position) -> bool:
        """Tell whether every event after ``position`` is here."""
        return position.epoch == self._begins_after.epoch and position.seq >= self._begins_after.seq

    def after(self, seq: int) -> list[Folded]:
        """Return the events after ``seq``."""
        newer = itertools.takewhile(lambda folded: folded.event.position.seq > seq, reversed(self._events))
        return list(newer)[::-1]
