"""The small shop of config/shop.yaml: a network without any service of DAARION, from what was recorded of it."""

from pathlib import Path

import pytest

from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.history.memory import MemoryHistory
from tests.support.maps import browser

SHOP = Path(__file__).parent.parent / "config" / "shop.yaml"
SOURCES = ("prometheus", "nats", "postgres")


@pytest.fixture
async def shop(monkeypatch):
    for name in SOURCES:
        monkeypatch.setenv(f"LIVINGMAP_SOURCES__{name.upper()}__MOCK", "true")
    monkeypatch.setenv("HISTORY_URL", "memory:")
    living = LivingMap(load(SHOP), MemoryHistory())
    for poller in living.pollers.values():
        await poller.poll()
        if poller.runner is not None:
            await poller.runner.replay()
    yield living
    await living.close()


async def answer(living, path, **headers):
    async with browser(living) as client:
        return (await client.get(path, headers=headers)).raise_for_status().json()


async def test_every_source_of_the_shop_is_shown_as_it_was_recorded(shop):
    items = (await answer(shop, "/living-map/sources"))["items"]
    states = {one["name"]: (one["status"], one["error"]) for one in items}
    assert states == dict.fromkeys(SOURCES, ("mock", None))


async def test_everything_in_the_shop_is_an_entity_of_its_type(shop):
    items = (await answer(shop, "/living-map/entities?limit=1000"))["items"]
    counts = {}
    for item in items:
        counts[item["type"]] = counts.get(item["type"], 0) + 1
    assert counts == {
        "alert": 3,
        "consumer": 3,
        "job": 2,
        "product": 2,
        "query": 2,
        "server": 3,
        "stream": 2,
        "supplier": 1,
        "target": 3,
    }


async def test_what_is_wrong_in_the_shop_is_trouble(shop):
    types = (await answer(shop, "/living-map/types"))["types"]
    trouble = {one["name"]: set(one["trouble"]) for one in types}
    items = (await answer(shop, "/living-map/entities?limit=1000"))["items"]
    assert sorted(item["id"] for item in items if item["status"] in trouble[item["type"]]) == [
        next(item["id"] for item in items if item["label"] == "TargetDown"),
        "consumer:ORDERS.billing",
        "consumer:ORDERS.mail",
        "job:shop",
        "product:B-03",
        "server:n3",
        "stream:ORDERS",
        "target:shop@stock-1.shop:9100",
    ]


@pytest.mark.parametrize("language", ["en", "uk"])
async def test_types_layers_and_fields_of_the_shop_have_words(shop, language):
    table = await answer(shop, "/living-map/types", **{"accept-language": language})
    assert [one["name"] for one in table["types"] if not one["declared"]] == []
    words = [one["title"] for one in table["layers"]]
    for one in table["types"]:
        words += [one["label"], one["plural"], *(field["label"] for field in one["fields"])]
        words += [status["label"] for status in one["statuses"].values()]
        words += [text for relation in one["relations"] for text in (relation["label"], relation["referrers"])]
    own = {"NATS", "PromQL"}
    assert [word for word in words if word not in own and word.isascii() != (language == "en")] == []
