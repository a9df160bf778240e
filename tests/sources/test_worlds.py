"""Worlds per source: another one stands in for some services, beside the one of the others."""

import pytest

from livingmap.config.loading import load
from livingmap.errors import ConfigError
from tests.support.maps import living_map, poll

SHOP = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://shop"

async def orders(client):
    rows = await client.get("/orders")
    return [Put("orders", f"order:{row['id']}", {"by": row["by"]}) for row in rows]

def on_order(event, part):
    return [Put("orders", f"order:{event.payload['id']}", {"by": "a message"})]

@hookimpl
def livingmap_source():
    return Source("shop", "shop", Settings, (Layer("orders", fetch=orders),), {"order.*": on_order})
"""
WORLD = """
from pydantic import BaseModel
from livingmap.plugin import Message, Mock, Reply, hookimpl

class Settings(BaseModel):
    module: str
    seed: int = 0
    events_per_second: float = 0

class World:
    def __init__(self, settings, sources):
        self.settings, self.names = settings, [source.name for source in sources]

    def reply(self, request, now):
        if request.path == "/orders":
            return Reply([{"id": f"{request.source}-{self.settings.seed}", "by": ",".join(self.names)}])

    def step(self, now):
        return [Message("order.made", {"id": f"made-{self.settings.seed}"})]

@hookimpl
def livingmap_mock():
    return Mock(Settings, World)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "shop_world.py").write_text(WORLD)
    return tmp_path


def shop(**world):
    return {"module": "./shop.py", "mock": {"module": "./shop_world.py", **world}}


async def test_a_world_of_another_author_stands_beside_the_built_in_one(folder):
    sections = {"north": shop(), "south": shop(), "east": shop(seed=7), "space": {"mock": True}}
    async with living_map(folder, sections, mock={"nodes": 3, "events_per_second": 0}) as living:
        orders = living.fold.scene.items("orders", "items")
        assert dict(orders) == {
            "order:north-0": {"by": "north,south"},
            "order:south-0": {"by": "north,south"},
            "order:east-7": {"by": "east"},
        }
        assert len(living.fold.scene.items("nodes", "items")) == 3
        assert {str(one.state.status) for one in living.pollers.values()} == {"mock"}
        await poll(living)
        for pace in living._simulation._worlds:
            await living._simulation._step(pace.world)
        assert {"order:made-0", "order:made-7"} < orders.keys()


@pytest.mark.parametrize(
    ("world", "problem"),
    [
        ({"module": "./nowhere.py"}, "sources.shop.mock: there is no file"),
        ({"module": "./shop.py"}, "sources.shop.mock: .* has no @hookimpl livingmap_mock"),
        ({"module": "./shop_world.py", "seed": "x"}, "sources.shop.mock.seed: Input should be a valid integer"),
        ({}, "sources.shop.mock"),
    ],
)
def test_a_world_that_cannot_be_used_is_named_by_its_place(folder, world, problem):
    file = folder / "map.yaml"
    file.write_text(f"sources:\n  shop: {{module: ./shop.py, mock: {world}}}\n".replace("'", ""))
    with pytest.raises(ConfigError, match=problem):
        load(file)
