"""The commands: beside a running map, to another server, with the key that signs cursors."""

import asyncio
import json

import asyncpg
import pytest
from typer.testing import CliRunner

from livingmap.cli.program import app
from livingmap.cluster.shared_key import open_bucket, present_key, shared_key
from livingmap.history.embedded import default_folder, embedded
from livingmap.history.postgres import PostgresHistory
from livingmap.transport.connection import connected
from livingmap.transport.settings import NatsSettings
from tests.backup.conftest import rows_of
from tests.history.making import entry
from tests.support.nats_server import jetstream_server


@pytest.fixture
def run(tmp_path):
    async def run(*arguments, **sections):
        file = tmp_path / "map.yaml"
        file.write_text(json.dumps({"sources": {"agents": {"mock": True}}, **sections}))
        return await asyncio.to_thread(CliRunner().invoke, app, [*map(str, arguments), "-c", str(file)])

    return run


async def test_a_running_map_is_moved_to_another_server_with_its_key(
    run, database, open_folder, tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(open_folder))
    file = tmp_path / "night.tar.zst"
    async with jetstream_server(tmp_path) as nats, embedded(default_folder()) as url:  # as the map has it
        old, new = ({"url": nats.url, "stream": stream} for stream in ("OLD", "NEW"))
        history = PostgresHistory(url)
        await history.open()
        await history.write([entry(number) for number in range(3)])
        async with connected(NatsSettings(**old)) as client:
            key = await shared_key(await open_bucket(client.jetstream(), NatsSettings(**old)))
        done = await run("backup", file, nats=old)
        assert (done.exit_code, done.output.splitlines()[0].partition("; ")[0]) == (
            0,
            f"{file}: 3 entries, the last of 2025-11-24T12:00:02Z",
        )
        done = await run("restore", file, nats=new, history={"url": database})
        assert (done.exit_code, done.output.partition(": ")[2]) == (
            0,
            "3 entries, the last of 2025-11-24T12:00:02Z; 0 states, 0 gaps\n",
        )
        async with connected(NatsSettings(**new)) as client:
            assert await present_key(client, NatsSettings(**new)) == key
        assert await rows_of(database) == await rows_of(url)
        await nats.kill()
        done = await run("backup", tmp_path / "other.tar.zst", nats=old)
        assert done.exit_code == 1
        assert "--without-key leaves it out" in done.output
        assert (await run("backup", tmp_path / "other.tar.zst", "--without-key", nats=old)).exit_code == 0
        await history.close()


async def test_what_cannot_be_backed_up_says_what_would_work(run, server, tmp_path):
    done = await run("backup", tmp_path / "b.tar.zst", history={"url": "memory:"})
    assert (done.exit_code, "livingmap export writes them" in done.output) == (1, True)
    connection = await asyncpg.connect(server)
    await connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    await connection.close()
    url = server.replace("/postgres?", "/latin?")
    done = await run("restore", tmp_path / "b.tar.zst", history={"url": url})
    assert (done.exit_code, "No such file" in done.output) == (1, True)
    done = await run("backup", tmp_path / "b.tar.zst", history={"url": url})
    assert (done.exit_code, "encoding LATIN1" in done.output) == (1, True)
    secret = "postgresql://livingmap:S3cret@127.0.0.1:1/livingmap"
    done = await run("backup", tmp_path / "b.tar.zst", history={"url": secret})
    assert (done.exit_code, "S3cret" in done.output, "nothing listens on 127.0.0.1:1" in done.output) == (
        1,
        False,
        True,
    )
    assert [one.name for one in tmp_path.iterdir()] == ["map.yaml"]
