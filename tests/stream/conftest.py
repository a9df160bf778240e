"""A map that is served by the real uvicorn on a port of its own."""

import asyncio
import contextlib

import pytest
import uvicorn

from livingmap import supervision
from tests.support.maps import living_map


@contextlib.asynccontextmanager
async def served(living, config=None):
    """Serve ``living`` as `LivingMap.run` does, without its pollers."""
    server = uvicorn.Server(config or living.serving(port=0))
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(5):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        living.hub.close()
        server.should_exit = True
        await task


def pytest_asyncio_loop_factories(config, item):
    """Run every test of the stream on both event loops that the map may have."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": supervision.loop_factory()}


@pytest.fixture
async def living(tmp_path):
    mock = {"microdaos": 3, "agents": 20, "nodes": 4, "daos": 2, "events_per_second": 0}
    sources = {name: {"mock": True} for name in ("agents", "microdao", "dao", "space", "messaging", "city")}
    async with living_map(tmp_path, sources, mock=mock) as made:
        yield made


@pytest.fixture
async def address(living):
    async with served(living) as where:
        yield where


@pytest.fixture
async def plain_address(living):
    """Where a server listens that knows ASGI alone."""
    config = uvicorn.Config(living.http, port=0, ws="websockets-sansio", lifespan="off", log_config=None)
    async with served(living, config) as where:
        yield where
