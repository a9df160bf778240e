"""Roll-ups in memory: for tests, and for a map that stores nothing."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from livingmap.history.entry import Mark
from livingmap.history.rollups import Activity, Episode, Reading, RollUp, Silence, hour_of, in_steps, joined

_MOST_MINUTES: Final = 2 * 24 * 60
"""Older minutes make room, as the entries do."""


class MemoryRollUps:
    """A `livingmap.history.rollups.RollUps` of the last two days."""

    def __init__(self, most_minutes: int = _MOST_MINUTES) -> None:
        self._most_minutes = most_minutes
        self._roll_ups: list[RollUp] = []
        self._episodes: dict[tuple[str, datetime], Episode] = {}
        self._mark: Mark | None = None

    async def rolled_up_to(self) -> Mark | None:
        """Return the place of the last entry that is rolled up."""
        return self._mark

    async def write(self, after: Mark | None, roll_ups: Sequence[RollUp]) -> bool:
        """Keep the minutes that follow ``after``; False if the last one did not end there."""
        if after != self._mark:
            return False
        for one in roll_ups:
            self._roll_ups.append(one)
            self._episodes.update(((each.entity_id, each.began), each) for each in one.episodes)
            self._mark = one.mark
        if len(self._roll_ups) > self._most_minutes:
            await self.prune(self._roll_ups[-self._most_minutes].minute)
        return True

    async def open_episodes(self) -> list[Episode]:
        """Return the troubles that go on."""
        return [one for one in self._episodes.values() if one.ended is None]

    async def episodes(self, start: datetime, end: datetime, limit: int) -> list[Episode]:
        """Return the newest troubles that overlap a span of time, newest first."""
        overlapping = [
            one for one in self._episodes.values() if one.began < end and (one.ended is None or one.ended > start)
        ]
        return newest(overlapping, limit)

    async def activity(
        self, start: datetime, end: datetime, step: timedelta, layers: Sequence[str] | None
    ) -> list[Activity]:
        """Return how much happened from ``start`` to ``end``, by ``step``."""
        return in_steps(self._roll_ups, start, end, step, layers)

    async def silences(self, start: datetime, end: datetime) -> list[Silence]:
        """Return the silences that overlap a span of time, in order."""
        every = (silence for one in self._roll_ups for silence in one.silences)
        return [one for one in every if one.since < end and one.until > start]

    async def readings(
        self, entity_id: str, field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> list[Reading]:
        """Return what a number was, in order: in the hours that the span touches, and in the last before."""
        every = [one.readings[entity_id, field] for one in self._roll_ups if (entity_id, field) in one.readings]
        return _within(every, start, end, by_hour=by_hour)

    async def readings_of(
        self, entity_ids: Sequence[str], field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> dict[str, list[Reading]]:
        """Return what a number of several things was, as `readings` does for one."""
        roll_ups = list(self._roll_ups)  # that thread reads them while others are written
        return await asyncio.to_thread(_readings_of, roll_ups, entity_ids, field, start, end, by_hour=by_hour)

    async def oldest(self) -> datetime | None:
        """Return the oldest minute that is kept."""
        return self._roll_ups[0].minute if self._roll_ups else None

    async def prune(self, before: datetime) -> None:
        """Delete what is older."""
        self._roll_ups = [one for one in self._roll_ups if one.minute >= before]
        over = [key for key, one in self._episodes.items() if one.ended is not None and one.ended < before]
        for key in over:
            del self._episodes[key]


def _readings_of(
    roll_ups: Sequence[RollUp],
    entity_ids: Sequence[str],
    field: str,
    start: datetime,
    end: datetime,
    *,
    by_hour: bool,
) -> dict[str, list[Reading]]:
    every: dict[str, list[Reading]] = {}
    for one in roll_ups:
        for entity_id in entity_ids:
            if (entity_id, field) in one.readings:
                every.setdefault(entity_id, []).append(one.readings[entity_id, field])
    within = {one: _within(readings, start, end, by_hour=by_hour) for one, readings in every.items()}
    return {entity_id: readings for entity_id, readings in within.items() if readings}


def _within(every: Sequence[Reading], start: datetime, end: datetime, *, by_hour: bool) -> list[Reading]:
    first = hour_of(start)
    before = max((hour_of(one.minute) for one in every if one.minute < first), default=first)
    within = [one for one in every if before <= one.minute < end]
    if not by_hour:
        return within
    return [joined(hour, list(some)) for hour, some in groupby(within, lambda one: hour_of(one.minute))]


def newest(episodes: Iterable[Episode], limit: int) -> list[Episode]:
    """Return the episodes that began last, newest first."""
    return sorted(episodes, key=lambda one: (one.began, one.entity_id), reverse=True)[:limit]
