"""The schema of the stream's messages, held against messages that were really sent."""

import asyncio
import inspect
import json
import re

import httpx
from jsonschema import Draft202012Validator
from websockets.asyncio import client as websockets

from livingmap.core.fold import refreshed
from livingmap.core.model import Drop, Message, Put, Total
from livingmap.stream import messages
from livingmap.stream.heartbeats import Heartbeats


async def document(address):
    async with httpx.AsyncClient() as client:
        return (await client.get(f"http://{address}/asyncapi.json")).raise_for_status().json()


def by_kind(told):
    schemas = told["components"]["schemas"]
    names = [told["components"]["messages"][name]["payload"]["$ref"].rpartition("/")[2] for name in names_of(told)]
    return {
        schemas[name]["properties"]["kind"]["const"]: {**schemas[name], "components": told["components"]}
        for name in names
    }


def names_of(told):
    return [one["$ref"].rpartition("/")[2] for one in told["operations"]["send"]["messages"]]


async def test_every_reference_of_the_document_leads_somewhere(address):
    told = await document(address)
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(told)):
        found = told
        for step in reference.split("/"):
            found = found[step]


async def test_every_kind_of_message_is_told(address):
    told = by_kind(await document(address))
    assert told.keys() == set(re.findall(r'"kind": "(\w+)"', inspect.getsource(messages)))


async def test_what_is_sent_is_as_it_is_told(living, address, monkeypatch):
    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.05)
    told, seen = by_kind(await document(address)), []
    beating = asyncio.create_task(Heartbeats(living.hub).run())
    async with (
        asyncio.timeout(120),
        websockets.connect(
            f"ws://{address}/living-map/stream", max_size=None, max_queue=1, compression=None
        ) as slow,
    ):
        seen.append(await slow.recv())
        async with websockets.connect(f"ws://{address}/living-map/stream", max_queue=None) as socket:
            seen.append(await socket.recv())
            await living.log.append(Message("nobody.knows", {"x": 1}))
            said = [Put("agents", "agent:a", {"x": 1}), Total("agents", {"n": 2})]
            await living.log.append(refreshed("agents", living.log.position.seq, said))
            await living.log.append(refreshed("agents", living.log.position.seq, [Drop("agents", "agent:a")]))
            await hear(socket, seen, {"event"})  # other layers bring a snapshot, which takes the place of events
            await socket.send("nonsense")
            await socket.send(json.dumps({"kind": "layers", "layers": ["agents"]}))
            await hear(socket, seen, {"error", "snapshot", "heartbeat"})
            while not living.hub.behind:
                await living.log.append(Message("nobody.knows", {"text": "x" * 50_000}))
                await asyncio.sleep(0.001)
            while json.loads(seen[-1])["kind"] != "changes":
                seen.append(await slow.recv())
            async with websockets.connect(f"ws://{address}/living-map/stream?feed=problems") as problems:
                seen.append(await problems.recv())
            living.hub.close()
            while json.loads(seen[-1])["kind"] != "restarting":
                seen.append(await socket.recv())
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    kinds = {json.loads(one)["kind"] for one in seen}
    assert kinds == {"snapshot", "event", "changes", "heartbeat", "error", "problems", "restarting"}
    for one in map(json.loads, seen):
        Draft202012Validator(told[one["kind"]]).validate(one)


async def hear(socket, seen, kinds):
    """Take messages until one of every kind came."""
    while kinds:
        seen.append(await socket.recv())
        kinds.discard(json.loads(seen[-1])["kind"])


async def test_a_message_that_nobody_told_of_would_be_found(address):
    told = by_kind(await document(address))
    assert not Draft202012Validator(told["heartbeat"]).is_valid({"kind": "heartbeat", "cursor": "x", "more": 1})
