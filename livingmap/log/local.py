"""The log of a single process: a counter, and whoever reads along."""

import secrets
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from livingmap.core.model import Event, Message, Position
from livingmap.log import Subscriber


def utc_now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


class LocalLog:
    """A `livingmap.log.Log` that orders what this process appends. Its epoch begins with the process."""

    def __init__(self, epoch: str | None = None, now: Callable[[], datetime] = utc_now) -> None:
        self._position = Position(epoch or uuid.uuid4().hex[:12], 0)
        self._now = now
        self.key = secrets.token_bytes(32)
        """What cursors are signed with."""
        self._subscribers: list[Subscriber] = []

    @property
    def position(self) -> Position:
        """The position of the last entry."""
        return self._position

    async def append(self, message: Message) -> None:
        """Add ``message``; every subscriber has it when this returns."""
        self._position = Position(self._position.epoch, self._position.seq + 1)
        event = Event(self._position, message.type, message.payload, self._now(), message.size)
        for subscriber in self._subscribers:
            subscriber(event)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry from now on to ``subscriber``."""
        self._subscribers.append(subscriber)

    async def lead(self, duties: Callable[[], Awaitable[None]]) -> None:
        """Run ``duties``: there is nobody else."""
        await duties()
