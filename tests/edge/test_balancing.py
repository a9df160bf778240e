"""Two processes of one map behind the recipe for HAProxy, whose check of readiness says which of them is asked."""

import contextlib

import httpx
import pytest

from tests.support.map_process import map_process
from tests.support.nats_server import NatsServer, until
from tests.support.proxy import proxy
from tests.support.reverse_proxy import SITE, recipe

IN_A_ROW = 10
"""So many answers of one process are no accident: HAProxy asks the two in turn."""
SECTIONS = {
    "sources": {"agents": {"mock": True, "interval_seconds": 86_400}},
    "mock": {"microdaos": 1, "agents": 2, "nodes": 1, "daos": 1, "events_per_second": 0},
}


class Process:
    """A map with a line of its own to NATS."""

    def __init__(self, line, living):
        self.line = line
        self.living = living

    async def is_on_its_own(self):
        return (await self.living.get("snapshot"))["meta"]["phase"] == "on_its_own"

    async def cut_off(self):
        self.line.cut()
        await until(self.is_on_its_own, 60, 0.05)


@pytest.fixture
async def processes(tmp_path):
    nats = NatsServer(tmp_path)
    nats.use_jetstream()
    await nats.start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(nats.kill)
        made = []
        for _ in range(2):
            line = await stack.enter_async_context(proxy(nats.port))
            settings = {"url": f"nats://127.0.0.1:{line.port}", "detached_seconds": 1}
            living = await stack.enter_async_context(map_process(tmp_path, nats=settings, **SECTIONS))
            made.append(Process(line, living))
        yield made


@pytest.fixture
async def browser(processes, tmp_path):
    addresses = [one.living.address for one in processes]
    async with recipe("haproxy", tmp_path, *addresses, options={"inter 2s": "inter 200ms"}) as balancer:
        url = f"https://127.0.0.1:{balancer.port}/map"
        async with httpx.AsyncClient(base_url=url, headers={"Host": SITE}, verify=balancer.trusted) as client:
            yield client


async def test_a_process_without_its_log_is_asked_only_if_there_is_no_other(processes, browser):
    first, second = processes

    async def phases():
        answers = [await browser.get("/living-map/snapshot") for _ in range(IN_A_ROW)]
        return {answer.json()["meta"]["phase"] if answer.is_success else "none" for answer in answers}

    async def all_are(phase):
        await until(lambda: are(phase), 60, 0.1)

    async def are(phase):
        return await phases() == {phase}

    await all_are("live")
    await second.cut_off()
    await all_are("live")
    await first.cut_off()
    await all_are("on_its_own")
    first.line.mend()
    await all_are("live")
    assert await second.is_on_its_own()
