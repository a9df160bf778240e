"""What each reader sees of the network: what it belongs to, and what the policies add."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from websockets.asyncio.client import connect

from livingmap.core.model import Message
from tests.access.test_matrix import first
from tests.network.population import CORE, COUNCIL, GRID, NIGHT, VOVK, Microdao
from tests.stream.conftest import served
from tests.support.access import token
from tests.support.maps import browser, poll

CITY_OF_CORE = {"microdao:daarion-city"}
CORE_CHANNELS = {"General", "Announcements", "Agent-Hub"}
ALL_MICRODAOS = {"microdao:daarion-city", "microdao:dao_daarion", "microdao:vovk-energy", "microdao:greenfood"}

TRUTH = {
    "owner": ("u-owner", ["user"], CITY_OF_CORE, CORE_CHANNELS, {"Sofia"}, {"Core Council"}),
    "member": (
        "u-member",
        ["user"],
        {"microdao:daarion-city", "microdao:vovk-energy"},
        {*CORE_CHANNELS, "Grid"},
        {"Sofia", "Helion"},
        {"Core Council", "Grid Council"},
    ),
    "member of a DAO alone": ("u-outsider", ["user"], set(), set(), set(), {"Grid Council"}),
    "member of what the map cannot see": ("u-night", ["user"], set(), set(), {"Owl"}, set()),
    "owner by policy alone": ("u-patron", ["user"], CITY_OF_CORE, CORE_CHANNELS, {"Sofia"}, {"Core Council"}),
    "stranger": ("u-nobody", ["user"], set(), set(), set(), set()),
    "agent-system": ("s-agent", ["agent-system"], set(), set(), set(), set()),
    "admin": (
        "u-admin",
        ["admin"],
        ALL_MICRODAOS,
        {*CORE_CHANNELS, "Grid"},
        {"Sofia", "Helion", "Chef", "Owl"},
        {"Core Council", "Grid Council"},
    ),
}
"""By reader: actor, roles, and the microDAOs, channels, agents and DAOs that it is shown."""


def bearer(sub, roles=("user",)):
    return {"authorization": f"Bearer {token(sub, roles=roles)}"}


async def shown(client, headers):
    body = (await client.get("/living-map/snapshot", headers=headers)).raise_for_status().json()
    layers = body["layers"]
    return (
        {item["id"] for item in layers["city"]["items"]},
        {item["name"] for item in layers["messaging"]["channels"]},
        {item["name"] for item in layers["agents"]["items"]},
        {item["name"] for item in layers["space"]["planets"]} - {"Aurora Circle"},  # of no microDAO: for everybody
    ), body["meta"]["access"]


@pytest.fixture
async def guarded(map_of, network):
    """A map whose readers the policies decide about."""
    network.pdp.allow("u-patron", "microdao:daarion")
    return await map_of(pdp={})


@pytest.mark.parametrize("reader", TRUTH)
async def test_each_reader_sees_what_is_its_own_and_nothing_else(guarded, reader):
    actor, roles, *expected = TRUTH[reader]
    async with browser(guarded) as client:
        assert await shown(client, bearer(actor, roles)) == (tuple(expected), "complete")


async def test_policies_are_asked_by_the_ids_that_they_know_and_only_where_membership_decides_nothing(
    guarded, network
):
    async with browser(guarded) as client:
        await shown(client, bearer("u-owner"))
    asked = [said for _, said in network.pdp.asked]
    assert {said["resource"]["id"] for said in asked} == {
        VOVK.external,
        "microdao:43a22580",
        "microdao:dao_daarion",
        "microdao:7",
        f"microdao:{NIGHT.uuid}",
    }
    assert {tuple(said["actor"]["microdao_ids"]) for said in asked} == {("microdao:daarion",)}


async def test_a_member_event_changes_what_its_reader_sees(guarded, network):
    population = network.population
    async with browser(guarded) as client:
        assert (await shown(client, bearer("u-cook")))[0][0] == {"microdao:greenfood"}
        population.microdaos[1] = replace(VOVK, members=("u-vovk", "u-cook", "u-map"))
        payload = {"microdao_id": VOVK.uuid, "slug": VOVK.slug, "user_id": "u-cook", "role": "member"}
        await guarded.log.append(Message("microdao.event.member_added", payload))
        assert (await eventually(client, "u-cook", 2))[0] == {"microdao:greenfood", "microdao:vovk-energy"}
        population.microdaos[1] = VOVK
        await guarded.log.append(Message("microdao.event.member_removed", payload))
        assert (await eventually(client, "u-cook", 1))[0] == {"microdao:greenfood"}


async def test_a_membership_that_ended_without_a_message_ends_with_the_next_poll(guarded, network):
    async with browser(guarded) as client:
        assert (await shown(client, bearer("u-member")))[0] == TRUTH["member"][2:]
        network.population.microdaos[1] = replace(VOVK, members=("u-vovk", "u-map"))
        await poll(guarded)
        assert (await eventually(client, "u-member", 1))[0] == CITY_OF_CORE


async def test_members_who_change_places_without_a_message_see_what_is_theirs_after_the_next_poll(map_of, network):
    living = await map_of(pdp={"memberships_seconds": 3600.0})
    async with browser(living) as client:
        assert (await shown(client, bearer("u-member")))[0] == TRUTH["member"][2:]
        assert (await shown(client, bearer("u-cook")))[0][0] == {"microdao:greenfood"}
        asked = living.access.state.memberships.asked
        await poll(living)
        await shown(client, bearer("u-cook"))
        assert living.access.state.memberships.asked == asked
        network.population.microdaos[1] = replace(VOVK, members=("u-vovk", "u-cook", "u-map"))
        await poll(living)
        assert (await eventually(client, "u-member", 1))[0] == CITY_OF_CORE
        assert (await eventually(client, "u-cook", 2))[0] == {"microdao:greenfood", "microdao:vovk-energy"}


async def eventually(client, actor, microdaos):
    async with asyncio.timeout(60):
        while True:
            seen, access = await shown(client, bearer(actor))
            if len(seen[0]) == microdaos and access == "complete":
                return seen
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("name", ["microdao", "dao"])
async def test_while_memberships_cannot_be_found_out_a_new_reader_is_told_and_a_known_one_sees_on(
    guarded, network, name
):
    admin = bearer("u-admin", ["admin"])
    async with browser(guarded) as client:
        before = await shown(client, bearer("u-owner"))
        network.sources[name].mode = "500"
        assert await shown(client, bearer("u-owner")) == before
        assert (await shown(client, bearer("u-member")))[1] == "pending"
        report = (await client.get("/living-map/sources", headers=admin)).json()["access"]["memberships"]
        assert report["sources"] == ["microdao", "dao"]
        assert (report["failed"] > 0, bool(report["error"])) == (True, True)
        network.sources[name].mode = "well"
        assert await eventually(client, "u-member", 2) == TRUTH["member"][2:]


async def test_a_service_that_knows_no_caller_gives_no_membership_and_no_pending(guarded, network):
    network.microdao.mode = "401"
    async with browser(guarded) as client:
        seen, access = await shown(client, bearer("u-vovk"))
    assert (seen[0], seen[3], access) == (set(), {"Grid Council"}, "complete")


async def test_a_reader_whose_rights_are_being_asked_is_told_and_gets_one_change(map_of, network):
    population = network.population
    more = [Microdao(n, f"m-{n}", f"M {n}", f"microdao:ext{n}", ("u-map",)) for n in range(10, 70)]
    population.microdaos += more
    network.pdp.allow("u-patron", "microdao:daarion", *(one.external for one in more))
    living = await map_of(pdp={"patience_seconds": 0.01, "concurrency": 1})
    async with (
        served(living) as address,
        connect(
            f"ws://{address}/living-map/stream", additional_headers=bearer("u-patron"), max_size=None
        ) as socket,
    ):
        snapshots = [await first(socket), await first(socket)]
    assert [one["reason"] for one in snapshots] == ["connect", "access_changed"]
    assert [one["payload"]["meta"]["access"] for one in snapshots] == ["pending", "complete"]
    counts = [len(one["payload"]["layers"]["city"]["items"]) for one in snapshots]
    assert counts[0] < counts[1] == len(more) + 1


async def test_readers_with_equal_roles_share_the_decisions_that_a_rule_lets_them_share(map_of, network):
    more = [Microdao(n, f"m-{n}", f"M {n}", f"microdao:ext{n}", ("u-map",)) for n in range(10, 60)]
    network.population.microdaos += more
    rules = [
        {"types": ["microdao"], "field": "id", "type": "microdao", "shared": True},
        {"types": ["agent", "dao", "channel"], "field": "microdao_id", "type": "microdao", "shared": True},
    ]
    living = await map_of(pdp={"items": rules})
    targets = len(more) + 5  # those of the map, and one that it cannot see
    async with browser(living) as client:
        seen = await asyncio.gather(*(shown(client, bearer(f"u-{n}")) for n in range(20)))
        assert {len(one[0][0]) for one in seen} == {0}
        assert len(network.pdp.asked) == targets
        assert (await shown(client, bearer("u-owner")))[0] == TRUTH["owner"][2:]
        assert len(network.pdp.asked) == targets
    assert {said["actor"]["actor_id"] for _, said in network.pdp.asked} == {"anybody"}


async def test_what_is_hidden_is_in_no_answer(guarded):
    async with served(guarded) as address, httpx.AsyncClient(base_url=f"http://{address}") as client:
        for path in ("snapshot", "entities?limit=1000", "history?limit=1000"):
            text = (await client.get(f"/living-map/{path}", headers=bearer("u-outsider"))).text
            for hidden in (
                "daarion-city",
                "dao_daarion",
                CORE.uuid,
                "vovk-energy",
                COUNCIL.slug,
                "Sofia",
                "General",
            ):
                assert hidden not in text, (path, hidden)
        assert GRID.slug in (await client.get("/living-map/entities", headers=bearer("u-outsider"))).text


async def test_the_owner_is_sent_the_messages_of_her_channels(guarded, network):
    await poll(guarded)
    channel = "2d756ac4-3f00-42f9-8a5b-000000000000"
    async with (
        served(guarded) as address,
        connect(
            f"ws://{address}/living-map/stream", additional_headers=bearer("u-owner"), max_size=None
        ) as socket,
    ):
        await first(socket)
        payload = {
            "channel_id": channel,
            "message_id": "m-1",
            "microdao_id": CORE.external,
            "sender_id": "user:93",
        }
        await guarded.log.append(Message("messaging.message.created", payload))
        message = await first(socket)
    assert (message["event_type"], message["payload"]) == ("messaging.message.created", payload)
