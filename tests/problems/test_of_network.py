"""Troubles: since when things are in trouble follows from the log alone, and a checkpoint has it."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import Mentions
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.fold import REFRESHED, Fold
from livingmap.core.model import Drop, Event, Position, Put, change_to_json
from livingmap.core.progress import Progress
from livingmap.core.source import Layer, Source
from livingmap.core.types import Status, Type
from livingmap.problems.in_words import what_is_wrong
from livingmap.problems.of_network import Collisions, Troubles
from livingmap.sources.settings import SourceSettings
from livingmap.state.projector import Projector

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
PUMP = Type(
    "pump",
    ("water", "pumps"),
    label={"en": "Pump"},
    status="valve",
    statuses={"stuck": Status("bad", {"en": "stuck", "uk": "заклинило"}), "leaking": Status("warn")},
)
SOURCE = Source("water", "water-service", SourceSettings, (Layer("water", "pumps"),), types=(PUMP,))


@pytest.fixture
def water():
    fold = Fold([SOURCE])
    projector, troubles = Projector(fold, Progress(Position("e", 0))), Troubles(fold.scene, lambda: NOON)
    projector.add(troubles)
    projector.keep(troubles)
    return SimpleNamespace(projector=projector, troubles=troubles, scene=fold.scene, seq=0)


def put(entity_id, **fields):
    return Put("water", entity_id, fields, collection="pumps")


def poll(water, minute, *changes):
    """Fold a poll that finds ``changes`` at a minute after noon."""
    water.seq += 1
    payload = {"source": "water", "since": water.seq - 1, "changes": [change_to_json(one) for one in changes]}
    at = NOON + timedelta(minutes=minute)
    water.projector.take(Event(Position("e", water.seq), REFRESHED, payload, at))


def shown(water, scene=None):
    """Return what is wrong: code, entity, severity, and since which minute."""
    return [
        (one.kind.code, one.subject, one.severity, (one.since - NOON).seconds // 60)
        for one in water.troubles.find(scene or water.scene)
    ]


def test_a_thing_is_in_trouble_since_the_entry_that_said_so_first(water):
    poll(water, 1, put("pump:a", valve="open"), put("pump:b", valve="stuck"))
    poll(water, 2, put("pump:a", valve="leaking"))
    poll(water, 3, put("pump:a", litres=4))
    assert shown(water) == [
        ("entity_in_trouble", "pump:b", "critical", 1),
        ("entity_in_trouble", "pump:a", "warning", 2),
    ]


def test_what_was_in_trouble_when_it_was_first_seen_may_have_been_before(water):
    poll(water, 1, put("pump:a", valve="stuck"), put("pump:b", valve="open"), put("pump:d", litres=1))
    poll(water, 2, put("pump:b", valve="stuck"), put("pump:c", valve="stuck"), put("pump:d", valve="stuck"))
    poll(water, 3, put("pump:a", valve="leaking"))
    expected = {"pump:a": True, "pump:b": False, "pump:c": True, "pump:d": True}
    assert {one.subject: one.at_least for one in water.troubles.find(water.scene)} == expected
    water.projector.restore(dict(water.projector.states()))
    assert {one.subject: one.at_least for one in water.troubles.find(water.scene)} == expected


def test_one_that_grows_worse_is_in_the_same_trouble(water):
    poll(water, 1, put("pump:a", valve="leaking"))
    poll(water, 2, put("pump:a", valve="stuck"))
    assert shown(water) == [("entity_in_trouble", "pump:a", "critical", 1)]


def test_one_that_recovers_or_goes_is_no_problem(water):
    poll(water, 1, put("pump:a", valve="stuck"), put("pump:b", valve="stuck"))
    poll(water, 2, put("pump:a", valve="open"), Drop("water", "pump:b", "pumps"))
    assert shown(water) == []
    poll(water, 3, put("pump:a", valve="stuck"))
    assert shown(water) == [("entity_in_trouble", "pump:a", "critical", 3)]


def test_status_alerts_and_load_are_problems_of_their_own(water):
    alerts = [{"severity": "info", "message": "hello"}, {"severity": "critical", "message": "it drips"}]
    poll(water, 1, put("pump:a", valve="leaking", alerts=alerts, metrics={"cpu": 0.97}))
    words = [what_is_wrong(one, water.scene, "en") for one in water.troubles.find(water.scene)]
    assert words == ["a is leaking", "a: it drips", "a is overloaded: 97% in use"]


def test_a_status_is_called_what_its_type_calls_it(water):
    poll(water, 1, put("pump:a", valve="stuck", name="Помпа"))
    [one] = water.troubles.find(water.scene)
    assert what_is_wrong(one, water.scene, "uk") == "Помпа: заклинило"


def test_a_checkpoint_has_since_when(water):
    poll(water, 1, put("pump:a", valve="stuck"))
    states = dict(water.projector.states())
    poll(water, 2, put("pump:a", valve="open"))
    poll(water, 3, put("pump:b", valve="stuck"))
    water.projector.restore(states)
    assert shown(water) == [("entity_in_trouble", "pump:a", "critical", 1)]


def test_a_checkpoint_of_an_older_version_leaves_the_time_open(water):
    poll(water, 1, put("pump:a", valve="stuck"))
    states = {name: state for name, state in water.projector.states() if name != "troubles"}
    water.projector.restore(states)
    assert shown(water) == [("entity_in_trouble", "pump:a", "critical", 1)]  # the last entry that was read


def test_other_sources_may_judge_otherwise(water):
    poll(water, 1, put("pump:a", valve="stuck"))
    harmless = Source("water", "water-service", SourceSettings, (Layer("water", "pumps"),))
    water.scene.replace_sources([harmless], {})
    poll(water, 2, put("pump:b", valve="stuck"))
    assert shown(water) == []


def test_readers_get_problems_of_what_they_are_shown(water):
    poll(water, 1, put("pump:a", valve="stuck"), put("pump:b", valve="stuck"))
    rules = [ItemRule(types=("pump",), field="id", type="pump")]
    rights = Rights(grants=(frozenset({"pump:b"}),), reports=False)
    filtered = FilteredScene(water.scene, Mentions(water.scene, ()), rights, rules, ())
    assert shown(water, filtered) == [("entity_in_trouble", "pump:b", "critical", 1)]


def test_an_id_that_two_things_claim_is_a_problem_of_both():
    layer = Layer("water", "pumps")
    fold = Fold([Source(name, name, SourceSettings, (layer,)) for name in ("red", "blue")])
    projector = Projector(fold, Progress(Position("e", 0)))
    for seq, (source, key) in enumerate((("red", "1"), ("blue", "2")), 1):
        claimed = Put("water", f"pump:{key}", {}, collection="pumps", aliases=("pump:oak",))
        payload = {"source": source, "since": 0, "changes": [change_to_json(claimed)]}
        projector.take(Event(Position("e", seq), REFRESHED, payload, NOON))
    [one] = Collisions(fold.scene).find(NOON)
    assert what_is_wrong(one, fold.scene, "en") == "2 things claim the id pump:oak"
    assert (set(one.entity_ids), one.layers) == ({"pump:1", "pump:2"}, ("water",))
