"""The event filter: an event, or an entry of the history, is sent whole, with its changes alone, or not at all."""

import pytest

from livingmap.access.event_filter import WITHHELD
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.fold import DOWN, REFRESHED, UP, Folded
from livingmap.core.model import Drop, Event, Position, Put, Total
from livingmap.history import Entry
from tests.access.small_map import HILL, NOON, RIVER, SmallMap

AGENTS_ALONE = Rights(layers=frozenset({"agents"}), reports=False)
SUMMARY = Rights(summary=True, reports=False)
BUSY = {"status": "busy"}


def event(kind, payload, *changes, source="talk"):
    visible = Event(Position("e", 2), kind, payload, NOON)
    return Folded(visible, changes, sources=(source,), redacted=payload)


def poll_of(source, *changes):
    return event(REFRESHED, {"source": source}, *changes, source=source)


def test_an_event_that_hides_nothing_is_sent_whole():
    change = Put("agents", "agent:oksana", BUSY)
    payload = {"agent": "oksana"} | BUSY
    assert SmallMap().visible(payload, change) == event("talk.said", payload, change)
    assert SmallMap().visible({"mood": "calm"}) == event("talk.said", {"mood": "calm"})
    assert SmallMap().visible({}) == event("talk.said", {})


def test_an_event_that_names_something_hidden_is_withheld_but_for_its_changes():
    change = Put("agents", "agent:oksana", BUSY)
    assert SmallMap().visible({"by": "sofia"}, change) == event(WITHHELD, {}, change)
    assert SmallMap().visible({"by": "sofia"}) is None


def test_an_event_that_hides_an_item_drops_it_and_is_withheld():
    drop = Drop("agents", "agent:oksana")
    moved = Put("agents", "agent:oksana", HILL)
    assert SmallMap().visible({"agent": "oksana"}, moved) == event(WITHHELD, {}, drop)


def test_an_event_that_shows_an_item_is_sent_whole():
    moved = Put("agents", "agent:sofia", RIVER)
    payload = {"agent": "sofia"}
    assert SmallMap().visible(payload, moved) == event("talk.said", payload, moved)


def test_an_event_about_the_layers_that_are_shown_is_sent_whole():
    change = Put("agents", "agent:sofia", BUSY)
    payload = {"agent": "sofia"}
    assert SmallMap(AGENTS_ALONE).visible(payload, change) == event("talk.said", payload, change)


def test_an_event_that_a_source_of_a_hidden_layer_understands_is_withheld():
    change = Put("agents", "agent:sofia", BUSY)
    deed = Put("deeds", "deed:1", {"name": "Rescue"})
    visible = SmallMap(AGENTS_ALONE).visible({}, change, deed, kind="both.said")
    assert visible == event(WITHHELD, {}, change, source="both")
    assert SmallMap(AGENTS_ALONE).visible({}, kind="both.said") is None


def test_an_event_that_no_source_understands_is_not_sent():
    assert SmallMap().visible({}, kind="weather.changed") is None
    assert SmallMap().visible({}, kind="talk.said") is not None


def test_of_a_poll_that_changed_something_visible_it_is_sent_whose_it_was():
    change = Put("agents", "agent:oksana", BUSY)
    hidden = Put("agents", "agent:sofia", BUSY)
    assert SmallMap().poll(change, hidden) == poll_of("talk", change)
    assert SmallMap(AGENTS_ALONE).poll(change, hidden, source="both") == poll_of("both", change, hidden)


def test_of_a_poll_that_changed_only_hidden_items_nothing_is_sent():
    assert SmallMap().poll(Put("agents", "agent:sofia", BUSY)) is None


def test_of_a_poll_that_changed_a_hidden_layer_only_its_other_changes_are_sent():
    change = Put("agents", "agent:oksana", BUSY)
    deed = Put("deeds", "deed:1", {"name": "Rescue"})
    assert SmallMap(AGENTS_ALONE).poll(deed, source="both") is None
    assert SmallMap(AGENTS_ALONE).poll(deed, change, source="both") == event(WITHHELD, {}, change, source="both")


def test_of_a_poll_that_changed_totals_alone_it_is_sent_whose_it_was():
    assert SmallMap().poll(Total("agents", {"users": 3})) == poll_of("talk")


@pytest.mark.parametrize("kind", [DOWN, UP])
def test_of_a_source_that_went_or_came_its_name_is_sent_and_not_its_error(kind):
    payload = {"source": "talk", "error": "http://10.0.0.7 refused"}
    small = SmallMap()
    assert small.apply(kind, payload).public_payload == {"source": "talk"}
    assert small.entry(payload, kind=kind).payload == {"source": "talk"}
    assert small.entry({"error": "x"}, kind=kind).payload == {}


def test_a_summary_has_no_events_but_changes_of_totals():
    small = SmallMap(SUMMARY)
    assert small.visible({"mood": "calm"}) is None
    assert small.apply(DOWN, {"source": "talk"}) is None
    assert small.entry({"mood": "calm"}) is None
    visible = small.visible({}, Put("agents", "agent:9", {}))
    change = Total("agents", {"counts": {"items": 5}})
    assert (visible.event.type, visible.event.payload, visible.changes) == (WITHHELD, {}, (change,))


def test_an_entry_that_names_nothing_hidden_is_shown_whole():
    expected = Entry(Position("e", 9), "talk.said", {"mood": "calm"}, NOON, entity_ids=("agent:oksana",))
    assert SmallMap().entry({"mood": "calm"}, "agent:oksana") == expected


@pytest.mark.parametrize("ids", [("agent:sofia",), ("agent:oksana", "agent:sofia")])
def test_an_entry_that_changed_something_hidden_is_not_shown(ids):
    assert SmallMap().entry({"mood": "calm"}, *ids) is None


@pytest.mark.parametrize(
    ("ids", "payload"),
    [
        (("agent:sofia", "agent:oksana"), {"source": "talk"}),
        (("agent:oksana",), {"source": "talk"}),
        (("agent:sofia", "agent:7"), None),
        ((), None),
    ],
)
def test_of_a_poll_in_the_history_it_is_shown_whose_it_was_if_any_item_is_visible(ids, payload):
    entry = SmallMap().entry({"source": "talk", "changed": 2}, *ids, kind=REFRESHED)
    assert (entry and entry.payload) == payload


@pytest.mark.parametrize("kind", [DOWN, UP, "talk.said"])
@pytest.mark.parametrize("rights", [EVERYTHING, Rights(reports=False)])
def test_readers_of_the_whole_map_get_everything_but_the_errors_of_services(kind, rights):
    payload = {"source": "talk", "error": "refused"}
    expected = {"source": "talk"} if kind == DOWN and not rights.reports else payload
    small = SmallMap()
    visible = small.apply(kind, payload, rights)
    assert (visible.event, visible.public_payload) == (Event(Position("e", 2), kind, payload, NOON), expected)
    assert small.entry(payload, kind=kind, rights=rights) == Entry(Position("e", 9), kind, expected, NOON)
