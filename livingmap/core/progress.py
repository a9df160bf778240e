"""How far a process has read its log, and the phase that follows from it."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from livingmap.core.model import Position


class Phase(StrEnum):
    """Whether the scene is that of now."""

    REPLAYING = "replaying"
    """The process has not yet read everything that was in the log when it attached to it."""
    LIVE = "live"
    """The scene follows the log."""
    ON_ITS_OWN = "on_its_own"
    """The log is away: the process shows what it polls itself, on a branch that ends when the log is back."""


class Progress:
    """How far the log was read. Its owner, the log, advances it; everybody else reads the phase.

    Example: a process attaches to a stream whose last sequence is 70, from a checkpoint at 40. The log calls
    `begin` with 40 and ``aim(70)``; the phase is replaying until `advance` has come to 70, and live from then on.
    """

    def __init__(self, position: Position, detached_seconds: float = 10) -> None:
        self.position = position
        """The position of the last event that was read."""
        self.read_up_to = position.seq
        """The last sequence that was read; beyond the position if that was not an event."""
        self.away_since: datetime | None = None
        """Since when there is no connection to the log, UTC; None while there is one."""
        self.term = 0
        """The term of the newest leader whose word was read: what an older one says after that does not count."""
        self.folded_at: datetime | None = None
        """When the log received the last entry that was folded."""
        self.lag = 0
        """How many entries of the log are known of and not read yet."""
        self.new_epochs = 0
        """How often the log ended, and another one began in its place."""
        self._detached_seconds = detached_seconds
        self._lost_at: datetime | None = None
        self._goal: int | None = None
        self._trunk: Position | None = None
        self._live = asyncio.Event()
        self._shown = asyncio.Event()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def is_live(self) -> bool:
        """Whether what was in the log when the process attached to it has been read."""
        return self._goal is not None and self.read_up_to >= self._goal

    @property
    def is_on_its_own(self) -> bool:
        """Whether the scene stands on a branch."""
        return self._trunk is not None

    @property
    def is_shown(self) -> bool:
        """Whether the scene is one of now, to be shown to viewers."""
        return self._trunk is not None or self.is_live

    @property
    def phase(self) -> Phase:
        """The phase, computed from what was read and what had to be."""
        if self.is_on_its_own:
            return Phase.ON_ITS_OWN
        return Phase.LIVE if self.is_live else Phase.REPLAYING

    def is_detached(self, now: datetime) -> bool:
        """Tell whether there has been no connection to the log for longer than is put up with.

        So it is when the clock is set back by more meanwhile: for how long the log is away is not known then.
        """
        away = abs((now - self.away_since).total_seconds()) if self.away_since is not None else 0.0
        return away > self._detached_seconds

    @property
    def standing_still_since(self) -> datetime | None:
        """Since when the scene gets nothing new, because the log is away and it is not on a branch either."""
        return None if self.is_on_its_own else self.away_since

    def detach(self, now: datetime) -> None:
        """Note that there is no connection to the log, be it that one came to nothing."""
        self.away_since = self.away_since or self._lost_at or now

    def attach(self) -> None:
        """Note that there is a connection. It counts once reading has begun over it, and the phase is live."""
        self._lost_at, self.away_since = self.away_since or self._lost_at, None

    def here(self) -> Position:
        """Return the position, for those that need it anew each time."""
        return self.position

    def begin(self, position: Position, read_up_to: int, term: int = 0) -> None:
        """Go on from a checkpoint, or from the start of another log."""
        self.new_epochs += bool(self.position.epoch) and position.epoch != self.position.epoch
        self.position, self.read_up_to, self.term = position, read_up_to, term

    def aim(self, goal: int) -> None:
        """Note what was last in the log when the process attached to it.

        Only the first time counts, and the first after a branch: a short loss of the connection is no new start.
        """
        if self._goal is None:
            self._goal = goal
            self._note_live()
        elif self.is_live:
            self._lost_at = None

    def advance(self, read_up_to: int) -> None:
        """Note that everything up to a sequence was read, and handed on."""
        self.read_up_to = read_up_to
        if not self._live.is_set():
            self._note_live()

    def end_replay(self) -> None:
        """Note that the rest of what was in the log when the process attached to it has been deleted."""
        if self._goal is not None and not self.is_live:
            self.advance(self._goal)
            self.lag = 0

    def branch_off(self, epoch: str) -> Position:
        """Leave the log for a branch with an epoch of its own; return where that begins."""
        self._trunk = self.position
        self._shown.set()
        self.position = Position(epoch, self.position.seq)
        return self.position

    def return_to_log(self) -> None:
        """Go back to where the log was left. It is replayed from there until the process is live again.

        What viewers saw at other processes meanwhile is in the log by then: none of them goes back in positions.
        """
        if self._trunk is not None:
            self.position, self._trunk = self._trunk, None
            self._goal = None
            self._live.clear()
            self._shown.clear()

    def when_live(self, callback: Callable[[], None]) -> None:
        """Have ``callback`` called each time that the phase becomes live, and at once if it is."""
        self._callbacks.append(callback)
        if self._live.is_set():
            callback()

    async def live(self) -> None:
        """Wait until the phase is live."""
        await self._live.wait()

    async def shown(self) -> None:
        """Wait until there is a scene of now, be it on a branch."""
        await self._shown.wait()

    def _note_live(self) -> None:
        if self.is_live:
            self._lost_at = None
            self._live.set()
            self._shown.set()
            for callback in self._callbacks:
                callback()
