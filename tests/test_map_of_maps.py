"""Two maps, of which one shows the other."""

import asyncio
import contextlib
import json

import pytest

from livingmap.sources.samples import Sample, Samples
from tests.access.conftest import guarded, services  # noqa: F401 - fixtures
from tests.stream.conftest import served
from tests.support.maps import browser, living_map, poll, snapshot
from tests.support.nats_server import until
from tests.support.services import StubService

STATIONS = {
    "lists": [
        {
            "path": "/stations",
            "layer": "weather",
            "type": "station",
            "id": "id",
            "fields": {"name": "title", "celsius": "celsius"},
            "references": {"near_id": {"type": "station", "id": "near"}},
        }
    ],
    "types": {
        "station": {"label": {"en": "Station", "uk": "Станція"}, "plural": {"en": "stations", "uk": "станції"}}
    },
    "layers": {"weather": {"title": {"en": "Weather", "uk": "Погода"}}},
}
LVIV = {"id": "lviv", "title": "Lviv", "celsius": -3, "near": "stryi"}
STRYI = {"id": "stryi", "title": "Stryi", "celsius": -2}


@contextlib.asynccontextmanager
async def stations(folder, *rows):
    """Run a map of weather stations; give it with a function that has its service list others."""
    service = StubService(Samples((Sample("/stations", list(rows)),)))
    await service.start()
    folder.mkdir()
    async with living_map(folder, {"http": {**STATIONS, "base_url": service.base_url}}) as living:

        async def listed(*others):
            service.samples = Samples((Sample("/stations", list(others)),))
            await poll(living)

        yield living, listed
    await service.kill()


async def types_of(living, folder):
    """Write what there is on a map into a file, in two languages; return its path."""
    async with browser(living) as client:
        answers = {
            language: (await client.get("/living-map/types", headers={"accept-language": language})).json()
            for language in ("en", "uk")
        }
    file = folder / "eu.types.json"
    file.write_text(json.dumps(answers))
    return file


@contextlib.asynccontextmanager
async def showing(folder, url, types_file, **settings):
    """Run a map that shows the one at ``url``."""
    folder.mkdir()
    section = {
        "plugin": "map",
        "base_url": url,
        "types_file": str(types_file),
        "interval_seconds": 0.05,
        **settings,
    }
    async with living_map(folder, {"eu": section}, polled=False) as living:
        task = asyncio.create_task(living.pollers["eu"].run(), name="eu")
        yield living
        task.cancel()
        await asyncio.wait([task])


async def shown(living):
    items = (await snapshot(living))["layers"].get("weather", {}).get("items", [])
    return {item["id"]: item["celsius"] for item in items}


async def test_a_map_shows_another_one_with_its_words_and_its_changes(tmp_path):
    async with stations(tmp_path / "eu", LVIV, STRYI) as (eu, listed), served(eu) as address:
        types_file = await types_of(eu, tmp_path)
        async with showing(tmp_path / "all", f"http://{address}", types_file, namespace="eu") as whole:

            async def is_shown(**celsius):
                return await shown(whole) == {f"station:eu/{name}": value for name, value in celsius.items()}

            await until(lambda: is_shown(lviv=-3, stryi=-2), 60)
            item = next(
                one for one in (await snapshot(whole))["layers"]["weather"]["items"] if one["name"] == "Lviv"
            )
            assert item["near_id"] == "station:eu/stryi"
            await listed({**LVIV, "celsius": 4})
            await listed({**LVIV, "celsius": 4})
            await until(lambda: is_shown(lviv=4), 60)
            async with browser(whole) as client:
                table = (await client.get("/living-map/types", headers={"accept-language": "uk"})).json()
            assert [one["label"] for one in table["types"]] == ["Станція"]
            assert [one["title"] for one in table["layers"]] == ["Погода"]


async def test_what_a_map_showed_stays_while_it_is_gone(tmp_path):
    async with stations(tmp_path / "eu", LVIV, STRYI) as (eu, _):
        types_file = await types_of(eu, tmp_path)
        async with contextlib.AsyncExitStack() as serving:
            address = await serving.enter_async_context(served(eu))
            async with showing(tmp_path / "all", f"http://{address}", types_file) as whole:
                state = whole.pollers["eu"].state
                await until(lambda: state.observed_at, 60)
                await serving.aclose()
                await until(lambda: state.error, 60)
                assert await shown(whole) == {"station:lviv": -3, "station:stryi": -2}


@pytest.mark.parametrize("token", [None, "stranger"])
async def test_a_map_that_lets_nobody_in_says_so(tmp_path, guarded, token):  # noqa: F811
    access = await guarded()
    file = tmp_path / "eu.types.json"
    collections = [{"layer": "agents", "collection": "items"}]
    agent = {"name": "agent", "label": "Agent", "plural": "agents", "collections": collections}
    file.write_text(json.dumps({"types": [agent], "layers": []}))
    async with showing(tmp_path / "all", access.url, file, **({"token": token} if token else {})) as whole:
        state = whole.pollers["eu"].state
        await until(lambda: state.error, 60)
        assert "give token or token_file" in state.error
