"""Polls, events and drops of one source: what wins over what, and how much is remembered."""

import json
from dataclasses import replace

import pytest

from livingmap.core.model import Drop, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source

OPEN = frozenset({"open", "waiting"})
AGENTS = Source(
    "agents",
    "s",
    object,
    (Layer("agents"), Layer("agents", "rooms"), Layer("agents", "motions", superseded={"state": OPEN})),
)
USAGE = Source("usage", "s", object, (Layer("agents", decorates=True),))


class Map:
    """A scene whose events and polls say at which position they come."""

    def __init__(self):
        self.scene = Scene([AGENTS, USAGE])

    def event(self, seq, *changes, source="agents"):
        return self.scene.apply(source, changes, seq)

    def poll(self, seq, *changes, from_seq, source="agents"):
        return self.scene.apply(source, changes, seq, from_seq)

    def items(self):
        return dict(self.scene.items("agents", "items"))

    def kept(self):
        """The same map after a restart from its checkpoint."""
        other = Map()
        other.scene.restore(json.loads(json.dumps(dict(self.scene.states()))))
        return other


@pytest.fixture(params=["going on", "restored"])
def again(request):
    """Every promise holds across a restart, too."""
    return Map.kept if request.param == "restored" else lambda made: made


def agent(name="sofia", creates=True, unset=(), aliases=(), **fields):
    return Put("agents", f"agent:{name}", fields, unset, "items", aliases, creates)


def test_a_poll_leaves_what_it_could_not_ask_for_as_it_was(again):
    made = Map()
    made.poll(1, agent(status="idle", mood="calm"), from_seq=0)
    made = again(made)
    answer = replace(agent(status="idle"), unknown=("mood",))
    part = made.scene.part("agents")
    assert part.difference(("agents", "items"), answer) is None
    assert part.difference(("agents", "items"), replace(answer, set={"mood": "glad"})) == agent(
        unset=("status",), mood="glad"
    )


# a late poll


def test_a_poll_that_began_before_an_event_does_not_undo_it(again):
    made = Map()
    made.poll(1, agent(status="idle", mood="calm"), from_seq=0)
    made.event(5, agent(status="busy"))
    made = again(made)
    assert made.poll(6, agent(status="idle", mood="glad"), from_seq=4) == [agent(mood="glad")]
    assert made.poll(7, agent(status="idle"), from_seq=5) == [agent(status="idle")]


def motion(**fields):
    return Put("agents", "motion:1", fields, (), "motions")


def motions(made):
    return dict(made.scene.items("agents", "motions"))["motion:1"]


def test_a_poll_does_not_bring_back_what_an_event_ended(again):
    made = Map()
    made.poll(1, motion(state="open", votes=2), from_seq=0)
    made.event(5, motion(state="passed"))
    made = again(made)
    stale = motion(state="open", votes=3)
    assert made.scene.part("agents").difference(("agents", "motions"), stale) == motion(votes=3)
    assert made.poll(6, stale, from_seq=5) == [motion(votes=3)]
    assert motions(made) == {"state": "passed", "votes": 3}
    assert made.scene.part("agents").difference(("agents", "motions"), stale) is None


def test_a_poll_that_says_something_new_is_believed_after_an_event(again):
    made = Map()
    made.event(5, motion(state="waiting"))
    made = again(made)
    for seq, state in ((6, "open"), (7, "passed"), (8, "executed")):
        assert made.poll(seq, motion(state=state), from_seq=seq - 1) == [motion(state=state)]


def test_a_poll_takes_back_what_only_polls_ended():
    made = Map()
    for seq, state in ((1, "passed"), (2, "open")):
        made.poll(seq, motion(state=state), from_seq=seq - 1)
    assert motions(made) == {"state": "open"}


def test_an_event_brings_back_what_an_event_ended():
    made = Map()
    for seq, state in ((1, "open"), (2, "passed"), (3, "open")):
        made.event(seq, motion(state=state))
    assert motions(made) == {"state": "open"}
    assert made.poll(4, motion(state="waiting"), from_seq=3) == [motion(state="waiting")]


@pytest.mark.parametrize("value", [None, 7, ["open"], {"open": 1}])
def test_a_value_that_is_no_text_is_never_superseded(value):
    made = Map()
    made.event(1, motion(state="passed"))
    made.poll(2, motion(state=value), from_seq=1)
    assert motions(made) == {"state": value}


def test_a_late_poll_does_not_delete_a_field_that_a_newer_event_set(again):
    made = Map()
    made.poll(1, agent(status="idle", mood="calm"), from_seq=0)
    made.event(5, agent(status="busy"))
    made = again(made)
    assert made.poll(6, agent(unset=("status", "mood")), from_seq=4) == [agent(unset=("mood",))]
    assert made.items() == {"agent:sofia": {"status": "busy"}}
    assert made.poll(7, agent(unset=("status",)), from_seq=5) == [agent(unset=("status",))]


def test_a_late_poll_does_not_bring_back_a_field_that_a_newer_event_unset(again):
    made = Map()
    made.poll(1, agent(status="idle"), from_seq=0)
    made.event(5, agent(unset=("status",)))
    made = again(made)
    assert made.poll(6, agent(status="idle"), from_seq=4) == []
    assert made.poll(7, agent(status="idle"), from_seq=5) == [agent(status="idle")]


def test_a_late_poll_does_not_delete_an_item_that_a_newer_event_changed(again):
    made = Map()
    made.poll(1, agent(status="idle", mood="calm"), from_seq=0)
    made.event(3, agent(mood="glad"))
    made.event(5, agent(status="busy"))
    made = again(made)
    assert made.poll(6, Drop("agents", "agent:sofia"), from_seq=4) == []
    assert made.poll(7, Drop("agents", "agent:sofia"), from_seq=5) == [Drop("agents", "agent:sofia")]


def test_a_late_poll_does_not_bring_back_an_item_that_a_newer_event_dropped(again):
    made = Map()
    made.poll(1, agent(status="idle"), from_seq=0)
    made.event(5, Drop("agents", "agent:sofia"))
    made = again(made)
    assert made.poll(6, agent(status="idle"), from_seq=4) == []
    assert made.items() == {}
    assert made.poll(7, agent(status="idle"), from_seq=5) == [agent(status="idle")]


def test_a_late_poll_does_not_undo_a_total_that_a_newer_event_set(again):
    made = Map()
    made.poll(1, Total("agents", {"users": 1, "rooms": 1}), from_seq=0)
    made.event(5, Total("agents", {"users": 2}))
    made = again(made)
    assert made.poll(6, Total("agents", {"users": 1, "rooms": 3}), from_seq=4) == [Total("agents", {"rooms": 3})]
    assert made.poll(7, Total("agents", {"users": 1}), from_seq=5) == [Total("agents", {"users": 1})]


def test_a_poll_lists_what_differs_from_what_polls_said(again):
    made = Map()
    made.poll(1, agent(status="idle", mood="calm"), from_seq=0)
    made.event(2, agent(status="busy", seen=1))
    part = again(made).scene.part("agents")
    key = ("agents", "items")
    assert part.difference(key, agent(status="busy", mood="calm")) is None
    assert part.difference(key, agent(status="busy", mood="calm", seen=1)) == agent(seen=1)
    assert part.difference(key, agent(status="idle")) == agent(status="idle", unset=("mood",))
    assert part.difference(key, agent(aliases=("agent:7f",), status="busy", mood="calm")) == agent(
        aliases=("agent:7f",)
    )
    assert part.difference(key, agent(creates=False, aliases=("agent:7f",), status="busy", mood="calm")) is None
    assert part.difference(key, agent("new")) == agent("new")
    assert part.difference(key, Total("agents", {"users": 1})) == Total("agents", {"users": 1})
    assert part.difference(key, Total("agents")) == Total("agents")
    made.poll(3, Total("agents", {"users": 1, "rooms": 2}), from_seq=2)
    part = again(made).scene.part("agents")
    assert part.difference(key, Total("agents", {"users": 1})) is None
    assert part.difference(key, Total("agents", {"users": 1, "rooms": 3})) == Total("agents", {"rooms": 3})


def test_a_poll_drops_what_it_does_not_list(again):
    made = Map()
    made.poll(1, agent("polled", status="idle"), agent("listed", status="idle"), from_seq=0)
    made.event(2, agent("created", status="idle"), agent("elsewhere", creates=False, mood="calm"))
    part, key = again(made).scene.part("agents"), ("agents", "items")
    listed, shown = {"agent:listed"}, {"agent:elsewhere"}
    assert part.missing(key, listed, shown) == [Drop("agents", "agent:polled"), Drop("agents", "agent:created")]
    assert part.missing(key, listed, shown, complete=False) == [Drop("agents", "agent:polled")]
    assert part.missing(key, listed)[2:] == [Drop("agents", "agent:elsewhere")]
    assert part.missing(("agents", "rooms"), listed) == part.missing(("no", "where"), listed) == []
    made.poll(3, Put("agents", "agent:room", {"size": 1}, collection="rooms"), from_seq=2)
    assert again(made).scene.part("agents").missing(("agents", "rooms"), listed) == [
        Drop("agents", "agent:room", "rooms")
    ]
    assert (part.polled_count(key), part.polled_count(("no", "where"))) == (2, 0)


# aliases


def test_an_early_event_by_alias_wins_over_the_poll_that_began_before_it(again):
    made = Map()
    made.event(5, agent("7f", creates=False, status="busy"))
    made = again(made)
    made.poll(6, agent(status="idle", mood="calm", aliases=("agent:7f",)), from_seq=3)
    assert made.items() == {"agent:sofia": {"status": "busy", "mood": "calm"}}


def test_an_early_event_by_alias_does_not_freeze_a_field(again):
    made = Map()
    made.event(5, agent("7f", creates=False, status="busy"))
    made.poll(6, agent(status="idle", aliases=("agent:7f",)), from_seq=3)
    made = again(made)
    made.poll(8, agent(status="idle", aliases=("agent:7f",)), from_seq=7)
    assert made.items() == {"agent:sofia": {"status": "idle"}}
    made.poll(10, agent(unset=("status",), aliases=("agent:7f",)), from_seq=9)
    assert made.items() == {"agent:sofia": {}}


@pytest.mark.parametrize("from_seq", [5, 7])
def test_an_early_event_by_alias_loses_to_a_poll_that_began_after_it(again, from_seq):
    made = Map()
    made.event(5, agent("7f", creates=False, status="busy"))
    made = again(made)
    made.poll(8, agent(status="idle", aliases=("agent:7f",)), from_seq=from_seq)
    assert made.items() == {"agent:sofia": {"status": "idle"}}


def test_an_early_event_by_alias_loses_to_a_newer_event(again):
    made = Map()
    made.event(5, agent("7f", creates=False, status="busy", mood="calm"))
    made = again(made)
    made.event(6, agent(status="idle", aliases=("agent:7f",)))
    assert made.items() == {"agent:sofia": {"status": "idle", "mood": "calm"}}


def test_early_events_by_any_of_several_aliases_are_taken(again):
    made = Map()
    made.event(4, agent("sofia", creates=False, zone="a"), agent("9f", creates=False, mood="calm"))
    made.event(5, agent("8f", creates=False, status="busy"))
    made = again(made)
    made.poll(6, agent(aliases=("agent:7f", "agent:8f", "agent:sofia", "agent:9f")), from_seq=3)
    assert made.items() == {"agent:sofia": {"zone": "a", "status": "busy", "mood": "calm"}}
    assert [entity_id for entity_id, _ in again(made).scene.part("agents").items("agents")] == ["agent:sofia"]


def test_an_item_of_which_events_only_spoke_is_there_once_one_creates_it(again):
    made = Map()
    made.event(1, agent(creates=False, status="busy"))
    made = again(made)
    assert made.items() == {}
    assert made.event(2, agent(mood="calm")) == [agent(status="busy", mood="calm")]


def test_what_a_poll_said_early_of_an_alias_is_taken_where_nothing_else_is_said(again):
    made = Map()
    made.poll(1, agent("7f", creates=False, status="busy", mood="calm"), from_seq=0)
    made = again(made)
    made.poll(2, agent(status="idle", aliases=("agent:7f",)), from_seq=1)
    assert made.items() == {"agent:sofia": {"status": "idle", "mood": "calm"}}


def test_an_early_event_by_alias_is_kept_once(again):
    made = Map()
    made.event(5, agent("7f", creates=False, status="busy"))
    made.poll(6, agent(aliases=("agent:7f",)), from_seq=3)
    part = again(made).scene.part("agents")
    assert list(part.items("agents")) == [("agent:sofia", {"status": "busy"})]
    assert list(part.items("nowhere")) == []
    assert part.get("agents", "agent:7f") == {"status": "busy"}
    assert (part.count("agents"), part.count("agents", "rooms"), part.count("nowhere")) == (1, 0, 0)
    assert part.state()["loose"] == []


def test_a_drop_of_an_alias_drops_the_item_and_what_was_said_of_each_id(again):
    made = Map()
    made.poll(1, agent(status="idle", aliases=("agent:7f",)), from_seq=0)
    made.event(2, agent("7f", creates=False, mood="calm"))
    made = again(made)
    assert made.event(5, Drop("agents", "agent:7f")) == [Drop("agents", "agent:sofia")]
    assert list(made.scene.part("agents").items("agents")) == []
    assert made.scene.resolve("agent:7f") == "agent:7f"
    assert made.poll(6, agent(status="idle", aliases=("agent:7f",)), from_seq=4) == []


def test_a_poll_means_what_it_drops_literally():
    made = Map()
    made.poll(1, agent(status="idle", aliases=("agent:7f",)), from_seq=0)
    assert made.poll(2, Drop("agents", "agent:7f"), from_seq=1) == []
    assert made.items() == {"agent:sofia": {"status": "idle"}}


def test_a_poll_replaces_the_aliases_and_an_event_without_any_keeps_them(again):
    made = Map()
    made.poll(1, agent(status="idle", aliases=("agent:7f", "agent:8f")), from_seq=0)
    made.event(2, agent(status="busy"))
    made = again(made)
    assert [made.scene.resolve(f"agent:{name}") for name in ("7f", "8f")] == ["agent:sofia", "agent:sofia"]
    made.poll(3, agent(status="busy", aliases=("agent:8f",)), from_seq=2)
    assert [made.scene.resolve(f"agent:{name}") for name in ("7f", "8f")] == ["agent:7f", "agent:sofia"]
    made.event(4, agent(aliases=("agent:9f",)))
    assert [made.scene.resolve(f"agent:{name}") for name in ("8f", "9f")] == ["agent:8f", "agent:sofia"]


def test_a_source_that_only_decorates_declares_no_aliases():
    made = Map()
    made.poll(1, agent(status="idle"), from_seq=0)
    made.poll(2, agent(tokens=1, aliases=("agent:7f",)), from_seq=1, source="usage")
    assert made.scene.resolve("agent:7f") == "agent:7f"
    assert made.items() == {"agent:sofia": {"status": "idle", "tokens": 1}}


def test_an_alias_of_another_source_does_not_change_what_a_handler_reads():
    made = Map()
    made.event(1, agent("7f", creates=False, tokens=1), source="usage")
    made.poll(2, agent(status="idle", aliases=("agent:7f",)), from_seq=0)
    part = made.scene.part("usage")
    assert (part.get("agents", "agent:7f"), part.get("agents", "agent:sofia")) == ({"tokens": 1}, None)
    assert made.items() == {"agent:sofia": {"status": "idle", "tokens": 1}}


def test_an_item_that_the_source_lists_is_not_the_one_that_claims_its_id(again):
    made = Map()
    made.poll(1, agent("a", n=1, aliases=("agent:b",)), agent("b", n=2), from_seq=0)
    made = again(made)
    part = made.scene.part("agents")
    assert [part.get("agents", f"agent:{name}") for name in "abc"] == [{"n": 1}, {"n": 2}, None]
    assert made.event(2, agent("b", creates=False, n=3)) == [agent("b", n=3)]
    made.event(3, Drop("agents", "agent:b"))
    assert made.scene.part("agents").get("agents", "agent:b") == {"n": 1}


def test_a_poll_without_aliases_takes_them_back_and_an_event_may_bring_namespaces_alone(again):
    made = Map()
    made.poll(1, agent(status="idle", aliases=("agent:7f",)), from_seq=0)
    made = again(made)
    made.poll(2, agent(status="idle"), from_seq=1)
    assert made.scene.resolve("agent:7f") == "agent:7f"
    made.event(3, replace(agent(status="idle"), namespaces={"agent:sofia": "slug"}))
    assert made.scene.named("agent:sofia", "slug") == "agent:sofia"


def test_what_an_event_said_early_is_taken_by_whichever_alias_it_came(again):
    made = Map()
    made.event(1, agent("2", creates=False, status="busy"))
    made = again(made)
    made.poll(2, agent(name="sofia", aliases=("agent:1", "agent:2", "agent:3")), from_seq=0)
    assert made.items() == {"agent:sofia": {"status": "busy"}}


def test_the_layers_that_a_part_fills_are_those_of_its_items_and_totals():
    made = Map()
    made.event(1, agent(tokens=1), Total("usage", {"tokens": 1}), source="usage")
    assert made.scene.part("usage").filled_layers() == {"usage"}
    made.event(2, Put("agents", "room:1", {}, collection="rooms"), Total("city", {"sky": "grey"}))
    assert made.scene.part("agents").filled_layers() == {"agents", "city"}


def test_a_change_says_what_it_replaces_and_whether_the_item_was_there():
    made = Map()
    [first] = made.event(1, agent(status="idle", tokens=1))
    [second] = made.event(2, agent(status="busy", unset=("tokens",)))
    [drop] = made.event(3, Drop("agents", "agent:sofia"))
    assert [(one.came, one.was) for one in (first, second)] == [
        (True, {}),
        (False, {"status": "idle", "tokens": 1}),
    ]
    assert drop.was == {"status": "busy"}


# bounds


def loose(number):
    return agent(f"n{number}", creates=False, tokens=number)


def test_only_so_many_records_of_items_that_others_list_are_kept(monkeypatch, again):
    monkeypatch.setattr("livingmap.core.part.MOST_LOOSE", 3)
    made = Map()
    made.event(1, *map(loose, range(3)), source="usage")
    made = again(made)
    assert made.scene.part("usage").count("agents") == 3
    made.event(2, loose(0), loose(3), source="usage")
    assert [entity_id for entity_id, _ in made.scene.part("usage").items("agents")] == [
        "agent:n1",
        "agent:n2",
        "agent:n3",
    ]


def test_an_item_shows_no_more_of_a_record_that_is_not_kept(monkeypatch, again):
    monkeypatch.setattr("livingmap.core.part.MOST_LOOSE", 1)
    made = Map()
    made.event(1, agent("n0", mood="calm"))
    made.event(2, loose(0), source="usage")
    made = again(made)
    assert made.items() == {"agent:n0": {"mood": "calm", "tokens": 0}}
    made.event(3, loose(1), source="usage")
    assert again(made).items() == made.items() == {"agent:n0": {"mood": "calm"}}


def test_what_a_poll_confirms_or_a_drop_removes_is_not_among_them(monkeypatch, again):
    monkeypatch.setattr("livingmap.core.part.MOST_LOOSE", 2)
    made = Map()
    made.event(1, loose(0), loose(1), source="usage")
    made.poll(2, loose(0), from_seq=1, source="usage")
    made.event(3, Drop("agents", "agent:n1"), source="usage")
    made = again(made)
    assert made.scene.part("usage").state()["loose"] == []
    made.event(4, loose(2), loose(3), source="usage")
    assert made.scene.part("usage").count("agents") == 3


def test_only_so_many_drops_are_remembered(monkeypatch, again):
    monkeypatch.setattr("livingmap.core.part.MOST_DROPS", 2)
    made = Map()
    made.event(1, Drop("agents", "agent:a"))
    made.event(2, Drop("agents", "agent:b"))
    made = again(made)
    made.event(3, Drop("agents", "agent:a"), Drop("agents", "agent:c"))
    made.poll(4, agent("a"), agent("b"), agent("c"), from_seq=0)
    assert made.items() == {"agent:b": {}}


def test_drops_are_forgotten_when_a_poll_begins_after_them(again):
    made = Map()
    made.event(1, Drop("agents", "agent:a"))
    made.event(3, Drop("agents", "agent:b"))
    made.poll(4, from_seq=1)
    assert again(made).scene.part("agents").state()["dropped"] == [["agents", "items", "agent:b", 3]]


def test_the_revision_grows_with_every_event_and_with_no_poll():
    made = Map()
    part, revisions = made.scene.part("agents"), []
    for seq in (1, 2, 3):
        made.event(seq, agent(status="idle"))
        revisions.append(part.revision)
        made.poll(seq, agent(status="idle"), from_seq=seq)
        assert part.revision == revisions[-1]
    assert revisions == sorted(set(revisions))
