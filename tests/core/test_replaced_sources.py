"""Sources that are added, changed and removed while the map runs: the scene becomes that of a new start."""

from dataclasses import replace
from datetime import UTC, datetime

from livingmap.core.fold import SOURCES_CHANGED, Fold, refreshed
from livingmap.core.model import Drop, Event, Message, Position, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Count, Layer, Lifetime, Source, Tally

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
CHANGED = Message(SOURCES_CHANGED, {"added": [], "changed": [], "removed": []})


def on_status(event, part):
    return [Put("agents", event.payload["id"], {"status": event.payload["status"]}, creates=False)]


CITY = Source(
    "city",
    "s",
    object,
    (Layer("city", references=("station_id",)),),
    tallies=(Tally("city", "stations", (Count("weather"),)), Tally("city", "agents", (Count("agents"),))),
)
AGENTS = Source("agents", "s", object, (Layer("agents", defaults={"status": "unknown"}),), {"agent.*": on_status})
WEATHER = Source("weather", "s", object, (Layer("weather"), Layer("agents", decorates=True)))

POLLS = [
    refreshed("city", 0, [Put("city", "microdao:river", {"station_id": "station:old"}), Total("city")]),
    refreshed("agents", 0, [Put("agents", "agent:sofia", {"name": "Sofia"}), Total("agents")]),
    refreshed(
        "weather",
        0,
        [
            Put("weather", "station:lviv", {"name": "Lviv"}, aliases=("station:old",)),
            Put("agents", "agent:sofia", {"rain": 1, "name": "S."}, creates=False),
            Total("weather", {"sky": "grey"}),
        ],
    ),
]


class Log:
    """Folds messages at one position after the other, and keeps what viewers would have."""

    def __init__(self, *sources):
        self.fold = Fold(sources)
        self.seq = 0
        self.viewer = {}

    def take(self, *messages):
        for message in messages:
            self.seq += 1
            event = Event(Position("e", self.seq), message.type, message.payload, NOON)
            folded = self.fold.apply(event)
            for change in folded.changes:
                apply(self.viewer, change)
        return folded

    def shown(self):
        scene = self.fold.scene
        return {
            **{
                (layer, name): dict(items)
                for layer, names in scene.layers().items()
                for name in names
                if (items := scene.items(layer, name))
            },
            **{layer: dict(totals) for layer in scene.layers() if (totals := scene.totals(layer))},
        }


def apply(viewer, change):
    """Do what a client does with a change."""
    if isinstance(change, Total):
        fields = viewer.setdefault(change.layer, {})
    else:
        items = viewer.setdefault((change.layer, change.collection), {})
        if isinstance(change, Drop):
            del items[change.id]
            if not items:
                del viewer[change.layer, change.collection]
            return
        fields = items.setdefault(change.id, {})
    fields.update(change.set)
    for name in change.unset:
        del fields[name]
    if isinstance(change, Total) and not fields:
        del viewer[change.layer]


def started(*sources, polls=POLLS):
    """Return a map that has read its log from the start with ``sources``."""
    log = Log(*sources)
    log.viewer = log.shown()
    log.take(*polls)
    return log


def test_a_removed_source_leaves_the_map_with_the_next_entry():
    log = started(CITY, AGENTS, WEATHER)
    log.fold.replace_sources([CITY, AGENTS])
    folded = log.take(CHANGED)
    assert Drop("weather", "station:lviv") in folded.changes
    assert Put("agents", "agent:sofia", {}, ("rain",)) in folded.changes
    assert Put("city", "microdao:river", {"station_id": "station:old"}) in folded.changes
    assert log.viewer == log.shown() == started(CITY, AGENTS).shown()
    assert log.take(CHANGED).changes == ()


def test_an_added_source_is_on_the_map_from_its_first_poll_on():
    log = started(CITY, AGENTS, polls=POLLS[:2])
    log.fold.replace_sources([WEATHER, CITY, AGENTS])
    log.take(CHANGED, POLLS[2])
    whole = started(WEATHER, CITY, AGENTS)
    assert log.viewer == log.shown() == whole.shown()
    assert log.shown()["agents", "items"]["agent:sofia"]["name"] == "S."
    assert dict(log.fold.scene.states()) == dict(whole.fold.scene.states())


def test_another_order_lets_another_source_win():
    log = started(CITY, AGENTS, WEATHER)
    log.fold.replace_sources([WEATHER, AGENTS, CITY])
    assert log.take(CHANGED).changes == (Put("agents", "agent:sofia", {"name": "S."}),)
    assert log.viewer == log.shown()


def test_a_changed_source_keeps_what_it_still_declares():
    log = started(CITY, AGENTS, WEATHER)
    log.fold.replace_sources([CITY, AGENTS, replace(WEATHER, layers=(Layer("weather"),))])
    folded = log.take(CHANGED)
    assert folded.changes == (Put("agents", "agent:sofia", {}, ("rain",)),)
    assert log.shown()["weather", "items"] == {"station:lviv": {"name": "Lviv"}}
    assert log.viewer == log.shown()


def test_defaults_handlers_and_lifetimes_are_those_of_the_new_source():
    ends = Lifetime("agents", ("seen_at",), "s", values=frozenset({"busy"}), becomes="offline", seconds=60)
    log = started(CITY, replace(AGENTS, handlers={}), polls=POLLS[:2])
    changed = replace(AGENTS, layers=(Layer("agents", defaults={"status": "idle"}),), lifetimes=(ends,))
    log.fold.replace_sources([CITY, changed])
    assert log.take(CHANGED).changes == (Put("agents", "agent:sofia", {"status": "idle"}),)
    seen = Put("agents", "agent:sofia", {"name": "Sofia", "seen_at": "2026-01-02T11:00:00Z"})
    log.take(refreshed("agents", log.seq, [seen]))
    assert log.take(Message("agent.status", {"id": "agent:sofia", "status": "busy"})).changes == (
        Put("agents", "agent:sofia", {"status": "offline"}),
    )


def test_an_event_of_a_service_brings_the_changes_too_and_its_own_after_them():
    log = started(CITY, AGENTS, WEATHER)
    log.fold.replace_sources([CITY, AGENTS])
    log.take(Message("agent.status", {"id": "agent:sofia", "status": "busy"}))
    assert log.viewer == log.shown()
    assert log.shown()["agents", "items"] == {"agent:sofia": {"name": "Sofia", "status": "busy"}}


def test_equal_sources_change_nothing_and_keep_their_parts():
    log = started(CITY, AGENTS, WEATHER)
    parts = [log.fold.scene.part(name) for name in ("city", "agents", "weather")]
    versions = [log.fold.scene.version(name) for name in ("city", "agents", "weather")]
    log.fold.replace_sources([CITY, AGENTS, WEATHER])
    assert log.take(CHANGED).changes == ()
    assert [log.fold.scene.version(name) for name in ("city", "agents", "weather")] == versions
    for name, part in zip(("city", "agents", "weather"), parts, strict=True):
        assert log.fold.scene.part(name) is part


def test_the_time_of_the_log_goes_on():
    log = started(CITY, AGENTS)
    log.fold.replace_sources([CITY])
    assert log.fold.scene.clock.now == NOON


def test_a_source_that_another_process_has_already_begins_with_its_part():
    there = started(CITY, AGENTS, WEATHER)
    log = started(CITY, AGENTS, polls=POLLS[:2])
    log.fold.replace_sources([CITY, AGENTS, WEATHER], dict(there.fold.scene.states()))
    log.take(CHANGED)
    assert log.viewer == log.shown() == there.shown()


def test_a_layer_that_another_process_saw_filled_is_filled_though_empty():
    there = started(CITY, AGENTS, WEATHER)
    there.take(refreshed("weather", there.seq, [Drop("weather", "station:lviv")]))
    log = started(CITY, AGENTS, polls=POLLS[:2])
    log.fold.replace_sources([CITY, AGENTS, WEATHER], dict(there.fold.scene.states()))
    log.take(CHANGED)
    assert log.shown()["city", "items"]["microdao:river"]["station_id"] == "station:old"
    assert log.shown()["city"] == {"stations": 0, "agents": 1}


def test_the_versions_of_layers_only_grow_and_only_where_something_changes():
    log = started(CITY, AGENTS, WEATHER)
    before = {layer: log.fold.scene.version(layer) for layer in ("agents", "city", "weather")}
    log.fold.replace_sources([WEATHER, AGENTS, CITY])
    assert log.fold.scene.version("agents") > before["agents"]
    assert [log.fold.scene.version(layer) for layer in ("city", "weather")] == [before["city"], before["weather"]]
    log.fold.replace_sources([AGENTS, CITY])
    assert log.fold.scene.version("weather") > before["weather"]


def test_the_changes_say_what_was_there_before():
    first = Source("first", "s", object, (Layer("agents"), Layer("agents", "rooms")))
    made = Scene([first])
    made.apply("first", [Put("agents", "room:b", {"n": 1}, collection="rooms")], 1)
    made.apply("first", [Put("agents", "agent:a", {"n": 1, "m": 2}), Put("agents", "agent:b", {"n": 1})], 1)
    made.apply("first", [Total("agents", {"all": 2})], 2)
    records = [
        ["agents", "items", "agent:a", [{"n": 3}, [], True, ["n"], {}]],
        ["agents", "items", "agent:c", [{"n": 4}, [], True, ["n"], {}]],
        ["agents", "rooms", "room:c", [{"n": 4}, [], True, ["n"], {}]],
    ]
    totals = {"agents": [{"all": 3}, [], False, ["all"], {}]}
    state = {"records": records, "totals": totals, "dropped": [], "loose": []}
    changes = made.replace_sources([first], {"part first": state})
    assert sorted((repr(one), one.was, getattr(one, "came", None)) for one in changes) == sorted(
        (repr(one), one.was, getattr(one, "came", None))
        for one in (
            Put("agents", "agent:a", {"n": 3}, ("m",), was={"n": 1, "m": 2}),
            Put("agents", "agent:c", {"n": 4}, came=True),
            Drop("agents", "agent:b", was={"n": 1}),
            Put("agents", "room:c", {"n": 4}, collection="rooms", came=True),
            Drop("agents", "room:b", "rooms", was={"n": 1}),
            Total("agents", {"all": 3}, was={"all": 2}),
        )
    )
