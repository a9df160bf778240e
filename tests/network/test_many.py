"""300 microDAOs and 50 readers: how many questions the policies are asked. Counts only, no times."""

import asyncio
import json
from collections import Counter

import pytest
from websockets.asyncio.client import connect

from tests.network.population import MAP, Microdao
from tests.stream.conftest import served
from tests.support.access import token
from tests.support.maps import browser

MICRODAOS, READERS = 300, 50
PATIENT = {"ttl_seconds": 3600.0, "memberships_seconds": 3600.0, "patience_seconds": 60.0, "timeout_seconds": 30.0}


def rules(*, shared):
    return [{"types": ["microdao"], "field": "id", "type": "microdao", "shared": shared}]


def bearer(number):
    return {"authorization": f"Bearer {token(f'u-{number}')}"}


@pytest.fixture
def crowded(network):
    """The network with 300 microDAOs and nothing else; each reader belongs to six of them."""
    population = network.population
    population.microdaos = [
        Microdao(n, f"m-{n}", f"M {n}", f"microdao:ext{n}", (f"u-{n % READERS}", MAP)) for n in range(MICRODAOS)
    ]
    population.daos, population.city, population.agents, population.channels = [], [], [], []
    return network


async def shown(client, number):
    async with asyncio.timeout(300):
        while True:  # a slow machine is asked for longer than a reader has patience
            answer = (await client.get("/living-map/snapshot", headers=bearer(number))).raise_for_status().json()
            if answer["meta"]["access"] == "complete":
                return {item["id"] for item in answer["layers"]["city"]["items"]}


def mine(number):
    return {f"microdao:m-{n}" for n in range(number, MICRODAOS, READERS)}


def asked_about(network):
    return Counter((said["actor"]["actor_id"], said["resource"]["id"]) for _, said in network.pdp.asked)


async def test_fifty_readers_ask_once_about_each_microdao_where_a_rule_lets_them_share(map_of, crowded):
    living = await map_of(pdp={**PATIENT, "items": rules(shared=True)})
    crowded.microdao.asked.clear()
    async with browser(living) as client:
        seen = await asyncio.gather(*(shown(client, number) for number in range(READERS)))
        assert seen == [mine(number) for number in range(READERS)]
        assert asked_about(crowded) == {("anybody", f"microdao:ext{n}"): 1 for n in range(MICRODAOS)}
        assert [path for path, _ in crowded.microdao.asked] == ["/microdao"] * READERS
        await asyncio.gather(*(shown(client, number) for number in range(READERS)))
    assert len(crowded.pdp.asked) == MICRODAOS
    assert len(crowded.microdao.asked) == READERS


async def test_a_reader_asks_of_its_own_only_about_what_it_is_no_member_of(map_of, crowded):
    living = await map_of(pdp={**PATIENT, "items": rules(shared=False)})
    readers = range(3)
    async with browser(living) as client:
        for number in readers:
            assert await shown(client, number) == mine(number)
    assert asked_about(crowded) == {
        (f"u-{number}", f"microdao:ext{n}"): 1
        for number in readers
        for n in range(MICRODAOS)
        if n % READERS != number
    }


async def next_snapshot(socket):
    async with asyncio.timeout(120):
        while True:
            message = json.loads(await socket.recv())
            if message["kind"] == "snapshot":
                return message


async def test_a_reader_is_told_that_more_is_being_asked_and_is_sent_one_change(map_of, crowded):
    crowded.pdp.allow("u-0", *(f"microdao:ext{n}" for n in range(MICRODAOS)))
    impatient = {**PATIENT, "patience_seconds": 0.01, "concurrency": 1}
    living = await map_of(pdp={**impatient, "items": rules(shared=False)})
    async with (
        served(living) as address,
        connect(f"ws://{address}/living-map/stream", additional_headers=bearer(0), max_size=None) as socket,
    ):
        snapshots = [await next_snapshot(socket)]
        while snapshots[-1]["payload"]["meta"]["access"] == "pending":
            snapshots.append(await next_snapshot(socket))
    assert [one["reason"] for one in snapshots] == ["connect", "access_changed"]
    assert [one["payload"]["meta"]["access"] for one in snapshots] == ["pending", "complete"]
    assert [len(one["payload"]["layers"]["city"]["items"]) for one in snapshots][1] == MICRODAOS
