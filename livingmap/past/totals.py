"""Totals: what a number of several things comes to, step by step, and whether it is what it usually is.

What is usual is the median of the same hour of the day on the days before; how far a number may be from it follows
from how far those days were. Example: at 14:00 an agent had used 1,100, 1,200, 1,200, 1,250 and 1,400 tokens on
the five days before. So 1,200 is usual, half of the days were within 50 of it, and 4,100 is unusual.
"""

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from livingmap.history.rollups import HOUR, Reading, Silence, hour_of, minute_of
from livingmap.past.rollups import RollUps
from livingmap.past.series import series
from livingmap.past.timeline import Steps

_DAY: Final = timedelta(days=1)
_DAYS: Final = 7
_LEAST_DAYS: Final = 4
"""Of fewer days nobody can say what is usual."""
_SPREADS: Final = 4.5
"""Three standard deviations of a normal distribution, whose median distance is 0.67 of one."""
_LEAST_SHARE: Final = 0.5
"""What differs by less than this share of the usual is no news, however steady it was."""
_LEAST_KNOWN: Final = 0.9
"""A day of which less of a total is known is not compared with."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What a number usually is at an hour of the day."""

    median: float
    spread: float
    """Half of the days were no further from the median."""
    days: int
    """How many days that is known of."""

    def covers(self, number: float) -> bool:
        """Tell whether a number is as usual."""
        return abs(number - self.median) <= max(_SPREADS * self.spread, _LEAST_SHARE * abs(self.median))


@dataclass(frozen=True, slots=True)
class Course:
    """How a number went: of one thing, or added up."""

    now: float | None
    """The last value; None if it is not known any more."""
    steps: Mapping[datetime, float]
    """The mean of each step in which it is known, by the time when that begins."""
    days: Mapping[int, float]
    """The mean of the same hour so many days before, where that is known."""

    def usual(self) -> Usual | None:
        """Return what it usually is; None if too little is known."""
        if len(self.days) < _LEAST_DAYS:
            return None
        middle = median(self.days.values())
        return Usual(middle, median(abs(one - middle) for one in self.days.values()), len(self.days))

    def is_unusual(self) -> bool:
        """Tell whether it is far from what it usually is."""
        usual = self.usual()
        return usual is not None and self.now is not None and not usual.covers(self.now)


@dataclass(frozen=True, slots=True)
class Sum(Course):
    """What the numbers of several things come to, as far as they are known."""

    known_now: int
    """Of how many things ``now`` is the sum."""
    known: Mapping[datetime, int]
    """Of how many things each step is the sum."""


def total(courses: Iterable[Course]) -> Sum:
    """Return what several courses come to. What is not known of one is not counted.

    A day is compared with if it is known of what makes up nine tenths of the number now. Example: two agents have
    used 900 and 100 tokens. A day of which only the 800 of the first one are known counts, with 800; one of which
    only the 80 of the second one are known does not: the number now would look unusual beside it.
    """
    some, steps, known = list(courses), dict[datetime, float](), Counter[datetime]()
    for one in some:
        known.update(one.steps.keys())
        for time, value in one.steps.items():
            steps[time] = steps.get(time, 0) + value
    present = [one for one in some if one.now is not None]
    now = sum(one.now or 0 for one in present) if present else None
    return Sum(now, steps, _days_of_total(present), len(present), known)


def _days_of_total(present: Sequence[Course]) -> dict[int, float]:
    least, days = _LEAST_KNOWN * sum(abs(one.now or 0) for one in present), dict[int, float]()
    for day in sorted({day for one in present for day in one.days}):
        then = [one for one in present if day in one.days]
        if sum(abs(one.now or 0) for one in then) >= least:
            days[day] = sum(one.days[day] for one in then)
    return days


async def courses(
    roll_ups: RollUps, entity_ids: Sequence[str], field: str, steps: Steps, end: datetime
) -> dict[str, Course]:
    """Return how a number of several things went up to the minute of ``end``, as far as it is known of them."""
    week = hour_of(end) - _DAYS * _DAY
    hours = await roll_ups.hours_of(entity_ids, field, min(week, steps.start), end)
    minutes = hours
    if steps.size < HOUR:
        minutes = await roll_ups.readings_of(entity_ids, field, steps.start, minute_of(end))
    silences = await roll_ups.silences(min(week, steps.start), end)
    return await asyncio.to_thread(_courses, entity_ids, minutes, hours, silences, steps, end)


def _courses(
    entity_ids: Sequence[str],
    minutes: Mapping[str, Sequence[Reading]],
    hours: Mapping[str, Sequence[Reading]],
    silences: Sequence[Silence],
    steps: Steps,
    end: datetime,
) -> dict[str, Course]:
    made = {one: _course(minutes.get(one, ()), hours.get(one, ()), silences, steps, end) for one in entity_ids}
    return {entity_id: one for entity_id, one in made.items() if one.steps or one.now is not None}


def _course(
    minutes: Sequence[Reading], hours: Sequence[Reading], silences: Sequence[Silence], steps: Steps, end: datetime
) -> Course:
    points = series(minutes, silences, steps.start, steps.size, steps.count)
    return Course(
        _last(minutes, silences), {one.time: one.mean for one in points}, _days(hours, silences, hour_of(end))
    )


def _days(readings: Sequence[Reading], silences: Sequence[Silence], hour: datetime) -> dict[int, float]:
    """Return the mean of the same hour on each of the days before, of the readings around it alone."""
    times, days = [one.minute for one in readings], {}
    for day in range(1, _DAYS + 1):
        begin = hour - day * _DAY
        around = readings[max(0, bisect_left(times, begin) - 1) : bisect_left(times, begin + HOUR)]
        for point in series(around, silences, begin, HOUR, 1):
            days[day] = point.mean
    return days


def _last(readings: Sequence[Reading], silences: Sequence[Silence]) -> float | None:
    """Return the last value; None if nothing was recorded after it for a while."""
    if not readings or any(one.is_long and one.since >= readings[-1].minute for one in silences):
        return None
    return readings[-1].last
