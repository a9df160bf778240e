"""Every message that services are known to publish: over a real NATS into history and stream, and onto the map."""

import json

import httpx
import pytest

from livingmap.core.redaction import Redaction
from tests.support.map_process import map_process
from tests.support.maps import SOURCES
from tests.support.nats_server import until
from tests.support.postgres import kept
from tests.support.services import stub_services
from tests.support.viewers import Viewer, agree, following

MESSAGES = [
    json.loads(line)
    for source in SOURCES
    if (source.samples / "messages.jsonl").exists()
    for line in (source.samples / "messages.jsonl").read_text().splitlines()
]
PUBLISHED = [(one["subject"], Redaction().payload(one["payload"])) for one in MESSAGES]
RIVER, PUMP, NEW = "microdao:river-council", "microdao:pump-guild", "microdao:new-moorings"
PROPOSAL, NEW_PROPOSAL = (
    "proposal:9d4c7b20-2e81-4f36-b5a7-1c0d8e6f5503",
    "proposal:9d4c7b20-2e81-4f36-b5a7-1c0d8e6f5505",
)
GENERAL = "channel:5d0e6c1b-2f5a-4e0c-9a77-3f1f5a0b2201"

EFFECTS = [
    ("agent.event.created", "agents", "items", "agent:tamila", {"name": "Tamila", "microdao_id": RIVER}),
    ("agent.event.created", "city", "items", RIVER, {"agents": 2}),
    ("agent.event.deleted", "agents", "items", "agent:tamila", None),
    ("agents.runs.created", "agents", "items", "agent:orest", {"status": "busy"}),
    ("agents.runs.finished", "agents", "items", "agent:orest", {"status": "online"}),
    ("city.presence.room.market", "city", "rooms", "city:market", {"members_online": 6}),
    ("dao.event.created", "space", "planets", "dao:tide-pool", {"name": "Tide Pool", "microdao_id": PUMP}),
    ("dao.event.updated", "dao", "items", "dao:delta-trust", {"quorum_percent": 45}),
    ("dao.event.member_added", "dao", "items", "dao:delta-trust", {"members": 5}),
    ("dao.event.member_removed", "dao", "items", "dao:delta-trust", {"members": 4}),
    ("dao.event.treasury_updated", "dao", "treasury", "treasury:delta-trust/RIPPLE", {"balance": "65000"}),
    ("dao.event.proposal_created", "dao", "proposals", NEW_PROPOSAL, {"title": "Plant reed beds"}),
    ("dao.event.proposal_activated", "dao", "proposals", NEW_PROPOSAL, {"status": "active", "votes_yes": 0}),
    ("dao.event.vote_cast", "dao", "proposals", PROPOSAL, {"votes_abstain": 1}),
    ("dao.event.proposal_closed", "dao", "proposals", PROPOSAL, {"status": "passed"}),
    ("dao.event.deleted", "space", "planets", "dao:tide-pool", None),
    ("messaging.message.created", "messaging", "channels", GENERAL, {"last_sender_id": "user:501"}),
    ("microdao.event.created", "city", "items", NEW, {"name": "New Moorings", "status": "active"}),
    ("microdao.event.member_added", "microdao", "items", RIVER, {"members": 4}),
    ("microdao.event.member_removed", "microdao", "items", PUMP, {"members": 1}),
    (
        "microdao.event.treasury_updated",
        "microdao",
        "items",
        RIVER,
        {"treasury": {"RIPPLE": "7400", "SILT": "40"}},
    ),
    ("microdao.event.settings_updated", "microdao", "items", RIVER, {"settings_changed": ["visibility"]}),
    ("microdao.event.setting_deleted", "microdao", "items", PUMP, {"settings_changed": ["join_mode"]}),
    ("microdao.event.deleted", "city", "items", NEW, None),
    ("node.metrics.update", "space", "nodes", "node:11", {"cpu": 0.8, "gpu": 0.95}),
    ("usage.llm", "usage", "models", "model:local/llama-4-scout", {"calls": 8}),
]
"""What the first message of a type about an item does to it: the fields that it sets, None if the item goes."""


@pytest.fixture(params=[True, False], ids=["jetstream", "core"])
def jetstream(request):
    return request.param


async def test_each_is_kept_as_it_was_published_and_changes_the_right_items(tmp_path, server, postgres, jetstream):
    if jetstream:
        await server.kill()
        server.use_jetstream()
        await server.start()
    async with stub_services(SOURCES) as services, server.publisher() as client:
        sources = {
            name: {"base_url": service.base_url, "retries": 0, "interval_seconds": 86_400}
            for name, service in services.items()
        }
        nats = {"url": server.url, "jetstream": jetstream}
        async with map_process(tmp_path, sources=sources, nats=nats, history={"url": postgres.url}) as living:
            await living.connected()
            viewer = Viewer(living.address)
            async with following(viewer):
                for message in MESSAGES:
                    await client.publish(message["subject"], json.dumps(message["payload"]).encode())
                await client.flush()
                await until(lambda: len(heard(viewer)) == len(MESSAGES), 60)
                await agree(viewer, living)
                await until(lambda: lists_all(living), 60, 0.05)
            faults = {one["name"]: one["last_faults"] for one in (await living.get("sources"))["items"]}
            assert await living.terminate() == 0
        rows = [row for row in await kept(postgres) if not row.event_type.startswith("livingmap.")]
    assert [(row.event_type, row.payload) for row in rows] == PUBLISHED
    assert [(event["event_type"], event["payload"]) for event in heard(viewer)] == PUBLISHED
    assert faults == {source.name: [] for source in SOURCES}
    assert [effect(heard(viewer), *one) for one in EFFECTS] == [one[-1] for one in EFFECTS]


async def lists_all(living):
    """Tell whether the history that clients ask for holds what was published; not if its database is busy."""
    try:
        items = await living.history(event_type=",".join({message["subject"] for message in MESSAGES}))
    except httpx.HTTPStatusError:
        return False
    return [(item["event_type"], item["payload"]) for item in items] == PUBLISHED


def heard(viewer):
    events = (message for message in viewer.seen if message["kind"] == "event")
    return [event for event in events if not event["event_type"].startswith("livingmap.")]


def effect(events, event_type, layer, collection, entity_id, expected):
    """Return what the first event of a type that touched an item did to it, as far as it is expected."""
    place = (layer, collection, entity_id)
    for event in events:
        for change in event["changes"] if event["event_type"] == event_type else ():
            if (change["layer"], change.get("collection"), change.get("id")) == place:
                return None if change["op"] == "drop" else {name: change["set"].get(name) for name in expected}
    return "nothing"
