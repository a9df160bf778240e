"""The projector folds whatever the log holds, and nothing that it meets there ends it."""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from livingmap.core.fold import DOWN, REFRESHED, UP, Fold
from livingmap.core.freshness import SourceHealth
from livingmap.core.model import Event, Position, Put, change_to_json
from livingmap.core.progress import Progress
from livingmap.core.source import Layer, Source
from livingmap.sources.settings import SourceSettings
from livingmap.state.projector import Projector

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def on_made(event, part):
    return [Put("things", f"thing:{event.payload['id']}", {"name": event.payload["id"]})]


class Notes:
    """A follower that keeps what it was handed, and fails when it is told to."""

    def __init__(self):
        self.entries = []
        self.restored = 0
        self.fails = False

    def on_entry(self, folded, previous):
        if self.fails:
            raise KeyError("agents")
        self.entries.append((folded.event.position.seq, previous, len(folded.changes)))

    def on_restored(self):
        self.restored += 1


@pytest.fixture
def health():
    return SourceHealth("things", "things-service")


@pytest.fixture
def fold():
    return Fold([Source("things", "things-service", SourceSettings, (Layer("things"),), {"made": on_made})])


@pytest.fixture
def projector(fold, health):
    one = Projector(fold, Progress(Position("e", 0)))
    one.watch([health])
    return one


def entry(seq, event_type, payload):
    return Event(Position("e", seq), event_type, payload, NOON)


def refresh(source, name):
    changes = [change_to_json(Put("things", f"thing:{name}", {"name": name}))]
    return {"source": source, "since": 0, "changes": changes}


@pytest.mark.parametrize(
    ("event_type", "payload"),
    [
        (REFRESHED, refresh("usage", "x")),
        (REFRESHED, {"source": "usage", "since": 0, "changes": []}),
        (DOWN, {"source": "usage", "error": "gone"}),
        (UP, {"source": "usage"}),
    ],
)
def test_what_a_source_said_that_is_no_longer_configured_is_passed_over(
    projector, fold, health, event_type, payload
):
    notes = Notes()
    projector.add(notes)
    projector.take(entry(1, "made", {"id": "a"}))
    projector.take(entry(2, event_type, payload))
    projector.take(entry(3, "made", {"id": "b"}))
    assert notes.entries == [(1, 0, 1), (2, 1, 0), (3, 2, 1)]
    assert sorted(fold.scene.items("things", "items")) == ["thing:a", "thing:b"]
    assert (projector.failures, health.events, health.faults) == (0, 2, 0)


def test_a_source_counts_its_entries_and_its_faults(projector, health):
    projector.take(entry(1, "made", {"id": "a"}))
    projector.take(entry(2, "made", {}))
    projector.take(entry(3, "other", {}))
    assert (health.events, health.faults, health.contributed) == (2, 1, True)
    assert health.last_faults == ["made at e-2: KeyError: 'id'"]


def test_a_follower_that_fails_begins_anew_and_the_others_go_on(projector):
    broken, sound = Notes(), Notes()
    broken.fails = True
    projector.add(broken)
    projector.add(sound)
    with capture_logs() as logs:
        projector.take(entry(1, "made", {"id": "a"}))
    assert [(line["event"], line["position"]) for line in logs] == [("an entry could not be passed on", "e-1")]
    assert (broken.restored, sound.entries, projector.failures) == (1, [(1, 0, 1)], 1)


def test_an_entry_that_cannot_be_folded_is_passed_on_without_changes(projector, fold, monkeypatch):
    notes = Notes()
    projector.add(notes)

    def broken(event):
        raise RuntimeError("a fault of the program")

    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(fold, "apply", broken)
        projector.take(entry(1, "made", {"id": "a"}))
    projector.take(entry(2, "made", {"id": "b"}))
    assert notes.entries == [(1, 0, 0), (2, 1, 1)]
    assert [line["event"] for line in logs] == ["an entry could not be folded"]


def test_followers_learn_that_the_scene_became_another(projector, fold):
    notes = Notes()
    projector.take(entry(1, "made", {"id": "a"}))
    states = dict(projector.states())
    projector.add(notes)
    projector.restore(states)
    assert notes.restored == 1
    assert sorted(fold.scene.items("things", "items")) == ["thing:a"]


def on_row(event, part):
    return [Put("things", "thing:a", {"row": event.payload["rows"][event.payload["n"]]})]


def test_what_a_handler_raises_is_logged_once_for_each_kind_with_its_place():
    source = Source("things", "things-service", SourceSettings, (Layer("things"),), {"row.*": on_row})
    projector = Projector(Fold([source]), Progress(Position("e", 0)))
    followed = Kept()
    projector.add(followed)
    with capture_logs() as lines:
        for seq, payload in enumerate([{"rows": [], "n": 1}, {"rows": [], "n": 2}, {}], 1):
            projector.take(entry(seq, "row.made", payload))
    raised = [line for line in lines if line["event"] == "a plugin's handler raised"]
    assert [(line["source"], line["handler"], line["type"], line["position"]) for line in raised] == [
        ("things", "row.*", "row.made", "e-1"),
        ("things", "row.*", "row.made", "e-3"),
    ]
    assert [type(line["exc_info"]) for line in raised] == [IndexError, KeyError]
    assert {line["at"] for line in raised} == {f"{__file__}:{on_row.__code__.co_firstlineno + 1}"}
    assert [fault.raised for folded in followed.entries for fault in folded.faults] == [None] * 3


class Kept(Notes):
    def on_entry(self, folded, previous):
        self.entries.append(folded)
