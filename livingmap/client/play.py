"""What is asked of a map to be shown its past."""

from datetime import datetime
from typing import TypeAlias

from livingmap.client.errors import Refused

Moment: TypeAlias = datetime | str
"""A time, or a text: RFC 3339, a cursor, or relative to now, such as ``-15m``."""

Speed: TypeAlias = float | str
"""How many times faster than it was, 1 to 1000; or ``max``: as fast as the client reads."""


def moment_text(moment: Moment) -> str:
    """Return a moment as the map reads it. Raises Refused for a time without a zone, which may be any."""
    if isinstance(moment, str):
        return moment
    if moment.tzinfo is None:
        raise Refused(f"{moment}: a time needs a zone, such as datetime.now(UTC) has")
    return moment.isoformat()


def play_of(from_: Moment | None, to: Moment | None, speed: Speed) -> dict[str, str] | None:
    """Return the parameters of a play; None for the present. Raises Refused if there is no beginning."""
    if from_ is None:
        if to is not None or str(speed) != "1":
            raise Refused("to and speed need from, the moment where the play begins")
        return None
    end = {} if to is None else {"to": moment_text(to)}
    return {"from": moment_text(from_), **end, "speed": str(speed)}
