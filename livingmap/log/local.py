"""The log of a single process: a counter, and its subscribers."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from livingmap.core.bounded import LRU
from livingmap.core.model import Event, Message, Position
from livingmap.core.progress import Progress
from livingmap.log import Subscriber


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


_MOST_NAMES: Final = 100_000
"""How many names of messages are remembered."""


class LocalLog:
    """A `livingmap.log.Log` that orders what this process appends. Its epoch begins with the process."""

    def __init__(self, epoch: str | None = None, now: Callable[[], datetime] = utc_now) -> None:
        self.progress = Progress(Position(epoch or uuid.uuid4().hex[:12], 0))
        """How far it was read: always to its end."""
        self.progress.aim(0)
        self._now = now
        self._names: LRU[str, bool] = LRU(_MOST_NAMES)
        self._subscribers: list[Subscriber] = []

    async def append(self, message: Message) -> None:
        """Add ``message``; every subscriber has it when this returns."""
        progress = self.progress
        progress.position = position = Position(progress.position.epoch, progress.position.seq + 1)
        progress.advance(position.seq)
        event = Event(position, message.type, message.payload, self._now(), message.size)
        for subscriber in self._subscribers:
            subscriber(event)

    async def append_once(self, message: Message, name: str) -> bool:
        """Add ``message`` unless one of this ``name`` was among the latest; return whether it was added."""
        if self._names.get(name):
            return False
        self._names.put(name, True)
        await self.append(message)
        return True

    @property
    def position(self) -> Position:
        """The position of the last entry that was read."""
        return self.progress.position

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry from now on to ``subscriber``."""
        self._subscribers.append(subscriber)
