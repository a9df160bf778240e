"""States have a partition a day: it is dropped as a whole, and the moments of what is kept can still be made."""

import asyncio
import signal
import sys
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from livingmap.core.model import Position
from livingmap.history import Retention, State
from livingmap.history.migrate import migrate, migrations_folder
from livingmap.history.postgres import PostgresHistory
from tests.history.making import NOON, entry

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = datetime(2025, 11, 20, tzinfo=UTC)
DAYS = 4
TABLES = (
    "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'living_map_states'::regclass ORDER BY 1"
)
DROPPED = "SELECT relname FROM pg_class WHERE relname LIKE 'living\\_map\\_dropped%' AND relkind = 'r'"
KILLED = """
import asyncio, os, signal, sys
from datetime import datetime, timedelta

import asyncpg

from livingmap.history import Retention
from livingmap.history.postgres import PostgresHistory

_, url, now, last = sys.argv
execute = asyncpg.Connection.execute


async def killing(self, query, *values, **options):
    answer = await execute(self, query, *values, **options)
    if last in query:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


async def main():
    history = PostgresHistory(url)
    await history.open()
    await history.prune(datetime.fromisoformat(now), Retention(2))


asyncpg.Connection.execute = killing
asyncio.run(main())
"""


@pytest.fixture
def template():
    """The name of a database without tables: some tests make those of former versions."""
    return "template1"


@pytest.fixture
async def connection(database):
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


async def tables(connection):
    return [row[0].removeprefix("living_map_states_") for row in await connection.fetch(TABLES)]


def state(time):
    seq = round((time - FIRST).total_seconds())
    return State(Position("e1", seq), time, time, b"%d " % seq * 1000)


async def filled(history, hour):
    """Write for each day an entry, and a state every half hour; return the states, and until when to prune."""
    for day in range(DAYS):
        time = FIRST + day * DAY + hour * HOUR
        await history.write([entry(state(time).position.seq, received_at=time)])
    states = [state(FIRST + number * HOUR / 2 + HOUR / 4) for number in range(48 * DAYS)]
    for one in states:
        await history.write_state(one)
    return states, FIRST + (DAYS - 1) * DAY + (hour + 1) * HOUR


async def kept(history, connection):
    """Return the states that are there, oldest first, by the position of each."""
    rows = await connection.fetch("SELECT seq FROM living_map_states ORDER BY seq")
    return [await history.state_before(Position("e1", row["seq"])) for row in rows]


def needed(states, hour):
    """Return the states that are left when the oldest entry is of the third day."""
    oldest = FIRST + 2 * DAY + hour * HOUR
    before = [one for one in states if one.mark_time < oldest]
    return before[-1:] + states[len(before) :]


@pytest.mark.parametrize("hour", [0, 12])
async def test_whole_days_of_states_are_dropped_and_the_oldest_moment_keeps_its_state(postgres, connection, hour):
    states, now = await filled(postgres, hour)
    assert await tables(connection) == ["20251120", "20251121", "20251122", "20251123", "20251124", "odd"]
    assert await connection.fetchval("SELECT count(*) FROM living_map_states_odd") == 0
    await postgres.prune(now, Retention(2))
    assert await kept(postgres, connection) == needed(states, hour)
    assert await postgres.oldest_state() == needed(states, hour)[0]
    oldest = state(FIRST + 2 * DAY + hour * HOUR).position
    assert await postgres.state_before(oldest) == needed(states, hour)[0]
    assert await tables(connection) == ["20251122", "20251123", "20251124", "odd"]
    await postgres.prune(now + DAY, Retention(2))
    assert await postgres.oldest_state() == state(FIRST + 3 * DAY + hour * HOUR - HOUR / 4)


@pytest.mark.parametrize(
    ("last", "hour"),
    [
        ("DETACH PARTITION living_map_states", 0),
        ("INSERT INTO living_map_states SELECT", 0),
        ("DROP TABLE IF EXISTS living_map_dropped_states", 0),
        ("DELETE FROM living_map_states", 12),
    ],
)
async def test_a_process_that_is_killed_while_it_prunes_loses_no_state_and_the_next_goes_on(
    postgres, database, connection, last, hour
):
    states, now = await filled(postgres, hour)
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, database, now.isoformat(), last)
    assert await killed.wait() == -signal.SIGKILL
    there = await kept(postgres, connection)
    assert [one for one in there if one in needed(states, hour)] == needed(states, hour)
    await postgres.prune(now, Retention(2))
    assert await kept(postgres, connection) == needed(states, hour)
    assert await connection.fetch(DROPPED) == []


async def test_days_in_use_are_dropped_when_they_are_free_and_nobody_waits_to_write(postgres, database):
    states, now = await filled(postgres, 0)
    reader = await asyncpg.connect(database)
    reading = reader.transaction()
    await reading.start()
    await reader.execute("SELECT count(*) FROM living_map_states")
    pruning = asyncio.create_task(postgres.prune(now, Retention(2)))
    later = [state(FIRST + (DAYS - 1) * DAY + timedelta(seconds=second)) for second in range(20)]
    for one in later:
        await postgres.write_state(one)
    assert not pruning.done()
    await reading.rollback()
    await pruning
    assert await kept(postgres, reader) == sorted(needed([*states, *later], 0), key=lambda one: one.mark_time)
    await reader.close()


async def test_a_state_of_its_own_epoch_is_kept_for_the_oldest_entry(history):
    def of(epoch, seq, second):
        time = NOON + timedelta(seconds=second)
        return State(Position(epoch, seq), time, time, b"body")

    await history.write([entry(1), entry(3, epoch="e2", received_at=NOON + timedelta(seconds=9))])
    for one in (of("e2", 0, 2), of("e2", 1, 3), of("e1", 9, 5)):
        await history.write_state(one)
    await history.prune(NOON + timedelta(seconds=8), Retention(0))
    assert await history.state_before(Position("e2", 3)) == of("e2", 1, 3)
    assert await history.oldest_state() == of("e2", 1, 3)


async def test_states_of_an_entry_with_a_place_of_its_own_are_found(postgres):
    ahead = FIRST + 300 * DAY
    await postgres.write([entry(1, received_at=ahead), entry(2, received_at=FIRST, place=ahead)])
    placed = State(Position("e1", 2), FIRST, ahead, b"body")
    await postgres.write_state(placed)
    assert await postgres.state_before(Position("e1", 2)) == placed
    assert await postgres.oldest_state() == placed


@pytest.fixture
async def before(database, connection, tmp_path):
    """A history whose states have one table still, with those of today."""
    for file in migrations_folder().iterdir():
        if file.name < "021":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    opened = PostgresHistory(database, migrations=tmp_path)
    await opened.open()
    insert = "INSERT INTO living_map_states VALUES ($1, $2, $3, $4, $5)"
    states = [state(FIRST + number * HOUR) for number in range(30)]
    for one in states:
        await connection.execute(insert, "e1", one.position.seq, one.received_at, one.mark_time, one.body)
    await opened.close()
    return states


async def test_states_that_were_there_stay_and_the_next_day_has_a_partition(before, postgres, connection):
    today = FIRST + 1.5 * DAY
    await postgres.write([entry(state(today).position.seq, received_at=today)])
    await postgres.write_state(state(today))
    await postgres.write_state(before[3])
    assert await tables(connection) == ["20251122", "odd"]
    assert await kept(postgres, connection) == [*before, state(today)]
    await postgres.write_state(state(today + DAY))
    assert await connection.fetchval("SELECT count(*) FROM living_map_states_20251122") == 1
    await postgres.prune(today, Retention(0.1))
    assert await kept(postgres, connection) == [before[-1], state(today), state(today + DAY)]


async def test_accounts_that_could_use_the_table_still_can(before, connection):
    user = f"reporter_{uuid.uuid4().hex[:8]}"
    await connection.execute(f"CREATE ROLE {user}; GRANT SELECT, INSERT, DELETE ON living_map_states TO {user}")
    await migrate(connection)
    await connection.execute(f"SET ROLE {user}")
    assert await connection.fetchval("SELECT count(*) FROM living_map_states") == len(before)
    await connection.execute("DELETE FROM living_map_states WHERE seq = 0")
    await connection.execute(f"RESET ROLE; DROP OWNED BY {user}; DROP ROLE {user}")


async def test_a_partition_of_states_that_cannot_be_made_now_keeps_nobody_from_writing(postgres, connection):
    async with connection.transaction():
        await connection.execute("LOCK TABLE living_map_states_odd IN ACCESS SHARE MODE")
        await postgres.write([entry(0, received_at=FIRST)])
        await postgres.write_state(state(FIRST))
    assert await tables(connection) == ["odd"]
    assert await postgres.oldest_state() == state(FIRST)
