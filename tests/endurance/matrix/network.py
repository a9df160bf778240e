"""A whole network under a map of one process or three, every part of which can be disturbed."""

import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

from livingmap.testing import Sample, Samples
from tests.support.map_process import MapProcess
from tests.support.nats_cluster import NatsCluster
from tests.support.nats_server import NatsServer
from tests.support.postgres import PostgresServer
from tests.support.proxy import Proxy
from tests.support.services import StubService

_WEATHER = """
from livingmap.plugin import Layer, Put, Source, SourceSettings, hookimpl


class Settings(SourceSettings):
    base_url: str = "http://127.0.0.1:9"


async def fetch(client):
    return [Put("weather", "station:oslo", {"celsius": row["celsius"]}) for row in await client.get("/stations")]


@hookimpl
def livingmap_source() -> Source:
    return Source("weather", "weather-service", Settings, (Layer("weather", fetch=fetch),))
"""
_SIMULATED = ("agents", "microdao", "city")
_SMALL = {"microdaos": 3, "agents": 20, "nodes": 4, "daos": 2, "events_per_second": 0}


class Network:
    """The map's processes, and what they depend on; all but themselves are reached through relays."""

    def __init__(self, folder: Path, processes: int) -> None:
        folder.chmod(0o755)  # an embedded PostgreSQL may have to run as another account
        self.folder = folder
        self.processes = processes
        self.postgres = PostgresServer()
        self.weather = StubService(Samples((Sample("/stations", [{"celsius": 7}]),)))
        self.nats: dict[str, NatsServer] = {}
        self.nats_relays: dict[str, Proxy] = {}
        self.postgres_relay: Proxy
        self.maps: list[MapProcess] = []
        self._cluster = NatsCluster(folder) if processes > 1 else None

    async def open(self, running: AsyncExitStack) -> None:
        """Start all but the map."""
        await running.enter_async_context(self.postgres)
        await self.weather.start()
        running.push_async_callback(self.weather.kill)
        if self._cluster is not None:
            self.nats = self._cluster.servers
            running.push_async_callback(self._cluster.kill)
            await self._cluster.start()
        else:
            server = NatsServer(self.folder)
            server.use_jetstream()
            self.nats = {"n0": server}
            running.push_async_callback(server.kill)
            await server.start()
        self.postgres_relay = await _relay(running, self.postgres.socket)
        self.nats_relays = {name: await _relay(running, server.port) for name, server in self.nats.items()}
        (self.folder / "weather.py").write_text(_WEATHER)
        self.maps = [MapProcess(self.folder, **self._sections()) for _ in range(self.processes)]

    def _sections(self) -> dict[str, object]:
        simulated = {name: {"mock": True, "interval_seconds": 5} for name in _SIMULATED}
        weather = {"module": "./weather.py", "base_url": self.weather.base_url, "interval_seconds": 2}
        urls = ",".join(f"nats://127.0.0.1:{relay.port}" for relay in self.nats_relays.values())
        replicas = len(self.nats)
        return {
            "nats": {"url": urls, "ping_seconds": 1, "stream_replicas": replicas, "detached_seconds": 5},
            "history": {"url": self.postgres.by_port(self.postgres_relay.port)},
            "sources": {**simulated, "weather": weather},
            "mock": _SMALL,
        }

    async def start_maps(self) -> None:
        """Start the map's processes; wait until they listen, not until they are ready."""
        for one in self.maps:
            await one.start(until_ready=False)

    async def stop_maps(self) -> list[int]:
        """End the map's processes in order; return their exit statuses."""
        return [await one.terminate() for one in self.maps if one.runs]

    async def leader(self, stream: str) -> str:
        """Return which server leads a stream, or holds it alone."""
        return await self._cluster.leader(stream) if self._cluster is not None else "n0"

    async def follower(self) -> str:
        """Return a server that leads neither the map's stream nor its bucket."""
        taken = {await self.leader("LIVINGMAP"), await self.leader("KV_LIVINGMAP")}
        return next((name for name in self.nats if name not in taken), "n0")

    def leading(self) -> MapProcess:
        """Return the process of the map that said last that it leads."""
        said = [(line["timestamp"], one) for one in self.maps for line in one.said() if _LEADS in line["event"]]
        return max(said, key=lambda pair: str(pair[0]))[1] if said else self.maps[0]


_LEADS = "this process leads"


async def _relay(running: AsyncExitStack, target: int | Path) -> Proxy:
    one = Proxy(target)
    await one.start()
    running.push_async_callback(one.stop)
    return one


@contextlib.asynccontextmanager
async def network(folder: Path, processes: int) -> AsyncIterator[Network]:
    """Lend a network whose map has not been started."""
    one = Network(folder, processes)
    async with AsyncExitStack() as running:
        await one.open(running)
        try:
            yield one
        finally:
            for living in one.maps:
                if living.runs:
                    await living.kill()


def stuck_pipe() -> tuple[int, int]:
    """Return both ends of a pipe that is full, for whoever writes to it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    return reading, writing
