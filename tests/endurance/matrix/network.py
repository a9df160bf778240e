"""A whole network under a map of one process or three, every part of which can be disturbed."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from enum import Enum
from pathlib import Path

from livingmap.testing import Sample, Samples
from tests.endurance.matrix.callers import Callers
from tests.endurance.matrix.front_door import front_door as front_door_of
from tests.support.clock import Clock
from tests.support.map_process import MapProcess
from tests.support.nats_cluster import NatsCluster
from tests.support.nats_server import NatsServer
from tests.support.pgbouncer import PgBouncer
from tests.support.postgres import PostgresServer
from tests.support.proxy import Proxy, proxy
from tests.support.reverse_proxy import ReverseProxy
from tests.support.services import StubService
from tests.support.small_disk import SmallDisk, small_disk

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
_DISK_MIB = 512
_NO_LIMIT = "max_file_store: 100GB"  # so that it is the disk that is full, and not what the server may take of it


class Part(Enum):
    """What a network has only if a fault needs it."""

    POOLER = "a PgBouncer before PostgreSQL"
    AUTH = "an auth-service"
    POLICIES = "an auth-service and a policy engine"
    SMALL_DISKS = "small disks under NATS and PostgreSQL"
    CLOCKS = "clocks that can be set, for the processes of the map"


class _Weather(StubService):
    """A service with other weather at every question, so that every poll is an entry of the log."""

    def _sampled(self, target: str) -> bytes:
        self.samples = Samples((Sample("/stations", [{"celsius": len(self.asked)}]),))
        return super()._sampled(target)


class Network:
    """The map's processes, and what they depend on; all but themselves are reached through relays."""

    postgres_relay: Proxy
    pooler: PgBouncer
    callers: Callers
    postgres_disk: SmallDisk
    front_door: ReverseProxy | None = None

    def __init__(self, folder: Path, processes: int, parts: AbstractSet[Part] = frozenset()) -> None:
        folder.chmod(0o755)  # an embedded PostgreSQL may have to run as another account
        self.folder = folder
        self.processes = processes
        self.parts = parts
        self.postgres = PostgresServer(folder / "postgres" if Part.SMALL_DISKS in parts else None)
        self.weather = _Weather(Samples(()))
        self.maps: list[MapProcess] = []
        self.nats_disks: dict[str, SmallDisk] = {}
        self.let_in: set[str] = set()
        """Who saw what nobody had permitted them."""
        self._clocks: dict[MapProcess, Clock] = {}
        self._nats_relays: list[list[Proxy]] = []
        self._cluster = NatsCluster(folder, _NO_LIMIT) if processes > 1 else None
        self.nats = self._cluster.servers if self._cluster is not None else {"n0": NatsServer(folder)}

    async def open(self, running: AsyncExitStack, *, front_door: bool) -> None:
        """Start all but the map."""
        if Part.SMALL_DISKS in self.parts:
            self._lend_disks(running)
        await running.enter_async_context(self.postgres)
        await self.weather.start()
        running.push_async_callback(self.weather.kill)
        await self._start_nats(running)
        await self._start_relays(running)
        if self.parts & {Part.AUTH, Part.POLICIES}:
            self.callers = Callers(with_policies=Part.POLICIES in self.parts, among_a_crowd=front_door)
            await self.callers.open(running)
        (self.folder / "weather.py").write_text(_WEATHER)
        self.maps = [self._new_map(number) for number in range(self.processes)]
        if front_door:
            self.front_door = front_door_of(self.folder, [one.port for one in self.maps])
            running.push_async_callback(self.front_door.stop)
            await self.front_door.start()

    def _lend_disks(self, running: AsyncExitStack) -> None:
        self.postgres_disk = running.enter_context(small_disk(self.postgres.folder, _DISK_MIB))
        for name, server in self.nats.items():
            self.nats_disks[name] = running.enter_context(small_disk(server.store, _DISK_MIB))

    async def _start_nats(self, running: AsyncExitStack) -> None:
        if self._cluster is not None:
            running.push_async_callback(self._cluster.kill)
            await self._cluster.start()
        else:
            server = self.nats["n0"]
            server.use_jetstream(_NO_LIMIT)
            running.push_async_callback(server.kill)
            await server.start()

    async def _start_relays(self, running: AsyncExitStack) -> None:
        database: int | Path = self.postgres.socket
        if Part.POOLER in self.parts:
            self.pooler = PgBouncer(database.parent, "transaction")
            running.push_async_callback(self.pooler.close)
            await self.pooler.start()
            database = self.pooler.port
        self.postgres_relay = await running.enter_async_context(proxy(database))
        for _ in range(self.processes):
            ways = [await running.enter_async_context(proxy(server.port)) for server in self.nats.values()]
            self._nats_relays.append(ways)

    def _new_map(self, number: int) -> MapProcess:
        one = MapProcess(self.folder, **self._sections(number))
        one.token = self.token(number)
        if Part.CLOCKS in self.parts:
            self._clocks[one] = Clock(self.folder / f"clock-{one.port}")
            one.environment = self._clocks[one].environment
        return one

    def _sections(self, number: int) -> dict[str, object]:
        simulated = {name: {"mock": True, "interval_seconds": 5} for name in _SIMULATED}
        weather = {"module": "./weather.py", "base_url": self.weather.base_url, "interval_seconds": 2}
        urls = ",".join(f"nats://127.0.0.1:{relay.port}" for relay in self._nats_relays[number])
        replicas = len(self.nats)
        sections = {
            "nats": {"url": urls, "ping_seconds": 1, "stream_replicas": replicas, "detached_seconds": 5},
            "history": {"url": self.postgres.by_port(self.postgres_relay.port)},
            "sources": {**simulated, "weather": weather},
            "mock": _SMALL,
        }
        return {**sections, "auth": self.callers.section()} if self._guarded else sections

    # callers

    @property
    def _guarded(self) -> bool:
        return bool(self.parts & {Part.AUTH, Part.POLICIES})

    @property
    def addresses(self) -> list[str]:
        """Where viewers may come: to the front door, or to any process that runs."""
        if self.front_door is not None:
            return [f"127.0.0.1:{self.front_door.port}"]
        return [one.address for one in self.maps if one.runs] or [one.address for one in self.maps]

    def token(self, number: int) -> str | None:
        """Return what a viewer has to show; None if nothing."""
        return self.callers.reader(number) if self._guarded else None

    async def try_doors(self, living: MapProcess) -> None:
        """Try to see what nobody permits: with a token that is forged, and as one with no permission."""
        if not self._guarded:
            return
        answer = await living.asked_as(self.callers.forged())
        if answer.is_success:
            self.let_in.add("one with a forged token")
        if self.callers.with_policies:
            answer = await living.asked_as(self.callers.stranger())
            if answer.is_success and answer.json()["layers"].get("agents", {}).get("items"):
                self.let_in.add("one with no permission")

    # the map

    def ways_to_nats(self, *processes: MapProcess) -> list[Proxy]:
        """Return the relays on the ways of some processes of the map to NATS, or of all."""
        numbers = [self.maps.index(one) for one in processes] or range(self.processes)
        return [relay for number in numbers for relay in self._nats_relays[number]]

    def clock_of(self, living: MapProcess) -> Clock:
        """Return the clock that a process was started with."""
        return self._clocks[living]

    async def start_maps(self) -> None:
        """Start the map's processes; wait until they listen, not until they are ready."""
        for one in self.maps:
            await one.start(until_ready=False)

    async def stop_maps(self) -> list[int]:
        """End the map's processes in order; return their exit statuses."""
        return [await one.terminate() for one in self.maps if one.runs]

    def keep_logs(self, name: str) -> Path:
        """Copy what the map's processes have said to where it outlives the trial; return the folder."""
        folder = Path(tempfile.gettempdir(), "livingmap-faults", name.replace("/", " per "))
        folder.mkdir(parents=True, exist_ok=True)
        for one in self.maps:
            if one.log.exists():
                shutil.copy(one.log, folder)
        return folder

    async def leader(self, stream: str) -> str:
        """Return which server leads a stream, or holds it alone."""
        return await self._cluster.leader(stream) if self._cluster is not None else "n0"

    async def follower(self) -> str:
        """Return a server that leads neither the map's stream nor its bucket."""
        taken = {await self.leader("LIVINGMAP"), await self.leader("KV_LIVINGMAP")}
        return next((name for name in self.nats if name not in taken), "n0")

    def leading(self) -> MapProcess:
        """Return the process of the map that said last that it leads; any before they are started."""
        started = [one for one in self.maps if one.log.exists()]
        claims = [(line["timestamp"], one) for one in started for line in one.said() if _LEADS in line["event"]]
        return max(claims, key=lambda pair: str(pair[0]))[1] if claims else self.maps[0]


_LEADS = "this process leads"


@contextlib.asynccontextmanager
async def network(
    folder: Path, processes: int, parts: AbstractSet[Part] = frozenset(), *, front_door: bool = False
) -> AsyncIterator[Network]:
    """Lend a network whose map has not been started. Raises NoSmallDisk where it needs one and there is none."""
    one = Network(folder, processes, parts)
    async with AsyncExitStack() as running:
        await one.open(running, front_door=front_door)
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
