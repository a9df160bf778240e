"""The log: the ordered entries from which everything on the map follows, as a protocol."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from livingmap.core.model import Event, Message, Position
from livingmap.core.progress import Progress

Subscriber: TypeAlias = Callable[[Event], None]
"""Called with every entry, in order, without a gap. Must return at once and never raise."""


class Log(Protocol):
    """An ordered log of events."""

    @property
    def progress(self) -> Progress:
        """How far this process has read the log."""

    @property
    def position(self) -> Position:
        """The position of the last entry that was read."""

    async def append(self, message: Message) -> None:
        """Append ``message``. Whether subscribers have it when this returns depends on the log."""

    async def append_once(self, message: Message, name: str) -> bool:
        """Append ``message`` unless one of this ``name`` was lately; return whether it was appended.

        Raises OSError, of which TimeoutError is one, if the log does not take it now.
        """

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry from now on to ``subscriber``."""
