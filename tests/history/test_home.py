"""PostgreSQL's client looks into the home of its account, which may be closed to it, or not be there at all."""

import asyncio
import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from livingmap.history import HistoryError
from livingmap.history.postgres import PostgresHistory
from livingmap.history.settings import HistorySettings
from tests.support.proxy import proxy

PLAIN_ROOT = (
    "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
    "--inh-caps=-dac_override,-dac_read_search",
)
"""Takes from root the right to open what is closed."""
OPEN = """
import asyncio, sys

from livingmap.history.settings import HistorySettings
from livingmap.history.store import store


async def main():
    async with store(HistorySettings(url=sys.argv[1])) as history:
        await history.open()
        print("opened")


asyncio.run(main())
"""


@pytest.fixture
def closed(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    folder.chmod(0)
    yield folder
    folder.chmod(0o700)


@pytest.fixture
def nameless(monkeypatch):
    """Run under a number that has no name, and without a home."""
    for variable in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME", "PGUSER"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)


async def opened_from(home, url):
    """Open a history in a process whose home this is; return what it printed."""
    prefix = () if os.geteuid() else PLAIN_ROOT
    process = await asyncio.create_subprocess_exec(
        *prefix,
        *(sys.executable, "-c", OPEN, url),
        env={**os.environ, "HOME": str(home)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode()


async def test_a_home_that_is_closed_passes_for_one_that_is_not_there(closed, database):
    parts = urlsplit(database)
    socket = Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432"
    async with proxy(socket) as relay:
        url = f"postgresql://postgres@127.0.0.1:{relay.port}{parts.path}"
        output = await opened_from(closed, url)
        assert "opened" in output
        assert f"home={closed}" in output
    refused = await opened_from(closed, "postgresql://postgres@127.0.0.1:9/none?sslmode=verify-full")
    assert "HistoryUnavailable" in refused


@pytest.mark.usefixtures("nameless")
def test_without_a_home_a_verified_server_is_verified_by_the_system():
    settings = HistorySettings(url="postgresql://map@db/map?sslmode=verify-full")
    assert "ssl" in settings.connecting()


@pytest.mark.usefixtures("nameless")
async def test_without_a_home_the_database_is_reached(database):
    history = PostgresHistory(database)
    await history.open()
    await history.close()


@pytest.mark.usefixtures("nameless")
async def test_an_account_without_a_name_is_refused_with_what_would_work():
    history = PostgresHistory("postgresql://127.0.0.1:9/map")
    with pytest.raises(HistoryError, match=r"this account has no name; write postgresql://user:password@"):
        await history.open()
