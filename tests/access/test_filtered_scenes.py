"""Filtered scenes: what readers with limited rights see follows the map, and a fault of one costs a snapshot."""

from dataclasses import replace

import structlog

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.mentions import Mentions
from livingmap.access.policy_targets import PolicyTargets
from livingmap.access.settings import ItemRule
from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.fold import SOURCES_CHANGED, Fold, refreshed
from livingmap.core.model import Drop, Position, Put, Total
from livingmap.core.source import Count, Layer, Source, Tally
from livingmap.core.types import Type
from tests.access.small_map import AGENTS, HILL, NOON, RIGHTS, RIVER, RULES, SmallMap

BY_ID = ItemRule(types=("agent",), field="id", type="agent")
SUMMARY = Rights(summary=True, reports=False)
OTHERS = Rights(grants=(frozenset({"microdao:hill"}),), reports=False)


def say(small, entity_id, **fields):
    return small.visible({}, Put("agents", entity_id, fields))


# what items say


def test_a_text_of_a_new_type_of_id_is_taken_out_when_what_it_names_is_hidden():
    small = SmallMap()
    say(small, "agent:oksana", note="see deed:1 first")
    assert small.item("agent:oksana")["note"] == "see deed:1 first"
    small.rights = Rights(layers=frozenset({"agents"}), reports=False)
    small.scenes.of(small.rights)
    change = Put("agents", "agent:oksana", {"note": None})
    assert small.visible({}, Put("deeds", "deed:1", {}), kind="both.said").changes == (change,)


def test_a_text_is_taken_out_when_a_source_that_comes_declares_its_type_and_its_layer_is_hidden():
    small = SmallMap(Rights(layers=frozenset({"agents"}), reports=False))
    say(small, "agent:oksana", note="see deed:1 first")
    talk, both = small.sources
    sources = [talk, replace(both, types=(Type("deed", ("deeds", "items")),))]
    small.fold.replace_sources(sources)
    assert small.scenes.replace_sources(sources) == set()
    visible = small.apply(SOURCES_CHANGED, {"added": [], "changed": ["both"], "removed": []})
    assert visible.changes == (Put("agents", "agent:oksana", {"note": None}),)


def test_texts_are_taken_out_when_they_turn_out_to_be_aliases_of_something_hidden():
    small = SmallMap()
    say(small, "agent:oksana", note="agent:p-1", peer="agent:q-1")
    say(small, "agent:8", note="with agent:p-1")
    small.rights = Rights(grants=RIGHTS.grants)
    small.poll(
        Put("agents", "agent:petro", HILL, aliases=("agent:p-1",)),
        Put("agents", "agent:quinn", RIVER, aliases=("agent:q-1",)),
    )
    assert small.item("agent:oksana") == RIVER | {"note": None, "peer": "agent:q-1"}
    assert small.item("agent:8") == RIVER | {"note": None}


def test_an_alias_learnt_late_touches_both_its_meanings_and_what_speaks_of_it():
    small = SmallMap()
    for entity_id, note in (("agent:oksana", "agent:p-1"), ("agent:8", "agent:q-1"), ("agent:7", "agent:r-1")):
        say(small, entity_id, note=note)
    mentions = Mentions(small.fold.scene)
    petro = Put("agents", "agent:petro", HILL, aliases=("agent:p-1",))
    quinn = Put("agents", "agent:quinn", HILL, aliases=("agent:q-1",))
    poll = refreshed("talk", small.seq, [petro, quinn])
    assert set(mentions.take(small.folded(poll.type, poll.payload))) == {
        *("agent:petro", "agent:p-1", "agent:oksana"),
        *("agent:quinn", "agent:q-1", "agent:8"),
    }
    calm = refreshed("talk", small.seq, [Put("agents", "agent:7", {"mood": "calm"})])
    assert set(mentions.take(small.folded(calm.type, calm.payload))) == {"agent:7"}


# summaries


def test_a_summary_has_numbers_and_words_that_name_nothing():
    small = SmallMap(SUMMARY)
    fields = {"users": 3, "load": 0.5, "open": True, "health": "well", "none": None}
    naming = {"leader": "agent:oksana", "motto": "ask agent:sofia.", "names": ["a"], "rooms": {"a": 1}}
    small.poll(Total("agents", fields | naming))
    assert small.scenes.of(SUMMARY).totals("agents") == fields | {"counts": {"items": 4}}


def test_fields_that_are_of_no_scene_are_shown_without_hidden_ids():
    small = SmallMap()
    fields = {"text": "agent:sofia is away", "by": ["agent:oksana", "agent:7"], "agent:7": 1}
    assert small.scenes.scrub(fields, RIGHTS) == {"text": None, "by": ["agent:oksana"]}
    assert small.scenes.scrub(fields, EVERYTHING) == fields
    assert small.scenes.scrub({"by": "agent:nobody", "n": 1}, SUMMARY) == {"by": None, "n": 1}
    assert small.scenes.scrub({"by": "agent:oksana", "n": 1}, RIGHTS) == {"by": "agent:oksana", "n": 1}


def test_an_id_at_the_end_of_a_sentence_is_an_id():
    texts = [f"ask agent:{one}{end}" for one in "78" for end in ("", ".", ":", "!?")]
    assert SmallMap().scenes.scrub({"notes": texts}, RIGHTS) == {"notes": texts[4:]}


# readers


def test_readers_of_everything_read_the_scene_itself():
    small = SmallMap()
    assert small.scenes.of(EVERYTHING) is small.fold.scene
    assert small.scenes.reaches(Position("other", 0), EVERYTHING)
    small.scenes.enter(EVERYTHING)
    small.scenes.leave(EVERYTHING)


def test_a_filtered_scene_stays_until_the_last_of_its_viewers_has_left():
    now = 0.0
    small = SmallMap(clock=lambda: now)
    for _ in range(2):
        small.scenes.enter(RIGHTS)
    first = small.scenes.of(RIGHTS)
    for now in (1_000, 2_000):
        small.scenes.leave(RIGHTS)
        say(small, "agent:oksana", mood=now)
        assert (small.scenes.of(RIGHTS) is first) == (now == 1_000)


def test_a_viewer_that_leaves_twice_or_never_came_changes_nothing():
    small = SmallMap()
    for rights in (RIGHTS, OTHERS):
        small.scenes.leave(rights)
    small.scenes.enter(RIGHTS)
    assert say(small, "agent:oksana", mood="calm").changes


def test_events_of_which_nothing_is_visible_take_no_room(monkeypatch):
    monkeypatch.setattr("livingmap.access.filtered_scenes.MOST_CHANGES", 1)
    small = SmallMap()
    say(small, "agent:oksana", mood="calm")
    for number in range(5):
        small.visible({"by": "sofia"}, Put("agents", "agent:sofia", {"mood": number}))
    assert small.scenes.reaches(Position("e", 1), RIGHTS)
    assert not small.scenes.reaches(Position("other", 1), RIGHTS)


def test_an_item_that_comes_and_goes_at_once_is_seen_by_nobody_and_costs_no_snapshot():
    small = SmallMap()
    assert small.visible({}, Put("agents", "agent:new", RIVER), Drop("agents", "agent:new")).changes == ()
    assert small.lost == set()


# faults


def test_a_scene_that_cannot_follow_costs_its_readers_a_snapshot(monkeypatch):
    small = SmallMap()
    with structlog.testing.capture_logs() as logs:
        say(small, "agent:oksana", mood="calm")
        assert (small.lost, logs) == (set(), [])
        small.scenes.of(OTHERS)
        take = FilteredScene.take

        def taken(scene, folded, touched):
            return 1 / 0 if scene.hides("agent:sofia") else take(scene, folded, touched)

        monkeypatch.setattr(FilteredScene, "take", taken)
        say(small, "agent:oksana", mood="tense")
    assert small.lost == {RIGHTS}
    assert [line["event"] for line in logs] == ["readers with limited rights get a snapshot"]
    assert small.item("agent:oksana") == RIVER | {"mood": "tense"}


def test_mentions_that_cannot_follow_cost_all_readers_a_snapshot(monkeypatch):
    small = SmallMap()
    small.scenes.of(OTHERS)
    with structlog.testing.capture_logs() as logs, monkeypatch.context() as broken:
        broken.setattr(Mentions, "take", lambda *_: 1 / 0)
        say(small, "agent:oksana", mood="tense")
    assert small.lost == {RIGHTS, OTHERS}
    assert [line["event"] for line in logs] == ["readers with limited rights get a snapshot"]
    assert small.item("agent:oksana") == RIVER | {"mood": "tense"}
    say(small, "agent:oksana", mood="calm")
    assert small.lost == set()


def test_before_the_first_reader_nothing_is_followed():
    small = SmallMap()
    small.scenes.forget()
    with structlog.testing.capture_logs() as logs:
        assert say(small, "agent:oksana", mood="calm") is None
    assert (small.lost, logs) == (set(), [])


# targets of policies


def test_targets_are_what_items_with_a_rule_belong_to_and_rules_that_follow_others_have_none():
    small = SmallMap()
    small.poll(Put("deeds", "deed:1", {"microdao_id": "microdao:lake"}), source="both")
    follows = ItemRule(types=("agent",), field="parent")
    assert PolicyTargets(small.fold.scene, (*RULES, follows))() == {
        ("read", "microdao"): {"microdao:river", "microdao:hill"}
    }
    assert PolicyTargets(small.fold.scene, (follows,))() == {}
    assert PolicyTargets(small.fold.scene, (BY_ID,))() == {("read", "agent"): {one.id for one in AGENTS}}


# other sources


def test_readers_follow_a_source_that_is_removed_and_see_nothing_of_what_they_did_not():
    small = SmallMap()
    small.poll(Put("agents", "agent:oksana", {"mood": "calm"}, creates=False), source="both")
    small.poll(Put("deeds", "deed:1", RIVER), Put("agents", "agent:9", RIVER), source="both")
    small.poll(Put("agents", "agent:5", HILL), source="both")
    [talk, _] = small.sources
    small.fold.replace_sources([talk])
    assert small.scenes.replace_sources([talk]) == set()
    visible = small.apply(SOURCES_CHANGED, {"added": [], "changed": [], "removed": ["both"]})
    assert {one for one in visible.changes if isinstance(one, Drop)} == {
        Drop("agents", "agent:9"),
        Drop("deeds", "deed:1"),
    }
    assert Put("agents", "agent:oksana", {}, ("mood",)) in visible.changes
    assert visible.public_payload == {}
    assert small.visible({"by": "agent:oksana"}).public_payload == {"by": "agent:oksana"}
    fresh = FilteredScenes(small.fold, [talk], RULES, lambda: NOON).of(RIGHTS)
    assert dict(small.scenes.of(RIGHTS).items("agents", "items")) == dict(fresh.items("agents", "items"))


def test_the_counts_of_a_layer_go_with_the_source_that_filled_it():
    small = SmallMap(SUMMARY)
    small.poll(Put("deeds", "deed:1", RIVER), source="both")
    [talk, _] = small.sources
    small.fold.replace_sources([talk])
    small.scenes.replace_sources([talk])
    visible = small.apply(SOURCES_CHANGED, {"added": [], "changed": [], "removed": ["both"]})
    assert visible.changes == (Total("deeds", {}, ("counts",)),)


def test_readers_get_a_snapshot_when_other_numbers_are_counted_for_them():
    small = SmallMap()
    counting = replace(small.sources[0], tallies=(Tally("agents", "all", (Count("agents"),)),))
    small.fold.replace_sources([counting])
    assert small.scenes.replace_sources([counting]) == {RIGHTS}
    assert small.scenes.of(RIGHTS).totals("agents") == {"all": 2}


# what is asked about the past


def test_an_id_is_hidden_if_it_is_not_shown_or_nobody_can_tell():
    layers = (Layer("agents", references=("microdao_id",)), Layer("deeds"))
    sources = [Source("talk", "talk-service", object, layers, types=(Type("deed", ("deeds", "items")),))]
    fold = Fold(sources)
    fold.scene.apply("talk", AGENTS, 1)
    scenes = FilteredScenes(fold, sources, RULES, lambda: Position("e", 1))
    ids = ("agent:oksana", "agent:sofia", "agent:absent", "deed:absent", "stone:absent")
    assert [one for one in ids if scenes.hides(one, RIGHTS)] == ["agent:sofia", "agent:absent", "stone:absent"]
    assert [one for one in ids if scenes.hides(one, EVERYTHING)] == []


def test_what_is_hidden_now_is_hidden_in_a_scene_of_the_past():
    then = SmallMap()
    then.poll(*(Put("agents", one.id, RIVER) for one in AGENTS), Put("agents", "agent:gone", RIVER))
    shown = SmallMap().scenes.past(RIGHTS).filtered(then.fold.scene).items("agents", "items")
    assert sorted(shown) == ["agent:8", "agent:gone", "agent:oksana"]


def test_an_event_of_the_past_is_shown_with_what_changed_of_what_is_shown():
    small = SmallMap()
    scene, change = small.scenes.of(RIGHTS), Put("agents", "agent:oksana", {"mood": "calm"})
    folded = small.folded("talk.said", {"by": "agent:oksana"})
    event = small.scenes.event_then(scene, RIGHTS, folded, [change], ["agent:oksana"])
    assert (event.event.type, event.public_payload, list(event.changes)) == (
        "talk.said",
        {"by": "agent:oksana"},
        [change],
    )
    hidden = small.folded("talk.said", {"by": "agent:sofia"})
    assert small.scenes.event_then(scene, RIGHTS, hidden, [], ["agent:sofia"]) is None


def test_a_field_of_an_item_is_counted_by_the_map_where_a_tally_says_so():
    tallies = (
        Tally("agents", "children", (Count("agents"),), per="parent", collection="items"),
        Tally("agents", "all", (Count("agents"),)),
    )
    sources = [Source("talk", "talk-service", object, (Layer("agents"),), tallies=tallies)]
    scenes = FilteredScenes(Fold(sources), sources, RULES, lambda: Position("e", 1))
    assert scenes.counts(["deeds", "agents"], "children")
    others = ((["deeds"], "children"), (["agents"], "all"), (["agents"], "mood"))
    assert not any(scenes.counts(*one) for one in others)
