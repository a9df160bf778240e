"""Stretches: what clients want to be shown of the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from livingmap.history import HistoryUnavailable
from livingmap.past.moment import Moment, MomentError, Moments
from livingmap.past.playback import speed_of

HISTORY_UNAVAILABLE: Final = "the history cannot be read now: its database does not answer, or is being opened"
_VIOLATION: Final = 1008
_TRY_AGAIN: Final = 1013


def reason_of(error: MomentError | HistoryUnavailable) -> tuple[str, str]:
    """Return why the past cannot be shown: a code for programs, and a text for people."""
    if isinstance(error, MomentError):
        return error.code, str(error)
    return "history_unavailable", HISTORY_UNAVAILABLE


def close_code(error: MomentError | HistoryUnavailable) -> int:
    """Return the close code of a WebSocket that cannot be shown the past: whether it is worth another attempt."""
    is_final = isinstance(error, MomentError) and error.retry_seconds is None
    return _VIOLATION if is_final else _TRY_AGAIN


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a client wants to be shown of the past, and how fast."""

    start: Moment
    to: Moment | None
    """Where it ends; None if it goes on to the present."""
    speed: float

    @classmethod
    async def asked(cls, moments: Moments, query: Mapping[str, str], cursor: str | None) -> "Stretch | None":
        """Return the stretch that a query asks for; None if it asks for the present.

        A client that comes back with a ``cursor`` goes on from there. Raises MomentError and HistoryUnavailable.
        """
        if "from" not in query:
            if stray := [name for name in ("to", "speed") if name in query]:
                raise MomentError(f"{' and '.join(stray)}: give from, too, where the play begins")
            return None
        speed = speed_of(query.get("speed", "1"))
        start = await moments.find(cursor or query["from"], "from")
        to = await moments.find(query["to"], "to") if "to" in query else None
        if to is not None and to.time < start.time:
            raise MomentError(f"to: {to.text} is before from, which is {start.text}")
        return cls(start, to, speed)
