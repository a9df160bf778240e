"""Moments: times of the past as clients write them, and the position of the log to which each leads.

Example: the history has an entry at 13:59:58 and the next at 14:00:03. ``at=2026-01-02T14:00:00Z`` leads to the
first of them: the map was as that entry had left it.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from livingmap.core.cursor import Cursor
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.core.units import rfc3339
from livingmap.errors import LivingMapError
from livingmap.history import Entry, History

_RELATIVE: Final = re.compile(r"-(\d{1,9})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_PATIENCE_SECONDS: Final = 1.0
"""So long a moment is waited for that was received, and is not written yet."""
_LOOK_SECONDS: Final = 0.05


class MomentError(LivingMapError):
    """A moment that cannot be shown. Its text says why, and what would work."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    code = "invalid_parameter"
    retry_seconds: int | None = None


class NotKept(MomentError):
    """The history does not reach back so far."""

    status = HTTPStatus.NOT_FOUND
    code = "not_kept"


class HistoryWaiting(MomentError):
    """What was received up to a moment is not written yet."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "history_waiting"
    retry_seconds = 2


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment of the past."""

    time: datetime
    """The time that was asked for; of a cursor, that of its entry."""
    position: Position
    """Where the log stood then."""
    entry: Entry = field(compare=False)
    """The newest entry of that time."""
    is_absolute: bool = True
    """Whether the same text will always mean this moment."""

    @property
    def text(self) -> str:
        """The time as the API writes it."""
        return str(rfc3339(self.time))


class Moments:
    """Finds moments in ``history``; ``progress`` says what was received besides."""

    def __init__(
        self,
        history: History,
        progress: Progress,
        cursor_key: Callable[[], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._history = history
        self._progress = progress
        self._cursor_key = cursor_key
        self._now = now

    async def find(self, text: str, parameter: str = "at") -> Moment:
        """Return the moment that ``text`` means: a time (RFC 3339), a cursor, or a time ago such as ``-15m``.

        Raises MomentError, whose text names the ``parameter``, and HistoryUnavailable.
        """
        time, is_absolute = self._time(text, parameter)
        if time is None:
            return await self._of_cursor(text, parameter)
        return await self.at(time, is_absolute=is_absolute)

    async def time(self, text: str, parameter: str = "at") -> datetime:
        """Return the time that ``text`` means, be it before all that the history has. Raises as `find`."""
        time, _ = self._time(text, parameter)
        return time or (await self._of_cursor(text, parameter)).time

    async def at(self, time: datetime, *, is_absolute: bool = True) -> Moment:
        """Return the moment at ``time``, once all that was received by then is written."""
        received = self._progress.position
        for _ in range(round(_PATIENCE_SECONDS / _LOOK_SECONDS)):
            is_written = not await self._may_come(received)
            entry = await self._history.newest_at(time)
            if is_written or (entry is not None and await self._is_last(entry, time, received)):
                break
            await asyncio.sleep(_LOOK_SECONDS)
        else:
            raise _waiting()
        if entry is None:
            raise await self.not_kept(str(rfc3339(time)))
        return Moment(time, entry.position, entry, is_absolute)

    async def _is_last(self, entry: Entry, time: datetime, received: Position) -> bool:
        """Tell whether ``entry`` is the last up to ``time``: it is if a later one is written."""
        if entry.position == received:
            return True
        return any(one.mark.time > time for one in await self._history.entries_from(entry.mark, 1))

    def _time(self, text: str, parameter: str) -> tuple[datetime | None, bool]:
        """Return the time that a text says, and whether it always says this; None if it may be a cursor."""
        time, is_absolute = time_in(text, self._now())
        if time is not None and time > self._now():
            raise MomentError(f"{parameter}: {text!r} is later than now")
        return time, is_absolute

    async def _of_cursor(self, text: str, parameter: str) -> Moment:
        try:
            position = Cursor.decode(text, self._cursor_key()).position
        except ValueError as error:
            raise MomentError(
                f"{parameter}: {text!r} is neither a time such as 2026-01-02T14:00:00Z, nor a time ago such as "
                "-15m, -2h or -1d, nor a cursor of this map"
            ) from error
        for _ in range(round(_PATIENCE_SECONDS / _LOOK_SECONDS)):
            entry = next(iter(await self._history.entries_after(_before(position), 1)), None)
            if entry is not None and entry.position == position:
                return Moment(entry.mark.time, position, entry)
            if not await self._may_come(position):
                raise await self.not_kept(f"the position of this cursor ({parameter})")
            await asyncio.sleep(_LOOK_SECONDS)
        raise _waiting()

    async def _may_come(self, position: Position) -> bool:
        """Tell whether the entry at ``position`` was received and is not written yet."""
        if self._progress.is_on_its_own:
            return False
        received = self._progress.position
        if position.epoch != received.epoch or position.seq > received.seq or not position.seq:
            return False
        written = await self._history.last_seq(position.epoch)
        return written is None or written < position.seq

    async def not_kept(self, what: str) -> NotKept:
        """Return the error for a moment before all that the history has."""
        oldest = await self._history.oldest_state()
        reaches = f"it reaches back to {rfc3339(oldest.mark_time)}" if oldest else "it has nothing yet"
        return NotKept(f"{what} is not in the history: {reaches}")


def time_in(text: str, now: datetime) -> tuple[datetime | None, bool]:
    """Return the time that ``text`` says, such as ``-15m``, and whether it always says it; None if none."""
    if match := _RELATIVE.fullmatch(text):
        ago = int(match[1]) * _SECONDS[match[2]]
        try:
            return now - timedelta(seconds=ago), False
        except OverflowError:
            return datetime.min.replace(tzinfo=now.tzinfo), False
    # an unescaped + of an offset arrives as a space; a space between date and time stands further left
    time = rfc3339(text) or rfc3339("+".join(text.rsplit(" ", 1)))
    return (datetime.fromisoformat(time) if time else None), True


def _before(position: Position) -> Position:
    return Position(position.epoch, position.seq - 1)


def _waiting() -> HistoryWaiting:
    return HistoryWaiting("what was received up to this moment is not written yet; try again in a moment")
