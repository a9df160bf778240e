"""What is published is not bounded; the map is."""

from dataclasses import replace

import pytest

from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Drop, Event, Position, Put
from livingmap.core.source import Layer, Source
from livingmap.log.local import utc_now


def on_made(event, part):
    return [Put("things", f"thing:{event.payload['id']}", {"name": event.payload["name"]})]


def on_gone(event, part):
    return [Drop("things", f"thing:{event.payload['id']}")]


SOURCE = Source("things", "s", object, (Layer("things"),), handlers={"made": on_made, "gone": on_gone})


class Map:
    def __init__(self, source=SOURCE):
        self.fold, self.seq = Fold([source]), 0

    def send(self, kind, payload):
        self.seq += 1
        return self.fold.apply(Event(Position("e", self.seq), kind, payload, utc_now())).faults

    def made(self, *names):
        return [bool(self.send("made", {"id": name, "name": "x"})) for name in names]

    def shown(self):
        return set(self.fold.scene.items("things", "items"))


@pytest.fixture
def full(monkeypatch):
    monkeypatch.setattr("livingmap.core.part.MOST_MADE", 3)
    made = Map()
    assert made.made("a", "b", "c") == [False] * 3
    return made


def test_events_alone_bring_only_so_many_items(full):
    (fault,) = full.send("made", {"id": "d", "name": "x"})
    assert "thing:d would be one too many" in fault.error
    assert full.shown() == {"thing:a", "thing:b", "thing:c"}


def on_many(event, part):
    return [Put("things", f"thing:{name}") for name in event.payload["names"]]


def test_one_event_does_not_bring_more_either(monkeypatch):
    monkeypatch.setattr("livingmap.core.part.MOST_MADE", 3)
    made = Map(replace(SOURCE, handlers={"many": on_many}))
    (fault,) = made.send("many", {"names": ["a", "b", "a", "c", "d"]})
    assert "thing:d would be one too many" in fault.error
    assert made.shown() == set()
    assert made.send("many", {"names": ["a", "b", "a", "c"]}) == ()
    assert made.send("many", {"names": ["a", "b", "c"]}) == ()
    assert len(made.shown()) == 3


def test_what_only_decorates_is_not_counted(monkeypatch):
    monkeypatch.setattr("livingmap.core.part.MOST_MADE", 3)
    made = Map(replace(SOURCE, layers=(Layer("things", decorates=True),), handlers={"many": on_many}))
    assert made.send("many", {"names": ["a", "b", "c", "d"]}) == ()


def test_what_is_there_goes_on_to_change(full):
    assert full.send("made", {"id": "a", "name": "other"}) == ()
    assert full.fold.scene.items("things", "items")["thing:a"] == {"name": "other"}


def test_one_that_goes_makes_room_for_another(full):
    full.send("gone", {"id": "b"})
    assert full.made("d", "e") == [False, True]


def test_what_a_poll_lists_does_not_count(full):
    listed = [Put("things", f"thing:{name}", {"name": name}) for name in ("a", "b", "x", "y")]
    message = refreshed("things", full.seq, listed)
    assert full.send(message.type, message.payload) == ()
    assert full.made("d", "e", "f") == [False, False, True]
    assert len(full.shown()) == 7


def test_a_map_that_goes_on_from_what_was_kept_counts_on(full):
    other = Map()
    other.fold.scene.restore(dict(full.fold.scene.states()))
    assert other.made("a", "d") == [False, True]
    other.send("gone", {"id": "b"})
    assert other.made("d", "e") == [False, True]
