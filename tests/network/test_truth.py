"""The truth table: each thing of the network, each of its numbers, its microDAO, and who is shown it."""

import asyncio

import pytest

from tests.network.population import COUNCIL, GRID, NIGHT
from tests.support.access import token
from tests.support.maps import browser

CORE, VOVK, FOOD = "microdao:daarion-city", "microdao:vovk-energy", "microdao:greenfood"
READERS = {
    "owner": ("u-owner", ["user"]),
    "member": ("u-member", ["user"]),
    "member of a DAO": ("u-outsider", ["user"]),
    "member of what the map cannot see": ("u-night", ["user"]),
    "reader by policy": ("u-patron", ["user"]),
    "stranger": ("u-nobody", ["user"]),
    "agent-system": ("s-agent", ["agent-system"]),
    "admin": ("u-admin", ["admin"]),
}
ALL = frozenset(READERS)
ADMIN = frozenset({"admin"})
OF_CORE = ADMIN | {"owner", "member", "reader by policy"}
OF_VOVK = ADMIN | {"member"}
OF_NIGHT = ADMIN | {"member of what the map cannot see"}
OF_GRID = OF_VOVK | {"member of a DAO"}

GRID_HOLDS = "12345678901234567890.12345678"
CHANNEL = "channel:2d756ac4-3f00-42f9-8a5b-00000000000"
NUMBERS = {"members": 3, "members_by_role": {"member": 2, "owner": 1}}
TRUTH = {
    ("city", "items"): {
        CORE: (OF_CORE, {"name": "DAARION Core", "members": 3, "agents": 1, "treasury": {"DAARION": "12820.5"}}),
        VOVK: (
            OF_VOVK,
            {
                "name": "Vovk Energy",
                "members": 3,
                "agents": 1,
                "treasury": {"DAARION": "0.00000001", "USDT": "900"},
            },
        ),
        FOOD: (ADMIN, {"name": "GreenFood", "members": 2, "agents": 1, "treasury": {}}),
        "microdao:dao_daarion": (ADMIN, {"name": "DAARION DAO", "members": 1, "agents": 0}),
    },
    ("microdao", "items"): {
        CORE: (OF_CORE, {"owner": "u-owner", **NUMBERS}),
        VOVK: (OF_VOVK, {"owner": "u-vovk", **NUMBERS}),
        FOOD: (ADMIN, {"owner": "u-cook", "members": 2, "members_by_role": {"member": 1, "owner": 1}}),
    },
    ("agents", "items"): {
        "agent:sofia": (OF_CORE, {"microdao_id": CORE, "tokens": 1045}),
        "agent:helion": (OF_VOVK, {"microdao_id": VOVK, "tokens": 2**53 - 1045}),
        "agent:chef": (ADMIN, {"microdao_id": FOOD, "tokens": None}),
        "agent:owl": (OF_NIGHT, {"microdao_id": f"microdao:{NIGHT.uuid}", "tokens": None}),
    },
    ("messaging", "channels"): {
        f"{CHANNEL}0": (OF_CORE, {"name": "General", "microdao_id": CORE}),
        f"{CHANNEL}1": (OF_CORE, {"name": "Announcements", "microdao_id": CORE}),
        f"{CHANNEL}2": (OF_CORE, {"name": "Agent-Hub", "microdao_id": CORE}),
        f"{CHANNEL}3": (OF_VOVK, {"name": "Grid", "microdao_id": VOVK}),
    },
    ("space", "planets"): {
        "dao:core-council": (OF_CORE, {"microdao_id": CORE, "holdings": {"DAARION": "513200"}}),
        "dao:grid-council": (OF_GRID, {"microdao_id": VOVK, "holdings": {"DAARION": GRID_HOLDS}}),
        "dao:3": (ALL, {"name": "Aurora Circle", "treasury": 513200.0}),
    },
    ("dao", "items"): {
        "dao:core-council": (OF_CORE, {"name": COUNCIL.name, "members": 2}),
        "dao:grid-council": (OF_GRID, {"name": GRID.name, **NUMBERS}),
    },
    ("dao", "treasury"): {
        "treasury:core-council/DAARION": (OF_CORE, {"dao_id": "dao:core-council", "balance": "513200"}),
        "treasury:grid-council/DAARION": (OF_GRID, {"dao_id": "dao:grid-council", "balance": GRID_HOLDS}),
    },
    ("nodes", "items"): {
        "node:node-gateway-e8a8be75": (ALL, {"name": "node-1", "status": "online"}),
        "node:node-gpu-1-94088ce5": (ALL, {"name": "gpu-1", "status": "offline"}),
        "node:03": (ADMIN, {"microdao_id": "microdao:7", "status": "online"}),
    },
    ("space", "nodes"): {"node:03": (ADMIN, {"name": "Quantum Relay"})},
    ("usage", "models"): {"model:openai/gpt-4.1-mini": (ADMIN, {"calls": 2, "tokens": 2**53})},
}
"""By collection and id: the readers who are shown a thing, and what they are shown of it."""

UNSEEN = {f"microdao:{NIGHT.slug}", NIGHT.external, NIGHT.name}
ALL_HOLD = {"DAARION": "12345678901235081090.12345678"}
TOTALS = {
    ("city", "microdaos_total"): ([(OF_CORE - OF_VOVK, 1), (OF_VOVK - ADMIN, 2), (ADMIN, 4)], 0),
    ("dao", "daos"): ([(OF_CORE - OF_GRID, 1), (OF_GRID & OF_CORE, 2), (OF_GRID - OF_CORE, 1)], 0),
    ("microdao", "treasury_totals"): (
        [
            (OF_CORE - OF_VOVK, {"DAARION": "12820.5"}),
            (OF_VOVK, {"DAARION": "12820.50000001", "USDT": "900"}),
        ],
        {},
    ),
    ("dao", "treasury_totals"): (
        [
            (OF_CORE - OF_GRID, {"DAARION": "513200"}),
            (OF_GRID & OF_CORE, ALL_HOLD),
            (OF_GRID - OF_CORE, {"DAARION": GRID_HOLDS}),
        ],
        {},
    ),
}
"""By layer and field: who sees which number, and what everybody else sees."""

USAGE = [{"layers": ["usage"], "action": "view_usage", "type": "usage", "id": "network"}]


@pytest.fixture
async def layers_of(map_of, network):
    """Return the layers that a reader is shown."""
    network.pdp.allow("u-patron", "microdao:daarion")
    living = await map_of(pdp={"map": USAGE})

    async def layers(reader):
        actor, roles = READERS[reader]
        headers = {"authorization": f"Bearer {token(actor, roles=roles)}"}
        async with browser(living) as client, asyncio.timeout(120):
            while True:  # a slow machine is asked for longer than a reader has patience
                answer = (await client.get("/living-map/snapshot", headers=headers)).raise_for_status()
                if answer.json()["meta"]["access"] == "complete":
                    return answer.json()["layers"], answer.text

    return layers


def as_shown(reader, fields):
    """Return the fields of a thing as a reader is shown them: no id of a microDAO that is hidden."""
    home = fields.get("microdao_id")
    readers, _ = TRUTH["city", "items"].get(home, (ALL, {}))
    return fields if reader in readers else {**fields, "microdao_id": None}


def cell(layer, item, fields):
    """Return of an item what the table says something about."""
    shown = {name: item.get(name) for name in fields}
    if "tokens" in fields and layer == "agents":
        shown["tokens"] = (item.get("usage") or {}).get("tokens_24h")
    return shown


def filled(layers):
    """Return the collections in which anything is listed."""
    return {(layer, name) for layer, one in layers.items() for name, items in one.items() if holds_items(items)}


def holds_items(value):
    return isinstance(value, list) and any(isinstance(one, dict) and "id" in one for one in value)


@pytest.mark.parametrize("reader", READERS)
async def test_each_reader_is_shown_the_truth_about_what_is_its_own(layers_of, reader):
    layers, text = await layers_of(reader)
    expected = {
        (*place, entity_id): as_shown(reader, fields)
        for place, things in TRUTH.items()
        for entity_id, (readers, fields) in things.items()
        if reader in readers
    }
    shown = {
        (layer, name, item["id"]): cell(layer, item, TRUTH[layer, name].get(item["id"], (ALL, {}))[1])
        for layer, name in TRUTH
        for item in layers.get(layer, {}).get(name, [])
    }
    assert shown == expected
    assert filled(layers) <= TRUTH.keys()
    assert [name for name in UNSEEN if name in text] == []


@pytest.mark.parametrize("reader", READERS)
async def test_each_reader_is_shown_the_numbers_of_what_it_sees(layers_of, reader):
    layers, _ = await layers_of(reader)
    expected = {
        place: next((number for readers, number in numbers if reader in readers), of_others)
        for place, (numbers, of_others) in TOTALS.items()
    }
    assert {(layer, name): layers[layer][name] for layer, name in TOTALS} == expected


@pytest.mark.parametrize("reader", READERS)
async def test_usage_is_for_those_whom_a_policy_lets_view_it(layers_of, reader):
    layers, _ = await layers_of(reader)
    assert layers.get("usage", {}).get("tokens") == (2**53 if reader == "admin" else None)
