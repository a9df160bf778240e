"""Who is who in the network: every id means what the service that says it means, and collisions are reported."""

import pytest
import structlog

from livingmap.core.model import Message
from tests.network.population import CORE, FOOD, NIGHT, VOVK, Microdao
from tests.support.access import token
from tests.support.maps import browser, poll

ADMIN = {"authorization": f"Bearer {token('u-admin', roles=['admin'])}"}
COLLISION = {
    "id": "microdao:daarion",
    "refers_to": "microdao:daarion-city",
    "claims": [
        {"id": "microdao:daarion-city", "namespace": "external"},
        {"id": "microdao:dao_daarion", "namespace": "slug"},
    ],
}


async def ask(living, path):
    async with browser(living) as client:
        return (await client.get(f"/living-map/{path}", headers=ADMIN)).raise_for_status().json()


async def names(living):
    layers = (await ask(living, "snapshot"))["layers"]
    return {item["id"]: item["name"] for item in layers["city"]["items"]}


async def microdao_of(living, layer, collection):
    items = (await ask(living, "snapshot"))["layers"][layer][collection]
    return {item["name"]: item.get("microdao_id") for item in items}


async def test_two_microdaos_that_claim_one_id_are_two(map_of):
    living = await map_of()
    assert await names(living) == {
        "microdao:daarion-city": "DAARION Core",
        "microdao:dao_daarion": "DAARION DAO",
        "microdao:vovk-energy": "Vovk Energy",
        "microdao:greenfood": "GreenFood",
    }


async def test_everything_hangs_on_the_microdao_that_its_service_means(map_of):
    living = await map_of()
    core, vovk = "microdao:daarion-city", "microdao:vovk-energy"
    assert await microdao_of(living, "messaging", "channels") == {
        "General": core,
        "Announcements": core,
        "Agent-Hub": core,
        "Grid": vovk,
    }
    assert await microdao_of(living, "agents", "items") == {
        "Sofia": core,
        "Helion": vovk,
        "Chef": "microdao:greenfood",
        "Owl": f"microdao:{NIGHT.uuid}",
    }
    assert await microdao_of(living, "space", "planets") == {
        "Core Council": core,
        "Grid Council": vovk,
        "Aurora Circle": None,
    }


async def test_an_agent_of_an_unseen_microdao_follows_it_when_it_is_seen(map_of, network):
    living = await map_of()
    network.population.microdaos[3] = Microdao(4, NIGHT.slug, NIGHT.name, NIGHT.external, ("u-night", "u-map"))
    await poll(living)
    assert (await microdao_of(living, "agents", "items"))["Owl"] == "microdao:night-shift"


async def test_a_collision_is_reported_wherever_an_operator_looks(map_of):
    with structlog.testing.capture_logs() as lines:
        living = await map_of()
    assert (await ask(living, "sources"))["collisions"] == [COLLISION]
    assert (await ask(living, "snapshot"))["meta"]["collisions"] == [COLLISION]
    assert living.hub.collisions == [COLLISION]  # of which open pages learn by a heartbeat
    async with browser(living) as client:
        assert "livingmap_id_collisions 1.0" in (await client.get("/metrics", headers=ADMIN)).text
    [line] = [line for line in lines if line["event"] == "several things claim one id"]
    assert (line["id"], line["means"]) == ("microdao:daarion", "microdao:daarion-city")
    assert line["claims"] == ["microdao:daarion-city (external)", "microdao:dao_daarion (slug)"]


@pytest.mark.parametrize(
    "order", [("city", "messaging", "dao", "agents", "microdao"), ("microdao", "agents", "city")]
)
async def test_who_comes_first_decides_nothing(map_of, order):
    living = await map_of(polled=False)
    for name in order:
        await living.pollers[name].poll()
    await poll(living)
    assert (await ask(living, "sources"))["collisions"] == [COLLISION]
    assert set((await microdao_of(living, "messaging", "channels")).values()) == {
        "microdao:daarion-city",
        "microdao:vovk-energy",
    }


async def test_a_collision_ends_with_its_cause_and_the_old_id_is_back(map_of, network):
    living = await map_of()
    network.population.microdaos.remove(CORE)
    await poll(living)
    assert (await ask(living, "sources"))["collisions"] == []
    assert (await names(living))["microdao:daarion"] == "DAARION DAO"


async def test_links_by_any_id_lead_to_the_thing(map_of):
    living = await map_of()
    for entity_id, name in (
        ("microdao:daarion-city", "DAARION Core"),
        ("microdao:daarion", "DAARION Core"),
        (f"microdao:{CORE.uuid}", "DAARION Core"),
        ("microdao:dao_daarion", "DAARION DAO"),
        (VOVK.external, "Vovk Energy"),
        ("microdao:dao_food", "GreenFood"),
        (f"microdao:{FOOD.uuid}", "GreenFood"),
    ):
        assert (await ask(living, f"entities/{entity_id}"))["data"]["name"] == name


async def test_a_service_is_asked_for_details_by_the_id_that_it_knows(map_of):
    living = await map_of()
    assert (await ask(living, "entities/microdao:dao_daarion"))["data"]["district"] == "Asked"


async def test_a_message_is_about_what_its_service_means(map_of):
    living = await map_of()
    await living.log.append(Message("city.event.status", {"microdao_id": "daarion", "member_count": 7}))
    changes = {"description": "the first"}
    payload = {"microdao_id": CORE.uuid, "slug": CORE.slug, "changes": changes, "ts": "2026-11-28T10:00:00"}
    await living.log.append(Message("microdao.event.updated", payload))
    items = {item["id"]: item for item in (await ask(living, "snapshot"))["layers"]["city"]["items"]}
    assert items["microdao:dao_daarion"]["members"] == 7
    assert items["microdao:daarion-city"]["description"] == "the first"


async def test_everything_has_the_members_that_its_service_counts_on_the_map_and_in_details(map_of):
    living = await map_of()
    layers = (await ask(living, "snapshot"))["layers"]
    microdaos = {item["id"]: (item["members"], item["members_by_role"]) for item in layers["microdao"]["items"]}
    daos = {item["id"]: (item["members"], item["members_by_role"]) for item in layers["dao"]["items"]}
    assert microdaos == {
        "microdao:daarion-city": (3, {"member": 2, "owner": 1}),
        "microdao:vovk-energy": (3, {"member": 2, "owner": 1}),
        "microdao:greenfood": (2, {"member": 1, "owner": 1}),
    }
    assert daos == {
        "dao:core-council": (2, {"member": 1, "owner": 1}),
        "dao:grid-council": (3, {"member": 2, "owner": 1}),
    }
    city = {item["id"]: item["members"] for item in layers["city"]["items"]}
    assert {entity_id: city[entity_id] for entity_id in microdaos} == {
        entity_id: count for entity_id, (count, _) in microdaos.items()
    }
    for entity_id, counts in {**microdaos, **daos}.items():
        details = (await ask(living, f"entities/{entity_id}"))["data"]
        assert (details["members"], details["members_by_role"]) == counts


async def test_a_table_separates_what_has_one_slug(map_of):
    living = await map_of(same_as={"city/microdao:greenfood": "microdao:dao_food"})
    shown = await names(living)
    assert (shown["microdao:greenfood"], shown["microdao:dao_food"]) == ("GreenFood", "GreenFood")
    assert (await microdao_of(living, "agents", "items"))["Chef"] == "microdao:greenfood"
    assert (await ask(living, "entities/microdao:dao_food"))["sources"]["name"] == "city"


async def test_a_table_joins_what_no_service_links(map_of):
    living = await map_of(same_as={"microdao:daarion": "microdao:daarion-city"})
    shown = await names(living)
    assert shown["microdao:daarion-city"] == "DAARION Core"
    assert len(shown) == 3
    assert (await ask(living, "sources"))["collisions"] == []


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"node:1": "agent:1"}, "'node:1': 'agent:1' is of another type"),
        ({"node:1": "node:1"}, "'node:1': an id is the same as itself anyway"),
        ({"node:1": "node:2", "node:2": "node:1"}, "goes in a circle"),
        ({"town/node:1": "node:2"}, "'town/node:1': there is no source 'town'"),
        ({"node": "node:2"}, "id 'node' does not say its type"),
    ],
)
async def test_a_table_that_cannot_be_is_a_fault_of_the_configuration(map_of, table, problem):
    with pytest.raises(Exception, match="same_as") as caught:
        await map_of(same_as=table)
    assert problem in "\n".join(caught.value.lines())
