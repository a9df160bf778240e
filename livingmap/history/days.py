"""Days: the history has a partition for each day (UTC). A query reads those days only that may hold its rows.

Entries stand in the order of their marks, almost always in the partition of that day. An entry with a place of
its own is in that of its timestamp. Example: the clock was a year ahead, and is set back on 1 March 2026. What
comes then is in the partition of that day, but its place is in March 2027; `Day.first_place` and `Day.last_place`
say so, and whoever reads March 2027 reads that day, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from livingmap.history.entry import utc

EVE: Final = date(1969, 12, 31)
"""Stands for all times before 1970; no partition is made for it."""
MORROW: Final = date(2200, 1, 1)
"""Stands for all times from 2200 on; no partition is made for it."""

_MOST_DAYS: Final = 16
"""So many days are read by one statement at most: each partition takes locks, and time to plan."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open span of time; None where it is open to that side."""

    start: datetime | None
    end: datetime | None

    def cut(self, start: datetime | None, end: datetime | None) -> "Span | None":
        """Return what is also since ``start`` and before ``end``; None if that is nothing."""
        start = max(filter(None, (self.start, start)), default=None)
        end = min(filter(None, (self.end, end)), default=None)
        return None if start is not None and end is not None and start >= end else Span(start, end)

    def meets(self, first: datetime, last: datetime) -> bool:
        """Tell whether any moment from ``first`` to ``last`` is in it."""
        return (self.start is None or last >= self.start) and (self.end is None or first < self.end)


@dataclass(frozen=True, slots=True)
class Day:
    """A day with entries, and from where to where those stand that have places of their own."""

    day: date
    first_place: datetime | None = None
    last_place: datetime | None = None

    @property
    def span(self) -> Span:
        """The timestamps of its entries."""
        return span(self.day)


def day_of(moment: datetime) -> date:
    """Return the day that the partition of ``moment`` is of."""
    day = moment.date() if moment.tzinfo is UTC else utc(moment).date()
    return min(max(day, EVE), MORROW)


def span(first: date, last: date | None = None) -> Span:
    """Return the time from the beginning of a day to its end, or to that of ``last``."""
    last = last or first
    return Span(
        None if first == EVE else _midnight(first), None if last == MORROW else _midnight(last + timedelta(days=1))
    )


def windows(days: Sequence[Day], *, newest_first: bool) -> Iterator[Span]:
    """Yield spans of marks that together hold every entry of ``days``, each larger than the one before."""
    marks = {day.day for day in days}
    marks |= {day_of(place) for day in days for place in (day.first_place, day.last_place) if place}
    ordered, size, at = sorted(marks, reverse=newest_first), 1, 0
    edge: datetime | None = None
    while at < len(ordered):
        chunk = ordered[at : at + size]
        at, size = at + size, min(2 * size, _MOST_DAYS)
        is_last = at >= len(ordered)
        if newest_first:
            start = None if is_last else span(chunk[-1]).start
            yield Span(start, edge)
            edge = start
        else:
            end = None if is_last else span(chunk[-1]).end
            yield Span(edge, end)
            edge = end


def placed_in(days: Sequence[Day], marks: Span) -> Span | None:
    """Return the timestamps among which are those of all entries that have a place of their own in ``marks``."""
    meeting = [
        day.day
        for day in days
        if day.first_place and day.last_place and marks.meets(day.first_place, day.last_place)
    ]
    return span(min(meeting), max(meeting)) if meeting else None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
