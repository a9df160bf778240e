"""The real program as a process of its own, that can be stopped in every way and comes back on the same port."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import sysconfig
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import yaml

from tests.support.maps import FAMILIES
from tests.support.nats_server import until
from tests.support.ports import free_port
from tests.support.program import Program

_PROGRAM = Path(sysconfig.get_path("scripts")) / "livingmap"
_START_SECONDS = 60
SMALL = {"microdaos": 3, "agents": 20, "nodes": 4, "daos": 2, "events_per_second": 0}
"""A simulated network that is quick to compare."""


class MapProcess:
    """One ``livingmap serve``, not running until started. ``sections`` are those of its YAML.

    Without other word it asks a small simulated network once, and keeps its history in memory.
    """

    def __init__(self, folder: Path, **sections: Any) -> None:
        self.port = free_port()
        self.file = folder / f"map-{self.port}.yaml"
        self.log = folder / f"map-{self.port}.log"
        self._process: asyncio.subprocess.Process | Program | None = None
        self.output: int | None = None
        """The descriptor that its log goes to from the next start on, if not the file that `said` reads."""
        self.environment: dict[str, str] = {}
        """What is in its environment besides, from the next start on."""
        self.options: list[str] = []
        """Options of the command, from the next start on."""
        self.token: str | None = None
        """Whose map `get` asks for."""
        sources = {name: {"mock": True, "interval_seconds": 86_400} for name in FAMILIES}
        whole = {
            "logging": {"format": "json"},
            "history": {"url": "memory:"},
            "sources": sources,
            **sections,
            "server": {"port": self.port, **sections.get("server", {})},
        }
        if any(one.get("mock") for one in whole["sources"].values()):
            whole.setdefault("mock", SMALL)
        self.sections: dict[str, Any] = whole
        self.configure()

    def configure(self, **sections: Any) -> None:
        """Write its YAML again, with other ``sections`` than before."""
        self.sections |= sections
        self.file.write_text(yaml.safe_dump(self.sections, sort_keys=False))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self, *, until_ready: bool = True) -> None:
        """Start it, and wait until it serves and every service was asked."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("LIVINGMAP_")}
        arguments = ("serve", "--config", str(self.file), *self.options)
        environment = {**own, **self.environment}
        if self.output is None and "LD_PRELOAD" not in environment:
            self._process = Program(arguments, environment, self.file.parent, self.log, self.log)
        else:
            output = self.log.open("ab") if self.output is None else self.output
            self._process = await asyncio.create_subprocess_exec(
                *(_PROGRAM, *arguments), stdout=output, stderr=output, env=environment, cwd=self.file.parent
            )
        if until_ready:
            await self.asked()
        else:
            await until(lambda: self._listens() or not self.runs, _START_SECONDS)

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    async def asked(self) -> None:
        """Wait until it serves and every service was asked."""
        await until(self._has_asked, _START_SECONDS, 0.05)

    async def _has_asked(self) -> bool:
        assert self.runs, f"the map ended: {self.last_words()}"
        try:
            ready = await self.ready()
        except httpx.TransportError:
            return False
        return ready["status"] == "ready" and {"down", "starting"}.isdisjoint(ready["sources"].values())

    async def ended(self) -> int:
        """Wait until it ends by itself; return its exit status."""
        assert self._process
        async with asyncio.timeout(_START_SECONDS):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it as if the power went."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """Ask it to end; return its exit status."""
        return await self._end(signal.SIGTERM)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, and wait for nothing."""
        assert self._process
        self._process.send_signal(number)

    async def _end(self, number: signal.Signals) -> int:
        assert self._process
        if self._process.returncode is None:
            self._process.send_signal(number)
        async with asyncio.timeout(_START_SECONDS):
            return await self._process.wait()

    def resident_bytes(self) -> int:
        """Return the memory that it holds."""
        assert self._process
        return int(psutil.Process(self._process.pid).memory_info().rss)

    def said(self) -> list[dict[str, Any]]:
        """Return the lines of its log, over all starts."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def last_words(self) -> str:
        return self.log.read_text()[-2000:]

    # reading

    async def get(self, path: str, **query: Any) -> Any:
        """Return what it answers. Raises httpx.HTTPStatusError for anything but success."""
        async with self._client() as client:
            return (await client.get(f"/living-map/{path}", params=query)).raise_for_status().json()

    async def asked_as(self, token: str) -> httpx.Response:
        """Return what it answers one who shows ``token`` and asks for the snapshot, whatever that is."""
        async with self._client() as client:
            return await client.get("/living-map/snapshot", headers={"Authorization": f"Bearer {token}"})

    async def position(self) -> int:
        """Return the position of the last event that it folded, as its metrics have it."""
        [position] = await self.metrics("livingmap_position")
        return position

    async def metrics(self, *names: str) -> list[int]:
        """Return what its metrics say under these names, which have no labels."""
        async with self._client() as client:
            text = (await client.get("/metrics")).raise_for_status().text
        numbers = dict(line.rsplit(maxsplit=1) for line in text.splitlines() if not line.startswith("#"))
        return [int(float(numbers[name])) for name in names]

    async def ready(self) -> Any:
        """Return what it says of its readiness, whether it is ready or not."""
        async with self._client() as client:
            return (await client.get("/living-map/health/ready")).json()

    def _client(self) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        # certificates are not needed, and take time to load
        return httpx.AsyncClient(base_url=f"http://{self.address}", headers=headers, timeout=30, verify=False)

    async def nats(self) -> Any:
        """Return what it says of its connection to NATS."""
        return (await self.get("sources"))["intakes"][0]

    async def connected(self) -> None:
        """Wait until it hears NATS."""

        async def hears() -> bool:
            return bool((await self.nats())["connected"])

        await until(hears, _START_SECONDS, 0.05)

    async def history(self, **query: Any) -> list[Any]:
        """Return all pages of its history, oldest first."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get("history", limit=1000, **query, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items[::-1]
            cursor = {"cursor": page["next_cursor"]}


@contextlib.asynccontextmanager
async def map_process(folder: Path, **sections: Any) -> AsyncIterator[MapProcess]:
    """Run a map; see `MapProcess`."""
    one = MapProcess(folder, **sections)
    try:
        await one.start()
        yield one
    finally:
        if one.runs:
            await one.kill()
