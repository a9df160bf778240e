"""Problems in several processes of one map: what is acknowledged at one is so at all, also after a restart."""

import contextlib
import signal

import httpx
import pytest

from tests.support.map_process import MapProcess
from tests.support.nats_server import jetstream_server, until

AGENTS = {"base_url": "http://127.0.0.1:9", "timeout_seconds": 1, "retries": 0, "interval_seconds": 1}


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.fixture
async def processes(tmp_path, server):
    sections = {"nats": {"url": server.url}, "sources": {"agents": AGENTS}}
    several = [MapProcess(tmp_path, **sections) for _ in range(2)]
    try:
        for one in several:
            await one.start(until_ready=False)
        yield several
    finally:
        for one in several:
            await one.kill()


async def problem(living, state):
    """Return the problem of the source that is down as a process has it; None if it has none in that state."""
    with contextlib.suppress(httpx.HTTPError):
        items = (await living.get("problems", code="source_down", state=state))["items"]
        return next(iter(items), None)


async def in_state(living, state):
    await until(lambda: problem(living, state), 60, 0.1)
    return await problem(living, state)


async def test_an_acknowledgement_is_of_all_processes_and_outlasts_a_restart(processes):
    one, two = processes
    first, _ = [await in_state(living, "open") for living in processes]
    async with httpx.AsyncClient(base_url=f"http://{one.address}") as client:
        path = f"/living-map/problems/{first['id']}/acknowledge"
        (await client.post(path, json={"note": "a disk is on its way"})).raise_for_status()
    for living in processes:
        shown = await in_state(living, "acknowledged")
        assert (shown["id"], shown["acknowledgement"]["note"]) == (first["id"], "a disk is on its way")
    await two.kill()
    await two.start(until_ready=False)
    assert (await in_state(two, "acknowledged"))["since"] == first["since"]


async def test_what_is_wrong_with_one_process_is_listed_by_the_other(processes):
    one, two = processes
    two.configure(server={"port": two.port, "access_log": True}, sources={"agents": AGENTS, "nothing": {}})
    await in_state(two, "open")  # what answers takes signals, too
    two.send(signal.SIGHUP)

    async def refused(living):
        with contextlib.suppress(httpx.HTTPError):
            return (await living.get("problems", code="configuration_refused"))["items"]

    for living in (two, one):
        await until(lambda living=living: refused(living), 60, 0.1)
    [own], [other] = await refused(two), await refused(one)
    assert own["process"]
    assert (other["id"], other["process"], other["since"]) == (own["id"], own["process"], own["since"])
