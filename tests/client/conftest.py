"""Real maps to be followed: served by uvicorn in the test's own process, or a process of their own."""

import pytest
import uvicorn

from tests.access.conftest import guarded, services  # noqa: F401 - fixtures
from tests.stream.conftest import served
from tests.support.maps import living_map

MOCK = {"microdaos": 3, "agents": 20, "nodes": 4, "daos": 2, "events_per_second": 0}
SOURCES = {name: {"mock": True} for name in ("agents", "microdao", "dao", "space", "messaging", "city")}


@pytest.fixture
async def living(tmp_path):
    async with living_map(tmp_path, SOURCES, mock=MOCK) as made:
        yield made


@pytest.fixture
async def url(living):
    async with served(living) as address:
        yield f"http://{address}"


@pytest.fixture
async def url_without_websockets(living):
    """Where a server listens that does not know WebSockets: it answers their handshake with a 404."""
    config = uvicorn.Config(living.http, port=0, ws="none", lifespan="off", log_config=None)
    async with served(living, config) as address:
        yield f"http://{address}"
