"""A database that neither answers nor refuses: whatever waits for it can be stopped, and ends within a bound."""

import asyncio
import contextlib
import os
import signal

import asyncpg
import psutil
import pytest

from livingmap.history import HistoryUnavailable, Query, migrate
from livingmap.history.embedded import embedded
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings
from livingmap.history.store import store
from livingmap.history.writer import HistoryWriter
from tests.history.making import entry, until

LONG = 30
"""Seconds that none of this may take: what hangs would hang for ever."""


def postmaster(folder):
    return int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


@pytest.fixture
def pause(server, lasting_folder):
    """A function that stops all processes of the server where they are, and returns one that lets them go on."""
    with contextlib.ExitStack() as stack:

        def paused():
            first = psutil.Process(postmaster(lasting_folder / "postgres"))
            for process in (first, *first.children(recursive=True)):
                process.suspend()
                stack.callback(process.resume)
            return stack.close

        yield paused


@pytest.fixture
async def filled(postgres):
    """A history that has a connection, and an entry."""
    await postgres.write([entry(1)])
    return postgres


@pytest.fixture
def impatient(monkeypatch):
    """Bounds that a test can wait for."""
    for name in ("_CONNECT_SECONDS", "_CLOSE_SECONDS", "_ANSWER_SECONDS", "_OPERATION_SECONDS"):
        monkeypatch.setattr(f"livingmap.history.database.{name}", 0.2)
    monkeypatch.setattr("livingmap.history.database._OPEN_SECONDS", 0.5)


async def ends(coroutine):
    """Return what ``coroutine`` raises, or None; fail if it does not end although it is cancelled."""
    task = asyncio.create_task(coroutine)
    done, _ = await asyncio.wait([task], timeout=LONG)
    assert done, "it never ends"
    return None if task.cancelled() else task.exception()


async def cancel(task):
    """Cancel ``task`` once; fail if it goes on."""
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=LONG)
    assert done, "it goes on although it was cancelled"


OPERATIONS = {
    "read": lambda history: history.read(Query()),
    "write": lambda history: history.write([entry(2)]),
    "reached": lambda history: history.last_seq("e1"),
    "prune": lambda history: history.prune(entry(1).received_at, HistorySettings().retention),
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
async def test_every_operation_ends(filled, impatient, pause, operation):
    pause()
    assert isinstance(await ends(operation(filled)), HistoryUnavailable)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
async def test_every_operation_can_be_cancelled(filled, pause, operation):
    pause()
    task = asyncio.create_task(operation(filled))
    await asyncio.sleep(0)
    await cancel(task)


@pytest.mark.usefixtures("impatient")
async def test_opening_ends(database, pause):
    pause()
    assert isinstance(await ends(PostgresHistory(database).open()), HistoryUnavailable)


async def migrating(connection):
    """Wait until a migration has found the lock taken."""
    waiting = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'livingmap' AND query ~ 'advisory|COMMIT'"""
    while not await connection.fetchval(waiting):  # noqa: ASYNC110
        await asyncio.sleep(0.005)


@pytest.fixture
async def lock(database):
    """A connection that holds the lock of the migrations, so that a migration waits."""
    connection = await asyncpg.connect(database)
    await connection.execute("SELECT pg_advisory_lock($1)", migrate.LOCK)
    yield connection
    connection.terminate()


async def test_a_migration_can_be_cancelled_while_the_server_is_paused(database, lock, pause):
    opening = asyncio.create_task(PostgresHistory(database).open())
    await migrating(lock)
    pause()
    await cancel(opening)


@pytest.mark.usefixtures("impatient")
async def test_a_migration_ends_while_the_server_is_paused(database, lock, pause, monkeypatch):
    monkeypatch.setattr("livingmap.history.database._OPEN_SECONDS", 2)
    opening = asyncio.create_task(PostgresHistory(database).open())
    await migrating(lock)
    pause()
    assert isinstance(await ends(asyncio.wait_for(opening, None)), HistoryUnavailable)


async def test_a_cancelled_migration_leaves_the_lock_to_others(database, lock):
    history = PostgresHistory(database)
    opening = asyncio.create_task(history.open())
    await migrating(lock)
    await cancel(opening)
    await lock.execute("SELECT pg_advisory_unlock($1)", migrate.LOCK)
    await history.open()
    await history.write([entry(1)])
    assert (await history.read(Query())).entries == (entry(1),)
    await history.close()


@pytest.mark.usefixtures("lock")
async def test_a_start_does_not_wait_for_a_migration_that_hangs(database):
    async with store(HistorySettings(url=database)) as history:
        with pytest.raises(HistoryUnavailable):
            await history.read(Query())


async def test_closing_ends(filled, impatient, pause):
    pause()
    assert await ends(filled.close()) is None


class StubbornPool:
    """A pool that goes on closing although it is cancelled, until the test lets it end."""

    def __init__(self):
        self.terminated = False
        self.freed = asyncio.Event()

    async def close(self):
        while not self.freed.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self.freed.wait()

    def terminate(self):
        self.terminated = True


async def test_closing_ends_although_the_pool_loses_its_cancellation(database, monkeypatch):
    pool = StubbornPool()

    async def create_pool(*_, **__):
        return pool

    monkeypatch.setattr("asyncpg.create_pool", create_pool)
    monkeypatch.setattr("livingmap.history.database._CLOSE_SECONDS", 0.2)
    history = PostgresHistory(database)
    await history.open()
    assert await ends(history.close()) is None
    assert pool.terminated
    pool.freed.set()


async def test_draining_ends_in_time(postgres, pause):
    writer = HistoryWriter(postgres)
    writer.add(entry(1))
    pause()
    assert await asyncio.wait_for(asyncio.shield(asyncio.create_task(writer.drain(0.2))), LONG) == 1


async def test_draining_ends_in_time_while_a_write_hangs(postgres, pause):
    writer = HistoryWriter(postgres)
    task = asyncio.create_task(writer.run())
    writer.add(entry(1))
    await until(lambda: writer.written == 1)
    pause()
    writer.add(entry(2))
    await until(lambda: writer._buffer.batch != [])
    assert await asyncio.wait_for(asyncio.shield(asyncio.create_task(writer.drain(0.2))), LONG) == 1
    await cancel(task)


async def test_what_a_paused_server_did_not_take_is_written_when_it_goes_on(postgres, pause):
    writer = HistoryWriter(postgres)
    writer.add(entry(1))
    assert await writer.drain(10) == 0
    resume = pause()
    writer.add(entry(2))
    assert await writer.drain(0.2) == 1
    resume()
    assert await writer.drain(10) == 0
    assert (await postgres.read(Query())).entries == (entry(2), entry(1))


async def test_a_server_that_does_not_heed_its_end_is_killed(open_folder, monkeypatch):
    monkeypatch.setattr("livingmap.history.server._STOP_SECONDS", 0.2)
    async with embedded(open_folder / "pg"):
        stopped = postmaster(open_folder / "pg")
        os.kill(stopped, signal.SIGSTOP)
    assert not psutil.pid_exists(stopped)
