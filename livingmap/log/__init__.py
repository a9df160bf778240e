"""The one ordered log through which everything that changes the map has to go."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeAlias

from livingmap.core.model import Event, Message, Position

Subscriber: TypeAlias = Callable[[Event], None]
"""Called with every entry, in order, without a gap. Must return at once and never raise."""


class Log(Protocol):
    """An ordered log of events."""

    @property
    def position(self) -> Position:
        """The position of the last entry that was read."""

    @property
    def key(self) -> bytes:
        """What cursors of this log are signed with: the same for all who read it, and known to nobody else."""

    async def append(self, message: Message) -> None:
        """Add ``message`` at the end. Readers have it before or after this returns, as the log sees fit."""

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry from now on to ``subscriber``."""

    async def lead(self, duties: Callable[[], Awaitable[None]]) -> None:
        """Run ``duties`` for as long as of all who read this log this process is the one to do them."""
