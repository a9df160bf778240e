"""A long history for the bench of moments: an hour of a network, copied to all the others.

The first hour is written as a map would write it, with a state every 5,000 entries. It is then copied within
PostgreSQL, with its states, each time with other times and positions. A copied hour is as large as the first, and
to read it takes as long; only that the map is at its beginning again what it was before the first. There is one
day more than is asked for, the oldest: it is there to be dropped.

A kept folder serves again: what was dropped is copied anew, and what was written by the last bench is taken away.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson

from livingmap.app import LivingMap
from livingmap.core.model import Event, Position
from livingmap.history import Entry, entry_of, partitions
from livingmap.history.capture import Capture, Still
from livingmap.history.embedded import embedded
from livingmap.history.postgres import PostgresHistory
from livingmap.history.recorder import STATE_ENTRIES
from livingmap.history.rollups import Reading, packed
from scripts.bench.network import living_map, messages

PER_SECOND: Final = 50
HOUR: Final = 3600 * PER_SECOND
DAY: Final = 24 * HOUR
EPOCH: Final = "0123456789ab"
SPARE: Final = datetime(2026, 3, 1, tzinfo=UTC)
"""When the day begins that is there to be dropped."""
START: Final = SPARE + timedelta(days=1)
BATCH: Final = 1000

# What is written into tables of the same transaction need not be logged: that halves the time.
_UNLOGGED: Final = ("ALTER SYSTEM SET wal_level = minimal", "ALTER SYSTEM SET max_wal_senders = 0")

_KEEP_HOUR: Final = """
CREATE TABLE bench_hour AS TABLE {table};
CREATE TABLE bench_states AS TABLE living_map_states"""

_TABLE: Final = """
CREATE TABLE {table} (LIKE living_map_entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)"""

_HOUR_OUT: Final = """
COPY (
  SELECT id, timestamp + {hour} * interval '1 hour', seq + {hour} * {entries}, occurred_at, place, kind, step,
    epoch, entities, payload, changes
  FROM bench_hour ORDER BY seq
) TO '{file}' (FORMAT binary)"""

# Frozen, as the autovacuum of a quiet server would have left it.
_HOUR_IN: Final = """
COPY {table} (id, timestamp, seq, occurred_at, place, kind, step, epoch, entities, payload, changes)
FROM '{file}' (FORMAT binary, FREEZE)"""

_STATES: Final = """
INSERT INTO living_map_states (epoch, seq, received_at, mark_time, body)
SELECT epoch, seq + hour * {entries}, received_at + hour * interval '1 hour',
  mark_time + hour * interval '1 hour', body
FROM bench_states, generate_series({first}, {first} + 23) AS hour"""

_FORGET_STATES: Final = """
DELETE FROM living_map_states WHERE mark_time >= $1 AND mark_time < $1 + interval '1 day'"""

_ATTACH: Final = """
CREATE UNIQUE INDEX idx_{table}_position ON {table} (epoch, seq);
ALTER TABLE living_map_entries ATTACH PARTITION {table} FOR VALUES FROM ('{start}') TO ('{end}');
ANALYZE {table}"""

_COUNT_DAY: Final = """
INSERT INTO living_map_days (day, epoch, first_seq, last_seq, entries) VALUES ($1, $2, $3, $4, $5)"""

_NUMBERS: Final = """
INSERT INTO living_map_numbers (entity_id, field, hour, readings, minutes, low, mean, high, last)
SELECT 'node:' || node, 'field' || field, $1::timestamptz + hour * interval '1 hour', $2, 60, 0, 30, 59, 59
FROM generate_series(1, 500) AS node, generate_series(1, 4) AS field, generate_series(0, $3::int - 1) AS hour"""

_ROLLED_UP: Final = """
INSERT INTO living_map_rolled_up (time, epoch, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"""

_LATER: Final = """
SELECT relname FROM pg_class
WHERE relname ~ '^living_map_(entries|states)_\\d{8}$' AND right(relname, 8) >= $1::text"""


def end(days: int) -> datetime:
    """Return when a history of so many days ends."""
    return START + timedelta(days=days)


async def fill(folder: Path, days: int, agents: int) -> None:
    """Make a history of ``days`` in ``folder``, or what is missing of it."""
    done = folder / f"filled-{days}-days"
    if not done.exists():
        async with embedded(folder) as url, _connected(url) as connection:
            for statement in _UNLOGGED:
                await connection.execute(statement)
    async with embedded(folder) as url, _connected(url) as connection:
        await connection.execute("SET maintenance_work_mem = '1GB'")
        if not await connection.fetchval("SELECT to_regclass('bench_states') IS NOT NULL"):
            await _write_hour(url, connection, agents)
        await _forget_from(connection, end(days).date())
        for day in range(days + 1):
            await _fill_day(connection, day)
        reached = (days + 1) * DAY, end(days)
        await connection.execute("UPDATE living_map_epochs SET last_seq = $1, until = $2", *reached)
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM living_map_numbers)"):
            await _add_numbers(connection, days)
        await _note_rolled_up(connection, (days + 1) * DAY - 60 * PER_SECOND)
        await connection.execute("ALTER SYSTEM RESET ALL")
        await connection.execute("CHECKPOINT")
    done.touch()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def _write_hour(url: str, connection: Any, agents: int) -> None:
    """Write the first hour with its states, and set it aside."""
    history = PostgresHistory(url)
    await history.open()
    await partitions.make_states(connection, SPARE.date())  # before its first state, which comes before entries
    async with living_map(agents) as living:
        await _write(history, living)
    await history.close()
    await connection.execute(_KEEP_HOUR.format(table=partitions.table_of(SPARE.date())))
    await _forget_from(connection, SPARE.date())


async def _write(history: PostgresHistory, living: LivingMap) -> None:
    batch: list[Entry] = []
    for number, (subject, data) in enumerate(islice(messages(living.config), HOUR), 1):
        received = SPARE + timedelta(seconds=(number - 1) / PER_SECOND)
        event = Event(Position(EPOCH, number), subject, orjson.loads(data), received)
        batch.append(entry_of(living.fold.apply(event), living.fold.scene, number - 1))
        if number % STATE_ENTRIES == 1:
            await history.write_state(Capture(event.position, received, Still(living.fold.scene), ()).state())
        if len(batch) == BATCH:
            await history.write(batch)
            batch = []


async def _fill_day(connection: Any, number: int) -> None:
    """Copy the hour to all those of a day, unless the day is there; indexes are made when all is written."""
    begin = SPARE + timedelta(days=number)
    day, table = begin.date(), partitions.table_of(begin.date())
    if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table):
        return
    folder = await connection.fetchval("SELECT current_setting('data_directory')")
    copied = {"table": table, "file": f"{folder}/bench.copy", "entries": HOUR}
    async with connection.transaction():
        await connection.execute(_TABLE.format(table=table))
        for hour in range(24 * number, 24 * number + 24):
            await connection.execute(_HOUR_OUT.format(hour=hour, **copied))
            await connection.execute(_HOUR_IN.format(**copied))
        await connection.execute(_FORGET_STATES, begin)  # one of a day that was dropped is still needed
        await partitions.make_states(connection, day)
        await connection.execute(_STATES.format(first=24 * number, entries=HOUR))
        await connection.execute(_ATTACH.format(table=table, start=begin, end=begin + timedelta(days=1)))
        await connection.execute(_COUNT_DAY, day, EPOCH, number * DAY + 1, (number + 1) * DAY, DAY)
    print(f"moments: {day} is filled", file=sys.stderr)


async def _forget_from(connection: Any, day: date) -> None:
    """Forget all that was written of a day and of those after it."""
    for (table,) in await connection.fetch(_LATER, f"{day:%Y%m%d}"):
        await connection.execute(f"DROP TABLE {table}")
    await connection.execute("DELETE FROM living_map_days WHERE day >= $1", day)


async def _note_rolled_up(connection: Any, seq: int) -> None:
    """Note that all up to an entry is rolled up, as it is where a map has run: it would take an hour."""
    await connection.execute(_ROLLED_UP, SPARE + timedelta(seconds=(seq - 1) / PER_SECOND), EPOCH, seq)


async def _add_numbers(connection: Any, days: int) -> None:
    """Add a week of 2,000 numbers with a reading each minute."""
    made = (Reading(START + timedelta(minutes=one), one, one, one, one) for one in range(60))
    await connection.execute(_NUMBERS, START, b"".join(map(packed, made)), 24 * days)
