"""A map that lives at random by a clock of its own, and a client that watches and remembers what it held when."""

import contextlib
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import yaml

from livingmap.access.view import WHOLE
from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.core.fold import DOWN, UP
from livingmap.core.model import Message
from livingmap.core.reducer import layers_of, reduce, state_of
from tests.support.maps import browser, poll
from tests.support.nats_server import until
from tests.support.traces import CHAOS, Recorder, happen

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
MOCK = {"microdaos": 3, "agents": 12, "nodes": 4, "daos": 2, "events_per_second": 0}
MOCKED = ("agents", "microdao", "dao", "space", "messaging", "usage", "city")


@dataclass(frozen=True)
class Watched:
    """What a client held at a time."""

    time: datetime
    cursor: str
    layers: str


def canonical(layers):
    """Return layers in one form, whatever is in them: without the collections and layers that are empty."""
    full = {name: {key: value for key, value in layer.items() if value != []} for name, layer in layers.items()}
    return json.dumps({name: layer for name, layer in full.items() if layer}, sort_keys=True, ensure_ascii=False)


def put(entity_id, layer="agents", **fields):
    return ["put", {"layer": layer, "id": entity_id, "set": fields}]


def drop(entity_id, layer="agents"):
    return ["drop", {"layer": layer, "id": entity_id}]


class Life:
    """A map of mocked services and of a plugin that does whatever a message says, with ``history``.

    It may be started again, on the same history: then its log is another one.
    """

    def __init__(self, folder, seed, history, **settings):
        self.now = NOON
        self.watched: list[Watched] = []
        self.history = history
        self._random = random.Random(seed)
        (folder / "chaos.py").write_text(CHAOS)
        sources = {"chaos": {"module": "./chaos.py", "base_url": "http://127.0.0.1:9"}}
        sources |= {name: {"mock": True} for name in MOCKED}
        self._file = folder / "map.yaml"
        whole = {"sources": sources, "mock": {"seed": seed % 1000, **MOCK}, **settings}
        self._file.write_text(yaml.safe_dump(whole, sort_keys=False))

    @contextlib.asynccontextmanager
    async def run(self):
        """Run the map, as far as somebody lets things happen on it."""
        self.living = LivingMap(load(self._file), self.history, lambda: self.now)
        self._client, self._state = Recorder(), {}
        self.living.hub.join(self._client, WHOLE)
        try:
            yield self
        finally:
            await self.living.writer.drain(20)
            await self.living.close()

    async def live(self, steps):
        """Let so many things happen, and the client see each of them."""
        for _ in range(steps):
            self.now += timedelta(seconds=self._random.choice([0.2, 1, 30, 700]))
            if self._random.random() < 0.1:
                kind = self._random.choice([DOWN, UP])
                source = self._random.choice(MOCKED)
                await self.living.log.append(Message(kind, {"source": source, "error": "it does not answer"}))
            else:
                async for _ in happen(self.living, self._random):
                    await self.watch()
                    self.now += timedelta(milliseconds=self._random.randint(1, 400))
            await self.watch()
            await self.written()

    async def say(self, *changes, seconds=1):
        """Let so much time pass, and the plugin of its own do what ``changes`` say; return when it was."""
        await self.append(Message("chaos.said", {"said": list(changes)}), seconds)
        return self.now

    async def append(self, message, seconds=1):
        """Let so much time pass, and ``message`` come."""
        self.now += timedelta(seconds=seconds)
        await self.living.log.append(message)
        await self.written()

    async def poll(self):
        """Ask every service."""
        await poll(self.living)
        await self.written()

    def browser(self):
        return browser(self.living)

    async def watch(self):
        """Let the client read, and remember what it has now."""
        here = self.living.reader.cursor(WHOLE)
        await self._client.reached(here)
        messages, self._client.messages = self._client.messages, []
        for message in messages:
            if message["kind"] == "snapshot":
                self._state = state_of(message["payload"]["layers"])
            elif message["kind"] == "event":
                self._state = reduce(self._state, message["changes"])
        self.watched.append(Watched(self.now, here, canonical(layers_of(self._state))))

    def at_times(self):
        """Return what the client held by time; of several moments of one time, the last."""
        return {one.time: one for one in self.watched}

    async def written(self):
        await until(lambda: self.living.hub.is_idle)
        await self.living.writer.drain(20)

    async def get(self, path, **parameters):
        async with browser(self.living) as client:
            return await client.get(path, params=parameters)

    async def layers(self, at, path="/living-map/snapshot", **parameters):
        """Return the layers of a past moment in canonical form."""
        answer = await self.get(path, at=at, **parameters)
        assert answer.status_code == 200, answer.text
        return canonical(answer.json()["layers"])
