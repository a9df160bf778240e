"""How far a process has read its log, and the phase that follows from it."""

import asyncio
from collections.abc import Callable
from enum import StrEnum

from livingmap.core.model import Position


class Phase(StrEnum):
    """Whether the scene is that of now."""

    REPLAYING = "replaying"
    """The process has not yet read everything that was in the log when it attached to it."""
    LIVE = "live"
    """The scene follows the log."""


class Progress:
    """How far the log was read. Its owner, the log, advances it; everybody else reads the phase.

    Example: a process attaches to a stream whose last sequence is 70, from a checkpoint at 40. The log calls
    `begin` with 40 and ``aim(70)``; the phase is replaying until `advance` has come to 70, and live from then on.
    """

    def __init__(self, position: Position) -> None:
        self.position = position
        """The position of the last event that was read."""
        self.read_up_to = position.seq
        """The last sequence that was read; beyond the position if that was not an event."""
        self._goal: int | None = None
        self._live = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_live(self) -> bool:
        """Whether what was in the log when the process attached to it has been read."""
        return self._goal is not None and self.read_up_to >= self._goal

    @property
    def phase(self) -> Phase:
        """The phase, computed from what was read and what had to be."""
        return Phase.LIVE if self.is_live else Phase.REPLAYING

    def here(self) -> Position:
        """Return the position, for those that need it anew each time."""
        return self.position

    def begin(self, position: Position, read_up_to: int) -> None:
        """Go on from a checkpoint, or from the start of another log."""
        self.position, self.read_up_to = position, read_up_to

    def aim(self, goal: int) -> None:
        """Note what was last in the log when the process attached to it. Only the first time counts."""
        if self._goal is None:
            self._goal = goal
            self._note_live()

    def advance(self, read_up_to: int) -> None:
        """Note that everything up to a sequence was read, and handed on."""
        self.read_up_to = read_up_to
        if not self._live.is_set():
            self._note_live()

    def when_live(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called once, as soon as the phase is live."""
        if self._live.is_set():
            callback()
        else:
            self._callbacks.append(callback)

    async def live(self) -> None:
        """Wait until the phase is live."""
        await self._live.wait()

    def _note_live(self) -> None:
        if self.is_live:
            self._live.set()
            callbacks, self._callbacks = self._callbacks, []
            for callback in callbacks:
                callback()
