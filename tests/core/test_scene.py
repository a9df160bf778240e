"""Single traits of the scene that the laws do not show."""

from dataclasses import replace

from livingmap.core.model import Drop, Put, Total
from livingmap.core.same_as import SameAs
from livingmap.core.scene import Scene
from livingmap.core.source import Count, Layer, Source, Tally

AGENTS = Source(
    "agents",
    "s",
    object,
    (Layer("agents", references=("microdao_id",), defaults={"status": "unknown"}),),
    tallies=(
        Tally("city", "online", (Count("agents", field="status", values=frozenset({"online"})),)),
        Tally("city", "agents", (Count("agents"),), per="microdao_id"),
    ),
)
CITY = Source("city", "s", object, (Layer("city"), Layer("agents")))
USAGE = Source("usage", "s", object, (Layer("agents", decorates=True),))


def scene(*sources):
    return Scene(sources or (AGENTS, CITY, USAGE))


def test_parts_of_one_layer_are_merged_by_id():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"})], 1)
    made.apply("usage", [Put("agents", "agent:a", {"usage": 5})], 2)
    assert made.items("agents", "items") == {"agent:a": {"name": "A", "usage": 5, "status": "unknown"}}


def test_a_decoration_alone_shows_nothing_until_the_item_is_there():
    made = scene()
    assert made.apply("usage", [Put("agents", "agent:a", {"usage": 5})], 1) == []
    change, _ = made.apply("agents", [Put("agents", "agent:a", {"name": "A"})], 2)
    assert change.set == {"name": "A", "usage": 5, "status": "unknown"}


def test_the_first_source_in_order_wins_a_field_but_not_with_nothing():
    made = scene()
    made.apply("city", [Put("agents", "agent:a", {"name": "City", "status": "online"})], 1)
    made.apply("agents", [Put("agents", "agent:a", {"name": "Agents", "status": None})], 2)
    assert made.items("agents", "items")["agent:a"] == {"name": "Agents", "status": "online"}
    assert made.owners("agents", "items", "agent:a") == {"name": "agents", "status": "city"}


def test_a_reference_by_alias_is_resolved_before_and_after_the_alias_is_known():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"microdao_id": "microdao:uuid"})], 1)
    assert made.items("agents", "items")["agent:a"]["microdao_id"] == "microdao:uuid"
    changes = made.apply("city", [Put("city", "microdao:river", {"name": "R"}, aliases=("microdao:uuid",))], 2)
    assert Put("agents", "agent:a", {"microdao_id": "microdao:river"}) in changes
    made.apply("agents", [Put("agents", "agent:b", {"microdao_id": "microdao:uuid"})], 3)
    assert made.items("agents", "items")["agent:b"]["microdao_id"] == "microdao:river"
    assert made.items("city", "items")["microdao:river"] == {"name": "R", "agents": 2}


def test_a_reference_loses_its_meaning_with_the_item():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"microdao_id": "microdao:uuid"})], 1)
    made.apply("city", [Put("city", "microdao:river", aliases=("microdao:uuid",))], 2)
    made.apply("city", [Drop("city", "microdao:river")], 3)
    assert made.items("agents", "items")["agent:a"]["microdao_id"] == "microdao:uuid"


def test_an_event_by_alias_changes_the_item():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:uuid",))], 1, from_seq=0)
    changes = made.apply("agents", [Put("agents", "agent:uuid", {"name": "B"}, creates=False)], 2)
    assert changes == [Put("agents", "agent:a", {"name": "B"})]
    assert made.apply("agents", [Put("agents", "agent:a", {"name": "C"})], 3) == [
        Put("agents", "agent:a", {"name": "C"})
    ]


def test_an_event_by_an_alias_that_is_learnt_later_is_not_lost():
    made = scene()
    assert made.apply("agents", [Put("agents", "agent:uuid", {"status": "busy"}, creates=False)], 5) == []
    made.apply("agents", [Put("agents", "agent:a", {"status": "online"}, aliases=("agent:uuid",))], 6, from_seq=3)
    assert made.items("agents", "items") == {"agent:a": {"status": "busy"}}


def test_what_is_taken_over_from_an_alias_goes_from_the_item_that_showed_it():
    made = scene()
    owner = Put("agents", "agent:a", aliases=("agent:x",), namespaces={"agent:x": "external"})
    other = Put("agents", "agent:b", aliases=("agent:x",))
    lent = Put("agents", "agent:x", {"usage": 5}, creates=False)
    made.apply("agents", [owner, other, lent], 1, from_seq=0)
    assert made.items("agents", "items")["agent:a"] == {"usage": 5, "status": "unknown"}
    made.apply("agents", [replace(other, aliases=("agent:x", "agent:y"))], 2, from_seq=1)
    assert made.items("agents", "items") == {
        "agent:a": {"status": "unknown"},
        "agent:b": {"usage": 5, "status": "unknown"},
    }


def test_an_alias_never_swallows_an_item_that_stands_under_it():
    made = scene()
    made.apply("city", [Put("city", "microdao:river", {"name": "River"})], 1)
    made.apply("city", [Put("city", "microdao:delta", {"name": "Delta"}, aliases=("microdao:river",))], 2)
    assert {entity_id: item["name"] for entity_id, item in made.items("city", "items").items()} == {
        "microdao:delta": "Delta",
        "microdao:river": "River",
    }


def test_counts_are_unknown_until_the_layer_is_heard_of_and_then_exact():
    made = scene()
    made.apply("city", [Put("city", "microdao:river", {})], 1)
    assert made.items("city", "items")["microdao:river"]["agents"] is None
    assert made.totals("city") == {"online": None}
    changes = made.apply("agents", [Total("agents")], 2)
    assert made.items("city", "items")["microdao:river"]["agents"] == 0
    assert Total("city", {"online": 0}) in changes
    here = {"microdao_id": "microdao:river", "status": "online"}
    made.apply("agents", [Put("agents", "agent:a", here), Put("agents", "agent:b", here)], 3)
    made.apply("agents", [Put("agents", "agent:b", {"microdao_id": "microdao:other", "status": "offline"})], 4)
    assert made.items("city", "items")["microdao:river"]["agents"] == 1
    assert made.totals("city") == {"online": 1}


def test_a_source_that_tells_a_count_itself_is_believed():
    made = scene()
    made.apply("agents", [Total("agents"), Put("agents", "agent:a", {"status": "online"})], 1)
    made.apply("city", [Total("city", {"online": 57})], 2)
    assert made.totals("city") == {"online": 57}


def test_a_source_that_is_no_more_changes_nothing():
    assert scene().apply("ghost", [Put("agents", "agent:a")], 1) == []


def test_a_tally_that_cannot_be_worked_out_stops_nobody():
    odd = Source(
        "odd",
        "s",
        object,
        (Layer("agents"),),
        tallies=(
            Tally("agents", "broken", (Count("agents"),), rule=lambda count: 1 / 0),
            Tally("nowhere", "agents", (Count("agents"),), per="microdao_id"),
            Tally("agents", "busy", (Count("agents", field="status", values=frozenset({"busy"})),)),
        ),
    )
    made = scene(odd)
    made.apply("odd", [Put("agents", "agent:a", {"microdao_id": "microdao:x", "status": ["busy"]})], 1)
    assert made.items("agents", "items") == {"agent:a": {"microdao_id": "microdao:x", "status": ["busy"]}}
    assert made.totals("agents") == {"broken": None, "busy": 0}


def test_what_a_change_alters_of_the_map_is_all_that_is_sent():
    made = scene()
    changes = made.apply("agents", [Put("agents", "agent:a", {"name": "A", "node": None})], 1)
    assert changes[:1] == [Put("agents", "agent:a", {"name": "A", "node": None, "status": "unknown"})]
    assert made.apply("agents", [Put("agents", "agent:a", {"name": "A"})], 2) == []
    assert made.apply("city", [Put("agents", "agent:a", {"name": "B", "node": "node:x"})], 3) == [
        Put("agents", "agent:a", {"node": "node:x"})
    ]
    assert made.apply("agents", [Put("agents", "agent:a", {}, ("name", "status"))], 4) == [
        Put("agents", "agent:a", {"name": "B"})
    ]
    assert made.apply("city", [Put("agents", "agent:a", {}, ("node", "name"))], 5) == [
        Put("agents", "agent:a", {"node": None}, ("name",))
    ]
    assert made.apply("city", [Drop("agents", "agent:a")], 6) == []
    assert made.apply("agents", [Drop("agents", "agent:a")], 7) == [Drop("agents", "agent:a")]
    assert made.apply("agents", [Drop("agents", "agent:a")], 8) == []


def test_collections_of_one_layer_are_apart():
    made = scene(Source("city", "s", object, (Layer("city"), Layer("city", "rooms"))))
    made.apply("city", [Put("city", "city:a", {"n": 1}), Put("city", "city:a", {"n": 2}, collection="rooms")], 1)
    assert made.apply("city", [Drop("city", "city:a", "rooms")], 2) == [Drop("city", "city:a", "rooms")]
    assert (made.items("city", "items"), made.items("city", "rooms")) == ({"city:a": {"n": 1}}, {})
    assert made.apply("city", [Put("city", "city:a", {"n": 3}, collection="rooms")], 3) == [
        Put("city", "city:a", {"n": 3}, collection="rooms")
    ]


def test_layers_are_those_that_are_filled_or_have_totals():
    made = scene()
    assert made.layers() == {"agents": ["items"], "city": ["items"]}
    lone = scene(USAGE)
    assert (lone.layers(), lone.items("agents", "items"), lone.totals("agents")) == ({}, {}, {})
    assert (lone.items("no", "where"), lone.totals("nowhere"), lone.version("nowhere")) == ({}, {}, 0)
    lone.apply("usage", [Total("agents", {"tokens": 1})], 1)
    assert (lone.layers(), lone.totals("agents")) == ({"agents": []}, {"tokens": 1})
    lone.apply("usage", [Put("agents", "agent:a", {"tokens": 1})], 2)
    assert (lone.layers(), lone.items("agents", "items")) == ({"agents": ["items"]}, {})


def test_the_version_of_a_layer_grows_with_what_changes_there_alone():
    made = scene()

    def grown(*changes):
        before = made.version("agents"), made.version("city")
        made.apply("city", changes, 1)
        return made.version("agents") > before[0], made.version("city") > before[1]

    assert grown(Put("city", "microdao:a", {"name": "A"})) == (False, True)
    assert grown(Put("city", "microdao:a", {"name": "A"})) == (False, False)
    assert grown(Put("agents", "agent:a", {"name": "A"}, creates=False)) == (False, False)
    assert grown(Total("city", {"users": 1})) == (False, True)
    assert grown(Total("city", {"users": 1})) == (False, False)
    assert grown(Drop("city", "microdao:a")) == (False, True)


def test_a_total_is_merged_and_goes_with_the_last_that_says_it():
    made = scene()
    made.apply("city", [Total("city", {"users": 1, "health": "ok"})], 1)
    assert made.apply("agents", [Total("city", {"users": 2, "health": None})], 2) == [Total("city", {"users": 2})]
    assert made.apply("agents", [Total("city", {}, ("users",))], 3) == [Total("city", {"users": 1})]
    assert made.apply("city", [Total("city", {}, ("users",))], 4) == [Total("city", {}, ("users",))]
    assert made.totals("city") == {"online": None, "health": "ok"}


def test_the_defaults_of_the_first_source_win():
    other = Source("other", "s", object, (Layer("agents", defaults={"status": "idle", "mood": "calm"}),))
    made = scene(AGENTS, other)
    made.apply("other", [Put("agents", "agent:a")], 1)
    assert made.items("agents", "items") == {"agent:a": {"status": "unknown", "mood": "calm"}}
    made = scene(other, AGENTS)
    made.apply("other", [Put("agents", "agent:a")], 1)
    assert made.items("agents", "items") == {"agent:a": {"status": "idle", "mood": "calm"}}


def test_who_owns_a_field_is_the_first_that_gives_it_a_value():
    made = scene()
    made.apply("city", [Put("agents", "agent:a", {"name": "City", "mood": None, "node": "node:x"})], 1)
    made.apply("agents", [Put("agents", "agent:a", {"name": "Agents", "node": None, "zone": None})], 2)
    made.apply("usage", [Put("agents", "agent:a", {"tokens": 1, "mood": "calm"}, creates=False)], 3)
    assert made.owners("agents", "items", "agent:a") == {
        "name": "agents",
        "node": "city",
        "zone": "agents",
        "mood": "usage",
        "tokens": "usage",
    }


def test_references_in_lists_are_resolved():
    friends = Source("friends", "s", object, (Layer("agents", references=("friends", "lead")),))
    made = scene(friends)
    made.apply("friends", [Put("agents", "agent:b", aliases=("agent:uuid",))], 1)
    made.apply("friends", [Put("agents", "agent:a", {"friends": ["agent:uuid", 7, {}, "agent:c"], "lead": {}})], 2)
    assert made.items("agents", "items")["agent:a"] == {"friends": ["agent:b", 7, {}, "agent:c"], "lead": {}}
    item = {"friends": ["agent:uuid"], "lead": "agent:uuid", "other": "agent:uuid"}
    assert made.resolved(("agents", "items"), item) == {
        "friends": ["agent:b"],
        "lead": "agent:b",
        "other": "agent:uuid",
    }
    assert item["lead"] == "agent:uuid"


def test_the_alias_revision_grows_with_meanings_and_across_a_restart():
    made, other = scene(), scene()
    before = made.alias_revision
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"})], 1)
    assert made.alias_revision == before
    made.apply("agents", [Put("agents", "agent:a", aliases=("agent:uuid",))], 2)
    assert made.alias_revision > before
    before = made.alias_revision
    made.restore(dict(other.states()))
    assert made.alias_revision > before


def test_a_source_has_a_part_once_it_has_said_something_of_an_item():
    made = scene()
    assert (made.has_part("agents"), made.has_part("ghost")) == (False, False)
    made.apply("agents", [Put("agents", "agent:a", creates=False)], 1)
    assert (made.has_part("agents"), made.has_part("city")) == (True, False)


def test_two_that_claim_one_alias_leave_it_to_the_first_by_name():
    made = scene()
    made.apply("city", [Put("agents", "agent:b", {"name": "B"}, aliases=("agent:uuid",))], 1)
    made.apply("agents", [Put("agents", "agent:uuid", {"mood": "calm"}, creates=False)], 2)
    assert made.items("agents", "items")["agent:b"] == {"name": "B", "mood": "calm", "status": "unknown"}
    made.apply("city", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:uuid",))], 3)
    assert made.items("agents", "items") == {
        "agent:a": {"name": "A", "mood": "calm", "status": "unknown"},
        "agent:b": {"name": "B", "status": "unknown"},
    }
    assert made.apply("city", [Drop("agents", "agent:a")], 4) == [
        Drop("agents", "agent:a"),
        Put("agents", "agent:b", {"mood": "calm"}),
    ]


def test_what_is_restored_from_nothing_begins_with_nothing():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:uuid",)), Total("city")], 1)
    made.restore({})
    assert (made.layers(), made.filled_layers) == ({"agents": ["items"], "city": ["items"]}, set())
    assert (made.items("agents", "items"), made.totals("city")) == ({}, {"online": None})
    assert made.resolve("agent:uuid") == "agent:uuid"
    assert not made.has_part("agents")


def test_a_layer_that_was_filled_is_filled_after_a_restart():
    for changes, filled in (
        ([Total("agents", {"tokens": 1})], {"agents"}),
        ([Put("agents", "agent:a", {"tokens": 1})], set()),
        ([Put("agents", "agent:a", collection="rooms")], {"agents"}),
    ):
        usage = replace(USAGE, layers=(*USAGE.layers, Layer("agents", "rooms")))
        made, other = scene(usage), scene(usage)
        made.apply("usage", changes, 1)
        other.restore(dict(made.states()))
        assert made.filled_layers == other.filled_layers == filled
    made, other = scene(), scene()
    made.apply("city", [Put("city", "microdao:a"), Drop("city", "microdao:a")], 1)
    other.restore(dict(made.states()))
    assert made.filled_layers == other.filled_layers == {"city"}


def test_a_drop_by_alias_takes_all_that_a_source_said_of_the_item_whatever_others_call_it():
    other = Source("other", "s", object, (Layer("agents"),))
    made = scene(AGENTS, other)
    made.apply("agents", [Put("agents", "agent:sofia", {"name": "S"}, aliases=("agent:uuid",))], 1)
    made.apply("other", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:uuid",))], 2)
    assert made.resolve("agent:uuid") == "agent:a"
    assert made.apply("agents", [Drop("agents", "agent:uuid")], 3)[:1] == [Drop("agents", "agent:sofia")]
    assert made.items("agents", "items") == {"agent:a": {"name": "A", "status": "unknown"}}


def test_a_drop_takes_what_was_lent_by_an_alias():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:uuid",))], 1)
    made.apply("usage", [Put("agents", "agent:uuid", {"tokens": 5}, creates=False)], 2)
    assert made.items("agents", "items")["agent:a"]["tokens"] == 5
    assert made.apply("usage", [Drop("agents", "agent:uuid")], 3) == [Put("agents", "agent:a", {}, ("tokens",))]


def test_an_id_whose_item_is_dropped_is_an_alias_again():
    made = scene()
    made.apply("agents", [Put("agents", "agent:b", {"name": "B"}), Put("agents", "agent:c", {"lead": "x"})], 1)
    made.apply("city", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:b",))], 2)
    assert made.resolve("agent:b") == "agent:b"
    made.apply("agents", [Drop("agents", "agent:b")], 3)
    assert made.resolve("agent:b") == "agent:a"
    made.apply("usage", [Put("agents", "agent:b", {"tokens": 5}, creates=False)], 4)
    assert made.items("agents", "items")["agent:a"] == {"name": "A", "tokens": 5, "status": "unknown"}


NODES = Source("nodes", "s", object, (Layer("nodes", defaults={"status": "unknown"}),))
SPACE = Source(
    "space", "s", object, (Layer("nodes"), Layer("space", "nodes", copies={"status": ("nodes", "items")}))
)


def test_a_field_is_copied_from_the_item_of_the_same_id_in_another_collection():
    made = scene(NODES, SPACE)
    space = made.items("space", "nodes")
    assert made.apply("space", [Put("space", "node:a", {"name": "A"}, collection="nodes")], 1) == [
        Put("space", "node:a", {"name": "A", "status": None}, collection="nodes")
    ]
    created = Put("nodes", "node:a", {"status": "online"})
    assert made.apply("nodes", [created], 2) == [
        created,
        Put("space", "node:a", {"status": "online"}, collection="nodes"),
    ]
    made.apply("nodes", [Put("nodes", "node:a", {"name": "B"})], 3)
    assert space == {"node:a": {"name": "A", "status": "online"}}
    dropped = Drop("nodes", "node:a")
    assert made.apply("nodes", [dropped], 4) == [
        dropped,
        Put("space", "node:a", {"status": None}, collection="nodes"),
    ]


def test_a_copied_field_is_there_whichever_item_comes_first_and_after_a_restart():
    made = scene(NODES, SPACE)
    made.apply("nodes", [Put("nodes", "node:a", {"status": "online"})], 1)
    made.apply("space", [Put("space", "node:a", {"name": "A"}, collection="nodes")], 2)
    restored = scene(NODES, SPACE)
    restored.restore(dict(made.states()))
    assert made.items("space", "nodes") == {"node:a": {"name": "A", "status": "online"}}
    assert restored.items("space", "nodes") == made.items("space", "nodes")


def test_a_field_that_a_source_fills_is_not_copied():
    made = scene(NODES, SPACE)
    made.apply("nodes", [Put("nodes", "node:a", {"status": "online"})], 1)
    made.apply("space", [Put("space", "node:a", {"status": "offline"}, collection="nodes")], 2)
    assert made.items("space", "nodes") == {"node:a": {"status": "offline"}}


def test_an_item_stands_under_its_id_and_is_listed_by_its_aliases_too():
    made = scene()
    made.apply("usage", [Put("agents", "agent:lent", {"usage": 5})], 1)
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:7f",))], 2)
    ids = ("agent:a", "agent:7f", "agent:lent", "agent:b")
    assert [one for one in ids if made.has(one)] == ["agent:a"]
    assert [one for one in ids if made.lists(one)] == ["agent:a", "agent:7f"]


def test_each_source_describes_an_item_once_the_strongest_first():
    made = scene()
    made.apply("usage", [Put("agents", "agent:7f", {"usage": 5}), Put("agents", "agent:a", {"limit": 9})], 1)
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=("agent:7f",))], 2)
    assert made.describing(("agents", "items"), "agent:a") == ["agents", "usage"]


def test_what_follows_a_total_in_one_message_is_applied():
    made = scene()
    made.apply("city", [Total("city", {"sky": "grey"}), Put("city", "microdao:a", {"name": "A"})], 1)
    assert made.items("city", "items")["microdao:a"]["name"] == "A"
    assert made.totals("city")["sky"] == "grey"


def test_an_item_that_is_said_again_with_other_aliases_is_gone_after_one_drop():
    made = scene()
    for seq, aliases in enumerate((("agent:1",), ("agent:2",)), start=1):
        made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=aliases)], seq)
    made.apply("agents", [Drop("agents", "agent:a")], 3)
    made.apply("agents", [Put("agents", "agent:b", {"name": "B"}, aliases=("agent:a",))], 4)
    assert made.resolve("agent:a") == "agent:b"


def test_the_item_that_is_dropped_is_the_first_to_change():
    made = scene()
    aliases = tuple(f"agent:{number}" for number in range(9))
    for number, alias in enumerate(aliases):
        made.apply("city", [Put("agents", alias, {"name": str(number)})], 1 + number)
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}, aliases=aliases)], 20)
    changes = made.apply("agents", [Drop("agents", "agent:a")], 21)
    assert changes[0] == Drop("agents", "agent:a")


def test_what_is_renamed_by_hand_is_renamed_inside_a_namespace():
    web = Source("web", "s", object, (Layer("targets"),), namespace="eu")
    made = Scene([web], SameAs(renamed={"web": {"target:1": "target:main"}}))
    made.apply("web", [Put("targets", "target:eu/1", {"up": True}), Put("targets", "target:eu/2", {})], 1)
    assert made.items("targets", "items") == {"target:main": {"up": True}, "target:eu/2": {}}


def test_a_handler_finds_the_settings_that_its_source_was_given():
    made = scene(replace(AGENTS, given={"limit": 3}))
    assert made.part("agents").settings == {"limit": 3}


def test_the_weight_of_a_polls_change_is_how_many_items_it_has_merged_again():
    made = Scene((AGENTS, CITY, USAGE), SameAs(renamed={"city": {"microdao:3": "microdao:river"}}))
    made.apply("agents", [Put("agents", f"agent:{name}", {"microdao_id": "microdao:9f"}) for name in "abc"], 1)
    river = Put("city", "microdao:river", {"name": "River"}, aliases=("microdao:9f",))
    assert made.weight("city", river) == made.weight("city", Put("city", "microdao:9f")) == 4
    assert made.weight("city", Put("city", "microdao:delta")) == 1
    made.apply("city", [river], 2, from_seq=1)
    assert made.weight("city", replace(river, set={"name": "R"})) == 1
    assert made.weight("city", replace(river, id="microdao:3", set={"name": "R"})) == 1
    assert made.weight("city", replace(river, aliases=())) == made.weight("city", Drop("city", river.id)) == 4
    assert made.weight("city", Total("city", {"n": 1})) == 1
    made.apply("agents", [Drop("agents", "agent:a")], 3)
    assert made.weight("city", Drop("city", river.id)) == 3
    made.apply("agents", [Put("agents", "agent:d", {"microdao_id": "microdao:river"})], 3)
    made.apply("city", [Put("city", "microdao:river", {"size": 1}, creates=False, collection="rooms")], 4)
    assert made.weight("city", Put("city", "microdao:river", {"size": 2}, creates=False, collection="rooms")) == 2


def test_an_item_that_went_takes_the_names_in_its_namespaces_with_it():
    made = scene()
    made.apply("city", [Put("city", "microdao:river", namespaces={"microdao:river": "slug"})], 1)
    assert made.named("microdao:river", "slug") == "microdao:river"
    made.apply("city", [Drop("city", "microdao:river")], 2)
    made.apply("city", [Put("city", "microdao:river")], 3)
    assert made.named("microdao:river", "slug") is None


def test_the_item_that_goes_is_the_first_change_and_what_referred_to_it_follows():
    made = scene()
    made.apply("agents", [Put("agents", "agent:z", {"microdao_id": "microdao:a"})], 1)
    made.apply("city", [Put("city", "microdao:b", {"name": "B"}, aliases=("microdao:a",))], 2)
    assert made.apply("city", [Drop("city", "microdao:b")], 3) == [
        Drop("city", "microdao:b"),
        Put("agents", "agent:z", {"microdao_id": "microdao:a"}),
    ]


def test_an_id_that_is_listed_is_no_longer_an_alias_to_what_referred_to_it():
    made = scene()
    made.apply("city", [Put("city", "microdao:b", {"name": "B"}, aliases=("microdao:a",))], 1)
    made.apply("agents", [Put("agents", "agent:z", {"microdao_id": "microdao:a"})], 2)
    assert made.items("agents", "items")["agent:z"]["microdao_id"] == "microdao:b"
    changes = made.apply("city", [Put("city", "microdao:a", {"name": "A"})], 3, from_seq=2)
    assert Put("agents", "agent:z", {"microdao_id": "microdao:a"}) in changes
    assert made.items("agents", "items")["agent:z"]["microdao_id"] == "microdao:a"


def test_a_reference_follows_though_the_same_event_changes_another_field():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"microdao_id": "microdao:uuid"})], 1)
    river = Put("agents", "microdao:river", aliases=("microdao:uuid",))
    changes = made.apply("agents", [river, Put("agents", "agent:a", {"name": "A"})], 2)
    assert Put("agents", "agent:a", {"microdao_id": "microdao:river", "name": "A"}) in changes


def test_a_total_that_goes_is_unset():
    made = scene()
    made.apply("city", [Total("city", {"health": "green", "users": 2})], 1)
    assert made.apply("city", [Total("city", {"users": 3}, ("health",))], 2) == [
        Total("city", {"users": 3}, ("health",))
    ]
    assert made.totals("city") == {"users": 3, "online": None}


def test_a_field_that_its_source_keeps_for_itself_is_in_its_part_and_not_on_the_map():
    lending = Source("lending", "s", object, (Layer("city", private=("size",), decorates=True),))
    made = scene(CITY, lending)
    made.apply("city", [Put("city", "microdao:a", {"name": "A", "size": 7})], 1)
    made.apply("lending", [Put("city", "microdao:a", {"size": 8, "users": 1})], 2)
    assert made.items("city", "items") == {"microdao:a": {"name": "A", "users": 1}}
    assert made.apply("city", [Put("city", "microdao:a", {"size": 9})], 3) == []
    assert made.part("city").get("city", "microdao:a") == {"name": "A", "size": 9}


def test_a_restored_item_that_goes_takes_the_names_in_its_namespaces_with_it():
    made, restored = scene(), scene()
    made.apply("city", [Put("city", "microdao:river", namespaces={"microdao:river": "slug"})], 1)
    restored.restore(dict(made.states()))
    assert restored.named("microdao:river", "slug") == "microdao:river"
    restored.apply("city", [Drop("city", "microdao:river")], 2)
    restored.apply("city", [Put("city", "microdao:river")], 3)
    assert restored.named("microdao:river", "slug") is None


def test_a_layer_says_which_items_changed_since_a_version():
    made = scene()
    made.apply("agents", [Put("agents", "agent:a", {"name": "A"}), Put("agents", "agent:b", {"name": "B"})], 1)
    before = made.version("agents")
    made.apply("agents", [Put("agents", "agent:b", {"name": "C"}), Total("agents", {"n": 2})], 2)
    assert made.changed_since("agents", before) == {("items", "agent:b")}
    made.replace_sources([CITY, replace(AGENTS, layers=(Layer("agents", defaults={"status": "new"}),))], {})
    assert made.changed_since("agents", before) == {("items", "agent:a"), ("items", "agent:b")}


def test_what_two_sources_say_alike_is_kept_once_and_changes_by_itself():
    made = scene()
    for seq, source in enumerate(("city", "agents"), 1):
        made.apply(source, [Put("agents", "agent:a", {"name": "".join(["Ann "] * 30), "n": 7})], seq, 0)
    texts = [made.part(name).get("agents", "agent:a")["name"] for name in ("city", "agents")]
    assert texts[0] == "Ann " * 30
    assert texts[0] is texts[1]
    made.apply("agents", [Put("agents", "agent:a", {"name": "Bo"})], 3)
    assert [made.part(name).get("agents", "agent:a") for name in ("city", "agents")] == [
        {"name": "Ann " * 30, "n": 7},
        {"name": "Bo", "n": 7},
    ]
