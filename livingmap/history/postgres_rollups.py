"""Roll-ups in PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

import orjson

from livingmap.history import rollup_sql as sql
from livingmap.history.entry import Mark, utc
from livingmap.history.jsonb import text
from livingmap.history.rollups import (
    Activity,
    Episode,
    Reading,
    RollUp,
    Silence,
    hour_of,
    hours_of,
    joined,
    packed,
    unpacked,
)

_WRITTEN_AT_ONCE: Final = 5000


class PostgresRollUps:
    """A `livingmap.history.rollups.RollUps`; ``ask`` gives a function a connection, as `Database.ask` does."""

    def __init__(self, ask: Callable[[Callable[[Any], Awaitable[Any]]], Awaitable[Any]]) -> None:
        self._ask = ask

    async def rolled_up_to(self) -> Mark | None:
        """Return the place of the last entry that is rolled up."""
        row = await self._ask(lambda connection: connection.fetchrow(sql.ROLLED_UP_TO))
        return Mark(utc(row["time"]), row["epoch"], row["seq"]) if row else None

    async def write(self, after: Mark | None, roll_ups: Sequence[RollUp]) -> bool:
        """Keep the minutes that follow ``after``; False if the last one did not end there."""
        done: bool = await self._ask(lambda connection: _written(connection, after, roll_ups))
        return done

    async def open_episodes(self) -> list[Episode]:
        """Return the troubles that go on."""
        return [Episode(**row) for row in await self._fetch(sql.OPEN_EPISODES)]

    async def episodes(self, start: datetime, end: datetime, limit: int) -> list[Episode]:
        """Return the newest troubles that overlap a span of time, newest first."""
        return [Episode(**row) for row in await self._fetch(sql.EPISODES, start, end, limit)]

    async def activity(
        self, start: datetime, end: datetime, step: timedelta, layers: Sequence[str] | None
    ) -> list[Activity]:
        """Return how much happened from ``start`` to ``end``, by ``step``."""
        span = start, end, step.total_seconds()
        if layers is None:
            rows = await self._fetch(sql.ACTIVITY, *span)
        else:
            rows = await self._fetch(sql.ACTIVITY_OF_LAYERS, *span, list(layers))
        return [Activity(start + row["step"] * step, row["entries"], row["changes"]) for row in rows]

    async def silences(self, start: datetime, end: datetime) -> list[Silence]:
        """Return the silences that overlap a span of time, in order."""
        return [Silence(**row) for row in await self._fetch(sql.SILENCES, start, end)]

    async def readings(
        self, entity_id: str, field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> list[Reading]:
        """Return what a number was, in order: in the hours that the span touches, and in the last before."""
        rows = await self._fetch(sql.READINGS, text(entity_id), text(field), hour_of(start), end)
        return await asyncio.to_thread(_readings, rows, end, by_hour=by_hour)  # those of a week take a while

    async def readings_of(
        self, entity_ids: Sequence[str], field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> dict[str, list[Reading]]:
        """Return what a number of several things was, as `readings` does for one."""
        wanted = list(map(text, entity_ids))
        rows = await self._fetch(sql.READINGS_OF, wanted, text(field), hour_of(start), end)
        return await asyncio.to_thread(_readings_by_thing, rows, entity_ids, end, by_hour=by_hour)

    async def oldest(self) -> datetime | None:
        """Return the oldest minute that is kept."""
        oldest: datetime | None = await self._ask(lambda connection: connection.fetchval(sql.OLDEST))
        return oldest

    async def prune(self, before: datetime) -> None:
        """Delete what is older; of very many numbers the first."""
        for statement in sql.PRUNE:
            await self._fetch(statement, before)

    async def _fetch(self, statement: str, *values: Any) -> list[Any]:
        rows: list[Any] = await self._ask(lambda connection: connection.fetch(statement, *values))
        return rows


def _readings_by_thing(
    rows: Sequence[Any], entity_ids: Sequence[str], end: datetime, *, by_hour: bool
) -> dict[str, list[Reading]]:
    groups = groupby(rows, lambda row: entity_ids[row["number"] - 1])
    by_thing = {entity_id: _readings(list(some), end, by_hour=by_hour) for entity_id, some in groups}
    return {entity_id: readings for entity_id, readings in by_thing.items() if readings}


def _readings(rows: Sequence[Any], end: datetime, *, by_hour: bool) -> list[Reading]:
    if by_hour:
        return [Reading(row["hour"], row["low"], row["mean"], row["high"], row["last"]) for row in rows]
    every = (one for row in rows for one in unpacked(row["hour"], row["readings"]))
    return [one for one in every if one.minute < end]


async def _written(connection: Any, after: Mark | None, roll_ups: Sequence[RollUp]) -> bool:
    mark = roll_ups[-1].mark
    place = mark.time, text(mark.epoch), mark.seq
    async with connection.transaction():
        if after is None:
            tag = await connection.execute(sql.BEGIN, *place)
        else:
            tag = await connection.execute(sql.ADVANCE, *place, after.time, text(after.epoch), after.seq)
        if tag.endswith(" 0"):  # another process was first
            return False
        await _write_minutes(connection, roll_ups)
        await _write_numbers(connection, roll_ups)
    return True


async def _write_minutes(connection: Any, roll_ups: Sequence[RollUp]) -> None:
    minutes = {one.minute: one for one in roll_ups}
    rows = [(one.minute, one.entries, one.changes, orjson.dumps(one.layers)) for one in minutes.values()]
    await connection.execute(sql.ADD_MINUTES, *_columns(rows))
    silences = {one.since: one for roll_up in roll_ups for one in roll_up.silences}
    if silences:
        await connection.execute(
            sql.ADD_SILENCES, *_columns([(one.since, one.until) for one in silences.values()])
        )
    episodes = {(one.entity_id, one.began): one for roll_up in roll_ups for one in roll_up.episodes}
    if episodes:
        await connection.execute(sql.ADD_EPISODES, *_columns(list(map(_row, episodes.values()))))


def _row(one: Episode) -> tuple[Any, ...]:
    texts = (one.entity_id, one.type, one.layer, one.label, one.kind, one.status, one.severity)
    return (*map(text, texts), one.began, one.ended)


async def _write_numbers(connection: Any, roll_ups: Sequence[RollUp]) -> None:
    rows = []
    for (entity_id, field, hour), readings in sorted(hours_of(roll_ups).items()):
        whole = joined(hour, readings)
        minutes = sum(one.last is not None for one in readings)
        body = b"".join(map(packed, readings))
        spread = whole.low, whole.mean, whole.high, whole.last
        rows.append((text(entity_id), text(field), hour, body, minutes, *spread))
    for at in range(0, len(rows), _WRITTEN_AT_ONCE):
        await connection.execute(sql.ADD_NUMBERS, *_columns(rows[at : at + _WRITTEN_AT_ONCE]))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
