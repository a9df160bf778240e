"""Who watches a map in a storm, whatever happens to the way there."""

import asyncio
import random

import pytest
from websockets.asyncio import client as websockets

from tests.support.map_process import map_process
from tests.support.maps import FAMILIES
from tests.support.nats_server import until
from tests.support.postgres import runs
from tests.support.proxy import proxy
from tests.support.storm import Storm
from tests.support.viewers import Truth, Viewer, following, shown, some_layers

STORM = 1000
SILENT = 200
MOST_BYTES_EACH = 1024 * 1024


class Restless:
    """Viewers that come and go, stall and read again, and lose their connection, by the course of a storm."""

    def __init__(self, storm, numbers):
        self._storm = storm
        self._numbers = numbers

    def storming(self):
        return len(self._storm.published) < STORM

    async def passed(self, most):
        """Wait for some of the storm to pass."""
        until_then = min(len(self._storm.published) + self._numbers.randint(1, most), STORM)
        await until(lambda: len(self._storm.published) >= until_then, 60)

    async def watch(self, viewer, way):
        while self.storming():
            async with following(viewer):
                await self.passed(100)
                if self._numbers.random() < 0.5:
                    viewer.reading.clear()
                    await self.passed(500)
                    viewer.reading.set()
                await self.passed(100)
                if self._numbers.random() < 0.5:
                    way.tear(self._numbers.randint(1, 100_000))
                    await self.passed(100)

    async def look(self, living, views):
        """Ask for snapshots by HTTP all the while; return what they show, by view and cursor."""
        looks = {}
        while self.storming():
            for layers in views:
                query = {"layers": ",".join(layers)} if layers else {}
                cursor, state = shown(await living.get("snapshot", **query))
                looks[layers, cursor] = state
        return looks


@pytest.mark.parametrize("seed", range(2))
async def test_each_event_comes_once_and_the_state_is_that_of_the_snapshot_wherever_one_looks(
    tmp_path, server, seed
):
    numbers = random.Random(seed)
    sources = {name: {"mock": True, "interval_seconds": 0.5} for name in FAMILIES}
    async with (
        map_process(tmp_path, nats={"url": server.url, "jetstream": False}, sources=sources) as living,
        proxy(living.port) as way,
        server.publisher() as client,
    ):
        await living.connected()
        witness = Viewer(living.address, remembers=True)
        storm = Storm(seed, heard=lambda: witness.number)
        restless = Restless(storm, numbers)
        others = [
            Viewer(
                f"127.0.0.1:{way.port}", some_layers(numbers), sse=number % 2 == 1, buffer=65_536, remembers=True
            )
            for number in range(6)
        ]
        async with following(witness):
            async with asyncio.TaskGroup() as group:
                for viewer in others:
                    group.create_task(restless.watch(viewer, way))
                looking = group.create_task(restless.look(living, {(), *(one.layers for one in others)}))
                await storm.blow(client, STORM)
            truth = Truth(witness)
            async with following(*others):
                for viewer in others:
                    await until(
                        lambda viewer=viewer: witness.number == STORM - 1 and truth.reached(viewer), 60, 0.05
                    )
    assert witness.numbers == list(range(STORM))
    assert witness.reasons == ["connect"]
    assert [truth.faults(viewer) for viewer in others] == [[]] * len(others)
    states = {
        (viewer.layers, cursor): state for viewer in (*others, witness) for cursor, state in viewer.states.items()
    }
    looks = looking.result()
    met = looks.keys() & states.keys()
    assert {key: looks[key] for key in met} == {key: states[key] for key in met}
    assert met


async def test_who_never_reads_delays_nobody_costs_little_and_catches_up(living, server):
    witness = Viewer(living.address)
    silent = [
        Viewer(living.address, some_layers(random.Random(number)), sse=number % 4 == 0, buffer=65_536)
        for number in range(SILENT)
    ]
    storm = Storm(heard=lambda: witness.number)
    async with following(witness), server.publisher() as client, following(*silent):
        for viewer in silent:
            viewer.reading.clear()
        held = living.resident_bytes()
        await storm.blow(client, 800)
        await until(lambda: witness.number == 799, 60)
        assert living.resident_bytes() - held < SILENT * MOST_BYTES_EACH
        for viewer in silent:
            viewer.reading.set()
        truth = Truth(witness)
        for viewer in silent:
            await until(lambda viewer=viewer: truth.reached(viewer), 60, 0.05)
    assert (runs(witness.numbers), witness.reasons) == ([(0, 799)], ["connect"])
    for viewer in silent:
        assert truth.faults(viewer) == []
        assert (viewer.connections, viewer.reasons) == (1, ["connect"])
    behind = [viewer for viewer in silent if any(message["kind"] == "changes" for message in viewer.seen)]
    assert len(behind) > SILENT / 2


async def test_who_asks_without_reading_is_not_listened_to(tmp_path):
    async with map_process(tmp_path, mock={"agents": 3000, "events_per_second": 0}) as living:
        url = f"ws://{living.address}/living-map/stream"
        async with websockets.connect(url, max_queue=1, max_size=None, close_timeout=1) as line:
            await line.recv()
            held = living.resident_bytes()
            for _ in range(40):
                await line.send('{"kind": "layers", "layers": null}')
            for _ in range(50):
                await living.get("snapshot")  # meanwhile it could have answered
            assert living.resident_bytes() - held < 16 * 1024 * 1024
            line.transport.abort()
