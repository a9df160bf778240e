"""Changes that the history kept, as readers with limited rights see them now."""

import json
import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import Phase, given, settings

from livingmap.access.event_filter import WITHHELD
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.past_changes import numbers_of, visible_changes
from livingmap.access.view import Rights
from livingmap.core.fold import REFRESHED, Fold
from livingmap.core.model import Drop, Position, Put, Total
from livingmap.core.reducer import reduce
from livingmap.core.source import Count, Source, Tally
from livingmap.core.types import Type
from livingmap.history import Entry, entry_of
from livingmap.history.changes import decoded, kept
from tests.access.chaos import RULES, SOURCES, TALLIES, BruteForce
from tests.access.small_map import HILL, NOON, RIGHTS, RIVER, SmallMap
from tests.access.test_filtered_scene_laws import client_state, fold_of, rights, steps

AGENTS_ALONE = Rights(layers=frozenset({"agents"}), reports=False)
SUMMARY = Rights(summary=True, reports=False)
BUSY = Put("agents", "agent:oksana", {"status": "busy"}, was={"status": "idle"})
HIDDEN = Put("agents", "agent:sofia", {"status": "busy"}, was={"status": "idle"})
COUNTED = {(tally.layer, tally.collection if tally.per else None, tally.field) for tally in TALLIES}
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


def shown(*changes, ids=("agent:oksana",), kind=REFRESHED, rights=None):
    entry = SmallMap().entry({"source": "talk"}, *ids, kind=kind, rights=rights, changes=changes)
    return entry and (entry.event_type, decoded(entry.changes))


def wire(change):
    return decoded(SmallMap().entry({}, changes=[change], rights=Rights()).changes)[0]


def test_of_a_poll_those_changes_are_shown_that_are_of_what_is_shown():
    total = Total("agents", {"users": 2}, was={"users": 1})
    assert shown(HIDDEN, BUSY, total) == (REFRESHED, [wire(BUSY)])


def test_without_rules_over_items_everything_in_a_layer_that_is_shown_is_shown():
    total = Total("agents", {"users": 2}, was={"users": 1})
    deed = Drop("deeds", "deed:1", was={"name": "Rescue"})
    assert shown(HIDDEN, deed, total, rights=AGENTS_ALONE) == (REFRESHED, [wire(HIDDEN), wire(total)])


def test_a_message_that_is_not_for_everybody_is_withheld_but_for_its_changes():
    ids = ("agent:oksana", "agent:sofia")
    assert shown(BUSY, HIDDEN, ids=ids, kind="talk.said") == (WITHHELD, [wire(BUSY)])
    assert shown(HIDDEN, ids=ids, kind="talk.said") is None
    entry = SmallMap().entry({"by": "sofia"}, *ids, kind="talk.said", changes=[BUSY, HIDDEN])
    assert (entry.payload, entry.source, entry.entity_ids) == ({}, None, ("agent:oksana",))


def test_a_hidden_id_is_neither_what_a_field_was_nor_what_it_became():
    friends = Put("agents", "agent:oksana", {"friend": "agent:8"}, was={"friend": "agent:sofia"})
    assert shown(friends)[1] == [wire(friends) | {"was": {"friend": None}}]
    moved = Put("agents", "agent:oksana", {"friend": "agent:7", "mood": 1}, was={"friend": "agent:sofia"})
    assert shown(moved)[1] == [wire(moved) | {"set": {"mood": 1}, "was": {}}]
    assert shown(replace(moved, set={"friend": "agent:7"}))[1] == []
    noted = Put("agents", "agent:oksana", {}, ("agent:7", "mood"), was={"agent:7": 1, "mood": 1})
    assert shown(noted)[1] == [wire(noted) | {"unset": ["mood"], "was": {"mood": 1}}]


def test_what_came_and_went_is_shown_as_far_as_it_is_shown_now():
    came = Put("agents", "agent:oksana", RIVER, came=True)
    assert shown(came, Put("agents", "agent:sofia", HILL, came=True))[1] == [wire(came)]
    # to whom something belonged that is no longer on the map, nobody can tell
    assert shown(came, Drop("agents", "agent:gone", was=RIVER))[1] == [wire(came)]
    deed = Drop("deeds", "deed:1", was={"name": "Rescue"})  # of a type that no source declares
    assert shown(came, deed)[1] == [wire(came)]


def test_a_summary_has_no_changes():
    assert shown(BUSY, Total("agents", {"users": 2}), kind="talk.said", rights=SUMMARY) is None


def test_changes_that_were_not_kept_stay_so():
    entry = SmallMap().entry({"source": "talk"}, "agent:oksana", kind=REFRESHED)
    assert (entry.event_type, entry.changes) == (REFRESHED, None)


def test_an_entry_that_is_withheld_keeps_its_time_and_place_and_names_what_is_shown_once():
    small = SmallMap()
    changes = [BUSY, Total("agents", {"users": 2}), Put("agents", "agent:8", {"mood": 1}), BUSY, HIDDEN]
    place = NOON + timedelta(seconds=1)
    raw = kept(changes, small.fold.scene.vocabulary)
    ids = ("agent:oksana", "agent:sofia", "agent:8")
    at = Position("e", 9)
    entry = Entry(at, "talk.said", {"by": "sofia"}, NOON, NOON, "talk", ids, changes=raw, place=place)
    visible = small.scenes.entry(entry, small.rights)
    shown_ids = ("agent:oksana", "agent:8")
    assert replace(visible, changes=None) == Entry(at, WITHHELD, {}, NOON, entity_ids=shown_ids, place=place)


def test_of_what_stands_on_the_map_under_a_type_that_no_source_declares_changes_are_shown():
    small = SmallMap()
    small.poll(Put("deeds", "deed:1", {"name": "Rescue"}), source="both")
    deed = Put("deeds", "deed:1", {"name": "Rescue"}, came=True)
    assert shown_of(small, small.rights, deed) == [wire(deed)]


def test_what_has_gone_is_shown_if_its_type_is_declared_and_no_rule_is_over_it():
    small = SmallMap(types=(Type("deed", ("deeds", "items")),))
    deed = Drop("deeds", "deed:1", was={"name": "Rescue"})
    assert shown_of(small, RIGHTS, deed) == [wire(deed)]
    assert shown_of(small, Rights(layers=frozenset({"agents"})), deed) == []


def shown_of(small, rights, *changes, numbers=None):
    raw = decoded(kept(changes, small.fold.scene.vocabulary))
    return visible_changes(raw, small.scenes.of(rights), rights, numbers or {})


def test_numbers_that_the_map_counts_are_left_out_of_the_items_and_layers_that_they_are_of():
    tallies = (
        Tally("agents", "children", (Count("agents"),), per="microdao_id"),
        Tally("agents", "rooms", (Count("agents"),), per="microdao_id", collection="halls"),
        Tally("agents", "all", (Count("agents"),)),
        Tally("agents", "busy", (Count("agents"),)),
        Tally("deeds", "done", (Count("deeds"),)),
    )
    numbers = numbers_of(Source("a", "s", object, (), tallies=some) for some in (tallies[:3], tallies[3:]))
    assert numbers == {
        ("agents", "items"): {"children"},
        ("agents", "halls"): {"rooms"},
        ("agents", None): {"all", "busy"},
        ("deeds", None): {"done"},
    }
    names = ("children", "rooms", "all", "busy", "mood")
    fields, was = dict.fromkeys(names, 1), dict.fromkeys(names, 0)
    total = Total("agents", fields, was=was)
    given = Rights(layers=frozenset({"agents"}))
    expected = {"set": {"children": 1, "rooms": 1, "mood": 1}, "was": {"children": 0, "rooms": 0, "mood": 0}}
    assert shown_of(SmallMap(), given, total, numbers=numbers) == [wire(total) | expected]
    put = Put("agents", "agent:oksana", fields, was=was)
    left = ("rooms", "all", "busy", "mood")
    expected = {"set": dict.fromkeys(left, 1), "was": dict.fromkeys(left, 0)}
    assert shown_of(SmallMap(), RIGHTS, put, numbers=numbers) == [wire(put) | expected]
    gone = Put("agents", "agent:oksana", {}, names, was=was)
    assert shown_of(SmallMap(), RIGHTS, gone, numbers=numbers)[0]["unset"] == list(left)
    counted = Put("agents", "agent:oksana", {"children": 1}, was={"children": 0})
    assert shown_of(SmallMap(), RIGHTS, counted, numbers=numbers) == []


def test_a_change_says_something_if_an_item_came_or_went_or_a_field_is_another():
    came = Put("agents", "agent:oksana", {}, came=True)
    changed = Put("agents", "agent:oksana", {"mood": 1})
    went = Put("agents", "agent:oksana", {}, ("mood",))
    drop = Drop("agents", "agent:oksana")
    nothing = Put("agents", "agent:oksana", {"friend": "agent:7"}, was={"friend": "agent:sofia"})
    assert shown_of(SmallMap(), RIGHTS, came, changed, nothing, went, drop) == [
        *map(wire, (came, changed, went, drop))
    ]


def uncounted(state):
    """A client's state without what the map counts, and without what is empty."""
    layers = {
        name: (
            {field: value for field, value in layer.totals.items() if (name, None, field) not in COUNTED},
            {
                (collection, entity_id): {
                    field: value for field, value in item.items() if (name, collection, field) not in COUNTED
                }
                for collection, items in layer.collections.items()
                for entity_id, item in items.items()
            },
        )
        for name, layer in state.items()
    }
    return {name: layer for name, layer in layers.items() if any(layer)}


@settings(phases=PHASES)
@given(steps, rights)
def test_visible_changes_lead_to_what_is_shown_and_speak_of_nothing_hidden(steps, given_rights):
    fold = Fold(SOURCES)
    scenes = FilteredScenes(fold, SOURCES, RULES, lambda: Position("e", 0))
    entries = [entry_of(folded, fold.scene) for folded in fold_of(steps, fold)]
    filtered = scenes.of(given_rights)
    visible = [scenes.entry(entry, given_rights) for entry in entries]
    changes = [change for entry in visible if entry for change in decoded(entry.changes)]
    assert uncounted(reduce({}, changes)) == uncounted(client_state(filtered))
    brute_force = BruteForce(fold.scene, given_rights, set(fold.scene.vocabulary.types) | {"proposal"})
    text = json.dumps(changes)
    for entity_id in brute_force.on_map:
        assert brute_force.sees(entity_id) or not re.search(rf"(?<![a-z]){entity_id}\b", text)
