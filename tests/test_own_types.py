"""A network of which the map knows nothing but what its plugins declare, and what they do not."""

import pytest

from livingmap.core.fold import refreshed
from livingmap.core.model import Message, Put
from tests.support.maps import browser, living_map, snapshot

ORCHARD = """
from livingmap.plugin import Layer, Put, Relation, Source, SourceSettings, Status, Type, TypeField, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://orchard-service:1"

async def fetch_nothing(client):
    return []

async def tree_details(client, name):
    return {"planted": f"{name} in spring"}

def on_tree(event, part):
    return []

TREE = Type(
    "tree",
    ("orchard", "trees"),
    label={"en": "Tree", "uk": "Дерево"},
    plural={"en": "trees", "uk": "дерева"},
    counts={"en": {"one": "tree", "other": "trees"}, "uk": {"one": "дерево", "few": "дерева", "other": "дерев"}},
    status="health",
    statuses={"wilting": Status("warn", {"en": "wilting", "uk": "в'яне"})},
    fields=(TypeField("height", {"en": "height", "uk": "висота"}, "number", "m"), TypeField("kind")),
    relations=(Relation("plot_id", {"en": "plot", "uk": "ділянка"}, {"en": "trees here", "uk": "дерева тут"}),),
    within=("plot_id",),
)

@hookimpl
def livingmap_source():
    return Source(
        "orchard",
        "orchard-service",
        Settings,
        (
            Layer(
                "orchard",
                "trees",
                fetch=fetch_nothing,
                references=("plot_id",),
                title={"en": "Orchard", "uk": "Сад"},
            ),
            Layer("land", "plots", fetch=fetch_nothing, references=("owner_id",)),
        ),
        handlers={"tree.event.*": on_tree, "plot.event.*": on_tree},
        details={"tree": tree_details},
        types=(TREE,),
    )
"""
APPLE = Put(
    "orchard",
    "tree:apple",
    {"name": "Apple", "status": "active", "health": "wilting", "plot_id": "plot:north"},
    collection="trees",
    aliases=("tree:7",),
)
NORTH = Put("land", "plot:north", {"title": "North plot", "status": "active"}, collection="plots")


@pytest.fixture
async def living(tmp_path):
    (tmp_path / "orchard.py").write_text(ORCHARD)
    async with living_map(tmp_path, {"orchard": {"module": "./orchard.py"}}) as living:
        await living.log.append(refreshed("orchard", living.log.position.seq, [APPLE, NORTH]))
        yield living


@pytest.fixture
async def client(living):
    async with browser(living) as opened:
        yield opened


async def get(client, path, language="en"):
    return (
        (await client.get(f"/living-map/{path}", headers={"accept-language": language})).raise_for_status().json()
    )


@pytest.mark.parametrize("entity_id", ["tree:apple", "tree:7"])
async def test_an_entity_of_a_plugins_own_type_has_its_page(client, entity_id):
    body = await get(client, f"entities/{entity_id}")
    assert body["data"] == {**APPLE.set, "planted": "apple in spring"}
    assert {name: body[name] for name in ("id", "type", "layer")} == {
        "id": "tree:apple",
        "type": "tree",
        "layer": "orchard",
    }
    assert body["sources"] == dict.fromkeys((*APPLE.set, "planted"), "orchard")


async def test_an_entity_of_a_plugins_own_type_that_is_not_there_has_no_page(client):
    assert (await client.get("/living-map/entities/tree:pear")).status_code == 404


TREE = {"id": "tree:apple", "type": "tree", "label": "Apple", "status": "wilting", "layer": "orchard", "links": []}
PLOT = {
    "id": "plot:north",
    "type": "plot",
    "label": "North plot",
    "status": "active",
    "layer": "land",
    "links": [],
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [PLOT, TREE]),
        ("?type=tree", [TREE]),
        ("?type=plot", [PLOT]),
        ("?layer=orchard", [TREE]),
        ("?status=wilting", [TREE]),
        ("?q=north", [PLOT]),
    ],
)
async def test_the_catalogue_lists_declared_and_undeclared_types(client, query, expected):
    assert (await get(client, f"entities{query}"))["items"] == expected


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("type=agent", "type: no such type 'agent' (there are: tree, plot)"),
        ("layer=city", "layer: no such layer 'city' (there are: land, orchard)"),
    ],
)
async def test_a_type_or_layer_of_another_network_is_refused_with_those_there_are(client, query, detail):
    answer = await client.get(f"/living-map/entities?{query}")
    assert (answer.status_code, answer.json()["detail"]) == (422, detail)


async def test_a_map_without_daarions_plugins_has_none_of_its_layers(living):
    assert list((await snapshot(living))["layers"]) == ["land", "orchard"]


async def test_a_declared_type_is_described_in_its_own_words(client):
    tree = (await get(client, "types"))["types"][0]
    assert tree == {
        "name": "tree",
        "declared": True,
        "label": "Tree",
        "plural": "trees",
        "counts": {"one": "tree", "other": "trees"},
        "icon": "",
        "rank": 500,
        "home": {"layer": "orchard", "collection": "trees"},
        "collections": [{"layer": "orchard", "collection": "trees"}],
        "status": "health",
        "statuses": {"wilting": {"tone": "warn", "label": "wilting"}},
        "trouble": ["degraded", "error", "failed", "wilting"],
        "fields": [
            {"name": "height", "label": "height", "kind": "number", "unit": "m", "table": True, "additive": False},
            {"name": "kind", "label": "Kind", "kind": "auto", "unit": "", "table": True, "additive": False},
        ],
        "relations": [
            {"field": "plot_id", "label": "plot", "referrers": "trees here", "arcs": True, "orbit": False}
        ],
        "place": "inside",
        "within": ["plot_id"],
        "look": "mark",
        "size": "",
        "glow": [],
        "group": "",
        "highlight": "",
        "sources": ["orchard"],
    }


async def test_an_undeclared_type_is_described_by_its_name_and_its_layers(client):
    plot = (await get(client, "types"))["types"][1]
    described = ("declared", "label", "plural", "counts", "home", "status", "trouble", "within", "sources")
    assert {name: plot[name] for name in described} == {
        "declared": False,
        "label": "Plot",
        "plural": "plots",
        "counts": {"one": "plot", "other": "plots"},
        "home": {"layer": "land", "collection": "plots"},
        "status": "status",
        "trouble": ["degraded", "error", "failed"],
        "within": ["owner_id"],
        "sources": ["orchard"],
    }
    assert plot["relations"] == [
        {"field": "owner_id", "label": "owner", "referrers": "plots", "arcs": True, "orbit": False}
    ]


async def test_layers_are_described_as_well(client):
    assert (await get(client, "types"))["layers"] == [
        {"name": "land", "title": "Land", "hint": "", "icon": "", "standing": False},
        {"name": "orchard", "title": "Orchard", "hint": "", "icon": "", "standing": False},
    ]


@pytest.mark.parametrize(
    ("accepted", "language", "plural", "title"),
    [
        ("uk", "uk", "дерева", "Сад"),
        ("uk-UA, en;q=0.5", "uk", "дерева", "Сад"),
        ("de, uk;q=0.3, en;q=0.8", "en", "trees", "Orchard"),
        ("de", "en", "trees", "Orchard"),
        ("uk;q=0", "en", "trees", "Orchard"),
        ("uk;q=much", "en", "trees", "Orchard"),
    ],
)
async def test_the_words_are_in_the_language_that_is_asked_for(client, accepted, language, plural, title):
    answer = await client.get("/living-map/types", headers={"accept-language": accepted})
    assert (answer.headers["content-language"], answer.headers["vary"]) == (
        language,
        "Accept-Encoding, Accept-Language",
    )
    assert answer.json()["types"][0]["plural"] == plural
    assert answer.json()["layers"][1]["title"] == title


async def test_a_client_that_has_the_types_is_not_sent_them_again(client, living):
    first = await client.get("/living-map/types")
    headers = {"if-none-match": first.headers["etag"]}
    assert (await client.get("/living-map/types", headers=headers)).status_code == 304
    bee = Put("orchard", "bee:maya", {"name": "Maya"}, collection="trees")
    await living.log.append(refreshed("orchard", living.log.position.seq, [APPLE, bee, NORTH]))
    again = await client.get("/living-map/types", headers=headers)
    assert [one["name"] for one in again.json()["types"]] == ["tree", "bee", "plot"]


async def test_the_history_of_a_thing_has_the_events_that_name_it(client, living):
    for number, payload in enumerate(({"tree_id": "7"}, {"plot_id": "north"}, {"plot_id": "south"})):
        await living.log.append(Message("tree.event.seen", {**payload, "number": number}))
    await living.writer.drain(5)

    async def numbers(entity_id):
        page = await get(client, f"history?entity_id={entity_id}&event_type=tree.event.*")
        return [item["payload"]["number"] for item in page["items"]]

    assert [await numbers(one) for one in ("tree:apple", "plot:north", "plot:south")] == [[0], [1], []]
