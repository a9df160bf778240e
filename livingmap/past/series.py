"""Series: step by step through a span of time, what one number was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from livingmap.core.model import Fields
from livingmap.core.values import number_at
from livingmap.history import Entry
from livingmap.history.changes import decoded
from livingmap.history.rollups import Reading, Silence, joined


@dataclass(frozen=True, slots=True)
class SeriesPoint:
    """What a number was in one step."""

    time: datetime
    """When the step begins."""
    low: float
    mean: float
    high: float


def series(
    readings: Sequence[Reading], silences: Iterable[Silence], start: datetime, step: timedelta, count: int
) -> list[SeriesPoint]:
    """Return a point for each step in which the number is known; where it did not change, with the last value.

    ``readings`` are in order, and begin with what the number was before. After a silence it is not known until it
    is read again.
    """
    turns = [(one.minute, 0, one) for one in readings]
    turns += [(one.since, 1, Reading(one.since)) for one in silences if one.is_long]
    turns.sort(key=lambda turn: turn[:2], reverse=True)
    value: float | None = None
    points = []
    for number in range(count):
        begin = start + number * step
        while turns and turns[-1][0] < begin:
            value = turns.pop()[2].last
        within = []
        while turns and turns[-1][0] < begin + step:
            within.append(turns.pop()[2])
        whole = joined(begin, within) if any(one.last is not None for one in within) else None
        if whole is not None:
            points.append(SeriesPoint(begin, whole.low, float(f"{whole.mean:.15g}"), whole.high))
        elif value is not None:
            points.append(SeriesPoint(begin, value, value, value))
        if within:
            value = within[-1].last
    return points


def readings_of(entries: Iterable[Entry], home: Sequence[str], entity_id: str, path: str) -> list[Reading]:
    """Return what entries say of a number of a thing, whose home is in one of the layers ``home``, in order."""
    name, needle = path.partition(".")[0], orjson.dumps(entity_id)
    readings = []
    for entry in entries:
        if entry.changes is None or needle not in entry.changes:
            continue
        for change in decoded(entry.changes):
            if change.get("id") == entity_id and change["layer"] in home:
                readings += _readings(entry.mark.time, change, name, path)
    return readings


def _readings(time: datetime, change: Fields, name: str, path: str) -> list[Reading]:
    if change["op"] == "drop" or name in change["unset"]:
        return [Reading(time)]
    if name not in change["set"] and path not in change["set"]:
        return []
    number = number_at(change["set"], path)
    return [Reading(time) if number is None else Reading(time, number, number, number, number)]
