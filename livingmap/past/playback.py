"""Playback: the clock of a play, which says what moment of the past is shown now, and when a later one is due.

It knows no socket and never sleeps: what the clock of this machine shows is passed to it as ``clock``, in seconds.

>>> from datetime import UTC, datetime
>>> two = datetime(2026, 1, 2, 2, 0, tzinfo=UTC)
>>> playback = Playback(two, clock=100.0, speed=60)
>>> str(playback.moment(clock=101.0))
'2026-01-02 02:01:00+00:00'
>>> playback.seconds_until(two.replace(minute=10), clock=101.0)
9.0
>>> playback.paused(clock=101.0).seconds_until(two.replace(minute=10), clock=101.0) is None
True
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from livingmap.past.moment import MomentError

MOST_SPEED: Final = 1000.0
AS_FAST_AS_READ: Final = math.inf
"""The speed ``max``: everything is due at once."""
_MOST_LATE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Playback:
    """A play as it stands. At the speed ``max`` its moment is that of what was shown last."""

    at: datetime
    """The moment that was shown at ``clock``."""
    clock: float
    speed: float = 1.0
    is_paused: bool = False

    def moment(self, clock: float) -> datetime:
        """Return the moment that is shown."""
        if self.is_paused or self.speed == AS_FAST_AS_READ:
            return self.at
        return self.at + timedelta(seconds=(clock - self.clock) * self.speed)

    def seconds_until(self, time: datetime, clock: float) -> float | None:
        """Return how long it is until ``time`` is to be shown, at least 0; None while the play is paused."""
        if self.is_paused:
            return None
        return max(0.0, (time - self.moment(clock)).total_seconds() / self.speed)

    def paused(self, clock: float) -> "Playback":
        """Return the play, standing still from now on."""
        return replace(self, at=self.moment(clock), clock=clock, is_paused=True)

    def playing(self, clock: float) -> "Playback":
        """Return the play, going on from the moment that is shown."""
        return replace(self, at=self.moment(clock), clock=clock, is_paused=False)

    def with_speed(self, speed: float, clock: float) -> "Playback":
        """Return the play at another speed, from the moment that is shown."""
        return replace(self, at=self.moment(clock), clock=clock, speed=speed)

    def sought(self, at: datetime, clock: float) -> "Playback":
        """Return the play at another moment, paused if it is."""
        return replace(self, at=at, clock=clock)

    def shown(self, time: datetime, clock: float) -> "Playback":
        """Return the play after what happened at ``time`` was shown.

        Where that was more than a second late, as the client or the database is slow, the play goes on from there:
        it is slower than it should be, and nothing piles up that would have to come at once.
        """
        if self.is_paused:
            return self
        if self.speed == AS_FAST_AS_READ:
            return replace(self, at=max(self.at, time), clock=clock)
        late = (self.moment(clock) - time).total_seconds() / self.speed
        return replace(self, at=time, clock=clock) if late > _MOST_LATE_SECONDS else self


def speed_of(value: object) -> float:
    """Return the speed that a client asks for: 1 to 1000 times, or ``max``, which may be written 0.

    Raises MomentError.
    """
    if value == "max":
        return AS_FAST_AS_READ
    try:
        speed = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        speed = math.nan
    if speed == 0:
        return AS_FAST_AS_READ
    if not 1 <= speed <= MOST_SPEED:
        raise MomentError(f"speed: give 1 to {MOST_SPEED:g}, or max")
    return speed


def speed_text(speed: float) -> float | str:
    """Return a speed as messages have it."""
    if speed == AS_FAST_AS_READ:
        return "max"
    return int(speed) if speed.is_integer() else speed
