"""Whom an id means when several things claim it: the strongest namespace, whatever the order of the claims."""

import itertools
from dataclasses import replace

import pytest

from livingmap.core.aliases import Aliases, Collision
from livingmap.core.model import Drop, Put, namespaces_of
from livingmap.core.same_as import SameAs
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source

TRUST = (
    "dao:oak-trust",
    ("dao:oak", "dao:9f3e"),
    {"dao:oak": "external", "dao:9f3e": "uuid", "dao:oak-trust": "slug"},
)
GROVE = ("dao:oak", ("dao:17", "dao:0a1b", "dao:2c3d"), {"dao:oak": "slug", "dao:17": "city", "dao:0a1b": "uuid"})


def claims(*things, same_as=None):
    aliases = Aliases(same_as or {})
    for entity_id, names, namespaces in things:
        aliases.add(entity_id)
        aliases.rename(entity_id, (), names, {}, namespaces)
    return aliases


@pytest.mark.parametrize("order", list(itertools.permutations((TRUST, GROVE))))
def test_the_strongest_claim_has_the_id_and_the_other_is_shown_by_its_strongest_alias(order):
    aliases = claims(*order)
    assert aliases.resolve("dao:oak") == "dao:oak-trust"
    assert aliases.displaced == {"dao:oak": "dao:0a1b"}
    assert (aliases.shown("dao:oak"), aliases.shown("dao:oak-trust")) == ("dao:0a1b", "dao:oak-trust")
    assert aliases.same("dao:17") == ("dao:0a1b", "dao:17", "dao:2c3d", "dao:oak")
    assert aliases.same("dao:9f3e") == ("dao:oak-trust", "dao:9f3e", "dao:oak")


@pytest.mark.parametrize("order", list(itertools.permutations((TRUST, GROVE))))
def test_a_collision_names_the_claims_the_strongest_first(order):
    aliases = claims(*order)
    assert aliases.contested == {"dao:oak"}
    assert aliases.collision("dao:oak") == Collision(
        "dao:oak", (("dao:oak-trust", "external"), ("dao:0a1b", "slug")), "dao:oak-trust"
    )


def test_claims_without_a_namespace_collide_without_one():
    aliases = claims(("dao:b", ("dao:x",), {}), ("dao:a", ("dao:x",), {}))
    assert aliases.collision("dao:x") == Collision("dao:x", (("dao:a", None), ("dao:b", None)), "dao:a")


def test_an_unknown_namespace_is_weaker_than_a_slug_and_stronger_than_none():
    ranked = [({"dao:x": "slug"}, "dao:a"), ({"dao:x": "city"}, "dao:b"), ({}, "dao:c")]
    for order in itertools.permutations(ranked):
        aliases = claims(*((one, ("dao:x",), namespaces) for namespaces, one in order))
        assert [one for one, _ in aliases.collision("dao:x").claims] == ["dao:a", "dao:b", "dao:c"]


def test_of_several_namespaces_for_one_claim_the_strongest_counts():
    aliases = claims(("dao:a", ("dao:x",), {"dao:x": "city"}), ("dao:a", ("dao:x",), {"dao:x": "uuid"}))
    aliases.add("dao:b")
    aliases.rename("dao:b", (), ("dao:x",), {}, {"dao:x": "slug"})
    assert aliases.collision("dao:x").claims == (("dao:a", "uuid"), ("dao:b", "slug"))


def test_a_displaced_thing_without_a_free_alias_is_shown_with_its_namespace():
    grove = ("dao:oak", ("dao:oak", "dao:9f3e"), {"dao:oak": "slug"})
    aliases = claims(TRUST, grove)
    assert aliases.displaced == {"dao:oak": "dao:oak@slug"}


def test_an_alias_that_is_joined_by_hand_is_not_the_name_of_a_displaced_thing():
    aliases = claims(TRUST, GROVE, same_as={"dao:0a1b": "dao:elm"})
    assert aliases.displaced == {"dao:oak": "dao:17"}


def test_a_displaced_thing_is_shown_by_its_strongest_alias_though_another_comes_first_by_name():
    grove = ("dao:oak", ("dao:07", "dao:9a"), {"dao:oak": "slug", "dao:07": "city", "dao:9a": "uuid"})
    assert claims(TRUST, grove).displaced == {"dao:oak": "dao:9a"}


def test_of_equal_aliases_a_displaced_thing_is_shown_by_the_first_by_name():
    grove = ("dao:oak", ("dao:z", "dao:b", "dao:c"), {"dao:oak": "slug"})
    assert claims(TRUST, grove).displaced == {"dao:oak": "dao:b"}


def test_an_entity_is_named_in_each_namespace_by_the_first_by_name_of_its_ids():
    more = ("dao:oak-trust", ("dao:0000",), {"dao:0000": "uuid"})
    aliases = claims(TRUST, GROVE, more)
    assert [aliases.named("dao:oak", one) for one in ("external", "uuid", "slug", "city")] == [
        "dao:oak",
        "dao:0000",
        "dao:oak-trust",
        None,
    ]
    assert [aliases.named("dao:17", one) for one in ("external", "uuid", "slug", "city")] == [
        None,
        "dao:0a1b",
        "dao:oak",
        "dao:17",
    ]


def test_an_id_ceases_to_be_contested_when_a_claim_is_given_up():
    aliases = claims(TRUST, GROVE)
    contests = aliases.contests
    assert aliases.rename(*TRUST[:2], ("dao:9f3e",), TRUST[2], {}) >= {"dao:oak", "dao:0a1b", "dao:oak-trust"}
    assert (aliases.contested, aliases.displaced, aliases.resolve("dao:oak")) == (set(), {}, "dao:oak")
    assert aliases.contests == contests + 1
    assert aliases.resolve("dao:0a1b") == "dao:oak"


def test_the_first_of_equal_names_is_in_the_strongest_namespace():
    assert namespaces_of("node", external="node:gpu-1", uuid="9f3e", slug="gpu-1", city=None) == {
        "node:gpu-1": "external",
        "node:9f3e": "uuid",
    }


def test_a_displaced_thing_that_gives_up_the_alias_it_is_shown_by_is_shown_by_the_next():
    aliases = claims(TRUST, GROVE)
    _, names, namespaces = GROVE
    affected = aliases.rename("dao:oak", names, ("dao:17", "dao:2c3d"), namespaces, namespaces)
    assert aliases.displaced == {"dao:oak": "dao:17"}
    assert affected >= {"dao:0a1b", "dao:17", "dao:2c3d", "dao:oak"}


def test_a_displaced_thing_that_is_shown_by_another_name_affects_each_of_its_aliases():
    namespaces = {"dao:2c3d": "external", "dao:0a1b": "external"}
    aliases = claims(TRUST, GROVE, ("dao:elm", ("dao:2c3d",), namespaces))
    affected = aliases.rename("dao:elm", ("dao:2c3d",), ("dao:2c3d", "dao:0a1b"), namespaces, namespaces)
    assert aliases.displaced == {"dao:oak": "dao:17"}
    assert affected >= {"dao:17", "dao:0a1b", "dao:2c3d", "dao:oak"}  # to its source, dao:2c3d is dao:17 now


def test_what_is_joined_to_a_thing_by_hand_does_not_displace_it():
    joined = ("dao:elm", ("dao:oak",), {"dao:oak": "external"})
    third = ("dao:ash", ("dao:oak",), {"dao:oak": "uuid"})
    aliases = claims(GROVE, joined, third, same_as={"dao:elm": "dao:oak"})
    assert (aliases.contested, aliases.displaced, aliases.resolve("dao:elm")) == ({"dao:oak"}, {}, "dao:oak")


def test_what_is_joined_by_hand_is_displaced_by_nothing():
    trust = ("dao:oak-trust", ("dao:elm",), {"dao:elm": "external"})
    aliases = claims(trust, ("dao:elm", (), {"dao:elm": "slug"}), same_as={"dao:elm": "dao:oak"})
    assert (aliases.displaced, aliases.resolve("dao:elm")) == ({}, "dao:oak")


def test_the_aliases_of_what_is_joined_by_hand_follow_what_it_is_joined_to():
    aliases = claims(("dao:elm", ("dao:x",), {}), same_as={"dao:elm": "dao:oak"})
    aliases.add("dao:oak-trust")
    assert aliases.rename("dao:oak-trust", (), ("dao:oak",)) >= {"dao:x", "dao:elm", "dao:oak", "dao:oak-trust"}
    assert aliases.resolve("dao:x") == "dao:oak-trust"


def test_joined_ids_that_claim_each_others_targets_all_mean_the_first_of_these_by_name():
    joined = {"dao:elm": "dao:oak", "dao:fir": "dao:ash"}
    aliases = claims(("dao:elm", ("dao:ash",), {}), ("dao:fir", ("dao:oak",), {}), same_as=joined)
    assert {aliases.resolve(one) for one in ("dao:elm", "dao:oak", "dao:fir", "dao:ash")} == {"dao:ash"}
    assert aliases.same("dao:oak") == ("dao:ash", "dao:elm", "dao:fir", "dao:oak")


# in a scene

CITY = Source("city", "city-service", object, (Layer("dao"), Layer("rooms", references=("dao_id",))))
HOUSE = Source("house", "house-service", object, (Layer("dao"), Layer("rooms", references=("dao_id",))))
OAK_OF_CITY = Put(
    "dao", "dao:oak", {"name": "grove"}, aliases=("dao:17",), namespaces={"dao:oak": "slug", "dao:17": "city"}
)
OAK_OF_HOUSE = Put(
    "dao",
    "dao:oak-trust",
    {"name": "trust"},
    aliases=("dao:oak",),
    namespaces={"dao:oak": "external", "dao:oak-trust": "slug"},
)


def scene_of(*changes, same_as=None):
    scene = Scene((CITY, HOUSE), same_as or SameAs())
    for seq, (source, change) in enumerate(changes, 1):
        scene.apply(source, [change], seq)
    return scene


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_each_source_means_its_own_by_a_contested_id(order):
    both = (("city", OAK_OF_CITY), ("house", OAK_OF_HOUSE))
    scene = scene_of(*(both[one] for one in order))
    assert {one: item["name"] for one, item in scene.items("dao", "items").items()} == {
        "dao:17": "grove",
        "dao:oak-trust": "trust",
    }
    assert scene.is_contested("dao:oak")
    assert not scene.is_contested("dao:17")
    assert [one.id for one in scene.collisions()] == ["dao:oak"]
    assert (scene.meaning("city", "dao:oak"), scene.meaning("house", "dao:oak")) == ("dao:17", "dao:oak-trust")
    assert (scene.meaning("nobody", "dao:oak"), scene.meaning("city", "dao:17")) == ("dao:oak-trust", "dao:17")
    assert (scene.listed_as("city", "dao:17"), scene.listed_as("house", "dao:17")) == ("dao:oak", "dao:17")
    assert (scene.listed_as("house", "dao:oak"), scene.listed_as("city", "dao:none")) == (
        "dao:oak-trust",
        "dao:none",
    )
    assert (scene.named("dao:17", "slug"), scene.named("dao:oak", "external")) == ("dao:oak", "dao:oak")
    item = {"dao_id": "dao:oak"}
    assert [scene.resolved(("rooms", "items"), item, one)["dao_id"] for one in ("city", "house", None)] == [
        "dao:17",
        "dao:oak-trust",
        "dao:oak-trust",
    ]


def test_a_restored_scene_has_the_same_collisions_and_no_number_that_was_there_before():
    scene = scene_of(("city", OAK_OF_CITY), ("house", OAK_OF_HOUSE))
    before = (scene.contests, scene.alias_revision, scene.version("dao"))
    states = scene.states()
    scene.restore(dict(states))
    assert {one: item["name"] for one, item in scene.items("dao", "items").items()} == {
        "dao:17": "grove",
        "dao:oak-trust": "trust",
    }
    assert [one.id for one in scene.collisions()] == ["dao:oak"]
    after = (scene.contests, scene.alias_revision, scene.version("dao"))
    assert all(new > old for new, old in zip(after, before, strict=True))


def test_the_field_of_a_displaced_item_is_its_own_and_no_others():
    scene = scene_of(("city", OAK_OF_CITY), ("house", OAK_OF_HOUSE))
    [*changes] = scene.apply("city", [Put("dao", "dao:oak", {"trees": 7})], 3)
    assert [(one.id, dict(one.set)) for one in changes if isinstance(one, Put)] == [("dao:17", {"trees": 7})]
    scene.apply("house", [Drop("dao", "dao:oak-trust")], 4)
    assert scene.items("dao", "items")["dao:oak"]["trees"] == 7
    assert scene.collisions() == []


def test_an_item_that_was_displaced_goes_by_the_id_under_which_it_is_shown():
    scene = scene_of(("city", OAK_OF_CITY), ("house", OAK_OF_HOUSE))
    assert scene.apply("city", [Drop("dao", "dao:oak")], 3)[0] == Drop("dao", "dao:17")
    assert set(scene.items("dao", "items")) == {"dao:oak-trust"}


def test_a_poll_leaves_what_it_listed_under_an_id_that_is_renamed_by_hand():
    scene = scene_of(
        ("city", OAK_OF_CITY),
        ("city", Put("dao", "dao:elm", {"name": "elm"})),
        same_as=SameAs({}, {"city": {"dao:oak": "dao:grove"}}),
    )
    part = scene.part("city")
    assert set(scene.items("dao", "items")) == {"dao:grove", "dao:elm"}
    assert part.missing(("dao", "items"), ["dao:oak"]) == [Drop("dao", "dao:elm")]
    assert part.missing(("dao", "items"), ["dao:oak", "dao:elm"]) == []
    assert part.get("dao", "dao:oak") == part.get("dao", "dao:grove")


def test_what_a_source_calls_by_another_name_and_does_not_list_is_what_the_map_calls_so():
    scene = Scene((CITY, HOUSE), SameAs(renamed={"city": {"dao:3": "dao:oak"}}))
    scene.apply("city", [Put("rooms", "room:1", {"dao_id": "dao:3"})], 1)
    assert scene.items("rooms", "items")["room:1"]["dao_id"] == "dao:oak"
    scene.apply("house", [OAK_OF_HOUSE], 2)
    assert scene.items("rooms", "items")["room:1"]["dao_id"] == "dao:oak-trust"


def test_an_alias_takes_no_id_that_stands_for_itself_without_a_namespace_or_in_one_as_strong():
    for own in ({}, {"dao:oak": "external"}):
        aliases = claims(("dao:oak", (), own), ("dao:trust", ("dao:oak",), {"dao:oak": "external"}))
        assert aliases.resolve("dao:oak") == "dao:oak"
        assert aliases.displaced == {}


@pytest.mark.parametrize("others", [(), (("dao:other", ("dao:x",), {}),)])
def test_an_id_is_in_no_namespace_any_more_when_its_source_puts_it_into_another(others):
    aliases = claims(*others, ("dao:a", ("dao:x",), {"dao:x": "external"}))
    aliases.rename("dao:a", ("dao:x",), ("dao:x",), {"dao:x": "external"}, {"dao:x": "slug"})
    assert [aliases.named("dao:a", one) for one in ("external", "slug")] == [None, "dao:x"]


def test_each_of_several_references_means_what_the_source_of_its_value_means():
    names = tuple(f"dao_{number}" for number in range(8))
    rooms = Layer("rooms", references=names)
    city, house = (replace(one, layers=(Layer("dao"), rooms)) for one in (CITY, HOUSE))
    scene = Scene((house, city))
    for seq, (source, change) in enumerate((("city", OAK_OF_CITY), ("house", OAK_OF_HOUSE)), 1):
        scene.apply(source, [change], seq)
    plain = {name: ["dao:elm", "dao:oak"] if name == "dao_3" else "dao:elm" for name in names}
    scene.apply("city", [Put("rooms", "room:1", plain)], 3)
    assert scene.items("rooms", "items")["room:1"] == {**plain, "dao_3": ["dao:elm", "dao:17"]}


def test_what_is_renamed_by_hand_is_compared_and_dropped_by_the_name_its_source_has_for_it():
    scene = Scene((CITY,), SameAs({}, {"city": {"dao:oak": "dao:grove"}}))
    scene.apply("city", [OAK_OF_CITY], 1, from_seq=0)
    part, key = scene.part("city"), ("dao", "items")
    assert part.difference(key, OAK_OF_CITY) is None
    assert part.dropped_at(key, "dao:oak") is None
    scene.apply("city", [Drop("dao", "dao:oak")], 7)
    assert scene.items("dao", "items") == {}
    assert (part.dropped_at(key, "dao:oak"), part.dropped_at(key, "dao:grove")) == (7, 7)
    assert part.dropped_at(key, "dao:elm") is None


def test_what_is_no_longer_kept_of_a_displaced_thing_goes_from_where_it_is_shown(monkeypatch):
    monkeypatch.setattr("livingmap.core.part.MOST_LOOSE", 1)
    scene = scene_of(("city", OAK_OF_CITY), ("house", OAK_OF_HOUSE))
    scene.apply("house", [Put("rooms", "dao:oak")], 3, from_seq=2)
    for seq, name in enumerate(("oak", "elm"), 4):
        scene.apply("city", [Put("rooms", f"dao:{name}", {"seats": seq}, creates=False)], seq)
        assert scene.items("rooms", "items") == {"dao:17": {"seats": 4} if name == "oak" else {}}
