"""Viewers that stop reading at random: whatever they are sent, each holds the map as it was at its position."""

import json
import random
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from livingmap.access.view import WHOLE, Rights, View
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Drop, Put, Total
from livingmap.stream.viewer import MOST_UNSENT_BYTES
from tests.stream.rig import ListSink, Rig, position
from tests.support.clients import Follower, normal, same
from tests.support.nats_server import until

AGENTS = [f"agent:{letter}" for letter in "abcdef"]
VIEWS = [WHOLE, View(("agents",)), View(None, Rights(layers=frozenset({"agents"})))]


def some_change(numbers):
    match numbers.randint(0, 6):
        case 0 | 1:
            return Drop("agents", numbers.choice(AGENTS))
        case 2:
            names = numbers.sample("xyz", 2)
            return Total("city", {names[0]: numbers.randint(0, 9)}, (names[1],))
        case _:
            names = numbers.sample("uvwxyz", 4)
            fields = {name: numbers.randint(0, 3) for name in names[:2]}
            return Put(numbers.choice(["agents", "city"]), numbers.choice(AGENTS), fields, tuple(names[2:]))


class World:
    """A map, its viewers, and how the map looked to each view at each position."""

    def __init__(self, numbers):
        self.numbers = numbers
        self.rig = Rig(snapshot=self.body)
        self.looks = {}
        self.note()
        self.clients = [Client(self.rig, numbers.choice(VIEWS[:2]), numbers) for _ in range(4)]
        self.clients.append(Client(self.rig, VIEWS[2], numbers))

    def layers(self, view):
        scene = self.rig.scenes.of(view.rights)
        return {name: layer(scene, name) for name in layer_names(scene) if view.wants(name)}

    def body(self, view):
        return json.dumps({"layers": self.layers(view), "meta": {}}).encode()

    def note(self):
        seq = self.rig.progress.position.seq
        self.looks |= {(view, seq): same(normal(self.layers(view))) for view in VIEWS}

    def happen(self):
        self.rig.happen(*(some_change(self.numbers) for _ in range(self.numbers.randint(0, 3))))
        self.note()


class Client:
    """A viewer that folds what it is sent."""

    def __init__(self, rig, view, numbers):
        self.rig = rig
        self.numbers = numbers
        self.sink = ListSink()
        self.viewer = rig.hub.join(self.sink, view)
        self.follower = Follower()
        self.last = 0

    def stop_or_go_on(self):
        self.sink.waiting = self.numbers.choice([0, MOST_UNSENT_BYTES + 1])
        if not self.sink.waiting:
            self.rig.hub.drained(self.viewer)

    def look_elsewhere(self):
        if self.viewer.view in VIEWS[:2]:
            self.rig.hub.change_view(self.viewer, self.numbers.choice(VIEWS[:2]))

    def check(self, looks):
        """Take what was sent: no step back, and after each message the map as it was there."""
        view = self.viewer.view
        for message in self.sink.sent:
            self.follower.take(json.dumps(message))
            seq = position(message).seq
            assert seq > self.last or message["kind"] == "snapshot"
            assert message.get("skipped", 0) <= seq - self.last
            self.last = seq
        self.sink.sent.clear()
        assert same(self.follower.state) == looks[view, self.last]


@given(st.integers(0, 2**32), st.sampled_from([5, 20_000]))
async def test_a_viewer_that_stops_reading_at_random_always_holds_the_map_as_it_was_at_its_position(seed, memory):
    numbers = random.Random(seed)
    with patch("livingmap.stream.replay_buffer.MOST_EVENTS", memory):
        world = World(numbers)
    for _ in range(25):
        for _ in range(numbers.choice([0, 1, 1, 4])):
            world.happen()
        if numbers.random() < 0.7:
            await world.rig.settle()
        for client in numbers.sample(world.clients, 2):
            client.stop_or_go_on()
        if numbers.random() < 0.1:
            client.look_elsewhere()
        for client in world.clients:
            client.check(world.looks)
    await world.rig.settle()
    for client in world.clients:
        client.sink.waiting = 0
        world.rig.hub.drained(client.viewer)
    await until(lambda: not world.rig.hub.behind)
    for client in world.clients:
        client.check(world.looks)
        assert same(client.follower.state) == world.looks[client.viewer.view, world.rig.progress.position.seq]


async def test_viewers_that_wait_at_one_place_share_what_they_are_sent(monkeypatch):
    rig = Rig()
    sinks = [ListSink() for _ in range(3)]
    viewers = [rig.hub.join(sink, WHOLE) for sink in sinks]
    for sink in sinks:
        sink.waiting = MOST_UNSENT_BYTES + 1
    rig.happen(Put("agents", AGENTS[0], {"x": 1}))
    await rig.settle()
    conflated, made = rig.hub.encoder.conflated, []
    monkeypatch.setattr(rig.hub.encoder, "conflated", lambda *about: made.append(about) or conflated(*about))
    for viewer in viewers:
        rig.hub.drained(viewer)
    assert (len(made), rig.hub.conflations) == (1, 3)
    assert [sink.kinds for sink in sinks] == [["snapshot", "changes"]] * 3


async def test_viewers_that_drain_at_once_at_many_places_are_served_in_turn():
    rig = Rig()
    sinks = [ListSink() for _ in range(10)]
    viewers = [rig.hub.join(sink, WHOLE) for sink in sinks]
    for number, sink in enumerate(sinks):
        sink.waiting = MOST_UNSENT_BYTES + 1
        rig.happen(Put("agents", AGENTS[0], {"x": number}))
        await rig.settle()
    for viewer in viewers:
        rig.hub.drained(viewer)
    rig.hub.leave(viewers[8])
    assert 0 < rig.hub.conflations < 9
    await until(lambda: rig.hub.conflations == 9)
    assert [sink.kinds.count("changes") for sink in sinks] == [1] * 8 + [0, 1]
    assert [sink.sent[-1]["skipped"] for sink in (sinks[0], sinks[9])] == [10, 1]


async def test_a_viewer_that_does_not_read_is_not_asked_again_at_every_event():
    rig = Rig()
    sink = ListSink(MOST_UNSENT_BYTES + 1)
    rig.hub.join(sink, WHOLE)
    for number in range(5):
        rig.happen(Put("agents", AGENTS[0], {"x": number}))
        await until(lambda: rig.hub.is_idle)
    assert sink.checks == 1
