"""The stream is the history's buffer: however long PostgreSQL is away, and whoever leads meanwhile."""

import contextlib
import json

import nats
import pytest

from tests.endurance.test_jetstream_log import heard, leads, server, whole
from tests.support.map_process import map_process
from tests.support.nats_server import until
from tests.support.postgres import numbers, runs
from tests.support.viewers import Viewer, agree, following

__all__ = ["server"]


async def publish(server, first, last):
    """Publish messages about a handful of agents, each with its number."""
    client = await nats.connect(server.url)
    for number in range(first, last + 1):
        payload = {"agent_id": f"agent-{number % 20}", "status": "busy", "number": number, "note": "x" * 500}
        await client.publish("agent.event.status", json.dumps(payload).encode())
        if number % 500 == 0:
            await client.flush()
    await client.flush()
    await client.close()


async def read(living, position):
    async def has_read():
        return await living.position() >= position

    await until(has_read, 120, 0.2)


async def state(living):
    return (await living.get("sources"))["history"]


async def written_up_to(living, postgres, number):
    async def holds():
        with contextlib.suppress(Exception):
            rows = await postgres.fetch(
                "SELECT 1 FROM living_map_history WHERE payload @> $1::jsonb", json.dumps({"number": number})
            )
            return bool(rows)
        return False

    await until(holds, 120, 0.2)


async def is_whole(living):
    now = await state(living)
    return (now["status"], now["behind"], now["lost"]) == ("written", 0, 0)


@pytest.mark.parametrize("takes_over", [False, True], ids=["one-leader", "the-follower-takes-over"])
async def test_postgresql_may_be_away_for_longer_than_memory_lasts(tmp_path, server, postgres, takes_over):
    sections = {"nats": heard(server.url), "history": {"url": postgres.url}}
    async with map_process(tmp_path, **sections) as first, map_process(tmp_path, **sections) as second:
        await publish(server, 0, 499)
        await written_up_to(first, postgres, 499)
        await postgres.crash()
        leader = first if leads(first) else second
        await publish(server, 500, 12_499)
        await read(leader, 12_500)
        if takes_over:
            follower = second if leader is first else first
            await leader.kill()
            leader = follower
            await until(lambda: leads(leader), 60, 0.05)
            await read(leader, 12_500)
        before = await state(leader)
        assert before["status"] == "waiting"
        assert before["waiting"] <= 11_000
        assert before["behind"] > 1000
        viewer = Viewer(leader.address)
        async with following(viewer):
            await postgres.start()
            await publish(server, 12_500, 12_999)
            await until(lambda: viewer.number >= 12_999, 60)
            await written_up_to(leader, postgres, 12_999)
            await agree(viewer, leader)
        for living in (first, second):
            if living.runs:
                await until(lambda living=living: is_whole(living), 60, 0.2)
        assert (await leader.get("history", limit=1))["gaps"] == []
        # a leader that cannot write hands over to another process
        lines = [line["event"] for living in (first, second) for line in living.said()]
        assert "the history catches up from the stream" in lines
        assert "the history has caught up with the stream" in lines
    assert runs(numbers(await whole(server, postgres))) == [(0, 12_999)]
    unmade = await postgres.fetch("SELECT count(*) FROM living_map_entries WHERE changes IS NULL")
    assert unmade[0][0] == 0
    broken = await postgres.fetch(
        "SELECT count(*) FROM"
        " (SELECT seq, previous, lag(seq) OVER (ORDER BY seq) AS before FROM living_map_history)"
        " AS chain WHERE before IS NOT NULL AND previous IS DISTINCT FROM before"
    )
    assert broken[0][0] == 0
