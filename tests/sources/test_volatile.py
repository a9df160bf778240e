"""Volatile fields: shown at once, and no news in the history."""

import asyncio

from livingmap.core.fold import REFRESHED, TOUCHED
from livingmap.core.model import Put
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.sources.settings import SourceSettings
from livingmap.testing import SourceHarness
from tests.support.maps import browser, living_map, poll
from tests.support.scripted_service import ScriptedService, Sent

NODES = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl

async def nodes(client):
    rows = await client.get("/nodes")
    return [Put("nodes", f"node:{row['id']}", {"seen": row["seen"], "load": row["load"]}) for row in rows]

@hookimpl
def livingmap_source():
    layer = Layer("nodes", fetch=nodes, volatile=("seen",))
    return Source("registry_", "registry", SourceSettings, (layer,))
"""


async def nodes(client):
    return [Put("nodes", row["id"], row["set"]) for row in await client.get("/nodes")]


def harness_of(rows):
    source = Source("nodes", "s", SourceSettings, (Layer("nodes", fetch=nodes, volatile=("seen",)),))
    harness = SourceHarness(source, lambda request: Reply(rows), base_url="http://nodes")
    harness.kinds = []
    harness._log.subscribe(lambda event: harness.kinds.append((event.type, len(event.payload["changes"]))))
    return harness


def node(number, **fields):
    return {"id": f"node:{number}", "set": fields}


async def test_what_is_volatile_is_an_entry_of_its_own_kind():
    rows = [node(1, seen=1, load=1), node(2, seen=1, load=1)]
    harness = harness_of(rows)
    await harness.poll()
    rows[:] = [node(1, seen=2, load=1), node(2, seen=2, load=1)]
    assert await harness.poll() == [Put("nodes", "node:1", {"seen": 2}), Put("nodes", "node:2", {"seen": 2})]
    rows[:] = [node(1, seen=3, load=2), node(2, seen=3, load=1), node(3, seen=3)]
    await harness.poll()
    await harness.poll()
    assert harness.kinds == [(REFRESHED, 3), (TOUCHED, 2), (REFRESHED, 2), (TOUCHED, 1)]
    assert dict(harness.items("nodes")) == {
        "node:1": {"seen": 3, "load": 2},
        "node:2": {"seen": 3, "load": 1},
        "node:3": {"seen": 3},
    }


async def test_the_history_lists_no_poll_that_found_only_what_is_volatile_unless_it_is_asked_for(tmp_path):
    (tmp_path / "nodes.py").write_text(NODES)
    row = {"id": "1", "seen": 1, "load": 1}
    async with ScriptedService(lambda request: Sent([row])) as service:
        section = {"module": "./nodes.py", "base_url": service.base_url, "timeout_seconds": 30}
        async with living_map(tmp_path, {"registry_": section}) as living, browser(living) as client:
            writing = asyncio.create_task(living.writer.run())
            for seen in (2, 3):
                row["seen"] = seen
                await poll(living)
            row["load"] = 2
            await poll(living)
            await living.writer.drain(10)
            whole = (await client.get("/living-map/history")).json()["items"]
            asked = (await client.get("/living-map/history?event_type=livingmap.source.touched")).json()["items"]
            entity = (await client.get("/living-map/entities/node:1")).json()
            writing.cancel()
            await asyncio.wait([writing])
    assert [one["event_type"] for one in whole] == [REFRESHED, REFRESHED]
    assert [one["event_type"] for one in asked] == [TOUCHED, TOUCHED]
    assert (entity["data"]["seen"], entity["data"]["load"]) == (3, 2)
