"""A real PostgreSQL for the run, a database of its own for each test, and both kinds of history."""

import itertools
import tempfile
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from livingmap.history.embedded import embedded
from livingmap.history.memory import MemoryHistory
from livingmap.history.postgres import PostgresHistory

_numbers = itertools.count()


@pytest.fixture
def open_folder():
    """A folder that other accounts may enter, which pytest's own is not: as root the server is another account."""
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture(scope="session")
def lasting_folder():
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def server(lasting_folder):
    async with embedded(lasting_folder / "postgres") as url:
        yield url


@pytest.fixture
async def database(server):
    """The URL of an empty database."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def postgres(database):
    history = PostgresHistory(database)
    await history.open()
    yield history
    await history.close()


@pytest.fixture(params=["memory", "postgres", "postgres by copy"])
def history(request, monkeypatch):
    if request.param == "postgres by copy":  # which is how larger batches are written
        monkeypatch.setattr("livingmap.history.postgres._COPIED_FROM", 1)
    return MemoryHistory() if request.param == "memory" else request.getfixturevalue("postgres")
