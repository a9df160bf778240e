"""The numbers that the map counts itself, at the edges that the laws do not reach."""

import json

import pytest

from livingmap.core.model import Drop, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Amounts, Count, Layer, Source, Tally

ONLINE = Count("agents", field="status", values=frozenset({"online", "busy"}))


LAYERS = (Layer("agents"), Layer("city"), Layer("nodes"))


def scene(*tallies):
    return Scene([Source("all", "s", object, LAYERS, tallies=tallies)])


def agent(name, **fields):
    return Put("agents", f"agent:{name}", fields)


def raising(error):
    def rule(*counts):
        raise error

    return rule


@pytest.mark.parametrize(
    "error", [ZeroDivisionError(), KeyError("x"), RecursionError(), KeyboardInterrupt(), GeneratorExit()]
)
def test_a_rule_that_raises_gives_none_and_harms_no_other(error):
    made = scene(
        Tally("agents", "broken", (Count("agents"),), rule=raising(error)),
        Tally("agents", "all", (Count("agents"),)),
        Tally("city", "broken", (Count("agents"),), rule=raising(error), per="microdao_id"),
        Tally("city", "all", (Count("agents"),), per="microdao_id"),
    )
    made.apply("all", [Put("city", "microdao:a"), agent("a", microdao_id="microdao:a")], 1)
    assert made.totals("agents") == {"broken": None, "all": 1}
    assert made.items("city", "items") == {"microdao:a": {"broken": None, "all": 1}}


def test_a_number_is_none_until_every_layer_that_it_counts_is_filled():
    made = scene(Tally("city", "sum", (Count("agents"), Count("nodes")), rule=lambda one, other: one * 10 + other))
    assert made.totals("city") == {"sum": None}
    assert made.apply("all", [agent("a")], 1)[-1:] == [Put("agents", "agent:a")]
    assert made.totals("city") == {"sum": None}
    assert made.apply("all", [Total("nodes")], 2) == [Total("city", {"sum": 10})]
    assert made.apply("all", [Put("nodes", "node:a"), Put("nodes", "node:b")], 3)[-1] == Total("city", {"sum": 12})


def test_a_drop_or_a_decoration_does_not_fill_a_layer():
    lending = Source("lending", "s", object, (Layer("agents", decorates=True),))
    counting = Source(
        "counting", "s", object, (Layer("agents"),), tallies=(Tally("agents", "n", (Count("agents"),)),)
    )
    made = Scene([counting, lending])
    made.apply("lending", [agent("a", x=1)], 1)
    made.apply("counting", [Drop("agents", "agent:a"), Put("agents", "agent:b", creates=False)], 2)
    assert (made.totals("agents"), made.filled_layers) == ({"n": None}, set())
    made.apply("lending", [Total("agents")], 3)
    assert (made.totals("agents"), made.filled_layers) == ({"n": 0}, {"agents"})


def test_an_item_is_counted_while_its_field_has_one_of_the_values():
    made = scene(Tally("agents", "online", (ONLINE,)))
    numbers = []
    for seq, status in enumerate(["online", "busy", "idle", ["online"], None, "busy"], 1):
        made.apply("all", [agent("a", status=status)], seq)
        numbers.append(made.totals("agents")["online"])
    made.apply("all", [Drop("agents", "agent:a")], 9)
    assert [*numbers, made.totals("agents")["online"]] == [1, 1, 0, 0, 0, 1, 0]


def test_a_count_moves_with_the_item_that_it_belongs_to():
    made = scene(Tally("city", "online", (ONLINE,), per="microdao_id"))
    made.apply("all", [Put("city", "microdao:a"), Put("city", "microdao:b"), Total("agents")], 1)

    def numbers():
        items = made.items("city", "items")
        return items["microdao:a"]["online"], items["microdao:b"]["online"]

    steps = []
    for seq, change in enumerate(
        [
            agent("x", microdao_id="microdao:a", status="online"),
            agent("y", microdao_id="microdao:a", status="idle"),
            agent("y", status="busy"),
            agent("x", microdao_id="microdao:b"),
            agent("x", microdao_id=["microdao:b"]),
            agent("x", microdao_id="microdao:b"),
            agent("x", status="idle"),
            Drop("agents", "agent:y"),
        ],
        2,
    ):
        made.apply("all", [change], seq)
        steps.append(numbers())
    assert steps == [(1, 0), (1, 0), (2, 0), (1, 1), (1, 0), (1, 1), (1, 0), (0, 0)]


def test_an_item_shows_its_count_even_if_it_comes_after_what_it_counts():
    made = scene(Tally("city", "agents", (Count("agents"),), per="microdao_id"))
    made.apply("all", [agent("x", microdao_id="microdao:a"), agent("y", microdao_id="microdao:a")], 1)
    assert made.apply("all", [Put("city", "microdao:a"), Put("city", "microdao:b")], 2) == [
        Put("city", "microdao:a", {"agents": 2}),
        Put("city", "microdao:b", {"agents": 0}),
    ]


def test_a_count_of_counts_settles():
    made = scene(
        Tally("city", "agents", (Count("agents"),), per="microdao_id"),
        Tally("nodes", "n", (Count("city"),), per="node_id"),
    )
    put = Put("city", "microdao:a", {"node_id": "node:a"})
    made.apply("all", [Put("nodes", "node:a"), put, agent("x", microdao_id="microdao:a")], 1)
    assert made.items("nodes", "items") == {"node:a": {"n": 1}}
    assert made.items("city", "items") == {"microdao:a": {"node_id": "node:a", "agents": 1}}


def test_of_two_tallies_of_one_field_the_first_that_has_a_number_counts():
    both = (Count("agents"), Count("nodes"))
    made = scene(
        Tally("city", "n", both, rule=lambda *counts: sum(counts)),
        Tally("city", "n", (Count("agents"),)),
        Tally("city", "n", both, rule=lambda *counts: sum(counts), per="microdao_id"),
        Tally("city", "n", (Count("agents"),), per="microdao_id"),
    )
    made.apply("all", [agent("a", microdao_id="microdao:a"), Put("city", "microdao:a")], 1)
    assert (made.totals("city"), made.items("city", "items")["microdao:a"]) == ({"n": 1}, {"n": 1})
    node = Put("nodes", "node:a", {"microdao_id": "microdao:a"})
    made.apply("all", [node], 2)
    assert (made.totals("city"), made.items("city", "items")["microdao:a"]) == ({"n": 2}, {"n": 2})


def test_a_restored_map_counts_on():
    made = scene(Tally("city", "online", (ONLINE,)), Tally("city", "agents", (ONLINE,), per="microdao_id"))
    made.apply("all", [Put("city", "microdao:a"), agent("x", microdao_id="microdao:a", status="busy")], 1)
    other = scene(Tally("city", "online", (ONLINE,)), Tally("city", "agents", (ONLINE,), per="microdao_id"))
    other.restore(json.loads(json.dumps(dict(made.states()))))
    assert (other.totals("city"), other.items("city", "items")) == ({"online": 1}, {"microdao:a": {"agents": 1}})
    assert other.apply("all", [agent("x", status="idle")], 2) == [
        Put("agents", "agent:x", {"status": "idle"}),
        Put("city", "microdao:a", {"agents": 0}),
        Total("city", {"online": 0}),
    ]


HELD = Tally("agents", "held", (Amounts("agents", field="purse"),))


def held(made):
    return made.totals("agents")["held"]


def test_amounts_are_added_up_by_unit_and_a_unit_that_nobody_has_is_not_shown():
    made = scene(HELD)
    assert made.totals("agents") == {"held": None}
    made.apply("all", [agent("a", purse={"SILT": "0.1", "MUD": "7"}), agent("b", purse={"SILT": "0.2"})], 1)
    assert held(made) == {"MUD": "7", "SILT": "0.3"}
    assert made.apply("all", [agent("a", purse={"SILT": "12345678901234567890.000000000000000001"})], 2)[
        -1
    ] == Total("agents", {"held": {"SILT": "12345678901234567890.200000000000000001"}})
    made.apply("all", [Drop("agents", "agent:a")], 3)
    assert held(made) == {"SILT": "0.2"}
    made.apply("all", [agent("b", purse=None)], 4)
    assert held(made) == {}


def test_amounts_whose_unit_is_another_field_follow_both():
    made = scene(Tally("agents", "held", (Amounts("agents", field="balance", by="symbol"),)))
    made.apply("all", [agent("a", symbol="SILT", balance="1.5"), agent("b", symbol="SILT", balance="2")], 1)
    assert held(made) == {"SILT": "3.5"}
    made.apply("all", [agent("b", symbol="MUD")], 2)
    made.apply("all", [agent("a", balance="1.25")], 3)
    assert held(made) == {"MUD": "2", "SILT": "1.25"}
    made.apply("all", [agent("b", symbol=None), agent("c", balance="9"), agent("d", symbol=7, balance="9")], 4)
    assert held(made) == {"SILT": "1.25"}


@pytest.mark.parametrize(
    "purse", [None, 7, [], {"SILT": 7}, {"SILT": "x"}, {"SILT": "NaN"}, {"SILT": "1e129"}, {"SILT": "1" * 129}]
)
def test_what_is_no_amount_adds_nothing(purse):
    made = scene(HELD)
    made.apply("all", [agent("a", purse=purse), agent("b", purse={"SILT": "1"})], 1)
    assert held(made) == {"SILT": "1"}
    made.apply("all", [Drop("agents", "agent:a")], 2)
    assert held(made) == {"SILT": "1"}


def test_sums_are_the_same_after_a_restart_and_whatever_came_before():
    made = scene(HELD)
    for seq, amount in enumerate(("1e60", "0.00000000000000000000000000000000000000000000000001", "5"), 1):
        made.apply("all", [agent("a", purse={"SILT": amount}), agent("b", purse={"SILT": "1"})], seq)
    other = scene(HELD)
    other.restore(json.loads(json.dumps(dict(made.states()))))
    assert held(made) == held(other) == {"SILT": "6"}


def test_a_sum_of_very_long_amounts_has_all_its_digits():
    made = scene(HELD)
    made.apply("all", [agent("a", purse={"SILT": "1" * 90}), agent("b", purse={"SILT": "0.5"})], 1)
    assert held(made) == {"SILT": "1" * 90 + ".5"}


def test_an_amount_may_have_as_many_digits_as_anybody_needs():
    made = scene(HELD)
    made.apply("all", [agent("a", purse={"SILT": "1" * 128, "MUD": "1e128", "ORE": "1e-128"})], 1)
    assert held(made) == {"MUD": "1" + "0" * 128, "ORE": "0." + "0" * 127 + "1", "SILT": "1" * 128}


def test_a_count_for_items_that_no_source_lists_harms_no_other():
    made = scene(
        Tally("planets", "agents", (Count("agents"),), per="planet_id"),
        Tally("city", "agents", (Count("agents"),), per="microdao_id"),
    )
    made.apply("all", [Put("city", "microdao:a")], 1)
    made.apply("all", [agent("x", planet_id="planet:a", microdao_id="microdao:a")], 2)
    made.apply("all", [agent("y", planet_id="planet:a", microdao_id="microdao:a")], 3)
    assert made.items("city", "items") == {"microdao:a": {"agents": 2}}
