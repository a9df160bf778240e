"""What a backup refuses, and what is left when one is broken off: all that was there, and nothing half done."""

import asyncio
import resource
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copytree
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from livingmap.backup import BackupError
from livingmap.backup.file import opened, writing
from livingmap.history.migrate import migrate, migrations_folder
from tests.backup.conftest import backed_up, connected, restored, rows_of
from tests.history.making import entry
from tests.support.pgbouncer import pgbouncer

ROOT = Path(__file__).parents[2]
_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.backup.conftest import {name}
def begun(name, done, total):
    if done == 11:
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run({name}({arguments}, begun=begun))
"""


def killed(name, *arguments):
    """Have a process that writes or restores a backup killed in the middle."""
    code = _KILLED.format(name=name, arguments=", ".join(arguments))
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
async def filled(postgres, database):
    """The URL of a history."""
    await postgres.write([entry(number) for number in range(500)])
    return database


@pytest.fixture
async def file(filled, tmp_path):
    """A backup of it."""
    await backed_up(filled, tmp_path / "whole.tar.zst")
    return tmp_path / "whole.tar.zst"


async def tables_of(url):
    async with connected(url) as connection:
        return await connection.fetchval("SELECT count(*) FROM pg_class WHERE relname LIKE 'living\\_map\\_%'")


def harms(whole):
    """Yield what may become of a file, each with what is said of it."""
    middle = len(whole) // 2
    yield whole[: len(whole) * 9 // 10], "damaged"
    yield whole[:middle] + bytes([whole[middle] ^ 0x10]) + whole[middle + 1 :], "damaged"
    yield b"no backup at all", "damaged, or not a backup"
    yield b"", "damaged"


async def test_of_a_damaged_file_nothing_is_restored(file, target):
    with writing(file.with_name("former.tar.zst")) as writer:
        writer.add("manifest.json", b'{"format": 0, "livingmap": "0.9"}')
    former = file.with_name("former.tar.zst").read_bytes()
    for harmed, reason in [*harms(file.read_bytes()), (former, "has the format 0 of livingmap 0.9")]:
        file.write_bytes(harmed)
        with pytest.raises(BackupError, match=reason):
            await restored(file, target)
    assert await tables_of(target) == 0


async def test_a_file_whose_manifest_names_another_table_writes_to_none(file, target, tmp_path):
    with opened(file) as backup, writing(tmp_path / "evil.tar.zst") as writer:
        text = backup.manifest
        for name, data in backup.parts():
            writer.add(name, data)
        kinds = text.tables[0]
        object.__setattr__(kinds, "name", "pg_authid")
        writer.finish(text)
    with pytest.raises(BackupError, match="lists a table 'pg_authid'"):
        await restored(tmp_path / "evil.tar.zst", target)
    assert await tables_of(target) == 0


async def test_what_is_there_is_not_written_over(file, filled):
    before, size = await rows_of(filled), file.stat().st_size
    with pytest.raises(BackupError, match=r"the history is not empty .* CREATE DATABASE"):
        await restored(file, filled)
    with pytest.raises(BackupError, match="is there already"):
        await backed_up(filled, file)
    assert (await rows_of(filled), file.stat().st_size) == (before, size)


async def test_a_killed_backup_leaves_no_file_and_does_not_hinder_the_next(filled, tmp_path):
    file = tmp_path / "b.tar.zst"
    killed("backed_up", repr(filled), f"Path({str(file)!r})")
    assert not file.exists()
    await backed_up(filled, file)
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar.zst"]


async def test_a_killed_restore_leaves_an_empty_history_and_can_be_done_again(file, filled, target):
    killed("restored", f"Path({str(file)!r})", repr(target))
    assert not any((await rows_of(target)).values())
    await restored(file, target)
    assert await rows_of(target) == await rows_of(filled)


async def test_on_a_full_disk_there_is_no_file(filled, tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            await backed_up(filled, tmp_path / "b.tar.zst")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert not list(tmp_path.iterdir())


async def test_a_database_that_ends_while_it_is_restored_stays_empty(file, filled, target, server):
    killer = await asyncpg.connect(server)

    def begun(name, done, total):
        if done == 11:
            asyncio.get_running_loop().call_soon(asyncio.ensure_future, end())

    async def end():
        name = urlsplit(target).path.strip("/")
        await killer.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)

    with pytest.raises(BackupError, match=r"nothing was restored|the connection to the database was lost"):
        await restored(file, target, begun=begun)
    assert not any((await rows_of(target)).values())
    await killer.close()


async def test_an_older_backup_gets_the_later_migrations_and_a_newer_one_is_refused(file, target, tmp_path):
    folder = tmp_path / "migrations"
    copytree(migrations_folder(), folder)
    (folder / "099_add_word.sql").write_text("ALTER TABLE living_map_gaps ADD COLUMN word TEXT DEFAULT 'none'")
    await restored(file, target, folder)
    async with connected(target) as connection:
        assert await migrate(connection, folder) == []
        assert await connection.fetchval("SELECT count(*) FROM living_map_entries") == 500
    with pytest.raises(BackupError, match=r"newer than the backup \(099_add_word.sql is applied\)"):
        await restored(file, target, folder)
    (folder / "010_create_living_map_tables.sql").write_text("SELECT 1")
    with pytest.raises(BackupError, match="whose migration 010_create_living_map_tables"):
        await restored(file, target, folder)


async def test_a_pooler_may_stand_between(file, server, filled, target, tmp_path):
    sockets = Path(parse_qs(urlsplit(server).query)["host"][0])
    async with pgbouncer(sockets, "transaction") as port:
        pooled = {url: f"postgresql://postgres@127.0.0.1:{port}{urlsplit(url).path}" for url in (filled, target)}
        await backed_up(pooled[filled], tmp_path / "pooled.tar.zst")
        await restored(tmp_path / "pooled.tar.zst", pooled[target])
    assert await rows_of(target) == await rows_of(filled)
    async with connected(server) as connection:
        assert await connection.fetch("SELECT pid FROM pg_locks WHERE locktype = 'advisory'") == []


async def test_an_empty_database_holds_no_history_and_two_do_not_write_one_file(target, filled, tmp_path):
    with pytest.raises(BackupError, match="holds no history yet"):
        await backed_up(target, tmp_path / "b.tar.zst")
    with writing(tmp_path / "b.tar.zst"), pytest.raises(BackupError, match="another backup is being written"):
        await backed_up(filled, tmp_path / "b.tar.zst")
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar.zst"]
