"""Histories to back up, and empty databases to restore them into."""

import itertools
from contextlib import asynccontextmanager

import asyncpg
import pytest

from livingmap.backup.dump import back_up
from livingmap.backup.file import opened, writing
from livingmap.backup.load import restore
from livingmap.history.database import connect
from tests.history.conftest import database, furnished, lasting_folder, open_folder, postgres, server, template

__all__ = ["database", "furnished", "lasting_folder", "open_folder", "postgres", "server", "template"]

_numbers = itertools.count()


def on_table(name, done, total):
    """Take no notice of what is being copied."""


@pytest.fixture
async def target(server):
    """The URL of another empty database."""
    name = f"restored_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@asynccontextmanager
async def connected(url):
    connection = await connect(url, {}, 60)
    try:
        yield connection
    finally:
        connection.terminate()


async def backed_up(url, file, key=None, begun=on_table):
    async with connected(url) as connection:
        with writing(file) as writer:
            return await back_up(connection, writer, key, begun)


async def restored(file, url, folder=None, begun=on_table):
    async with connected(url) as connection:
        with opened(file) as backup:
            await restore(connection, backup, begun, folder)


async def rows_of(url):
    """Return every row that is kept, by table; partitions are one table."""
    async with connected(url) as connection:
        names = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relname LIKE 'living\\_map\\_%' "
            "AND relkind IN ('r', 'p') AND NOT relispartition AND relname <> 'living_map_migrations'"
        )
        rows = {}
        for [name] in names:
            records = await connection.fetch(f"SELECT one::text FROM {name} AS one ORDER BY 1")
            rows[name] = [record[0] for record in records]
        return rows
