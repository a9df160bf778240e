"""Spans: from when until when a caller asks, as clients write it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from livingmap.past.moment import MomentError, Moments

FROM: Final = (
    "From when on: a time (RFC 3339), a `cursor`, or a time ago such as `-30s`, `-15m`, `-2h` or `-1d`; "
    "by default a day before `to`"
)
TO: Final = "Until when, by default now"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time."""

    start: datetime
    end: datetime

    @classmethod
    async def of(cls, start: str | None, end: str | None, moments: Moments, now: datetime) -> "Span":
        """Return the span that the parameters ``from`` and ``to`` mean; by default the day before ``to``.

        Raises MomentError if they mean none.
        """
        last = now if end is None else await moments.time(end, "to")
        first = _day_before(last) if start is None else await moments.time(start, "from")
        if first >= last:
            raise MomentError("from: is not earlier than to")
        return cls(first, last)


def _day_before(moment: datetime) -> datetime:
    try:
        return moment - _DAY
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
