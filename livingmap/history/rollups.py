"""Roll-ups: what is kept of each minute for longer than its entries: how much happened, troubles and numbers.

They are made of the entries by `livingmap.past.rollups`, minute by minute in the order of the history, and written
with the place up to which that was done, in one transaction: a process that is killed in between has written all
of a minute or nothing of it.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Protocol

from livingmap.core.trouble import Severity
from livingmap.history.entry import Mark

MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """A span in which nothing was recorded: the log ended, and another began later."""

    since: datetime
    until: datetime

    @property
    def is_long(self) -> bool:
        """Whether it did not end in the minute in which it began: then numbers are not known after it."""
        return minute_of(self.since) < minute_of(self.until)


@dataclass(frozen=True, slots=True)
class Episode:
    """A trouble over time: for how long one thing was in trouble of one severity."""

    entity_id: str
    type: str
    layer: str
    label: str
    """What the thing was called when it began."""
    kind: str
    """``status``, ``alert`` or ``load``."""
    status: str
    """The status as it was reported, the message of the alert, or the share of the machine that was in use."""
    severity: Severity
    began: datetime
    ended: datetime | None = None
    """None while it goes on."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one number of one thing was within a minute."""

    minute: datetime
    low: float = 0.0
    mean: float = 0.0
    high: float = 0.0
    last: float | None = None
    """The value at the end of the minute; None if the thing, or its number, was gone then."""


@dataclass(frozen=True, slots=True)
class RollUp:
    """A minute in which something was recorded."""

    minute: datetime
    mark: Mark
    """The place of its last entry."""
    entries: int
    changes: int
    layers: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """How many entries and changes concern each layer."""
    silences: tuple[Silence, ...] = ()
    """Those that ended in it."""
    episodes: tuple[Episode, ...] = ()
    """Those that began or ended in it."""
    readings: Mapping[tuple[str, str], Reading] = field(default_factory=dict)
    """By entity and field, the numbers that changed."""


@dataclass(frozen=True, slots=True)
class Activity:
    """How much happened in a span of time."""

    start: datetime
    entries: int
    changes: int


class RollUps(Protocol):
    """Where roll-ups are kept. Every method may raise HistoryUnavailable."""

    async def rolled_up_to(self) -> Mark | None:
        """Return the place of the last entry that is rolled up; None before the first."""

    async def write(self, after: Mark | None, roll_ups: Sequence[RollUp]) -> bool:
        """Keep the minutes that follow ``after``, all or none; False if the last one did not end there."""

    async def open_episodes(self) -> list[Episode]:
        """Return the troubles that go on."""

    async def episodes(self, start: datetime, end: datetime, limit: int) -> list[Episode]:
        """Return the troubles that overlap a span of time, the newest ``limit`` of them, newest first."""

    async def activity(
        self, start: datetime, end: datetime, step: timedelta, layers: Sequence[str] | None
    ) -> list[Activity]:
        """Return how much happened from ``start`` to ``end``, each ``step`` in which anything did, in order.

        Only entries and changes that concern one of ``layers``, if these are given.
        """

    async def silences(self, start: datetime, end: datetime) -> list[Silence]:
        """Return the silences that overlap a span of time, in order."""

    async def readings(
        self, entity_id: str, field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> list[Reading]:
        """Return what a number was, in order: in the hours that the span touches, and in the last before.

        One reading for each minute in which it changed, or for each hour.
        """

    async def readings_of(
        self, entity_ids: Sequence[str], field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> dict[str, list[Reading]]:
        """Return what a number of several things was, as `readings` does for one; not of those without any."""

    async def oldest(self) -> datetime | None:
        """Return the oldest minute that is kept."""

    async def prune(self, before: datetime) -> None:
        """Delete what is older: minutes, troubles that were over by then, and numbers."""


_SPREAD: Final = 0x80
_GONE: Final = 0x40
_MINUTE: Final = 0x3F
_ONE: Final = struct.Struct("<Bd")
_SINGLE: Final = struct.Struct("<f")
_SEVERAL: Final = struct.Struct("<Bdfff")


def packed(reading: Reading) -> bytes:
    """Return a reading as an hour holds it: 1, 9 or 21 bytes. The last value is exact."""
    at = reading.minute.minute
    if reading.last is None:
        return bytes([at | _GONE])
    if reading.low == reading.high == reading.last:
        return _ONE.pack(at, reading.last)
    return _SEVERAL.pack(at | _SPREAD, reading.last, *map(_single, (reading.low, reading.mean, reading.high)))


def unpacked(hour: datetime, body: bytes) -> Iterator[Reading]:
    """Yield the readings of an hour, whose `packed` forms ``body`` joins."""
    at = 0
    while at < len(body):
        head = body[at]
        minute = hour + (head & _MINUTE) * MINUTE
        if head & _GONE:
            at += 1
            yield Reading(minute)
        elif head & _SPREAD:
            _, last, low, mean, high = _SEVERAL.unpack_from(body, at)
            at += _SEVERAL.size
            yield Reading(minute, shortest(low), shortest(mean), shortest(high), last)
        else:
            _, last = _ONE.unpack_from(body, at)
            at += _ONE.size
            yield Reading(minute, last, last, last, last)


def hour_of(moment: datetime) -> datetime:
    """Return the hour in which a moment is."""
    return moment.replace(minute=0, second=0, microsecond=0)


def minute_of(moment: datetime) -> datetime:
    """Return the minute in which a moment is."""
    return moment.replace(second=0, microsecond=0)


def hours_of(roll_ups: Iterable[RollUp]) -> dict[tuple[str, str, datetime], list[Reading]]:
    """Return the readings of roll-ups by entity, field and hour."""
    hours: dict[tuple[str, str, datetime], list[Reading]] = {}
    for one in roll_ups:
        for (entity_id, name), reading in one.readings.items():
            hours.setdefault((entity_id, name, hour_of(reading.minute)), []).append(reading)
    return hours


def joined(start: datetime, readings: Sequence[Reading]) -> Reading:
    """Return one reading for a longer span than that of each of ``readings``, which are in order."""
    values = [one for one in readings if one.last is not None]
    if not values:
        return Reading(start)
    mean = sum(one.mean for one in values) / len(values)
    low, high = min(one.low for one in values), max(one.high for one in values)
    return Reading(start, low, mean, high, readings[-1].last)


def in_steps(
    roll_ups: Iterable[RollUp], start: datetime, end: datetime, step: timedelta, layers: Sequence[str] | None
) -> list[Activity]:
    """Return the activity of the minutes between ``start`` and ``end``, which are in order; see `RollUps`."""
    within = (one for one in roll_ups if minute_of(start) <= one.minute < end)
    groups = groupby(within, lambda one: max(0, (one.minute - start) // step))
    return [_activity(start + number * step, list(group), layers) for number, group in groups]


def _activity(start: datetime, roll_ups: Sequence[RollUp], layers: Sequence[str] | None) -> Activity:
    if layers is None:
        return Activity(start, sum(one.entries for one in roll_ups), sum(one.changes for one in roll_ups))
    counts = [one.layers[layer] for one in roll_ups for layer in layers if layer in one.layers]
    return Activity(start, sum(entries for entries, _ in counts), sum(changes for _, changes in counts))


def shortest(value: float) -> float:
    """Return a number of single precision as a person would write it: with the fewest digits that mean it."""
    single = _SINGLE.pack(value)
    shorter = (float(f"{value:.{digits}g}") for digits in (6, 7, 8))
    return next((one for one in shorter if _SINGLE.pack(one) == single), value)


def _single(value: float) -> float:
    """Return a number as one of single precision can be: those beyond its range become its largest."""
    return max(-_LARGEST, min(_LARGEST, value))


_LARGEST: Final = 3.4028234e38
