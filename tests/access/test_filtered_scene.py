"""A filtered scene: the items that the rules show, without hidden ids, and numbers that count what is shown."""

from dataclasses import replace

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import Mentions
from livingmap.access.settings import ItemRule
from livingmap.access.view import NOTHING, Rights
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Drop, Event, Position, Put, Total
from livingmap.core.source import Count, Layer, Source, Tally
from tests.access.small_map import NOON

BY_ID = ItemRule(types=("agent",), field="id", type="agent")


class Follower:
    """A filtered scene that follows the polls of one source."""

    LAYERS = (Layer("agents", references=("parent",)), Layer("agents", "rooms"), Layer("space"))

    def __init__(self, rights, rules, *changes, tallies=(), layers=LAYERS):
        self.fold = Fold([Source("talk", "talk-service", object, layers, tallies=tallies)])
        self.seq = 0
        self._poll(changes)
        self._mentions = Mentions(self.fold.scene)
        self.scene = FilteredScene(self.fold.scene, self._mentions, rights, rules, tallies)

    def _poll(self, changes):
        self.seq += 1
        message = refreshed("talk", self.seq - 1, changes)
        return self.fold.apply(Event(Position("e", self.seq), message.type, message.payload, NOON))

    def poll(self, *changes):
        folded = self._poll(changes)
        return self.scene.take(folded, self._mentions.take(folded))


def test_what_is_not_there_may_be_named_to_those_to_whom_it_is_granted_itself():
    rights = Rights(grants=(frozenset({"agent:a", "agent:b"}),))
    scene = Follower(rights, [BY_ID], Put("agents", "agent:a", {})).scene
    assert [scene.hides(f"agent:{one}") for one in "abc"] == [False, False, True]


def test_items_that_belong_to_each_other_in_a_circle_are_hidden():
    rule = ItemRule(types=("agent",), field="parent")
    circle = [Put("agents", f"agent:{a}", {"parent": f"agent:{b}"}) for a, b in ("ab", "bc", "ca")]
    chain = [Put("agents", "agent:d", {"parent": "agent:e"}), Put("agents", "agent:e", {})]
    scene = Follower(Rights(grants=()), [rule], *circle, *chain).scene
    assert set(scene.items("agents", "items")) == {"agent:d", "agent:e"}


def test_a_caller_that_is_not_identified_is_shown_no_id():
    scene = Follower(NOTHING, [BY_ID], Put("agents", "agent:a", {})).scene
    assert scene.scrub(["agent:a", "agent:absent", "text"]) == ["text"]


def test_numbers_follow_what_is_shown_of_the_layers_that_have_been_filled():
    tallies = (
        Tally("agents", "all", (Count("agents"),)),
        Tally("agents", "children", (Count("agents"),), per="parent", collection="items"),
        Tally("agents", "planets", (Count("space"),)),
    )
    children = [Put("agents", f"agent:{name}", {"parent": "agent:a"}) for name in "bcde"]
    rights = Rights(grants=(frozenset({"agent:a", "agent:b", "agent:c", "agent:e"}),))
    follower = Follower(rights, [BY_ID], Put("agents", "agent:a", {}), *children[:3], tallies=tallies)
    assert follower.scene.totals("agents") == {"all": 3, "planets": None}
    assert follower.scene.items("agents", "items")["agent:a"] == {"children": 2}
    assert follower.poll(children[3]) == [
        Put("agents", "agent:e", {"parent": "agent:a", "children": 0}),
        Put("agents", "agent:a", {"children": 3}),
        Total("agents", {"all": 4}),
    ]
    assert follower.poll(Put("agents", "agent:d", {"mood": "calm"})) == []


def test_nothing_is_counted_for_what_is_not_on_the_map():
    tallies = (Tally("agents", "rooms", (Count("agents", "rooms"),), per="parent"),)
    layers = (Layer("agents"), Layer("agents", "rooms", references=("parent",)))
    room = Put("agents", "agent:room", {"parent": "hall:1"}, collection="rooms")
    follower = Follower(Rights(grants=(frozenset({"agent:room"}),)), [BY_ID], tallies=tallies, layers=layers)
    assert follower.poll(room) == [room]


def test_a_number_is_known_from_when_its_layer_is_filled_if_only_with_what_is_hidden():
    tallies = (Tally("agents", "of", (Count("space"),), per="parent"), Tally("agents", "all", (Count("space"),)))
    rights = Rights(grants=(frozenset({"agent:a"}),))
    follower = Follower(rights, [BY_ID], Put("agents", "agent:a", {}), tallies=tallies)
    assert follower.scene.items("agents", "items") == {"agent:a": {"of": None}}
    assert follower.poll(Put("space", "agent:b", {})) == [
        Put("agents", "agent:a", {"of": 0}),
        Total("agents", {"all": 0}),
    ]


def test_a_number_that_counts_a_hidden_layer_is_not_shown():
    tallies = (
        Tally("agents", "planets", (Count("space"),), per="parent"),
        Tally("agents", "all", (Count("space"),)),
    )
    layers = (Layer("agents"), Layer("space", references=("parent",)))
    planet = Put("space", "planet:a", {"parent": "agent:a"})
    some, both = Rights(layers=frozenset({"agents"})), Rights(layers=frozenset({"agents", "space"}))
    for rights, number in ((some, None), (both, 1)):
        given = (Put("agents", "agent:a", {"mood": "calm"}), planet)
        scene = Follower(rights, (), *given, tallies=tallies, layers=layers).scene
        assert scene.items("agents", "items") == {"agent:a": {"mood": "calm", "planets": number}}
        assert scene.totals("agents") == {"all": number}
        assert scene.layers() == {name: ["items"] for name in sorted(rights.layers)}


def test_a_layers_version_grows_with_every_change_that_is_shown():
    follower = Follower(Rights(grants=(frozenset({"agent:a"}),)), [BY_ID], Put("agents", "agent:a", {}))
    assert growth(follower, [Put("agents", "agent:a", {"mood": number}) for number in range(3)])
    assert not growth(follower, [Put("agents", "agent:b", {})])
    assert not growth(follower, [Put("space", "agent:a", {})])
    readers = Follower(Rights(layers=frozenset({"agents"})), (), Put("agents", "agent:a", {}))
    assert growth(readers, [Total("agents", {"users": number}) for number in range(3)])
    assert not growth(readers, [Total("space", {"users": 3})])


def test_which_items_changed_since_a_version_is_told_of_what_is_shown():
    agents = [Put("agents", f"agent:{one}", {"mood": "calm"}) for one in "ab"]
    follower = Follower(Rights(grants=(frozenset({"agent:a"}),)), [BY_ID], *agents)
    version = follower.scene.version("agents")
    changes = [Put("agents", f"agent:{one}", {"mood": "tense"}) for one in "ab"]
    expected = []
    for change, item in (
        (changes[1], None),
        (changes[0], "items"),
        (replace(changes[0], collection="rooms"), "rooms"),
    ):
        follower.poll(change)
        expected += [(item, "agent:a")] if item else []
        assert follower.scene.changed_since("agents", version) == set(expected)
    assert follower.scene.changed_since("agents", follower.scene.version("agents") - 1) == {("rooms", "agent:a")}
    assert follower.scene.changed_since("space", 0) == set()


def test_what_goes_for_a_reader_goes_from_its_collection_and_as_a_total():
    rooms = [Put("agents", f"agent:{one}", {}, collection="rooms") for one in "ab"]
    follower = Follower(Rights(grants=(frozenset({"agent:a"}),)), [BY_ID], *rooms)
    painted = Put("agents", "agent:a", {"wall": "blue"}, collection="rooms")
    assert follower.poll(painted) == [painted]
    assert follower.poll(*(Drop("agents", one.id, "rooms") for one in rooms)) == [
        Drop("agents", "agent:a", "rooms")
    ]
    readers = Follower(Rights(layers=frozenset({"agents"})), (), Total("agents", {"users": 3, "mood": "calm"}))
    assert readers.poll(Total("agents", {"users": 4}, ("mood",))) == [Total("agents", {"users": 4}, ("mood",))]


def test_a_number_of_a_layer_that_was_filled_only_now_is_known_from_then_on():
    tallies = (Tally("agents", "planets", (Count("space"),)), Tally("agents", "moons", (Count("moons"),)))
    some, both = Rights(layers=frozenset({"agents"})), Rights(layers=frozenset({"agents", "space"}))
    for rights, after in ((Rights(grants=()), 1), (some, None), (both, 1)):
        follower = Follower(rights, [BY_ID], Put("agents", "agent:a", {}), tallies=tallies)
        assert follower.scene.totals("agents") == {"planets": None, "moons": None}
        follower.poll(Put("space", "planet:a", {}))
        assert follower.scene.totals("agents") == {"planets": after, "moons": None}


def growth(follower, changes):
    """Tell whether each poll makes the version of ``agents`` grow; False if none does."""
    versions = [follower.scene.version("agents")]
    for change in changes:
        follower.poll(change)
        versions.append(follower.scene.version("agents"))
    assert versions in (sorted(set(versions)), versions[:1] * len(versions))
    return versions[0] != versions[-1]
