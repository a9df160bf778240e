"""A stream that stores nothing, such as on a full disk: every process says so, not only the one that appends."""

import asyncio
import contextlib

from nats.js.api import DiscardPolicy

from livingmap.core.model import Message
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop
from livingmap.transport.settings import NatsSettings
from tests.support.nats_server import jetstream_server, until


@contextlib.asynccontextmanager
async def process(server):
    made = backbone(NatsSettings(url=server.url), ["a.*"], ["a"], b"", utc_now, longest_pause_seconds=0.3)
    tasks = [asyncio.create_task(one) for one in (made.intakes[0].run(), made.cluster.run(lambda: True))]
    try:
        await until(lambda: made.log.progress.is_live and made.intakes[0].status.connected, 60)
        yield made
    finally:
        for task in tasks:
            await stop([task])


async def test_that_the_stream_stores_nothing_is_known_to_processes_that_append_nothing(tmp_path):
    async with (
        jetstream_server(tmp_path) as server,
        process(server) as one,
        process(server) as other,
        server.publisher() as client,
    ):
        js = client.jetstream()
        config = (await js.stream_info("LIVINGMAP")).config
        await one.log.append(Message("a.b", {"number": 1}))
        await js.update_stream(config.evolve(discard=DiscardPolicy.NEW, max_msgs=1))
        appending = asyncio.create_task(one.log.append(Message("a.b", {"number": 2})))
        statuses = [made.intakes[0].status for made in (one, other)]
        await until(lambda: all(status.reported_error for status in statuses), 60)
        assert all(status.reported_error.startswith("the stream stores nothing: ") for status in statuses)
        assert (statuses[1].connected, statuses[1].refusal) == (True, None)
        await js.update_stream(config)
        await until(lambda: not any(status.reported_error for status in statuses), 60)
        await appending
