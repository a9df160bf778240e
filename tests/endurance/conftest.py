"""What most of these tests need: a real nats-server, and a map as a process of its own that hears it."""

import pytest

from tests.support.map_process import map_process
from tests.support.nats_server import NatsServer
from tests.support.postgres import PostgresServer


@pytest.fixture
async def server(tmp_path):
    one = NatsServer(tmp_path)
    await one.start()
    yield one
    await one.kill()


@pytest.fixture
async def postgres():
    async with PostgresServer() as one:
        yield one


@pytest.fixture
async def living(tmp_path, server):
    async with map_process(tmp_path, nats={"url": server.url, "jetstream": False}) as one:
        await one.connected()
        yield one
