"""Where viewers of two processes go when one of them is cut off from the log, and when both are."""

import asyncio
import contextlib

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.clients import Follower
from tests.support.map_process import MapProcess
from tests.support.nats_server import jetstream_server, until
from tests.support.proxy import proxy

ASIDE, BACK = "another process follows the log; viewers are sent there", "viewers are taken in again"
SECONDS = 60


class Watching(Follower):
    """Somebody who watches one process by WebSocket, and notes how that ends."""

    code = None

    def __init__(self, living):
        super().__init__()
        self._living = living
        self.messages = []

    async def run(self):
        async with connect(f"ws://{self._living.address}/living-map/stream") as socket:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    self.messages.append(self.take(await socket.recv()))
            self.code = socket.close_code

    def kinds(self):
        return [message["kind"] for message in self.messages]


@contextlib.asynccontextmanager
async def watching(*processes):
    viewers = [Watching(one) for one in processes]
    tasks = [asyncio.create_task(one.run()) for one in viewers]
    try:
        await until(lambda: all(one.messages for one in viewers), SECONDS)
        yield viewers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.fixture
async def pair(tmp_path, server):
    """Two processes that have heard of each other, the first by a way that can be cut."""
    async with proxy(server.port) as way:
        urls = (f"nats://127.0.0.1:{way.port}", server.url)
        sources = {"agents": {"mock": True, "interval_seconds": 86_400}}
        both = [MapProcess(tmp_path, nats={"url": url, "detached_seconds": 5}, sources=sources) for url in urls]
        try:
            for one in both:  # one after the other: both at once would take each of them twice as long
                await one.start()
            for one in both:
                await until(lambda one=one: knows_another(one), SECONDS, 0.1)
            yield way, *both
        finally:
            for one in both:
                if one.runs:
                    await one.kill()


async def knows_another(living):
    return (await living.get("health/peer"))["peers"] == 1


def lines(living, event):
    return [line for line in living.said() if line["event"] == event]


async def phase(living, name):
    return (await living.ready())["phase"] == name


async def stream(living):
    """Ask for server-sent events; return status, headers, and the first line if there is a stream."""
    async with (
        httpx.AsyncClient(timeout=SECONDS, verify=False) as client,
        client.stream("GET", f"http://{living.address}/living-map/events") as answer,
    ):
        return answer.status_code, answer.headers, await anext(answer.aiter_lines(), "")


async def test_a_process_that_alone_is_cut_off_sends_its_viewers_to_the_other_until_it_is_back(pair):
    way, first, second = pair
    async with watching(first, second) as (sent, staying):
        way.cut()
        await until(lambda: sent.code is not None, SECONDS)
        assert (sent.code, sent.messages[-1]["kind"]) == (1012, "restarting")
        assert 500 <= sent.messages[-1]["retry_after_ms"] <= 5000
        status, headers, _ = await stream(first)
        assert (status, headers["retry-after"]) == (503, "2")
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"ws://{first.address}/living-map/stream")
        assert refused.value.response.status_code == 503
        assert refused.value.response.headers["retry-after"] == "2"
        assert (await first.ready())["status"] == "not_ready"
        assert (await stream(second))[0] == 200
        way.mend()
        await until(lambda: lines(first, BACK), SECONDS)
        await until(lambda: phase(first, "live"), SECONDS, 0.1)
        assert (await stream(first))[0] == 200
        assert (staying.code, "restarting" in staying.kinds()) == (None, False)


async def test_when_nats_is_away_no_process_sends_its_viewers_away(pair, server):
    _, first, second = pair
    async with watching(first, second) as viewers:
        await server.kill()
        for living in (first, second):
            await until(lambda living=living: phase(living, "on_its_own"), SECONDS, 0.1)
            answer = await living.get("health/peer")
            assert (answer["silent_seconds"], answer["attached_seconds"]) == (None, None)
        for viewer, living in zip(viewers, (first, second), strict=True):
            await until(lambda viewer=viewer: viewer.kinds().count("snapshot") >= 2, SECONDS)  # that of the branch
            assert (viewer.code, "restarting" in viewer.kinds(), lines(living, ASIDE)) == (None, False, [])
            assert (await stream(living))[0] == 200
