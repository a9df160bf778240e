"""The whole network: real HTTP services that replay the plugins' samples, one map that gathers them."""

import asyncio
import contextlib
import itertools

import pytest

from livingmap.sources.samples import Samples
from tests.support.maps import FAMILIES, SOURCES, browser, living_map, poll, snapshot
from tests.support.services import GARBAGE, stub_services

BOUNDS = {"retries": 0, "max_bytes": 200_000, "timeout_seconds": 60}
IMPATIENT = {"timeout_seconds": 1.5}  # with the service that is to fail; a slow machine must not fail the others


@pytest.fixture
async def services():
    async with stub_services(SOURCES) as running:
        yield running


@pytest.fixture
def network(services, tmp_path):
    """Build maps of the running services."""

    @contextlib.asynccontextmanager
    async def built(names=FAMILIES, **overrides):
        sources = {
            name: {"base_url": services[name].base_url, **BOUNDS, **overrides.get(name, {})} for name in names
        }
        async with living_map(tmp_path, sources) as living:
            yield living

    return built


def statuses(shown):
    return {one["name"]: one["status"] for one in shown["meta"]["sources"]}


def without(shown, *layers):
    return {name: layer for name, layer in shown["layers"].items() if name not in layers}


async def test_every_service_is_on_the_map(network):
    async with network() as living:
        shown = await snapshot(living)
    assert statuses(shown) == dict.fromkeys(FAMILIES, "fresh")
    assert shown["meta"]["source_services"] == [
        "agents-service",
        "microdao-service",
        "dao-service",
        "space-service",
        "usage-engine",
        "messaging-service",
        "city-service",
    ]
    for name, layer in shown["layers"].items():
        assert any(layer.values()), name


FIELDS = {
    ("city", "items"): {"id", "slug", "name", "status", "agents", "nodes"},
    ("space", "planets"): {"id", "name", "type", "orbits", "status"},
    ("space", "nodes"): {"id", "name", "cpu", "gpu", "memory", "alerts"},
    ("nodes", "items"): {"id", "microdao_id", "status", "metrics"},
    ("agents", "items"): {"id", "name", "kind", "microdao_id", "status"},
}
METRICS = {"cpu", "gpu", "ram", "net_in", "net_out"}


async def test_the_snapshot_has_the_fields_of_the_specification(network):
    async with network() as living:
        shown = await snapshot(living)
    assert shown.keys() == {"generated_at", "layers", "meta"}
    assert {"city", "space", "nodes", "agents"} <= shown["layers"].keys()
    assert {"microdaos_total", "active_users", "active_agents", "health", "items"} <= shown["layers"][
        "city"
    ].keys()
    assert shown["layers"]["city"]["health"] in {"green", "yellow", "red"}
    for (layer, collection), fields in FIELDS.items():
        for item in shown["layers"][layer][collection]:
            assert fields <= item.keys(), item
    measured = [item["metrics"] for item in shown["layers"]["nodes"]["items"] if item["metrics"]]
    assert measured
    assert all(metrics.keys() >= METRICS for metrics in measured)
    used = [item["usage"] for item in shown["layers"]["agents"]["items"] if "usage" in item]
    assert used
    assert all({"llm_calls_24h", "tokens_24h"} <= usage.keys() for usage in used)


async def test_the_snapshot_has_what_the_present_page_of_the_network_reads(network):
    async with network() as living:
        layers = (await snapshot(living))["layers"]
    assert layers["agents"]["total_agents"] == len(layers["agents"]["items"])
    assert {"online", "offline", "busy"} & {item["status"] for item in layers["agents"]["items"]}
    nodes = {item["id"]: item["status"] for item in layers["nodes"]["items"]}
    shown = {item["id"]: item["status"] for item in layers["space"]["nodes"]}
    assert shown
    assert shown.items() <= nodes.items()
    assert set(shown.values()) <= {"online", "offline", "degraded", "unknown"}


async def test_sources_are_joined_by_resolved_references(network):
    async with network() as living:
        layers = (await snapshot(living))["layers"]
    agents = {item["id"]: item for item in layers["agents"]["items"]}
    microdaos = {item["id"]: item for item in layers["city"]["items"]}
    orest = agents["agent:orest"]
    assert orest["microdao_id"] == "microdao:river-council"
    assert orest["usage"]["llm_calls_24h"] > 0
    river = microdaos["microdao:river-council"]
    assert river["agents"] == sum(item["microdao_id"] == river["id"] for item in agents.values())
    assert layers["city"]["microdaos_total"] == len(microdaos)
    planets = {item["id"]: item for item in layers["space"]["planets"]}
    assert planets["dao:delta-trust"]["microdao_id"] == river["id"]
    assert {item["microdao_id"] for item in layers["messaging"]["channels"]} <= microdaos.keys() | {None}
    nodes = {item["id"] for item in layers["nodes"]["items"]}
    assert {item["id"] for item in layers["space"]["nodes"]} <= nodes


UNREACHABLE = ("dead", "hang", "drip", "cut", "noise", "redirect", "500", "huge")
"""What every source meets in the client that all share; what a service answers, each has to read for itself."""


@pytest.mark.parametrize(
    ("mode", "name"),
    [*zip(UNREACHABLE, itertools.cycle(FAMILIES), strict=False), *itertools.product(GARBAGE, FAMILIES)],
)
async def test_one_bad_service_delays_and_harms_nobody(network, services, mode, name):
    async with network(**{name: IMPATIENT}) as living:
        before = await snapshot(living)
        if mode == "dead":
            await services[name].kill()
        services[name].mode = mode
        await poll(living)
        after = await snapshot(living)
    expected = dict.fromkeys(FAMILIES, "fresh")
    seen = statuses(after)
    assert seen.pop(name) in {"stale", "down"}
    del expected[name]
    assert seen == expected
    assert after["layers"] == before["layers"]


async def test_with_every_service_dead_the_last_picture_stays(network, services):
    async with network() as living:
        before = await snapshot(living)
        for service in services.values():
            await service.kill()
        await poll(living, times=3)
        after = await snapshot(living)
    assert statuses(after) == dict.fromkeys(FAMILIES, "down")
    assert after["layers"] == before["layers"]
    assert after["meta"]["source_services"] == before["meta"]["source_services"]
    assert all(one["error"] and one["age_seconds"] > 0 for one in after["meta"]["sources"])


async def test_with_every_service_dead_from_the_start_nothing_is_zero(network, services):
    for service in services.values():
        await service.kill()
    async with network() as living:
        shown = await snapshot(living)
    assert statuses(shown) == dict.fromkeys(FAMILIES, "down")
    assert shown["meta"]["source_services"] == []
    assert shown["layers"]["city"] == {
        "microdaos_total": None,
        "active_users": None,
        "active_agents": None,
        "health": None,
        "items": [],
        "rooms": [],
    }
    assert {name: shown["layers"][name] for name in ("space", "nodes", "agents")} == {
        "space": {"planets": [], "nodes": []},
        "nodes": {"items": []},
        "agents": {"total_agents": None, "items": []},
    }


async def test_a_service_that_comes_back_is_fresh_again(network, services):
    async with network(city={"interval_seconds": 0.1}) as living:
        services["city"].mode = "500"
        await poll(living)
        assert statuses(await snapshot(living))["city"] == "stale"
        services["city"].mode = "well"
        async with asyncio.timeout(5):
            while statuses(await snapshot(living))["city"] != "fresh":
                await poll(living)  # until the circuit closes


async def test_disabling_usage_takes_its_field_and_layer_and_nothing_else(network):
    async with network() as living:
        whole = await snapshot(living)
    async with network(usage={"enabled": False}) as living:
        less = await snapshot(living)
    assert statuses(less) == {**dict.fromkeys(FAMILIES, "fresh"), "usage": "disabled"}
    assert "usage" not in less["layers"]
    for item in whole["layers"]["agents"]["items"]:
        item.pop("usage", None)
    assert less["layers"] == without(whole, "usage")


@pytest.mark.parametrize("name", FAMILIES)
async def test_every_source_stands_alone(network, name):
    async with network([name]) as living:
        shown = await snapshot(living)
    assert statuses(shown) == {name: "fresh"}
    declared = next(source.layers for source in SOURCES if source.name == name)
    assert {layer.name for layer in declared if layer.standing is not None or layer.fetch} <= shown[
        "layers"
    ].keys()


@pytest.mark.parametrize("order", [("microdao", "city"), ("city", "microdao")])
async def test_the_order_in_the_yaml_decides_who_wins(network, order):
    async with network(order) as living, browser(living) as client:
        found = (await client.get("/living-map/entities/microdao:river-council")).json()
    assert found["sources"]["name"] == order[0]


async def test_a_path_of_the_specification_that_is_not_there_is_asked_once(network, services):
    async with network() as living:
        await poll(living, times=2)
    asked = [path for service in services.values() for path in service.asked]
    for path in ("/api/space/scene", "/agents/metrics", "/microdaos", "/dao/proposals/summary"):
        assert asked.count(path) == 1, path


async def test_every_recorded_message_is_folded(network):
    async with network() as living:
        for source in SOURCES:
            for message in Samples.load(source.samples).messages:
                await living.log.append(message)
        states = living.reader.states
    assert {state.name: state.last_faults for state in states} == {name: [] for name in FAMILIES}
    assert all(state.events for state in states)


async def test_details_refer_by_the_ids_of_the_map(network):
    async with network() as living, browser(living) as client:
        found = (await client.get("/living-map/entities/agent:orest")).json()
    assert found["data"]["model"] == "llama-4-maverick"
    assert found["data"]["microdao_id"] == "microdao:river-council"
