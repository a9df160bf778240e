"""The map is served first: its database may be away, mute or locked, and its own may be killed."""

import contextlib
import os
import signal
import socket
import tempfile
from pathlib import Path

import asyncpg
import httpx
import psutil
import pytest

from livingmap.history import migrate
from tests.support.map_process import MapProcess
from tests.support.nats_server import until
from tests.support.proxy import proxy

SERVED_SECONDS = 30  # a limit for slow machines, not a measurement


@pytest.fixture
def data_home(monkeypatch):
    """Where the embedded server keeps its data; open to the account that it may have to run as."""
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        monkeypatch.setenv("XDG_DATA_HOME", name)
        yield folder


@pytest.fixture
async def maps(tmp_path):
    made = []

    def make(url):
        made.append(MapProcess(tmp_path, history={"url": url}))
        return made[-1]

    yield make
    for one in made:
        if one.runs:
            await one.kill()


@pytest.fixture
def mute():
    """The port of a server that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def servers(folder):
    """The PostgreSQL processes that work in ``folder``."""
    running = psutil.process_iter(["name", "cmdline"])
    ours = [one for one in running if str(folder) in " ".join(one.info["cmdline"] or ())]
    return [one for one in ours if one.info["name"] in ("postgres", "initdb")]


async def history_of(living):
    return (await living.get("sources"))["history"]


async def says(living, status):
    async def does():
        return (await history_of(living))["status"] == status

    await until(does, SERVED_SECONDS, 0.05)


@contextlib.asynccontextmanager
async def locked(postgres):
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("SELECT pg_advisory_lock($1)", migrate.LOCK)
    yield postgres.url
    await connection.close()


@contextlib.asynccontextmanager
async def absent(postgres):
    await postgres.stop()
    yield postgres.url


@contextlib.asynccontextmanager
async def read_only(postgres):
    await postgres.fetch("ALTER ROLE postgres SET default_transaction_read_only = on")
    yield postgres.url


@contextlib.asynccontextmanager
async def slow(postgres):
    async with proxy(postgres.socket) as relay:
        relay.bytes_per_second = 20
        yield postgres.by_port(relay.port)


OPENING = "the history is still being opened; entries wait"
FAILING = "the history cannot be written; entries wait"


@pytest.mark.parametrize("fault", [locked, absent, read_only, slow])
async def test_the_map_is_served_before_a_database_that_does_not_serve_it_and_says_that_it_waits(
    maps, postgres, fault
):
    async with fault(postgres) as url:
        living = maps(url)
        await living.start()
        await until(lambda: {OPENING, FAILING} & {line["event"] for line in living.said()}, SERVED_SECONDS)
        assert (await living.ready())["history"] in ("opening", "waiting")
    assert await living.terminate() == 0


async def test_a_mute_database_keeps_neither_the_start_nor_the_end(maps, mute):
    living = maps(f"postgresql://postgres@127.0.0.1:{mute}/postgres")
    await living.start()
    assert (await living.ready())["history"] in ("opening", "waiting")
    await says(living, "waiting")
    assert "TimeoutError" in (await history_of(living))["error"]
    assert await living.terminate() == 0


async def test_a_lock_that_another_process_holds_keeps_neither_the_start_nor_the_end(maps, postgres):
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("SELECT pg_advisory_lock($1)", migrate.LOCK)
    living = maps(postgres.url)
    await living.start()
    assert (await living.ready())["history"] in ("opening", "waiting")
    await connection.execute("SELECT pg_advisory_unlock($1)", migrate.LOCK)
    await says(living, "written")
    await connection.close()
    assert await living.terminate() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_while_its_database_is_created_ends_the_map_and_all_of_it(maps, data_home, number):
    living = maps("embedded")
    await living.start(until_ready=False)
    await until(lambda: servers(data_home), SERVED_SECONDS)
    living.send(number)
    assert await living.ended() == 0
    await until(lambda: not servers(data_home), SERVED_SECONDS)


async def test_a_hangup_has_the_map_read_its_configuration_and_go_on(maps):
    """A terminal that closes sends it too, so it must not end the map; services expect it to mean a reload."""
    living = maps("memory:")
    await living.start()
    living.send(signal.SIGHUP)
    read_again = "the configuration was read again"
    await until(lambda: [line for line in living.said() if line["event"] == read_again], SERVED_SECONDS)
    assert (await living.ready())["status"] == "ready"
    assert await living.terminate() == 0


async def test_its_own_database_is_started_again_when_it_is_killed_and_ends_with_the_map(maps, data_home):
    living = maps("embedded")
    await living.start()
    await says(living, "written")

    async def readable():
        try:
            return bool((await living.get("history"))["items"])
        except httpx.HTTPStatusError:
            return False

    await until(readable, SERVED_SECONDS, 0.05)
    pid_file = data_home / "livingmap" / "postgres" / "data" / "postmaster.pid"
    killed = int(pid_file.read_text().split("\n", 1)[0])
    os.kill(killed, signal.SIGKILL)
    await until(
        lambda: [line for line in living.said() if line["event"] == "the embedded PostgreSQL runs again"],
        SERVED_SECONDS,
    )
    await until(readable, SERVED_SECONDS, 0.05)
    await living.kill()
    await until(lambda: not servers(data_home), SERVED_SECONDS)
