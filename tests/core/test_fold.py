"""What the fold accepts from handlers and polls, and what it says about it."""

from copy import copy, deepcopy
from dataclasses import replace
from itertools import count

import pytest

from livingmap.core.calls import Calls
from livingmap.core.fold import (
    DOWN,
    RECALLED,
    REFRESHED,
    RESUMED,
    SET_ASIDE,
    TOUCHED,
    Fault,
    Fold,
    Folded,
    recalled,
    refreshed,
)
from livingmap.core.layers import layer
from livingmap.core.model import Drop, Event, Message, Position, Put, Total
from livingmap.core.redaction import Redaction
from livingmap.core.same_as import SameAs
from livingmap.core.source import Layer, Source
from livingmap.log.local import utc_now

NOW = utc_now()


def event(event_type, seq=1, **payload):
    return Event(Position("e", seq), event_type, payload, NOW)


def source(name, answer, *layers):
    return Source(name, name, object, layers or (Layer("agents"),), {"agent.*": lambda event, part: answer})


SOFIA = Put("agents", "agent:sofia", {"name": "Sofia"})


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (Put("city", "city:a"), "city.items"),
        (Put("agents", "agent:a", collection="rooms"), "agents.rooms"),
        (Put("city", "city:a", creates=False), "city.items"),
        (Drop("city", "city:a"), "city.items"),
        (Total("city", {"users": 1}), "city"),
    ],
)
def test_a_handler_may_not_touch_a_layer_that_its_source_does_not_declare(change, where):
    fold = Fold([source("agents", [SOFIA, change]), source("city", [replace(SOFIA, set={"mood": "calm"})])])
    message = event("agent.x")
    assert fold.apply(message) == Folded(
        message,
        (Put("agents", "agent:sofia", {"mood": "calm"}),),
        (Fault("agents", message, f"ValueError: changed {where}, which its Source does not declare as a layer"),),
        ("agents", "city"),
    )
    assert fold.scene.layers() == {"agents": ["items"]}


def test_a_handler_may_touch_every_collection_and_total_that_its_source_declares():
    changes = [SOFIA, Put("city", "city:a", collection="rooms"), Total("city", {"users": 1}), Total("agents")]
    fold = Fold([source("agents", changes, Layer("agents"), Layer("city", "rooms"))])
    folded = fold.apply(event("agent.x"))
    assert (folded.faults, len(folded.changes)) == ((), 3)


def test_a_change_that_cannot_be_sent_is_a_fault():
    fold = Fold([source("agents", [replace(SOFIA, set={"load": float("inf")})])])
    (fault,) = fold.apply(event("agent.x")).faults
    assert fault.error == "ValueError: load: inf is not a JSON number"
    assert fold.scene.items("agents", "items") == {}


class Panic(BaseException):
    """What a panic of a library in Rust is."""


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), Panic("rust"), KeyError("id"), RecursionError("deep")], ids=repr
)
def test_a_handler_that_raises_harms_only_itself(error):
    def on_event(event, part):
        raise error

    bad = replace(source("agents", []), handlers={"agent.*": on_event})
    folded = Fold([bad, source("city", [SOFIA])]).apply(event("agent.x"))
    assert folded.changes == (SOFIA,)
    assert [(fault.source, fault.error) for fault in folded.faults] == [
        ("agents", f"{type(error).__name__}: {error}")
    ]
    (fault,) = folded.faults
    assert (fault.route, fault.raised) == (("agents", "agent.*", on_event), error)


def test_a_handler_may_return_only_so_many_changes_for_one_event(monkeypatch):
    monkeypatch.setattr("livingmap.core.fold.MOST_CHANGES", 3)
    fold = Fold([source("agents", (replace(SOFIA, set={"n": n}) for n in count()))])
    (fault,) = fold.apply(event("agent.x")).faults
    assert fault.error == "ValueError: returned more than 3 changes for one event"
    assert fold.scene.items("agents", "items") == {}
    assert Fold([source("agents", [SOFIA] * 3)]).apply(event("agent.x")).faults == ()
    assert len(Fold([source("agents", [SOFIA] * 4)]).apply(event("agent.x")).faults) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, "returned None; a handler returns a list of changes, [] for none"),
        ("ab", "returned 'a' among its changes; they are Put, Drop and Total"),
        ([SOFIA, {"id": 1}], "returned {'id': 1} among its changes; they are Put, Drop and Total"),
    ],
)
def test_what_is_not_a_list_of_changes_is_a_fault_that_says_so(answer, error):
    (fault,) = Fold([source("agents", answer)]).apply(event("agent.x")).faults
    assert fault.error == f"TypeError: {error}"


def test_a_field_called_id_is_a_fault_and_never_replaces_the_items_id():
    fold = Fold([source("agents", [replace(SOFIA, set={"id": "7f3c"})])])
    (fault,) = fold.apply(event("agent.x")).faults
    assert fault.error.startswith("ValueError: a field called id would replace the item's own")
    assert fold.scene.items("agents", "items") == {}
    own = Fold([source("agents", [replace(SOFIA, set={"id": SOFIA.id, "name": "Sofia"})])])
    assert own.apply(event("agent.x")).changes == (SOFIA,)


def test_an_older_poll_with_a_field_called_id_is_folded_without_it():
    fold = Fold([source("agents", [])])
    poll = refreshed("agents", 0, [replace(SOFIA, set={"id": "7f3c", "name": "Sofia"})])
    folded = fold.apply(event(poll.type, **poll.payload))
    assert folded.changes[0] == SOFIA
    assert layer(fold.scene, "agents")["items"] == [{"id": "agent:sofia", "name": "Sofia"}]


CHANGED = {
    "a field": lambda payload: payload.update(name="other"),
    "a new field": lambda payload: payload.setdefault("more", 1),
    "a nested field": lambda payload: payload["agent"].pop("id"),
    "a nested list": lambda payload: payload["tags"].append("x"),
    "a list in a list": lambda payload: payload["pairs"][0].sort(),
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_a_handler_cannot_change_what_the_others_and_the_history_read(change):
    def on_event(event, part):
        change(event.payload)

    payload = {"name": "x", "agent": {"id": "sofia"}, "tags": ["a"], "pairs": [[2, 1]]}
    before = deepcopy(payload)
    bad = replace(source("agents", []), handlers={"agent.*": on_event})
    copied = replace(source("city", []), handlers={"agent.*": lambda event, part: [on_copy(event.payload)]})
    folded = Fold([bad, copied]).apply(event("agent.x", **payload))
    (fault,) = folded.faults
    assert fault.error.startswith("TypeError: an event's payload is read-only")
    assert folded.event.payload == payload == before
    assert [change.set for change in folded.changes] == [{"pairs": [[1, 2]], "name": "x"}]


def on_copy(payload):
    """Change a copy of ``payload``, which a handler may."""
    mine = deepcopy(payload)
    mine["pairs"][0].sort()
    return Put("agents", "agent:sofia", {"pairs": mine.pop("pairs"), "name": copy(payload).pop("name")})


@pytest.mark.parametrize("payload", [{"since": "x"}, {"changes": [{"op": "no"}]}, {"changes": None}])
def test_a_poll_that_cannot_be_folded_is_a_fault_of_its_source(payload):
    fold = Fold([source("agents", [])])
    poll = event(REFRESHED, **{"source": "agents", "since": 0, "changes": [], **payload})
    revision = fold.scene.part("agents").revision
    folded = fold.apply(poll)
    (fault,) = folded.faults
    assert folded == Folded(poll, faults=(Fault("agents", poll, fault.error),), sources=("agents",))
    assert fault.error.partition(":")[0] in ("ValueError", "TypeError")
    revisions = [revision, fold.scene.part("agents").revision]
    fold.apply(replace(poll, position=Position("e", 2)))
    assert revisions[0] < revisions[1] < fold.scene.part("agents").revision


def test_a_poll_is_an_entry_with_the_position_at_which_it_began():
    assert refreshed(
        "agents", 7, [SOFIA, Drop("agents", "agent:a"), Total("agents", {"n": 1}, ("m",))]
    ) == Message(
        REFRESHED,
        {
            "source": "agents",
            "since": 7,
            "changes": [
                {
                    "op": "put",
                    "layer": "agents",
                    "collection": "items",
                    "id": "agent:sofia",
                    "set": {"name": "Sofia"},
                    "unset": [],
                },
                {"op": "drop", "layer": "agents", "collection": "items", "id": "agent:a"},
                {"op": "total", "layer": "agents", "set": {"n": 1}, "unset": ["m"]},
            ],
        },
    )


def test_of_a_poll_the_public_payload_says_how_much_changed():
    fold = Fold([source("agents", [])])
    message = refreshed("agents", 0, [SOFIA, SOFIA])
    folded = fold.apply(event(message.type, 3, **message.payload))
    assert folded.public_payload == {"source": "agents", "changed": 2}
    assert folded.event.payload == {"source": "agents", "changed": 2, "fields": ["name"]}
    assert folded.event.position == Position("e", 3)
    assert (folded.changes, folded.faults, folded.sources) == ((SOFIA,), (), ("agents",))
    assert fold.apply(event(DOWN, 4, source="agents")).public_payload == {"source": "agents"}


def test_redacted_fields_reach_neither_scene_nor_payload():
    put = replace(SOFIA, set={"name": "Sofia", "email": "s@example.org", "secret": "x"})
    fold = Fold([source("agents", [put])], Redaction(["agents.*.email"]))
    folded = fold.apply(event("agent.x", email="s@example.org", name="Sofia"))
    assert folded.changes == (SOFIA,)
    assert folded.public_payload == {"name": "Sofia"}
    message = refreshed("agents", 1, [replace(put, set={**put.set, "mood": "calm"})])
    assert fold.apply(event(message.type, 2, **message.payload)).changes == (
        Put("agents", "agent:sofia", {"mood": "calm"}),
    )


def test_a_copy_does_not_bring_back_what_a_rule_removes():
    layers = (
        Layer("agents"),
        Layer("space", "nodes", copies={"status": ("agents", "items"), "name": ("agents", "items")}),
    )
    shown = Put("space", "agent:sofia", {"place": "x"}, collection="nodes")
    put = replace(SOFIA, set={"name": "Sofia", "status": "online"})
    fold = Fold([replace(source("agents", [put, shown]), layers=layers)], Redaction(["space.*.status"]))
    folded = fold.apply(event("agent.x"))
    assert folded.faults == ()
    assert fold.scene.items("space", "nodes") == {"agent:sofia": {"place": "x", "name": "Sofia"}}
    assert fold.scene.items("agents", "items")["agent:sofia"]["status"] == "online"


def test_a_payload_without_redacted_fields_is_the_messages_own():
    message = event("agent.x", name="Sofia")
    folded = Fold([source("agents", [])]).apply(message)
    assert folded.redacted is None
    assert folded.public_payload is message.payload


def test_a_late_poll_is_told_by_its_entry():
    fold = Fold([source("agents", [replace(SOFIA, set={"name": "new"})])])
    fold.apply(event("agent.x", 5))
    for seq, from_seq, name in ((6, 4, "new"), (7, 5, "Sofia")):
        message = refreshed("agents", from_seq, [SOFIA])
        fold.apply(event(message.type, seq, **message.payload))
        assert fold.scene.items("agents", "items") == {"agent:sofia": {"name": name}}


def test_each_handler_reads_its_own_part_and_all_changes_are_of_one_event():
    def on_event(event, part):
        return [Put("agents", "agent:sofia", {f"seen by {len(list(part.items('agents')))}": event.position.seq})]

    layers = (Layer("agents"),)
    fold = Fold([Source(name, name, object, layers, {"agent.*": on_event}) for name in ("one", "two")])
    fold.scene.apply("two", [SOFIA], 1)
    assert fold.apply(event("agent.x", 2)).changes == (
        Put("agents", "agent:sofia", {"seen by 0": 2}),
        Put("agents", "agent:sofia", {"seen by 1": 2}),
    )


def test_a_handler_gets_the_event_as_it_came():
    read = []
    message = replace(event("agent.x", 7, name="Sofia"), size=42)
    listening = replace(source("agents", []), handlers={"agent.*": lambda event, part: read.append(event) or []})
    assert Fold([listening]).apply(message).faults == ()
    assert (read, read[0].size) == ([message], 42)


def test_what_the_history_recalls_is_an_entry_that_counts_as_a_change_by_no_poll():
    fold = Fold([source("agents", [])])
    revisions = [fold.scene.part("agents").revision]
    for seq, from_seq in ((5, None), (6, 5)):
        message = recalled("agents", [replace(SOFIA, set={"n": seq})], from_seq)
        assert message.type == RECALLED
        assert (message.payload["source"], message.payload["since"]) == ("agents", from_seq)
        folded = fold.apply(event(message.type, seq, **message.payload))
        assert folded.changes == (replace(SOFIA, set={"n": seq}),)
        assert folded.public_payload == {"source": "agents", "changed": 1}
        revisions.append(fold.scene.part("agents").revision)
    assert revisions[0] < revisions[1] < revisions[2]


def test_a_trial_says_why_a_handler_would_not_take_an_event_and_folds_nothing():
    def on_event(event, part):
        event.payload["name"] = "other"

    writing = replace(source("space", []), handlers={"agent.*": on_event})
    fold, message = Fold([source("agents", [SOFIA]), source("city", None), writing]), event("agent.x", name="x")
    assert fold.trial("agents", message) is None
    assert fold.trial("city", message).startswith("TypeError: returned None; a handler returns a list")
    assert fold.trial("space", message).startswith("TypeError: an event's payload is read-only")
    assert fold.trial("city", event("weather.x")) is fold.trial("nobody", message) is None
    assert fold.scene.items("agents", "items") == {}


def test_a_handler_that_is_set_aside_gets_nothing_until_it_is_resumed():
    fold = Fold([source("agents", [SOFIA]), source("city", [replace(SOFIA, set={"mood": "calm"})])])
    aside = {"source": "agents", "handler": "agent.*"}
    assert fold.apply(event(SET_ASIDE, 1, **aside)).faults == ()
    assert fold.set_aside == {("agents", "agent.*")}
    message = event("agent.x", 2)
    folded = fold.apply(message)
    assert folded.faults == (Fault("agents", message, "its handler for agent.* is set aside"),)
    assert (folded.changes, folded.sources) == ((replace(SOFIA, set={"mood": "calm"}),), ("agents", "city"))
    fold.apply(event(RESUMED, 3, **aside))
    assert fold.set_aside == set()
    folded = fold.apply(event("agent.x", 4))
    assert (folded.changes, folded.faults) == ((SOFIA,), ())


def test_what_was_set_aside_stays_so_while_its_source_is_there():
    fold = Fold([source("agents", [SOFIA]), source("city", [])])
    fold.restore_set_aside([["agents", "agent.*"], ["city", "agent.*"], ["moon", "moon.*"]])
    assert fold.set_aside == {("agents", "agent.*"), ("city", "agent.*")}
    fold.replace_sources([source("agents", [SOFIA])])
    assert fold.set_aside == {("agents", "agent.*")}
    fold.apply(event(SET_ASIDE, source="moon", handler="moon.*"))
    assert fold.set_aside == {("agents", "agent.*")}


def test_whoever_watches_over_the_fold_sees_which_handler_it_is_in():
    calls, seen, message = Calls(), [], event("agent.x")

    def on_event(event, part):
        seen.append(calls.current)
        if len(seen) > 1:
            raise KeyError("id")
        return []

    fold = Fold([replace(source("agents", []), handlers={"agent.*": on_event})], calls=calls)
    for _ in range(2):
        fold.apply(message)
        assert calls.current is None
    assert seen == [(("agents", "agent.*", on_event), message)] * 2


def test_of_a_folded_poll_the_names_of_the_fields_stay_that_it_changed():
    fold = Fold([source("agents", [])])
    changes = [
        Put("agents", "agent:a", {"name": "A", "mood": "calm"}, ("zone",)),
        Put("agents", "agent:b", {"name": "B"}),
        Drop("agents", "agent:c"),
        Total("agents", {"all": 2}, ("age",)),
    ]
    message = refreshed("agents", 0, changes, TOUCHED)
    assert message.type == TOUCHED
    folded = fold.apply(replace(event(message.type, **message.payload), size=7))
    assert folded.event.payload == {
        "source": "agents",
        "changed": 4,
        "fields": ["age", "all", "mood", "name", "zone"],
    }
    assert folded.event.size == 7
    assert folded.public_payload == {"source": "agents", "changed": 4}


def test_of_a_poll_only_what_its_source_still_declares_is_taken():
    fold = Fold([source("agents", [], Layer("agents", "rooms"))])
    changes = [SOFIA, Total("city", {"n": 1}), Put("agents", "room:1", {"secret": 1, "n": 1}, collection="rooms")]
    message = refreshed("agents", 0, changes)
    folded = fold.apply(event(message.type, **message.payload))
    assert folded.faults == ()
    assert folded.changes == (Put("agents", "room:1", {"n": 1}, collection="rooms"),)


def test_what_a_change_of_sources_altered_comes_with_the_next_entry_before_its_own():
    fold = Fold([source("agents", [SOFIA]), source("city", [])])
    fold.apply(event("agent.x", 1))
    fold.replace_sources([replace(source("city", [Total("agents", {"n": 1})]), handlers={})])
    gone = Drop("agents", "agent:sofia")
    assert fold.apply(event("agent.x", 2)).changes == (gone,)
    assert fold.apply(event("agent.x", 3)).changes == ()
    assert fold.apply(event(DOWN, 4, source="agents")).sources == ()


def test_the_fold_shows_ids_that_are_joined_by_hand_as_one_thing():
    fold = Fold([source("agents", [SOFIA])], same_as=SameAs({"agent:sofia": "agent:7f"}))
    assert fold.apply(event("agent.x")).changes == (replace(SOFIA, id="agent:7f"),)


def test_what_several_changes_of_sources_altered_comes_with_one_entry():
    fold = Fold([source("agents", [SOFIA]), source("city", [Put("agents", "agent:a")])])
    fold.apply(event("agent.x", 1))
    fold.replace_sources([source("city", [])])
    fold.replace_sources([])
    assert fold.apply(event("agent.x", 2)).changes == (Drop("agents", "agent:sofia"), Drop("agents", "agent:a"))
