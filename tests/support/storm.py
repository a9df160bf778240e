"""What happens on a simulated network, published on a real NATS: the twin of the one that the map has asked."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import nats
from nats.aio.client import Client

from livingmap_mock.plugin import MockSettings
from livingmap_mock.world import SimulatedWorld
from tests.support.map_process import SMALL
from tests.support.maps import SOURCES
from tests.support.nats_server import NatsServer, until

_MOST_AT_ONCE = 20


class Storm:
    """Numbered messages of every kind, some of them large. The same seed gives the same."""

    def __init__(
        self,
        seed: int = 1,
        large: int = 25_000,
        *,
        lull_seconds: float = 0.02,
        heard: Callable[[], int] | None = None,
        most_unheard: int = 40,
    ) -> None:
        """``heard`` says which number was heard last: the storm waits for who hears, and leaves nobody behind."""
        self.published: list[tuple[str, dict[str, Any]]] = []
        """What went out, in order; the field ``number`` of each payload is its place."""
        self._numbers = random.Random(seed)
        self._large = large
        self._lull = lull_seconds
        self.heard = heard
        self._most_unheard = most_unheard
        self._messages = _happenings()

    async def blow(self, client: Client, count: int) -> None:
        """Publish so many more messages, in gusts of random size."""
        end = len(self.published) + count
        while len(self.published) < end:
            for _ in range(min(self._numbers.randint(1, _MOST_AT_ONCE), end - len(self.published))):
                await self._publish(client)
            await client.flush()
            await asyncio.sleep(self._numbers.random() * self._lull)
            if self.heard is not None:
                await until(self._is_heard, 60)

    def _is_heard(self) -> bool:
        return self.heard is None or len(self.published) - self.heard() < self._most_unheard

    async def _publish(self, client: Client) -> None:
        subject, payload = next(self._messages)
        payload = {**payload, "number": len(self.published)}
        if self._numbers.random() < 0.1:
            payload["note"] = "ї" * self._numbers.randint(1, self._large)
        self.published.append((subject, payload))
        await client.publish(subject, json.dumps(payload, ensure_ascii=False).encode())


@contextlib.asynccontextmanager
async def storming(server: NatsServer, storm: Storm) -> AsyncIterator[None]:
    """Let a storm blow all the while, whatever happens to the server; its last message is sure to have arrived."""
    calm = asyncio.Event()

    async def blow() -> None:
        arrived = False
        while not (calm.is_set() and arrived):
            arrived = False
            with contextlib.suppress(nats.errors.Error, OSError):
                async with server.publisher(allow_reconnect=False) as client:
                    while not calm.is_set():
                        await storm.blow(client, 20)
                    await storm.blow(client, 1)
                    arrived = True
            await asyncio.sleep(0.05)

    task = asyncio.create_task(blow())
    try:
        yield
    finally:
        calm.set()
        storm.heard = None
        await task


def _happenings() -> Iterator[tuple[str, dict[str, Any]]]:
    world = SimulatedWorld(MockSettings(**SMALL), SOURCES)
    now = datetime.now(UTC)
    while True:
        now += timedelta(seconds=1)
        for message in world.step(now):
            yield message.type, dict(message.payload)
