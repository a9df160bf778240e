"""The simulated network: maps of any size that have asked it once, and what is published on it."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
import yaml

from livingmap.app import LivingMap
from livingmap.config.loading import Config, load
from livingmap.history import History
from livingmap.history.memory import MemoryHistory
from livingmap.logs import configure

FAMILIES: Final = ("agents", "microdao", "dao", "space", "usage", "messaging", "city")
_ONCE: Final = 86_400
_MOST_ENTITIES_BYTES: Final = 256 * 1024 * 1024


def configuration(
    agents: int, interval_seconds: float = _ONCE, world_port: int | None = None, **rest: Any
) -> Config:
    """Return the configuration of a map of ``agents`` and all that goes with them, at rest.

    The network is simulated in the map's own process, or by another one that listens at ``world_port``.
    """
    nodes, microdaos, daos = max(4, agents // 20), max(2, min(1000, agents // 100)), max(2, agents // 500)
    sizes = {"agents": agents, "nodes": nodes, "microdaos": microdaos, "daos": daos, "events_per_second": 0}
    source: dict[str, Any] = {
        "mock": world_port is None,
        "interval_seconds": interval_seconds,
        "timeout_seconds": 60,
        "max_bytes": _MOST_ENTITIES_BYTES,
    }
    sources = {name: {**source, **_address(name, world_port)} for name in FAMILIES}
    sources["city"] |= {"heartbeat_seconds": _ONCE}  # nodes stay what they are
    text = yaml.safe_dump({"logging": {"level": "error"}, "mock": sizes, "sources": sources, **rest})
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        config = load(Path(file.name))
    configure(config.logging)
    return config


def _address(source: str, world_port: int | None) -> dict[str, str]:
    return {"base_url": f"http://127.0.0.1:{world_port}/{source}"} if world_port else {}


@asynccontextmanager
async def living_map(agents: int, history: History | None = None) -> AsyncIterator[LivingMap]:
    """Give a map that knows its network, writes no history and serves nobody."""
    living = LivingMap(configuration(agents), history or MemoryHistory())
    await asyncio.gather(*(poller.poll() for poller in living.pollers.values()))
    yield living
    await living.close()


def messages(config: Config) -> Iterator[tuple[str, bytes]]:
    """Yield subject and payload of what the network publishes, for ever."""
    assert config.mock  # noqa: S101 - every configuration here has one
    world = config.mock.build(config.mock_settings, [source for source, _ in config.enabled()])
    now = datetime.now(UTC)
    while True:
        now += timedelta(milliseconds=10)
        for message in world.step(now):
            yield message.type, orjson.dumps(message.payload)
