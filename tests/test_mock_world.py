"""All plugins together against the simulated world, through the host's own poller, log and fold."""

from datetime import timedelta
from importlib import import_module

import pytest

from livingmap.core.fold import Fold
from livingmap.log.local import LocalLog
from livingmap.sources.harness import NOON
from livingmap.sources.poll import Poller
from livingmap.sources.source_client import SourceClient
from livingmap_mock.plugin import MockSettings
from livingmap_mock.world import SimulatedWorld

NAMES = ("agents", "microdao", "dao", "space", "usage", "messaging", "city")
SIZES = {"agents": 60, "nodes": 20, "microdaos": 8, "daos": 4}
ON_THE_MAP = frozenset({"agent", "channel", "city", "dao", "microdao", "node"})


class Map:
    """Every source on one map, all of them mocked by one world."""

    def __init__(self, world, now=NOON):
        self.now = now
        self.world = world
        self.sources = described()
        self.fold = Fold(self.sources)
        self.faults = []
        self.concerned = set()
        self.log = LocalLog("joint", lambda: self.now)
        self.log.subscribe(self._apply)
        self.pollers = {source.name: self._poller(source) for source in self.sources}

    def _poller(self, source):
        settings = source.settings(retries=0, mock=True)
        service = SourceClient(source.name, settings, lambda request: self.world.reply(request, self.now))
        return Poller(source, service, self.fold.scene, self.log, lambda: self.now)

    def _apply(self, event):
        folded = self.fold.apply(event)
        self.faults += folded.faults
        if not event.type.startswith("livingmap."):
            self.concerned.update(folded.sources)

    async def poll(self):
        for poller in self.pollers.values():
            await poller.poll()

    async def live(self, steps):
        for _ in range(steps):
            self.now += timedelta(seconds=1)
            for message in self.world.step(self.now):
                await self.log.append(message)

    def items(self, layer, collection="items"):
        return self.fold.scene.items(layer, collection)

    def ids(self):
        """Return the ids of all items by layer and collection."""
        return {
            (layer, collection): set(self.items(layer, collection))
            for layer, collections in self.fold.scene.layers().items()
            for collection in collections
        }

    def states(self):
        """Return what is wrong with any source."""
        states = [poller.state for poller in self.pollers.values()]
        return {state.name: (state.error, state.dropped) for state in states if state.error or state.dropped}


def described():
    return [import_module(f"livingmap_{name}.plugin").livingmap_source() for name in NAMES]


def simulated(**settings):
    return SimulatedWorld(MockSettings(**{**SIZES, **settings}), described())


@pytest.fixture
async def joint():
    """Return the map after one poll of everything."""
    one = Map(simulated())
    await one.poll()
    return one


async def test_no_source_drops_a_row(joint):
    assert joint.states() == {}
    assert {poller.state.status for poller in joint.pollers.values()} == {"mock"}


async def test_every_layer_is_filled(joint):
    for source in joint.sources:
        part = joint.fold.scene.part(source.name)
        for layer in source.layers:
            if layer.fetch:
                place = (source.name, layer.name, layer.collection)
                assert dict(part.items(layer.name, layer.collection)) or part.total(layer.name), place


async def test_the_sizes_are_those_of_the_settings(joint):
    assert {
        "agents": len(joint.items("agents")),
        "nodes": len(joint.items("nodes")),
        "microdaos": len(joint.items("city")),
        "daos": len(joint.items("space", "planets")),
    } == SIZES


async def test_references_resolve_across_sources(joint):
    await joint.live(300)
    await joint.poll()
    assert dangling(joint) == []


def dangling(joint):
    there = set().union(*joint.ids().values())
    return [
        (layer.name, entity_id, name, one)
        for source in joint.sources
        for layer in source.layers
        for entity_id, item in joint.items(layer.name, layer.collection).items()
        for name in layer.references
        for one in references(item.get(name))
        if one.partition(":")[0] in ON_THE_MAP and one not in there
    ]


def references(value):
    return value if isinstance(value, list) else [] if value is None else [value]


async def test_an_agent_is_told_of_by_three_services(joint):
    busiest = next(iter(entity_id for entity_id, item in joint.items("agents").items() if item.get("usage")))
    item = joint.items("agents")[busiest]
    owners = set(joint.fold.scene.owners("agents", "items", busiest).values())
    assert {"agents", "city", "usage"} <= owners
    assert item["microdao_id"] in joint.items("city")
    assert item["node_id"] in joint.items("nodes")
    assert item["status"] in {"online", "busy", "offline"}


async def test_a_system_prompt_never_enters_the_map(joint):
    await joint.live(300)
    everything = [dict(joint.items(layer, collection)) for layer, collection in joint.ids()]
    assert "private" not in str(everything)


async def test_steps_fold_without_a_fault(joint):
    await joint.live(1500)
    assert joint.faults == []
    assert joint.concerned == {*NAMES}


async def test_polls_amid_events_drop_nothing_and_lose_nothing(joint):
    for _ in range(20):
        await joint.live(50)
        await joint.poll()
        assert joint.states() == {}
    fresh = Map(joint.world, joint.now)
    await fresh.poll()
    assert {place: ids for place, ids in joint.ids().items() if ids} == {
        place: ids for place, ids in fresh.ids().items() if ids
    }


GIVEN = {
    ("agents", "items"): {"status"},
    ("city", "items"): {"description", "members"},
    ("city", "rooms"): {"members_online"},
    ("dao", "proposals"): {"status", "votes_abstain", "votes_no", "votes_yes"},
    ("dao", "treasury"): {"balance"},
    ("dao", "votes"): {"value"},
    ("messaging", "channels"): {"last_message_at", "last_sender_id"},
    ("microdao", "items"): {"members", "treasury"},
    ("nodes", "items"): {"status"},
    ("usage", "models"): {"calls", "tokens"},
    ("usage", "tools"): {"calls"},
}
"""The fields that events give completely, so that a poll can only confirm them."""


async def test_a_poll_confirms_the_fields_that_events_gave(joint):
    for _ in range(5):
        await joint.live(100)
        before = given(joint)
        await joint.poll()
        after = given(joint)
        assert {key: value for key, value in before.items() if key in after} == {
            key: value for key, value in after.items() if key in before
        }


def given(joint):
    """Return the values of the fields in `GIVEN`."""
    return {
        (layer, collection, entity_id, name): item[name]
        for (layer, collection), names in GIVEN.items()
        for entity_id, item in joint.items(layer, collection).items()
        for name in names
        if item.get(name) is not None
    }


async def test_an_unchanged_world_brings_no_changes(joint):
    before = joint.log.position
    await joint.poll()
    assert joint.log.position == before


async def test_the_same_world_gives_the_same_map():
    async def play():
        one = Map(simulated())
        await one.poll()
        await one.live(200)
        return [dict(one.items(layer, collection)) for layer, collection in sorted(one.ids())]

    assert await play() == await play()


async def test_a_big_network_is_polled_whole():
    one = Map(simulated(agents=3000, nodes=150, microdaos=130, daos=20))
    await one.poll()
    assert one.states() == {}
    assert (len(one.items("agents")), len(one.items("nodes")), len(one.items("city"))) == (3000, 150, 130)
