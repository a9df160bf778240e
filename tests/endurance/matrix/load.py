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
from tests.endurance.matrix.network import Network

_ONE_TRY = {"allow_reconnect": False, "max_reconnect_attempts": 1, "connect_timeout": 2}
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


async def publish(net: Network, per_second: int, published: list[int]) -> None:
    """Publish numbered messages by core NATS, whatever happens to the servers; keep their numbers."""
    urls = [server.url for server in net.nats.values()]
    while True:
        client = NatsClient()
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
            await client.connect(urls, error_cb=_ignore, **_ONE_TRY)
            began, first = time.monotonic(), len(published)
            while client.is_connected:
                number = len(published)
                published.append(number)
                await client.publish("agent.event.status", json.dumps(_payload(number)).encode())
                await asyncio.sleep(max(0, began + (len(published) - first) / per_second - time.monotonic()))
        with contextlib.suppress(nats.errors.Error, OSError):
            await client.close()
        await asyncio.sleep(0.2)


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
