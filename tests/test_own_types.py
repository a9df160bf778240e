"""A plugin whose things have a type of their own, which the map's vocabulary does not name."""

import pytest

from livingmap.core.fold import refreshed
from livingmap.core.model import Put
from livingmap.core.vocabulary import TYPES
from tests.support.maps import browser, living_map

ORCHARD = """
from livingmap.plugin import Layer, Source, SourceSettings, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://orchard-service:1"

async def fetch_trees(client):
    return []

async def tree_details(client, name):
    return {"planted": f"{name} in spring"}

@hookimpl
def livingmap_source():
    return Source(
        "orchard",
        "orchard-service",
        Settings,
        (Layer("orchard", "trees", fetch=fetch_trees),),
        details={"tree": tree_details},
    )
"""
APPLE = Put(
    "orchard", "tree:apple", {"name": "Apple", "status": "active"}, collection="trees", aliases=("tree:7",)
)


@pytest.fixture
async def client(tmp_path):
    (tmp_path / "orchard.py").write_text(ORCHARD)
    async with living_map(tmp_path, {"orchard": {"module": "./orchard.py"}}) as living:
        await living.log.append(refreshed("orchard", living.log.position.seq, [APPLE]))
        async with browser(living) as opened:
            yield opened


@pytest.mark.parametrize("entity_id", ["tree:apple", "tree:7"])
async def test_an_entity_of_a_plugins_own_type_has_its_page(client, entity_id):
    assert "tree" not in TYPES
    body = (await client.get(f"/living-map/entities/{entity_id}")).json()
    assert body["data"] == {"name": "Apple", "status": "active", "planted": "apple in spring"}
    assert {name: body[name] for name in ("id", "type", "layer")} == {
        "id": "tree:apple",
        "type": "tree",
        "layer": "orchard",
    }
    assert body["sources"] == {"name": "orchard", "status": "orchard", "planted": "orchard"}


async def test_an_entity_of_a_plugins_own_type_that_is_not_there_has_no_page(client):
    assert (await client.get("/living-map/entities/tree:pear")).status_code == 404
