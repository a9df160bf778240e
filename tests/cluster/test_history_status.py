"""What two processes of one map say about their common history while its database goes, and a leader with it."""

import json

import pytest

from tests.support.map_process import SMALL, map_process
from tests.support.nats_server import jetstream_server, until
from tests.support.postgres import PostgresServer, kept, numbers, runs

COUNTED = ("livingmap_history_failing", "livingmap_history_lost_total")


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.fixture
async def postgres():
    async with PostgresServer() as one:
        yield one


async def publish(server, first, last):
    """Publish numbered messages."""
    async with server.publisher() as client:
        for number in range(first, last + 1):
            payload = {"agent_id": "agent-1", "status": "busy", "number": number}
            await client.publish("agent.event.status", json.dumps(payload).encode())


async def says(living, *, status, failing):
    """Wait until a process says how its history is, in both of its ways; nothing was lost."""

    async def is_said():
        history, counted = (await living.get("sources"))["history"], await living.metrics(*COUNTED)
        return (history["status"], history["lost"], *counted) == (status, 0, failing, 0)

    await until(is_said, 60, 0.1)


async def leader(*processes):
    """Return the process that leads, as its log has it, and the other."""

    def leading():
        return [one for one in processes if "this process leads" in [line["event"] for line in one.said()]]

    await until(lambda: len(leading()) == 1, 60, 0.05)
    first = leading()[0]
    return first, next(one for one in processes if one is not first)


async def test_each_process_says_that_the_history_is_away_though_nothing_happens(tmp_path, server, postgres):
    sections = {"nats": {"url": server.url}, "history": {"url": postgres.url}}
    async with map_process(tmp_path, **sections) as one, map_process(tmp_path, **sections) as two:
        for living in (one, two):
            await says(living, status="written", failing=0)
        await postgres.crash()
        for living in (one, two):
            await says(living, status="waiting", failing=1)
            assert (await living.ready())["status"] == "ready"
        await postgres.start()
        for living in (one, two):
            await says(living, status="written", failing=0)


async def test_a_leader_that_dies_while_the_history_is_away_takes_no_truth_along(tmp_path, server, postgres):
    sections = {"nats": {"url": server.url}, "history": {"url": postgres.url}, "mock": SMALL}
    async with map_process(tmp_path, **sections) as one, map_process(tmp_path, **sections) as two:
        await publish(server, 0, 9)
        first, second = await leader(one, two)
        await postgres.crash()
        await publish(server, 10, 19)
        for living in (first, second):
            await says(living, status="waiting", failing=1)
        await first.kill()
        await until(lambda: "this process leads" in [line["event"] for line in second.said()], 60, 0.05)
        await publish(server, 20, 29)
        await says(second, status="waiting", failing=1)
        await first.start()
        await says(first, status="waiting", failing=1)
        await postgres.start()
        for living in (first, second):
            await says(living, status="written", failing=0)

        async def are_written():
            return runs(numbers(await kept(postgres))) == [(0, 29)]

        await until(are_written, 60, 0.1)
        for living in (first, second):
            await says(living, status="written", failing=0)
