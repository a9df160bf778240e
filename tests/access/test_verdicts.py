"""Verdicts: an item is shown by its layer, by membership, and by the rules over it wherever it stands."""

import pytest

from livingmap.access.mentions import Mentions
from livingmap.access.settings import ItemRule
from livingmap.access.verdicts import Verdicts
from livingmap.access.view import Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Drop, Event, Position, Put
from livingmap.core.source import Layer, Source
from livingmap.core.types import Type
from tests.access.small_map import NOON

OWNED = ItemRule(types=("agent",), field="microdao_id", type="microdao")
MANAGED = ItemRule(types=("agent",), field="id", type="agent", action="manage")
FOLLOWS = ItemRule(types=("agent", "proposal"), field="parent")
TYPES = (
    Type("agent", ("agents", "items")),
    Type("microdao", ("city", "items")),
    Type("proposal", ("gov", "items")),
)
LAYERS = tuple(Layer(name, references=("microdao_id", "parent")) for name in ("agents", "city", "gov"))


class World:
    """A scene, and the verdicts over it by some rights and rules."""

    def __init__(self, rights, rules, *changes, today=None):
        self.fold = Fold([Source("talk", "talk-service", object, LAYERS, types=TYPES)])
        self.seq = 0
        self._poll(changes)
        self._mentions = Mentions(self.fold.scene)
        more = () if today is None else (today,)
        self.verdicts = Verdicts(self.fold.scene, self._mentions, rights, rules, *more)
        scene = self.fold.scene
        self.verdicts.judge_all(
            one for layer, names in scene.layers().items() for name in names for one in scene.items(layer, name)
        )

    def _poll(self, changes):
        self.seq += 1
        message = refreshed("talk", self.seq - 1, changes)
        return self.fold.apply(Event(Position("e", self.seq), message.type, message.payload, NOON))

    def poll(self, *changes):
        """Have something happen; return the ids that were judged again, and the items that may look different."""
        seen, dirty = self.verdicts.judge(self._mentions.take(self._poll(changes)))
        return seen, list(dirty)

    @property
    def shown(self):
        return {entity_id for entity_id, is_shown in self.verdicts.copy().items() if is_shown}


def agent(name, **fields):
    return Put("agents", f"agent:{name}", fields)


def rights(*grants, **more):
    return Rights(grants=tuple(map(frozenset, grants)), **more)


# membership


def test_what_a_reader_belongs_to_is_shown_whatever_it_belongs_to_in_turn():
    agents = [agent(name, microdao_id="microdao:1") for name in "ab"]
    assert World(rights((), memberships=frozenset({"agent:a"})), [OWNED], *agents).shown == {"agent:a"}


def test_membership_shows_nothing_of_a_layer_that_is_hidden():
    given = rights((), memberships=frozenset({"agent:a"}), layers=frozenset({"city"}))
    assert World(given, [OWNED], agent("a", microdao_id="microdao:1")).shown == set()


def test_membership_shows_nothing_in_a_summary():
    given = rights((), memberships=frozenset({"agent:a"}), summary=True)
    assert World(given, [OWNED], agent("a")).shown == set()


def test_what_follows_something_that_a_reader_belongs_to_is_shown():
    chain = [agent("a", microdao_id="microdao:1"), Put("gov", "proposal:1", {"parent": "agent:a"})]
    given = rights((), memberships=frozenset({"agent:a"}))
    assert World(given, [OWNED, FOLLOWS], *chain).shown == {"agent:a", "proposal:1"}


# rules


def test_an_item_is_shown_only_if_every_rule_over_it_permits_it():
    agents = [agent("a", microdao_id="microdao:1"), agent("b", microdao_id="microdao:2"), agent("c")]
    everything = {"microdao:1"}, {"agent:a", "agent:b"}
    assert World(rights(*everything), [OWNED, MANAGED], *agents).shown == {"agent:a"}
    assert World(rights({"microdao:1"}, {"agent:b", "agent:c"}), [OWNED, MANAGED], *agents).shown == {"agent:c"}


def test_an_item_that_stands_in_two_places_is_shown_only_if_the_rules_permit_both():
    both = [agent("a", microdao_id="microdao:1"), Put("gov", "agent:a", {"microdao_id": "microdao:2"})]
    assert World(rights({"microdao:1"}), [OWNED], *both).shown == set()
    assert World(rights({"microdao:2"}), [OWNED], *both).shown == set()
    assert World(rights({"microdao:1", "microdao:2"}), [OWNED], *both).shown == {"agent:a"}
    one_hidden = rights({"microdao:1", "microdao:2"}, layers=frozenset({"gov"}))
    assert World(one_hidden, [OWNED], *both).shown == {"agent:a"}


def test_an_item_of_several_owners_is_shown_by_any_of_them():
    many = agent("a", microdao_id=["microdao:1", "microdao:2", 7, None])
    assert World(rights({"microdao:2"}), [OWNED], many).shown == {"agent:a"}
    assert World(rights({"microdao:3"}), [OWNED], many).shown == set()


def test_the_owner_of_an_item_is_found_by_an_alias():
    river = Put("city", "microdao:1", {}, aliases=("microdao:river",))
    world = World(rights({"microdao:1"}), [OWNED], river, agent("a", microdao_id="microdao:river"))
    assert world.shown == {"microdao:1", "agent:a"}


def test_an_item_that_follows_something_that_is_not_on_the_map_is_hidden():
    proposals = [Put("gov", f"proposal:{one}", {"parent": f"agent:{one}"}) for one in "ab"]
    assert World(rights(), [FOLLOWS], *proposals, agent("a")).shown == {"proposal:a", "agent:a"}


def test_grants_are_those_of_the_kinds_of_question_in_the_order_of_the_rules():
    later = ItemRule(types=("agent",), field="parent", type="microdao")
    assert World(rights({"microdao:1"}, {"agent:a"}), [OWNED, FOLLOWS, MANAGED, later], agent("a")).shown == {
        "agent:a"
    }
    assert World(rights({"microdao:1"}, ()), [OWNED, FOLLOWS, MANAGED, later], agent("a")).shown == set()


def test_without_grants_no_rule_counts():
    agents = [agent("a", microdao_id="microdao:1"), Put("gov", "proposal:1", {"parent": "agent:gone"})]
    assert World(Rights(), [OWNED, FOLLOWS], *agents).shown == {"agent:a", "proposal:1"}


# what is not on the map


@pytest.mark.parametrize(
    ("given", "rules", "hidden"),
    [
        (Rights(), (), set()),
        (Rights(summary=True), (), {"agent:x", "microdao:x"}),
        (Rights(layers=frozenset({"agents"})), (), {"microdao:x"}),
        (Rights(layers=frozenset({"city"})), (), {"agent:x"}),
        (Rights(layers=frozenset()), (), {"agent:x", "microdao:x"}),
        (rights(()), (OWNED,), {"agent:x"}),
        (rights({"agent:x"}), (OWNED,), {"agent:x"}),
        (rights({"agent:x"}), (MANAGED,), set()),
        (rights(()), (MANAGED,), {"agent:x"}),
        (rights(("microdao:x",), {"agent:x"}), (OWNED, MANAGED), {"agent:x"}),
        (rights({"agent:x"}), (MANAGED, FOLLOWS), {"agent:x"}),
        (rights(), (ItemRule(types=("agent",), field="id"),), {"agent:x"}),
    ],
)
def test_what_is_not_on_the_map_is_hidden_by_its_type(given, rules, hidden):
    verdicts = World(given, rules).verdicts
    assert {one for one in ("agent:x", "microdao:x", "star:x", "text") if verdicts.hides(one)} == hidden


def test_an_id_of_a_type_without_a_home_is_hidden_from_readers_of_some_layers_once_it_has_gone():
    world = World(Rights(layers=frozenset({"agents"})), (), Put("agents", "stone:1", {}))
    assert not world.verdicts.hides("stone:1")
    world.poll(Drop("agents", "stone:1"))
    assert world.verdicts.hides("stone:1")


def test_an_id_is_shown_only_if_it_is_on_the_map():
    verdicts = World(rights({"microdao:1"}), [OWNED], agent("a"), agent("b", microdao_id="microdao:2")).verdicts
    ids = ("agent:a", "agent:b", "agent:c")
    assert [verdicts.shows(one) for one in ids] == [True, False, False]
    assert [verdicts.judged(one) for one in ids] == [True, True, False]


# the past


def test_what_is_hidden_now_is_hidden_then_and_what_is_shown_now_was_shown():
    today = {"agent:a": False, "agent:b": True, "agent:gone": True, "agent:out": False}
    agents = [agent("a", microdao_id="microdao:1"), agent("b"), agent("c", microdao_id="microdao:1")]
    given = rights({"microdao:1"}, (), memberships=frozenset({"agent:a"}))
    world = World(given, [OWNED], *agents, today=today)
    assert world.shown == {"agent:b", "agent:c"}
    assert [world.verdicts.hides(f"agent:{one}") for one in ("gone", "out", "absent")] == [False, True, True]


def test_what_is_shown_now_was_not_shown_in_a_layer_that_is_hidden():
    world = World(Rights(layers=frozenset({"city"})), (), agent("a"), today={"agent:a": True})
    assert world.shown == set()


def test_what_is_hidden_now_is_hidden_then_under_another_name():
    named = Put("agents", "agent:a", {}, aliases=("agent:old",))
    world = World(Rights(layers=frozenset({"agents"})), (), named, today={"agent:a": False})
    assert world.verdicts.hides("agent:old")


# following the scene


def test_what_follows_an_item_is_judged_again_with_it_and_nothing_else_is():
    chain = [
        agent("a", microdao_id="microdao:1"),
        Put("gov", "proposal:1", {"parent": "agent:a"}),
        Put("gov", "proposal:2", {"parent": "proposal:1"}),
        Put("gov", "proposal:3", {}),
        Put("city", "microdao:9", {"note": "see proposal:2"}),
    ]
    world = World(rights({"microdao:1"}), [OWNED, FOLLOWS], *chain)
    assert world.shown == {"agent:a", "proposal:1", "proposal:2", "proposal:3", "microdao:9"}
    seen, dirty = world.poll(agent("a", microdao_id="microdao:2"))
    assert seen == {"agent:a", "proposal:1", "proposal:2"}
    assert dirty == [
        (("agents", "items"), "agent:a"),
        (("gov", "items"), "proposal:1"),
        (("gov", "items"), "proposal:2"),
        (("city", "items"), "microdao:9"),
    ]
    assert world.shown == {"proposal:3", "microdao:9"}
    assert world.poll(agent("a", mood="calm")) == ({"agent:a"}, [(("agents", "items"), "agent:a")])


def test_everything_that_follows_an_item_is_judged_again_also_if_some_of_it_was_already():
    chain = [Put("gov", f"proposal:{number}", {"parent": "agent:a"}) for number in (1, 2, 3)]
    world = World(rights({"microdao:1"}), [OWNED, FOLLOWS], agent("a", microdao_id="microdao:1"), *chain)
    seen, _ = world.poll(Put("gov", "proposal:1", {"mood": "calm"}), agent("a", microdao_id="microdao:2"))
    assert seen == {"agent:a", "proposal:1", "proposal:2", "proposal:3"}
    assert world.shown == set()


def test_an_item_that_speaks_of_another_no_more_does_not_look_different_when_that_one_is_hidden():
    agents = agent("a", note="see agent:b"), agent("b", microdao_id="microdao:1")
    world = World(rights({"microdao:1"}), [OWNED], *agents)
    world.poll(agent("a", note="all is well"))
    assert world.poll(agent("b", microdao_id="microdao:2")) == ({"agent:b"}, [(("agents", "items"), "agent:b")])
    world.poll(agent("a", note="see agent:b"))
    assert world.poll(agent("b", microdao_id="microdao:1"))[1] == [
        (("agents", "items"), "agent:b"),
        (("agents", "items"), "agent:a"),
    ]


def test_items_that_speak_of_another_by_any_of_its_names_look_different_when_it_is_hidden():
    named = Put("agents", "agent:b", {"microdao_id": "microdao:1"}, aliases=("agent:beta",))
    both = agent("a", note="see agent:b"), agent("c", note="see agent:beta")
    world = World(rights({"microdao:1"}), [OWNED], *both, named)
    world.poll(agent("a", note="all is well"))
    assert world.poll(Put("agents", "agent:b", {"microdao_id": "microdao:2"}))[1] == [
        (("agents", "items"), "agent:b"),
        (("agents", "items"), "agent:c"),
    ]


def test_a_text_that_meant_an_item_touches_it_no_more_when_it_means_another_or_nothing():
    claimed = agent("b", microdao_id="microdao:1"), agent("c", microdao_id="microdao:1")
    first = [Put("agents", one.id, one.set, aliases=("agent:x",) * (one.id == "agent:b")) for one in claimed]
    then = [Put("agents", one.id, one.set, aliases=("agent:x",) * (one.id == "agent:c")) for one in claimed]
    world = World(rights({"microdao:1"}), [OWNED], agent("a", note="see agent:x"), *first)
    world.poll(*then)
    assert world.poll(agent("b", microdao_id="microdao:2"))[1] == [(("agents", "items"), "agent:b")]
    world.poll(agent("a", note="all is well"))
    for name in "bc":
        assert world.poll(agent(name, microdao_id="microdao:3"))[1][:1] == [(("agents", "items"), f"agent:{name}")]
    assert world.shown == {"agent:a"}


def test_what_goes_from_one_of_its_places_is_judged_by_the_others():
    both = [agent("a", microdao_id="microdao:1"), Put("gov", "agent:a", {"microdao_id": "microdao:2"})]
    world = World(rights({"microdao:1"}), [OWNED], *both)
    assert world.shown == set()
    assert world.poll(Drop("gov", "agent:a")) == ({"agent:a"}, [(("agents", "items"), "agent:a")])
    assert world.shown == {"agent:a"}


def test_what_goes_is_not_judged_any_more_and_comes_back_as_it_is_then():
    world = World(rights({"microdao:1"}), [OWNED], agent("a"), agent("b"))
    assert world.poll(Drop("agents", "agent:a")) == ({"agent:a"}, [])
    assert not world.verdicts.judged("agent:a")
    world.poll(agent("a", microdao_id="microdao:2"))
    assert (world.verdicts.judged("agent:a"), world.shown) == (True, {"agent:b"})
    assert world.verdicts.hides("agent:a")
