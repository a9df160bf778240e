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
from tests.support.postgres import furnish

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
    await furnish(lasting_folder / "postgres")
    async with embedded(lasting_folder / "postgres") as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def furnished(server):
    """The name of a database that has the tables of a history, and nothing in them."""
    connection = await asyncpg.connect(server)
    await connection.execute("CREATE DATABASE furnished")
    await connection.close()
    history = PostgresHistory(server.replace("/postgres?", "/furnished?"))
    await history.open()
    await history.close()
    return "furnished"


@pytest.fixture
def template(request):
    """The name of the database that those of a test are copies of: with tables, if a history is opened on it."""
    opened = {"postgres", "history", "kept"} & set(request.fixturenames)
    return request.getfixturevalue("furnished") if opened else "template1"


@pytest.fixture
async def database(server, template):
    """The URL of a database without a row."""
    name = f"test_{next(_numbers)}"
    connection = await asyncpg.connect(server)
    strategy = "STRATEGY file_copy" if connection.get_server_version().major >= 15 else ""  # before: the only one
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")
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
        monkeypatch.setattr("livingmap.history.row_writer._COPIED_FROM", 1)
    return MemoryHistory() if request.param == "memory" else request.getfixturevalue("postgres")
