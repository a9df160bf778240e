"""A process that is killed while it attaches or drops a partition: nothing is lost, and the next goes on."""

import asyncio
import signal
import sys
from datetime import timedelta

import asyncpg
import pytest

from livingmap.history import Query, Retention
from tests.history.making import NOON, entry, seqs

DAY = timedelta(days=1)
KEPT = Retention(2.2)
PAUSE = """
CREATE FUNCTION pause() RETURNS event_trigger LANGUAGE plpgsql SET lock_timeout = 0
AS 'BEGIN PERFORM pg_advisory_xact_lock(7); END';
CREATE EVENT TRIGGER pause ON {event} WHEN TAG IN ('{tag}') EXECUTE FUNCTION pause();
SELECT pg_advisory_lock(7)"""
OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
    "AND pid <> ALL($1::int[])"
)
PAUSED = f"SELECT EXISTS (SELECT {OTHERS} AND wait_event = 'advisory')"
ENDED = f"SELECT NOT EXISTS (SELECT {OTHERS})"
TABLES = """
SELECT relname FROM pg_class
WHERE relname ~ '^living_map_(entries|dropped)_' AND relkind = 'r' ORDER BY 1"""
CHILD = """
import asyncio, sys
from livingmap.history.postgres import PostgresHistory
from tests.history.test_killed import does

async def main(url, what):
    history = PostgresHistory(url)
    await history.open()
    await does(history, what)

asyncio.run(main(*sys.argv[1:]))
"""


async def does(history, what):
    if what == "write":
        await history.write([entry(9, received_at=NOON + 2 * DAY)])
    else:
        await history.prune(NOON, KEPT)


async def reached(connection, query, own):
    async with asyncio.timeout(60):
        while not await connection.fetchval(query, own):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("what", "event", "tag", "seen"),
    [
        ("write", "ddl_command_end", "ALTER TABLE", [5, 4, 3, 2, 1]),  # attached, not committed
        ("prune", "ddl_command_end", "ALTER TABLE", [5, 4, 3, 2, 1]),  # detached, not committed
        ("prune", "ddl_command_start", "DROP TABLE", [5, 4, 3, 2]),  # detached, not dropped
    ],
)
async def test_what_a_killed_process_began_is_undone_or_ended_by_the_next(
    postgres, database, what, event, tag, seen
):
    for age in range(5):
        await postgres.write([entry(5 - age, received_at=NOON - age * DAY)])
    connection = await asyncpg.connect(database)
    own = [row["pid"] for row in await connection.fetch(f"SELECT pid {OTHERS}", [])]
    await connection.execute(PAUSE.format(event=event, tag=tag))
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", CHILD, database, what)
    await reached(connection, PAUSED, own)
    killed.send_signal(signal.SIGKILL)
    assert await killed.wait() == -signal.SIGKILL
    await connection.execute("SELECT pg_advisory_unlock(7); DROP EVENT TRIGGER pause")
    await reached(connection, ENDED, own)
    assert seqs((await postgres.read(Query())).entries) == seen
    await does(postgres, "write")
    await does(postgres, "prune")
    assert seqs((await postgres.read(Query())).entries) == [9, 5, 4, 3]
    days = [f"living_map_entries_202511{day}" for day in (22, 23, 24, 25, 26, 27)]
    tables = [row["relname"] for row in await connection.fetch(TABLES)]
    assert tables == [*days, "living_map_entries_odd"]
    await connection.close()
