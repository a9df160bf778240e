"""A start ends, whatever has become of what was to be read."""

import asyncio
import os

import pytest
import structlog

from livingmap.core.model import Position
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop
from livingmap.transport import objects
from livingmap.transport.connection import connected
from livingmap.transport.settings import NatsSettings
from tests.support.jetstream_log import attached, idle, numbered, publish, reading
from tests.support.nats_server import jetstream_server, until
from tests.support.proxy import proxy

STREAM = "LIVINGMAP"


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.fixture
async def ten(server):
    """Lend a connection to a stream with ten messages, and a checkpoint at the fifth."""
    async with connected(NatsSettings(url=server.url)) as client:
        async with reading(server) as (log, notes):
            await attached(log)
            await publish(server, *numbered(0, 5, "a.1"))
            await until(lambda: len(notes.seen) == 5)
            await log.checkpoints.keep()
            await publish(server, *numbered(5, 10, "a.1"))
            await until(lambda: len(notes.seen) == 10)
        yield client


async def test_a_process_whose_checkpoint_is_older_than_all_that_is_left_follows_the_log(server, ten):
    await ten.jetstream().purge_stream(STREAM)
    async with reading(server, duties=idle) as (log, notes):
        await attached(log)
        assert notes.seen == numbered(0, 5, "a.1")
        assert log.progress.lag == 0
        await publish(server, ("a.1", {"number": 10}))
        await until(lambda: log.progress.read_up_to == 11)
        assert notes.seen == [*numbered(0, 5, "a.1"), ("a.1", {"number": 10})]


async def test_a_process_follows_the_log_though_its_last_message_was_deleted(server, ten):
    await ten.jetstream().delete_msg(STREAM, 10)
    async with reading(server) as (log, notes):
        await attached(log)
        assert notes.seen == numbered(0, 9, "a.1")


async def test_a_checkpoint_that_cannot_be_restored_is_left_aside_and_replaced(server, ten):
    def broken(self, states):
        if states:
            raise KeyError("part")
        self.seen = []

    with structlog.testing.capture_logs() as logs:
        async with reading(server, duties=idle, restore=broken) as (log, notes):
            await attached(log)
            assert notes.seen == numbered(0, 10, "a.1")
            await until(lambda: log.checkpoints.kept_up_to == 10, 40)
    assert [line["position"][-2:] for line in logs if line["event"] == "a checkpoint cannot be restored"] == ["-5"]


async def test_a_stream_whose_last_message_was_deleted_is_read_again_to_its_end(server, ten):
    await ten.jetstream().delete_msg(STREAM, 10)
    made = backbone(NatsSettings(url=server.url), ["a.*"], ["a"], b"", utc_now, 0.3)
    running = asyncio.create_task(made.intakes[0].run())
    try:
        await until(lambda: made.log.progress.is_live)
        again, _ = made.rereadings
        assert await again.begin(Position(made.log.position.epoch, 10)) is not None
        events = []
        async with asyncio.timeout(120):
            while again.progress.read_up_to < made.log.progress.read_up_to:
                events += await again.events()
        await again.end()
    finally:
        await stop([running])
    assert [event.payload["number"] for event in events] == list(range(5, 9))


async def test_a_large_object_is_read_and_written_over_a_slow_way(server, ten, monkeypatch):
    monkeypatch.setattr(objects, "_TRANSFER_SECONDS", 4)
    data = os.urandom(2 * 1024 * 1024)
    async with (
        proxy(server.port) as relay,
        connected(NatsSettings(url=f"nats://127.0.0.1:{relay.port}")) as client,
    ):
        relay.bytes_per_second = 256 * 1024
        await objects.put(client, STREAM, "large", data, None, {})
        kept = await objects.look(client.jetstream(), STREAM, "large")
        assert await objects.get(client.jetstream(), STREAM, kept) == data
