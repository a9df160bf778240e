"""What the sources of a map declare, joined."""

from dataclasses import replace

from livingmap.core.source import Layer, Source
from livingmap.core.types import LAST, Relation, Status, Type, TypeField
from livingmap.core.vocabulary import LayerWords, Vocabulary

HOME = ("monitoring", "targets")
LAYERS = (Layer(*HOME),)


def source(name, *types, layers=LAYERS):
    return Source(name, f"{name}-service", object, layers, types=types)


def vocabulary(*types):
    return Vocabulary(source(f"s{number}", one) for number, one in enumerate(types))


def test_of_a_type_that_two_sources_declare_the_first_wins_and_the_rest_is_added():
    first = Type(
        "target",
        HOME,
        label={"en": "Target"},
        statuses={"down": Status("bad")},
        fields=(TypeField("a", unit="s"), TypeField("b")),
        relations=(Relation("job_id", arcs=False),),
        within=("job_id",),
        look="tower",
    )
    second = Type(
        "target",
        ("elsewhere", "targets"),
        elsewhere=(HOME, ("third", "targets")),
        label={"en": "Scrape", "uk": "Ціль"},
        rank=7,
        status="health",
        statuses={"down": Status("off"), "slow": Status("warn")},
        fields=(TypeField("b", unit="x"), TypeField("c")),
        relations=(Relation("node_id"), Relation("job_id")),
        within=("node_id",),
        look="lamp",
    )
    assert vocabulary(first, second).types["target"] == Type(
        "target",
        HOME,
        elsewhere=(("elsewhere", "targets"), ("third", "targets")),
        label={"en": "Target", "uk": "Ціль"},
        rank=7,
        status="health",
        statuses={"down": Status("bad"), "slow": Status("warn")},
        fields=(TypeField("a", unit="s"), TypeField("b"), TypeField("c")),
        relations=(Relation("job_id", arcs=False), Relation("node_id")),
        within=("job_id", "node_id"),
        look="tower",
    )
    assert vocabulary(first, second).sources == {"target": ("s0", "s1")}
    assert vocabulary(first, second).homes == {"target": "monitoring"}


def test_types_are_in_order_of_rank_then_name():
    ranks = {"a": LAST, "b": 3, "c": 3, "d": 1}
    assert list(vocabulary(*(Type(name, HOME, rank=rank) for name, rank in ranks.items())).types) == list("dbca")


def test_layers_are_in_order_standing_first_then_by_what_is_at_home_there():
    layers = (Layer("a"), Layer("b"), Layer("c", standing={}), Layer("d", standing={}), Layer("e", decorates=True))
    types = (Type("x", ("b", "items"), rank=1), Type("y", ("d", "items"), rank=2))
    made = Vocabulary([source("s", *types, layers=layers)])
    assert sorted(made.layers, key=made.place_of) == ["d", "c", "b", "a", "e"]
    assert list(made.standing) == ["d", "c"]


def test_a_standing_layer_holds_its_totals_then_its_collections_whoever_says_so():
    one = source("one", layers=(Layer("city", standing={"health": None}), Layer("city", "rooms")))
    two = source("two", layers=(Layer("city", "places", standing={"users": 0, "health": "red"}),))
    assert Vocabulary([one, two]).standing == {"city": {"health": None, "items": [], "users": 0, "places": []}}


def test_the_first_source_that_says_what_a_layer_is_called_wins():
    one = source("one", layers=(Layer("city"), Layer("city", "rooms", hint={"en": "Rooms"})))
    two = source("two", layers=(Layer("city", title={"en": "City"}, hint={"en": "Other"}, icon="M0 0"),))
    assert Vocabulary([one, two]).layers == {"city": LayerWords({"en": "City"}, {"en": "Rooms"}, "M0 0")}


def test_statuses_that_a_type_judges_as_bad_are_trouble_beside_the_maps_own():
    made = vocabulary(Type("target", HOME, statuses={"down": Status("bad"), "error": Status("idle")}))
    assert made.trouble("target") == ["degraded", "down", "failed"]
    assert made.trouble("star") == ["degraded", "error", "failed"]


def test_the_references_of_layers_are_relations_of_what_stands_there():
    layers = (Layer("monitoring", "targets", references=("job_id", "node_id")), Layer("a", references=("job_id",)))
    made = Vocabulary(
        [source("s", Type("target", HOME, relations=(Relation("node_id", arcs=False),)), layers=layers)]
    )
    declared, undeclared = made.type("target", [HOME]), made.type("job", [("a", "items")])
    assert declared.relations == (Relation("node_id", arcs=False), Relation("job_id"))
    assert declared.within == ()
    assert (undeclared.relations, undeclared.within) == ((Relation("job_id"),), ("job_id",))
    assert made.type("star", [("sky", "stars"), ("a", "items")]) == replace(
        undeclared, name="star", home=("sky", "stars")
    )
    assert (made.sources_of("target", [HOME]), made.sources_of("job", [HOME])) == (["s"], ["s"])


async def gone(client, entity_id, fields):
    return None


def test_what_sources_say_of_one_collection_is_joined():
    nodes, city = ("nodes", "items"), ("city", "items")
    one = source("one", layers=(Layer("nodes", volatile=("seen_at",), references=("dao_id", "lead_id")),))
    lending = Layer("nodes", decorates=True, volatile=("load",), references=("lead_id", "room_id"))
    two = source("two", layers=(lending, Layer("city", unlisted=gone)))
    three = source("three", layers=(Layer("nodes", unlisted=gone),))
    made = Vocabulary([one, two, three])
    assert made.volatile == {nodes: {"seen_at", "load"}}
    assert made.references == {nodes: ("dao_id", "lead_id", "room_id"), city: ()}
    assert made.listing == {nodes: ("one", "three"), city: ("two",)}
    assert made.asked == [("two", city), ("three", nodes)]


def test_the_languages_are_those_of_all_words_with_english_first():
    types = (
        Type("a", HOME, label={"uk": "Пес"}, plural={"pl": "A"}),
        Type("b", HOME, counts={"de": {"other": "B"}}, label={"uk": "Кіт"}),
    )
    layers = (Layer("city", title={"fr": "Ville", "en": "City"}, hint={"es": "Ciudad"}),)
    assert Vocabulary([source("s", *types, layers=layers)]).languages == ("en", "uk", "pl", "de", "fr")
    assert Vocabulary().languages == ("en",)


def test_the_sources_of_a_type_are_those_that_declare_it_or_else_list_it():
    declaring, listing = source("declaring", Type("target", HOME), layers=()), source("listing")
    made = Vocabulary([listing, declaring, replace(listing, name="also")])
    assert made.sources_of("target", [HOME]) == ["declaring"]
    assert made.sources_of("job", [HOME, ("no", "where"), HOME]) == ["listing", "also"]
    assert made.sources_of("job", []) == []
