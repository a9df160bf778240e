import pytest

from livingmap.core.catalogue import Catalogue, Entity, home_of
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Drop, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.search_key import search_key
from livingmap.core.source import Layer, Source

EVERYTHING = Source(
    "all",
    "s",
    object,
    (
        Layer("agents"),
        Layer("city", "rooms"),
        Layer("city"),
        Layer("weather", "stations"),
        Layer("air", "stations"),
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
    ]


def test_the_catalogue_follows_the_scene(scene):
    catalogue = Catalogue(scene)
    first = catalogue.entities()
    scene.apply("all", [Put("weather", "station:lviv", {"rain": 1}, collection="stations")], 2)
    assert catalogue.entities() is first
    scene.apply("all", [Put("agents", "agent:bare", {"name": "Now"}), Drop("city", "microdao:river")], 3)
    assert [entity.label for entity in catalogue.entities()] == ["Now", "Sofia", "hall"]
    assert catalogue.entities()[1] is first[1]


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
        ("", ["agent:bare", "agent:sofia", "city:hall", "microdao:river"]),
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


def test_the_type_of_an_id_is_what_stands_before_its_first_colon(scene):
    scene.apply("all", [Put("agents", "agent:sofia:2", {}), Drop("agents", "agent:sofia")], 2)
    assert Catalogue(scene).entities()[1] == Entity("agent:sofia:2", "agent", "sofia:2", "unknown", "agents")
    assert home_of(scene, "agent:sofia:2") == ("agents", "items")
    assert home_of(scene, "agent:sofia") is None


def test_a_snapshot_has_the_standing_layers_then_the_others_by_name(scene):
    assert layer_names(scene) == ["city", "space", "nodes", "agents", "air", "weather"]


def test_a_layer_shows_its_totals_then_its_collections_in_order_of_id(scene):
    scene.apply("all", [Total("city", {"health": "ok", "x": 1})], 2)
    assert list(layer(scene, "city").items()) == [
        ("microdaos_total", None),
        ("active_users", None),
        ("active_agents", None),
        ("health", "ok"),
        ("items", [{"id": "agent:sofia", "name": "Not at home"}, {"id": "microdao:river", "name": "River"}]),
        ("x", 1),
        ("rooms", [{"id": "city:hall", "status": "busy"}]),
    ]
    assert layer(scene, "space") == {"planets": [], "nodes": []}
    assert layer(scene, "nowhere") == {}
