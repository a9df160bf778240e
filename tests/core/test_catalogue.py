from dataclasses import replace

import pytest

from livingmap.core.catalogue import Catalogue, Entity, home_of
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Drop, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.search_key import search_key
from livingmap.core.source import Layer, Source
from livingmap.core.types import Type

EVERYTHING = Source(
    "all",
    "s",
    object,
    (
        Layer("agents", standing={"total_agents": None}),
        Layer("city", "rooms"),
        Layer("city", standing={"microdaos_total": None, "health": None}),
        Layer("space", "planets", standing={}),
        Layer("space", "nodes", standing={}),
        Layer("weather", "stations"),
        Layer("air", "stations"),
    ),
    types=(
        Type("agent", ("agents", "items"), rank=40),
        Type("city", ("city", "rooms"), rank=60),
        Type("dao", ("space", "planets"), rank=20, status="health"),
        Type("microdao", ("city", "items"), rank=10),
    ),
)
SOFIA = Entity("agent:sofia", "agent", "Sofia", "online", "agents")


@pytest.fixture
def scene():
    made = Scene([EVERYTHING])
    changes = [
        Put("agents", "agent:sofia", {"name": "Sofia", "status": "online"}),
        Put("agents", "agent:bare", {"name": None, "status": 7}),
        Put("city", "microdao:river", {"name": "River"}),
        Put("city", "city:hall", {"status": "busy"}, collection="rooms"),
        Put("city", "agent:sofia", {"name": "Not at home"}),
        Put("agents", "microdao:river", {"name": "Not at home"}),
        Put("weather", "station:lviv", {"name": "Lviv"}, collection="stations"),
    ]
    made.apply("all", changes, 1)
    return made


def test_the_catalogue_lists_each_entity_once_at_home_in_order_of_id(scene):
    assert Catalogue(scene).entities() == [
        Entity("agent:bare", "agent", "bare", "unknown", "agents"),
        SOFIA,
        Entity("city:hall", "city", "hall", "busy", "city"),
        Entity("microdao:river", "microdao", "River", "unknown", "city"),
        Entity("station:lviv", "station", "Lviv", "unknown", "weather"),
    ]


def test_the_catalogue_follows_the_scene(scene):
    catalogue = Catalogue(scene)
    first = catalogue.entities()
    assert catalogue.entities() is first
    scene.apply("all", [Put("agents", "agent:bare", {"name": "Now"}), Drop("city", "microdao:river")], 3)
    assert [entity.label for entity in catalogue.entities()] == ["Now", "Sofia", "hall", "Lviv"]
    assert catalogue.entities()[1] is first[1]
    assert catalogue.entities()[3] is first[4]


def test_the_catalogue_follows_what_sources_declare(scene):
    catalogue = Catalogue(scene)
    assert catalogue.entities()[1].layer == "agents"
    scene.replace_sources([replace(EVERYTHING, types=(Type("agent", ("city", "items")),))], {})
    assert [entity.layer for entity in catalogue.entities() if entity.id == "agent:sofia"] == ["city"]


def test_an_entity_in_several_collections_of_its_home_is_the_one_of_the_declared_collection(scene):
    scene.apply("all", [Put("city", "microdao:river", {"name": "Not this"}, collection="rooms")], 2)
    assert [one.label for one in Catalogue(scene).entities() if one.id == "microdao:river"] == ["River"]
    assert home_of(scene, "microdao:river") == ("city", "items")


def test_how_an_entity_is_says_the_field_that_its_type_names_or_its_status(scene):
    planets = [
        Put("space", "dao:oak", {"health": "good", "status": "active"}, collection="planets"),
        Put("space", "dao:elm", {"health": None, "status": "hidden"}, collection="planets"),
    ]
    scene.apply("all", planets, 2)
    statuses = {one.id: one.status for one in Catalogue(scene).entities() if one.type == "dao"}
    assert statuses == {"dao:oak": "good", "dao:elm": "hidden"}


def test_a_thing_without_a_name_is_called_by_its_title(scene):
    scene.apply("all", [Put("air", "report:1", {"title": "Dust over Lviv"}, collection="stations")], 2)
    assert [one.label for one in Catalogue(scene).entities() if one.type == "report"] == ["Dust over Lviv"]


def test_the_catalogue_says_where_things_of_each_type_stand(scene):
    assert Catalogue(scene).places() == {
        "agent": [("agents", "items"), ("city", "items")],
        "microdao": [("agents", "items"), ("city", "items")],
        "city": [("city", "rooms")],
        "station": [("weather", "stations")],
    }


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("SOF", ["agent:sofia"]),
        ("agent:s", ["agent:sofia"]),
        ("ｓófıа", ["agent:sofia"]),  # wide, with an accent, without a dot, Cyrillic
        ("so\u200bfia", ["agent:sofia"]),
        ("r_ver", []),
        ("r%r", []),
        ("r.*", []),
        ("", ["agent:bare", "agent:sofia", "city:hall", "microdao:river", "station:lviv"]),
    ],
)
def test_entities_are_searched_by_label_and_id_as_they_read(scene, text, ids):
    entities = Catalogue(scene).entities()
    assert [entity.id for entity in entities if entity.matches(search_key(text))] == ids


@pytest.mark.parametrize(
    ("entity_id", "home"),
    [
        ("agent:sofia", ("agents", "items")),
        ("city:hall", ("city", "rooms")),
        ("microdao:river", ("city", "items")),
        ("station:lviv", ("weather", "stations")),
        ("agent:nobody", None),
        ("station:none", None),
        ("node:none", None),
    ],
)
def test_every_item_has_a_home(scene, entity_id, home):
    assert home_of(scene, entity_id) == home


def test_an_item_of_a_types_own_is_at_home_in_the_first_layer_by_name(scene):
    scene.apply("all", [Put("air", "station:lviv", {}, collection="stations")], 2)
    assert home_of(scene, "station:lviv") == ("air", "stations")
    assert [one.layer for one in Catalogue(scene).entities() if one.type == "station"] == ["air"]


def test_the_type_of_an_id_is_what_stands_before_its_first_colon(scene):
    scene.apply("all", [Put("agents", "agent:sofia:2", {}), Drop("agents", "agent:sofia")], 2)
    assert Catalogue(scene).entities()[1] == Entity("agent:sofia:2", "agent", "sofia:2", "unknown", "agents")
    assert home_of(scene, "agent:sofia:2") == ("agents", "items")
    assert home_of(scene, "agent:sofia") is None


def test_a_snapshot_has_the_standing_layers_then_the_others_by_name(scene):
    assert layer_names(scene) == ["city", "space", "agents", "air", "weather"]


def test_a_layer_that_ceases_to_stand_is_made_anew(scene):
    before = scene.version("space"), scene.version("agents")
    layers = tuple(replace(one, standing=None) if one.name == "space" else one for one in EVERYTHING.layers)
    scene.replace_sources([replace(EVERYTHING, layers=layers)], {})
    assert (scene.version("space") > before[0], scene.version("agents")) == (True, before[1])
    assert layer_names(scene) == ["city", "agents", "air", "space", "weather"]


def test_a_layer_shows_its_totals_then_its_collections_in_order_of_id(scene):
    scene.apply("all", [Total("city", {"health": "ok", "x": 1})], 2)
    assert list(layer(scene, "city").items()) == [
        ("microdaos_total", None),
        ("health", "ok"),
        ("items", [{"id": "agent:sofia", "name": "Not at home"}, {"id": "microdao:river", "name": "River"}]),
        ("x", 1),
        ("rooms", [{"id": "city:hall", "status": "busy"}]),
    ]
    assert layer(scene, "space") == {"planets": [], "nodes": []}
    assert layer(scene, "nowhere") == {}


def test_a_thing_whose_home_no_source_fills_has_none():
    made = Scene([Source("s", "s", object, (Layer("agents"),), types=(Type("star", ("sky", "stars")),))])
    made.apply("s", [Put("agents", "star:sun", {})], 1)
    assert home_of(made, "star:sun") is None
    assert Catalogue(made).entities() == []


def test_a_thing_that_only_stands_in_another_collection_of_its_home_is_at_home_there(scene):
    scene.apply("all", [Put("city", "city:square", {}, collection="items")], 2)
    assert home_of(scene, "city:square") == ("city", "items")
