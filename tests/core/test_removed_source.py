"""A source that is no longer configured leaves traces in logs and checkpoints; they disturb nothing."""

from datetime import UTC, datetime

import pytest

from livingmap.core.fold import DOWN, UP, Fold, Folded, refreshed
from livingmap.core.model import Event, Message, Position, Put, Total
from livingmap.core.source import Count, Layer, Source, Tally
from livingmap.log.local import utc_now


def on_anything(event, part):
    return [Total("agents", {"events": event.position.seq})]


AGENTS = Source(
    "agents",
    "s",
    object,
    (Layer("agents", references=("station_id",)),),
    handlers={">": on_anything},
    tallies=(Tally("agents", "stations", (Count("weather"),)), Tally("agents", "agents", (Count("agents"),))),
)
WEATHER = Source("weather", "s", object, (Layer("weather"), Layer("agents", decorates=True)))
SOFIA = Put("agents", "agent:sofia", {"name": "Sofia", "station_id": "station:old"})
LVIV = Put("weather", "station:lviv", {"name": "Lviv"}, aliases=("station:old",))
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
POLLS = [
    refreshed("agents", 0, [SOFIA]),
    refreshed("weather", 0, [LVIV, Put("agents", "agent:sofia", {"rain": 1}, creates=False), Total("weather")]),
]
ONLY_AGENTS = {
    "layers": {"agents": ["items"]},
    "items": {"agent:sofia": {"name": "Sofia", "station_id": "station:old"}},
    "totals": {"stations": None, "agents": 1},
}


def folded(sources, messages):
    fold = Fold(sources)
    return fold, [
        fold.apply(Event(Position("e", seq), message.type, message.payload, NOON))
        for seq, message in enumerate(messages, 1)
    ]


def shown(scene):
    return {
        "layers": scene.layers(),
        "items": dict(scene.items("agents", "items")),
        "totals": dict(scene.totals("agents")),
    }


@pytest.mark.parametrize(
    "message",
    [POLLS[1], Message(DOWN, {"source": "weather"}), Message(UP, {"source": "weather"})],
    ids=lambda message: message.type,
)
def test_its_entries_change_nothing_and_concern_no_source(message):
    fold, (first, old) = folded([AGENTS], [POLLS[0], message])
    assert old == Folded(Event(Position("e", 2), message.type, message.payload, old.event.received_at))
    assert (old.changes, old.sources) == ((), ())
    assert shown(fold.scene) == ONLY_AGENTS
    assert first.sources == ("agents",)


def test_its_part_of_a_checkpoint_is_left_out():
    before, _ = folded([AGENTS, WEATHER], POLLS)
    assert shown(before.scene)["totals"] == {"stations": 1, "agents": 1}
    after = Fold([AGENTS])
    after.scene.restore(dict(before.scene.states()))
    assert shown(after.scene) == ONLY_AGENTS
    assert after.scene.resolve("station:old") == "station:old"
    assert after.scene.filled_layers == {"agents"}


def test_a_restored_map_is_the_one_that_a_replay_of_the_log_gives():
    before, _ = folded([AGENTS, WEATHER], POLLS)
    restored, (replayed, _) = Fold([AGENTS]), folded([AGENTS], POLLS)
    restored.scene.restore(dict(before.scene.states()))
    assert shown(restored.scene) == shown(replayed.scene)
    assert dict(restored.scene.states()) == dict(replayed.scene.states())


WITHOUT_A_LAYER = Source("weather", "s", object, (Layer("agents", decorates=True),))
RENAMED = Source("weather", "s", object, (Layer("weather", "stations"), Layer("agents", decorates=True)))


def test_a_layer_that_its_source_no_longer_declares_is_gone_after_a_restart():
    before, _ = folded([AGENTS, WEATHER], POLLS)
    after = Fold([AGENTS, WITHOUT_A_LAYER])
    after.scene.restore(dict(before.scene.states()))
    assert after.scene.items("weather", "items") == {}
    assert after.scene.layers() == {"agents": ["items"]}
    assert after.scene.items("agents", "items") == {
        "agent:sofia": {"name": "Sofia", "station_id": "station:old", "rain": 1}
    }
    event = Event(Position("e", 9), "agent.event", {}, utc_now())
    assert after.apply(event).changes == (Total("agents", {"events": 9}),)


@pytest.mark.parametrize("now", [WITHOUT_A_LAYER, RENAMED], ids=["a layer", "a collection"])
def test_what_a_source_no_longer_declares_comes_neither_from_a_checkpoint_nor_from_the_log(now):
    before, _ = folded([AGENTS, WEATHER], POLLS)
    restored, (replayed, _) = Fold([AGENTS, now]), folded([AGENTS, now], POLLS)
    restored.scene.restore(dict(before.scene.states()))
    assert shown(restored.scene) == shown(replayed.scene)
    assert restored.scene.items("weather", "items") == replayed.scene.items("weather", "items") == {}
    assert restored.scene.resolve("station:old") == replayed.scene.resolve("station:old") == "station:old"


def test_a_field_called_id_of_an_older_checkpoint_is_left_out():
    before, _ = folded([AGENTS], POLLS[:1])
    states = dict(before.scene.states())
    states["part agents"]["records"][0][3][0]["id"] = "7f3c"
    after = Fold([AGENTS])
    after.scene.restore(states)
    assert shown(after.scene) == ONLY_AGENTS
