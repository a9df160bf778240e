"""The timeline: step by step through a span of time, how much happened and how much was wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from livingmap.core.trouble import Severity
from livingmap.history.rollups import MINUTE, Activity, Episode, minute_of


@dataclass(frozen=True, slots=True)
class TimelinePoint:
    """One step of a timeline."""

    time: datetime
    """When it begins."""
    entries: int
    changes: int
    troubled: int | None
    """How many things were in trouble at its worst; None if that is not known."""
    worst: Severity | None
    """How grave the gravest of these troubles was."""


@dataclass(frozen=True, slots=True)
class Steps:
    """A span of time in equal steps of whole minutes, the first of which begins with its minute."""

    start: datetime
    size: timedelta
    count: int

    @classmethod
    def of(cls, start: datetime, end: datetime, most: int) -> "Steps":
        """Return the steps of a span, at most ``most`` of them."""
        first = minute_of(start)
        minutes = max(1, -((first - end) // MINUTE))
        size = -(-minutes // most)
        return cls(first, size * MINUTE, -(-minutes // size))

    @property
    def end(self) -> datetime:
        """The end of the last step."""
        return self.start + self.count * self.size

    def at(self, moment: datetime) -> int:
        """Return the number of the step that holds a moment, or is closest to it."""
        return max(0, min(self.count - 1, (moment - self.start) // self.size))


Times: TypeAlias = tuple[datetime, datetime]


def timeline(
    steps: Steps, activity: Iterable[Activity], episodes: Sequence[Episode], unknown: Sequence[Times] = ()
) -> list[TimelinePoint]:
    """Return a point for each step. Within times that are ``unknown`` nobody can tell what was in trouble."""
    happened = {one.start: one for one in activity}
    troubled, critical = _most_at_once(steps, episodes), _touched(steps, episodes)
    points = []
    for number in range(steps.count):
        time = steps.start + number * steps.size
        one = happened.get(time, Activity(time, 0, 0))
        if any(since <= time and time + steps.size <= until for since, until in unknown):
            points.append(TimelinePoint(time, one.entries, one.changes, None, None))
            continue
        worst: Severity | None = "critical" if critical[number] else "warning" if troubled[number] else None
        points.append(TimelinePoint(time, one.entries, one.changes, troubled[number], worst))
    return points


def _most_at_once(steps: Steps, episodes: Sequence[Episode]) -> list[int]:
    """Return for each step how many episodes went on at once, at most."""
    turns = [(one.began, 1) for one in episodes]
    turns += [(one.ended, -1) for one in episodes if one.ended is not None]
    turns.sort(reverse=True)  # of a moment, ends are taken first: a trouble that gets worse is one
    most, now = [], 0
    for number in range(steps.count):
        begin = steps.start + number * steps.size
        while turns and turns[-1][0] <= begin:
            now += turns.pop()[1]
        peak = now
        while turns and turns[-1][0] < begin + steps.size:
            now += turns.pop()[1]
            peak = max(peak, now)
        most.append(peak)
    return most


def _touched(steps: Steps, episodes: Iterable[Episode]) -> list[bool]:
    """Return for each step whether a critical episode went on in it."""
    turns = [0] * (steps.count + 1)
    for one in episodes:
        if one.severity == "critical":
            last = steps.count - 1 if one.ended is None else steps.at(one.ended - timedelta.resolution)
            turns[steps.at(one.began)] += 1
            turns[last + 1] -= 1
    touched, now = [], 0
    for turn in turns[:-1]:
        now += turn
        touched.append(now > 0)
    return touched
