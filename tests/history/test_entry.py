"""What the history keeps of an event."""

import json
from datetime import UTC, datetime

import pytest

from livingmap.core.fold import DOWN, Fold, Folded, refreshed
from livingmap.core.model import Drop, Event, Position, Put, Total, change_from_json
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source
from livingmap.core.types import Type
from livingmap.history import MOST_CHANGES_BYTES, Retention, entry_of
from tests.history.making import NOON

TYPES = ("agent", "channel", "dao", "microdao", "node")
HOME = ("things", "items")
DECLARED = Source("s", "service", object, (Layer("things"),), types=tuple(Type(name, HOME) for name in TYPES))
SCENE = Scene([DECLARED])
SCENE.apply("s", [Put("things", "agent:sofia", aliases=("agent:uuid-of-sofia",)), Put("things", "tree:apple")], 1)


def folded(payload, event_type="agent.event.status", **rest):
    return Folded(Event(Position("e", 1), event_type, payload, NOON), **rest)


def test_an_entry_keeps_what_a_stream_needs_to_go_on_from_it():
    changes = (Put("agents", "agent:sofia", {"status": "busy"}, ("mood",)), Total("city", {"active_users": 5}))
    entry = entry_of(folded({}, changes=changes), previous=7)
    assert (entry.previous, entry_of(folded({})).previous) == (7, None)
    assert [change_from_json(change) for change in json.loads(entry.changes)] == list(changes)
    huge = (Put("agents", "agent:sofia", {"story": "x" * MOST_CHANGES_BYTES}),)
    assert entry_of(folded({}, changes=huge)).changes is None
    assert entry_of(folded({}, changes=(Put("agents", "agent:sofia", {"odd": object()}),))).changes is None


def test_an_entry_is_the_event_with_what_it_is_about():
    event = folded(
        {"agent_id": "sofia", "microdao_id": 7, "ts": "2025-11-24T10:00:00"},
        changes=(Put("agents", "agent:sofia"), Drop("space", "dao:x"), Total("city")),
        sources=("agents", "usage"),
    )
    entry = entry_of(event, SCENE)
    assert (entry.position, entry.event_type, entry.payload) == (
        Position("e", 1),
        event.event.type,
        event.event.payload,
    )
    assert entry.received_at == NOON
    assert entry.occurred_at == datetime(2025, 11, 24, 10, tzinfo=UTC)
    assert entry.source == "agents"
    assert entry.entity_ids == ("agent:sofia", "dao:x", "microdao:7")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"node_id": "node:gpu-1", "channel_id": "c", "dao_id": "d"}, ("node:gpu-1", "channel:c", "dao:d")),
        ({"node_id": None, "agent_id": " ", "dao_id": True, "microdao_id": {"a": 1}, "user_id": "u"}, ()),
        ({"agent_id": "uuid-of-sofia"}, ("agent:sofia",)),
        ({"tree_id": "apple", "other_tree_id": "apple"}, ("tree:apple",)),  # a type that no source declares
        ({"tree_id": "pear"}, ()),
    ],
)
def test_ids_in_the_payload_are_typed_and_resolved(payload, expected):
    assert entry_of(folded(payload), SCENE).entity_ids == expected


@pytest.mark.parametrize("kind", TYPES)
def test_a_payload_names_entities_of_every_declared_type(kind):
    assert entry_of(folded({f"{kind}_id": "7"}), SCENE).entity_ids == (f"{kind}:7",)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"ts": "2025-11-24T12:00:00+02:00"}, datetime(2025, 11, 24, 10, tzinfo=UTC)),
        ({"ts": "yesterday", "timestamp": 1763985600}, NOON),
        ({"created_at": "2025-11-24T12:00:00Z"}, NOON),
        ({"ts": None}, None),
        ({}, None),
    ],
)
def test_the_payloads_own_time_stands_beside_the_received_one(payload, expected):
    assert entry_of(folded(payload)).occurred_at == expected


def test_what_the_host_says_belongs_to_the_source_it_speaks_of():
    assert entry_of(folded({"source": "city"}, DOWN)).source == "city"
    assert entry_of(folded({"source": "city"}, "some.event")).source is None
    message = refreshed("gone", 0, [])
    event = Event(Position("e", 1), message.type, message.payload, NOON)
    assert entry_of(Fold([]).apply(event)).source == "gone"


def test_the_most_exact_pattern_decides_how_long():
    retention = Retention(30, {">": 1, "a.>": 2, "a.*": 3, "a.b": 4})
    assert [retention.days_of(one) for one in ("x", "a.x.y", "a.x", "a.b")] == [1, 2, 3, 4]
    assert Retention(1e12).cutoff("a", NOON).year == 1
