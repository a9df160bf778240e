"""What goes on all the while: numbered messages, viewers that come and go, questions to every process."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import httpx
import nats.errors

from livingmap.transport.connection import NatsClient
from livingmap.transport.wire import Arrival
from tests.endurance.matrix.network import Network

_ONE_TRY = {"allow_reconnect": False, "max_reconnect_attempts": 1, "connect_timeout": 2}
_SUBJECT = "agent.event.status"
_STATUSES = ("busy", "online", "idle")
AGENTS = ("agent:bohuslav-court", "agent:thessaly-mapping")
"""Agents of the simulated network, which the messages are about: each changes the map."""


@dataclass(frozen=True)
class Load:
    """How much goes on, and for how long."""

    events_per_second: int = 50
    viewers: int = 6
    fault_seconds: float = 20
    front_door: bool = False
    """Whether viewers come through haproxy, and not to a process of their choice."""


@contextlib.asynccontextmanager
async def meanwhile(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let something go on until the end of the block."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Publisher:
    """Publishes numbered messages by core NATS, whatever happens to the servers.

    It subscribes to what it publishes, by the same connection: what does not come back no server has taken, and
    so nobody can know of it.
    """

    def __init__(self) -> None:
        self.published: list[int] = []
        """The numbers of all messages."""
        self.taken: set[int] = set()
        """Those that a server has taken."""

    async def run(self, net: Network, per_second: int) -> None:
        """Publish until cancelled."""
        urls, published = [server.url for server in net.nats.values()], self.published
        while True:
            client = NatsClient()
            with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
                await client.connect(urls, error_cb=_ignore, **_ONE_TRY)
                await client.take(self._on_arrival, _SUBJECT)
                began, first = time.monotonic(), len(published)
                while client.is_connected:
                    number = len(published)
                    published.append(number)
                    await client.publish(_SUBJECT, json.dumps(_payload(number)).encode())
                    await asyncio.sleep(max(0, began + (len(published) - first) / per_second - time.monotonic()))
            with contextlib.suppress(nats.errors.Error, OSError):
                await client.close()
            await asyncio.sleep(0.2)

    def _on_arrival(self, arrival: Arrival) -> None:
        self.taken.add(json.loads(arrival.data)["number"])


def _payload(number: int) -> dict[str, Any]:
    return {
        "agent_id": AGENTS[number % len(AGENTS)],
        "status": _STATUSES[number % len(_STATUSES)],
        "number": number,
    }


async def repeatedly(action: Callable[[], Coroutine[Any, Any, None]], every_seconds: float) -> None:
    """Do something again and again; whoever does not answer now may do so later."""
    while True:
        with contextlib.suppress(httpx.HTTPError, TimeoutError):
            await action()
        await asyncio.sleep(every_seconds)


async def _ignore(_: Exception) -> None:
    """Leave it to the next connection."""
