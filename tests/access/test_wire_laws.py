"""The laws of the wire, at random: a client holds what it may see, and nothing else was ever sent to it."""

import asyncio
import contextlib
import json
import random
import re
import tempfile
from pathlib import Path

import httpx
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from livingmap.access.view import View
from livingmap.core.bounded import LRU
from livingmap.core.model import Drop, Message, Put, change_to_json
from livingmap.core.reducer import layers_of, reduce, state_of
from livingmap.stream import frames
from livingmap.stream.frames import Framing
from livingmap.stream.queue_sink import QueueSink
from tests.access.chaos import HOMES, IDS, LAYERS, RULES, BruteForce, some_change
from tests.stream.conftest import served
from tests.support.access import SECRET, PolicyService, running, token
from tests.support.clients import Follower, normal, same
from tests.support.maps import living_map
from tests.support.nats_server import until

PLUGIN = '''
"""Whatever an event says, is done."""
from dataclasses import replace
from livingmap.plugin import SourceSettings, hookimpl
from livingmap.core.model import change_from_json
from tests.access.chaos import source

class Settings(SourceSettings):
    base_url: str = "http://chaos:1"

def on_chaos(event, part):
    return [change_from_json(one) for one in event.payload["changes"]]

@hookimpl
def livingmap_source():
    return replace(source("chaos"), settings=Settings, handlers={"chaos.*": on_chaos})
'''
PERMITTED = {"microdao": IDS[:3], "agent": IDS[3:6]}


class Reader:
    """A client that keeps the state, and every byte that it was ever sent."""

    def __init__(self, url, ws, text):
        self.headers = {"authorization": f"Bearer {text}"}
        self.http = httpx.AsyncClient(base_url=url, headers=self.headers)
        self.follower = Follower()
        self.received = []
        self._ws = ws
        self._socket = None

    async def open(self):
        cursor = f"?cursor={self.follower.cursor}" if self.follower.cursor else ""
        self._socket = await connect(f"{self._ws}{cursor}", additional_headers=self.headers, max_size=None)

    async def close(self):
        await self._socket.close()

    async def read(self):
        """Take all that was sent until the map answers a question."""
        await self._socket.send("?")
        async with asyncio.timeout(120):
            while True:
                text = await self._socket.recv()
                if json.loads(text)["kind"] == "error":
                    return
                self.received.append(text)
                self.follower.take(text)

    async def get(self, path, **query):
        answer = await self.http.get(path, params=query)
        self.received.append(answer.text)
        return answer

    def take_received(self):
        received, self.received = self.received, []
        return "\n".join(received)


class Slow(QueueSink):
    """The line of a viewer that now and then does not read."""

    full = False

    @property
    def waits(self):
        return super().unsent() > 0

    def unsent(self):
        return 10**9 if self.full else 0


class Life:
    """One map with its policies, and its two readers."""

    def __init__(self, seed):
        self.numbers = random.Random(seed)
        self.pdp = PolicyService()
        for kind, ids in PERMITTED.items():
            action = "read" if kind == "microdao" else "manage"
            self.pdp.allow("u-1", *self.numbers.sample(ids, self.numbers.randint(0, 3)), action=action, kind=kind)
        self.moments = []
        self.hidden_layers = self.numbers.choice([[], [self.numbers.choice(LAYERS)], ["gov", "deep"]])
        self.number = 0

    @property
    def auth(self):
        rules = (
            [{"layers": list(self.hidden_layers), "type": "project", "id": "never"}] if self.hidden_layers else []
        )
        items = [rule.model_dump() for rule in RULES]
        asked = {"base_url": self.pdp.base_url, "timeout_seconds": 10, "patience_seconds": 60, "ttl_seconds": 3600}
        return {
            "mode": "daarion",
            "authenticator": {"secret": SECRET},
            "ttl_seconds": 0.4,
            "pdp": {"enabled": True, "map": rules, "items": items, **asked},
        }

    @contextlib.asynccontextmanager
    async def run(self, folder):
        (folder / "chaos_plugin.py").write_text(PLUGIN)
        async with running(self.pdp):
            sources = {"chaos": {"module": "./chaos_plugin.py"}}
            async with (
                living_map(folder, sources, polled=False, auth=self.auth) as living,
                served(living) as address,
            ):
                self.living = living
                await self._found()
                url, ws = f"http://{address}", f"ws://{address}/living-map/stream"
                self.some = Reader(url, ws, token("u-1"))
                self.admin = Reader(url, ws, token("u-2", roles=["admin"]))
                for reader in (self.some, self.admin):
                    await reader.open()
                    await reader.read()
                yield
                for reader in (self.some, self.admin):
                    await reader.close()
                    await reader.http.aclose()

    async def _found(self):
        """Let everything that policies decide about stand on the map, so that no rights change later."""
        changes = [Put("city", entity_id) for entity_id in PERMITTED["microdao"]]
        changes += [Put("agents", "agent:a", {"friends": PERMITTED["agent"]})]
        await self.happen(changes)

    async def happen(self, changes):
        self.number += 1
        mark = f"mark-{self.number}-"
        payload = {"changes": [change_to_json(one) for one in changes], "mark": mark, "number": self.number}
        await self.living.log.append(Message("chaos.event", payload))
        return mark

    def change(self):
        while True:
            one = some_change(self.numbers)
            lost = isinstance(one, Drop) and one.id in (*PERMITTED["microdao"], "agent:a")
            forgets = isinstance(one, Put) and one.id == "agent:a" and "friends" in one.set
            if not lost and not forgets and not (isinstance(one, Put) and one.aliases):
                return one

    def forget_decisions(self):
        self.living.access._policies._decisions._decisions = LRU(1000)
        self.living.access._rights = LRU(1000)

    async def rights(self):
        credential = self.living.access.credential(self.some.headers)
        return (await self.living.access.admit(credential, None)).rights

    async def brute_force(self):
        filtered = self.living.reader.shown(await self.rights())
        return BruteForce(self.living.fold.scene, await self.rights(), filtered._mentions.types)


def expected(brute_force):
    state = {name: {} for name in ("agents", "city", "nodes", "space")}
    visible = brute_force.state()
    for layer, fields in visible["totals"].items():
        state.setdefault(layer, {}).update(fields)
    for (layer, collection, entity_id), item in visible["items"].items():
        state.setdefault(layer, {}).setdefault(collection, {})[entity_id] = {"id": entity_id, **item}
    return plain(state)


def plain(state):
    """Return a state without what is empty or None: the specification shows totals that no source has given."""
    return {name: layer for name, layer in same(state).items() if layer}


def hidden(brute_force):
    return {entity_id for entity_id in brute_force.on_map if not brute_force.sees(entity_id)}


def speaks_of(text, entity_id):
    return re.search(rf"(?<![a-z]){entity_id}(?![a-z])", text)


async def look(life, before, mark, changes):
    """Read everything that there is to read, and hold it against the laws."""
    some, brute_force = life.some, await life.brute_force()
    await until(lambda: life.living.hub.is_idle)
    await some.read()
    assert plain(some.follower.state) == expected(brute_force)
    snapshot = (await some.get("/living-map/snapshot")).json()
    assert plain(normal(snapshot["layers"])) == expected(brute_force)
    listed = (await some.get("/living-map/entities", limit=1000)).json()["items"]
    assert {one["id"] for one in listed} == brute_force.listed()
    types = (await some.get("/living-map/types")).json()
    assert {one["name"] for one in types["layers"]} == set(filter(brute_force.shows_layer, LAYERS))
    assert all(brute_force.shows_layer(place["layer"]) for one in types["types"] for place in one["collections"])
    undeclared = {one["name"] for one in types["types"] if not one["declared"]}
    assert undeclared == {"proposal"} & {one.partition(":")[0] for one in brute_force.listed()}
    await life.living.writer.drain(5)
    history = (await some.get("/living-map/history")).json()
    await look_back(life, brute_force, snapshot["meta"]["cursor"])
    concerned = {one.id for one in changes if isinstance(one, Put | Drop)}
    out_of_sight = hidden(brute_force) & before
    received = some.take_received()
    for entity_id in out_of_sight:
        assert not speaks_of(received, entity_id), (entity_id, received)
    if concerned & out_of_sight:
        assert mark not in received
    for item in history["items"]:
        assert not any(speaks_of(json.dumps(item), entity_id) for entity_id in hidden(brute_force))
    await life.admin.read()
    assert mark in life.admin.take_received()
    return brute_force


async def look_back(life, brute_force, here):
    """Ask for this moment as one of the past, and for what has changed since an earlier one."""
    some = life.some
    past = (await some.get("/living-map/snapshot", at=here)).json()
    assert plain(normal(past["layers"])) == expected(brute_force)
    listed = (await some.get("/living-map/entities", at=here, limit=1000)).json()["items"]
    assert {one["id"] for one in listed} == brute_force.listed()
    life.moments.append(here)
    then = life.numbers.choice(life.moments)
    before = (await some.get("/living-map/snapshot", at=then)).json()["layers"]
    difference = (await some.get("/living-map/diff", **{"from": then, "to": here})).json()
    after = layers_of(reduce(state_of(before), difference["changes"]))
    assert plain(normal(after)) == expected(brute_force)
    story = (await some.get("/living-map/diff", **{"from": then, "to": here, "summary": "true"})).json()["summary"]
    timeline = (await some.get("/living-map/timeline", **{"from": "-1h"})).json()
    assert {one["entries"] for one in timeline["points"]} == {None}
    for told in (past, before, difference, listed, story, timeline):
        assert not any(speaks_of(json.dumps(told), entity_id) for entity_id in hidden(brute_force))


async def ask_for_each(life, brute_force):
    """Ask for every entity by its id: what is hidden is as unknown as what is not there."""
    homeless = {"proposal"}
    for entity_id in IDS:
        answer = await life.some.http.get(f"/living-map/entities/{entity_id}")
        nothing = await life.some.http.get("/living-map/entities/agent:nobody")
        if answer.status_code == 404:
            assert answer.text.replace(entity_id, "agent:nobody") == nothing.text
        else:
            assert brute_force.sees(entity_id)
        if brute_force.sees(entity_id) and entity_id.partition(":")[0] not in homeless:
            home = HOMES[entity_id.partition(":")[0]]
            there = brute_force.shows_layer(home) and any(
                layer == home for layer, _ in brute_force.on_map[entity_id]
            )
            assert (answer.status_code == 200) == there


@settings(
    max_examples=settings.default.max_examples // 10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(st.integers(0, 2**32))
async def test_nothing_that_is_hidden_is_ever_sent_and_all_else_is(seed):
    life = Life(seed)
    with tempfile.TemporaryDirectory() as folder:
        async with life.run(Path(folder)):
            life.some.take_received()
            before = hidden(await life.brute_force())
            line, slow = Slow(Framing.WEBSOCKET), Follower()
            viewer = life.living.hub.join(line, View(None, await life.rights()))
            for step in range(14):
                changes = [life.change() for _ in range(life.numbers.randint(0, 3))]
                away = step % 5 == 4
                line.full = life.numbers.random() < 0.5
                if away:
                    await life.some.close()
                mark = await life.happen(changes)
                if away:
                    await life.some.open()
                brute_force = await look(life, before, mark, changes)
                before = hidden(brute_force)
                if not line.full:
                    life.living.hub.drained(viewer)
                    for text in frames.unframed(await line.take() if line.waits else b""):
                        slow.take(text)
                    assert plain(slow.state) == expected(brute_force)
            life.living.hub.leave(viewer)
            await ask_for_each(life, brute_force)
            snapshots = [one["reason"] for one in life.some.follower.seen if one["kind"] == "snapshot"]
            assert snapshots == ["connect"]  # every other return went on where it was


@settings(max_examples=settings.default.max_examples // 15, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(st.integers(0, 2**32))
async def test_rights_that_change_take_away_and_give_on_the_open_socket(seed):
    life = Life(seed)
    with tempfile.TemporaryDirectory() as folder:
        async with life.run(Path(folder)):
            for _ in range(6):
                await life.happen([life.change() for _ in range(3)])
            for _ in range(3):
                life.pdp.permits.clear()
                ids = life.numbers.sample(PERMITTED["microdao"], life.numbers.randint(0, 3))
                life.pdp.allow("u-1", *ids)
                life.forget_decisions()
                new = await life.brute_force()
                await until(
                    lambda new=new: any(one.view.rights == new.rights for one in life.living.hub.watching())
                )
                await life.some.read()
                assert plain(life.some.follower.state) == expected(new)
            reasons = {one["reason"] for one in life.some.follower.seen if one["kind"] == "snapshot"}
            assert reasons <= {"connect", "access_changed"}


async def test_a_summary_counts_and_sends_no_item(tmp_path):
    life = Life(1)
    life.hidden_layers = []
    (tmp_path / "chaos_plugin.py").write_text(PLUGIN)
    sources = {"chaos": {"module": "./chaos_plugin.py"}}
    auth = {"mode": "daarion", "authenticator": {"secret": SECRET}, "public_mode": "summary"}
    async with living_map(tmp_path, sources, polled=False, auth=auth) as living, served(living) as address:
        life.living = living
        await life._found()
        reader = Reader(f"http://{address}", f"ws://{address}/living-map/stream", "")
        reader.headers = {}
        reader.http.headers.pop("authorization")
        await reader.open()
        await reader.read()
        for _ in range(30):
            await life.happen([life.change() for _ in range(3)])
        await until(lambda: living.hub.is_idle)
        await reader.read()
        await reader.get("/living-map/snapshot")
        for path in ("/living-map/entities", "/living-map/entities/agent:a", "/living-map/history"):
            assert (await reader.get(path)).status_code == 401
        for path in ("/living-map/timeline", "/living-map/series?entity_id=agent:a&field=load"):
            assert (await reader.get(path)).status_code == 401
            assert (await reader.get(path, at="-0s")).status_code == 401
        await living.writer.drain(5)
        now = (await reader.get("/living-map/snapshot", at="-0s")).json()["layers"]
        assert plain(normal(now)) == plain(reader.follower.state)
        for more in ({}, {"summary": "true"}):
            await reader.get("/living-map/diff", **{"from": "-0s", **more})
        await reader.close()
        await reader.http.aclose()
        scene = living.fold.scene
        agents = reader.follower.state["agents"]
        assert agents["counts"] == {"items": len(scene.items("agents", "items"))}
        assert not agents.get("items")
        assert reader.follower.state["city"]["microdaos"] == scene.totals("city")["microdaos"]
        received = reader.take_received()
        assert "mark-" not in received
        assert not any(speaks_of(received, entity_id) for entity_id in IDS)
