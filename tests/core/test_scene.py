"""Single traits of the scene that the laws do not show."""

from livingmap.core.model import Drop, Put, Total
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
