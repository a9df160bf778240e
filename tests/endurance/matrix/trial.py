"""One fault upon one network under load: what the map said meanwhile, what was lost, when it was well again."""

import asyncio
import base64
import contextlib
import itertools
import json
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import nats.errors

from livingmap.transport.connection import NatsClient
from tests.endurance.matrix.faults import Fault
from tests.endurance.matrix.network import Network, network
from tests.support.map_process import MapProcess
from tests.support.nats_server import stored, until
from tests.support.postgres import kept
from tests.support.viewers import Viewer, digest, following, shown

_WELL_SECONDS = 90
_ASKED_EVERY_SECONDS = 0.5
_START_SECONDS = 10
"""How long a process may take until it is ready, if what is amiss need not concern it."""
_ONE_TRY = {"allow_reconnect": False, "max_reconnect_attempts": 1, "connect_timeout": 2}


@dataclass(frozen=True)
class Load:
    """What goes on all the while."""

    events_per_second: int = 50
    viewers: int = 6
    fault_seconds: float = 20


@dataclass(slots=True)
class Result:
    """What one trial showed."""

    fault: Fault
    processes: int
    said: set[str] = field(default_factory=set)
    """What was answered to the question whether a process is ready: ``ready``, ``not ready``, ``no answer``."""
    published: int = 0
    in_stream: int = 0
    in_history: int = 0
    well_again_seconds: float | None = None
    wrong: list[str] = field(default_factory=list)
    """What should not have been."""


async def tried(fault: Fault, processes: int, load: Load) -> Result:
    """Build a network, do it the fault under load, and look."""
    result = Result(fault, processes)
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        folder = Path(name)
        async with network(folder, processes) as net:
            try:
                await _Trial(net, load, result).run()
            except TimeoutError:
                result.wrong.append("a wait of the trial ran out: " + _last_complaint(net))
            for status in await net.stop_maps():
                if status != 0:
                    result.wrong.append(f"a process ended with status {status}")
    return result


class _Trial:
    def __init__(self, net: Network, load: Load, result: Result) -> None:
        self._net, self._load, self._result = net, load, result
        self._viewers = [
            Viewer(net.maps[number % len(net.maps)].address, sse=number % 3 == 2) for number in range(load.viewers)
        ]
        self._published: list[int] = []

    async def run(self) -> None:
        fault, net = self._result.fault, self._net
        if fault.at_start:
            async with fault.disturb(net):
                await net.start_maps()
                async with self._publishing(), self._asking():
                    await asyncio.sleep(self._load.fault_seconds)
            async with self._publishing(), following(*self._viewers):
                await self._well_again()
        else:
            await net.start_maps()
            await asyncio.gather(*(one.asked() for one in net.maps))
            async with self._publishing(), following(*self._viewers), self._wandering():
                await self._well_again()
                async with fault.disturb(net), self._asking():
                    await asyncio.sleep(self._load.fault_seconds)
                await self._well_again()
        await self._judge()

    # what goes on

    def _publishing(self) -> AbstractAsyncContextManager[None]:
        return publishing(self._net, self._load.events_per_second, self._published)

    @contextlib.asynccontextmanager
    async def _wandering(self) -> AsyncIterator[None]:
        """Let viewers lose their connections, and come back to another process."""
        task = asyncio.create_task(self._wander(random.Random(1)))
        try:
            yield
        finally:
            task.cancel()

    async def _wander(self, dice: random.Random) -> None:
        while True:
            await asyncio.sleep(1)
            viewer = dice.choice(self._viewers)
            viewer.address = dice.choice([one for one in self._net.maps if one.runs]).address
            viewer.break_off()

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._ask(one)) for one in self._net.maps]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, living: MapProcess) -> None:
        starting = self._result.fault.at_start and self._result.fault.all_ready
        may_start_until = time.monotonic() + (_START_SECONDS if starting else 0)
        while True:
            try:
                async with asyncio.timeout(3):
                    answer = await living.ready()
                said = str(answer["status"]).replace("_", " ")
            except (httpx.TransportError, TimeoutError):
                said = "no answer"
            if said == "ready" or time.monotonic() > may_start_until:
                may_start_until = 0
                self._result.said.add(said)
            await asyncio.sleep(_ASKED_EVERY_SECONDS)

    # what is looked at

    async def _well_again(self) -> None:
        """Wait until every process is ready, every viewer sees what is published now, and the history holds it."""
        began, number = time.monotonic(), len(self._published)
        deadline = began + _WELL_SECONDS

        async def has_all() -> bool:
            later = [one for one in self._published[number:] if one]
            if not later or any(viewer.number < later[0] for viewer in self._viewers):
                return False
            for living in self._net.maps:
                ready = await living.ready()
                if (ready["status"], ready["history"]) != ("ready", "written"):
                    return False
            return True

        async def is_well() -> bool:
            with contextlib.suppress(httpx.TransportError, KeyError):
                return await has_all()
            return False

        await until(is_well, deadline - time.monotonic(), 0.1)
        self._result.well_again_seconds = time.monotonic() - began

    async def _judge(self) -> None:
        await asyncio.sleep(1)
        result, wrong = self._result, self._result.wrong
        server = self._net.nats[await self._net.leader("LIVINGMAP")]
        log = [(seq, payload["number"]) for seq, _, payload in await stored(server) if "number" in payload]
        await until(lambda: self._is_kept(log[-1][0]), 60, 0.2)
        rows = [
            (row.seq, row.payload["number"]) for row in await kept(self._net.postgres) if "number" in row.payload
        ]
        result.published, result.in_stream, result.in_history = len(self._published), len(log), len(set(rows))
        if len(set(rows)) != len(rows):
            wrong.append("the history holds a message twice")
        if set(log) != set(rows):
            wrong.append(f"the history lacks {len(set(log) - set(rows))} messages that the stream holds")
        order = [number for _, number in log]
        for viewer in self._viewers:
            wrong += [f"a viewer {fault}" for fault in seen_wrongly(viewer, order)]
        wrong += [f"a viewer {fault}" for fault in await self._disagreements()]
        if result.fault.all_ready and result.said - {"ready"}:
            wrong.append(f"was {', '.join(sorted(result.said))}")

    async def _is_kept(self, seq: int) -> bool:
        rows = await self._net.postgres.fetch("SELECT 1 FROM living_map_history WHERE seq = $1 LIMIT 1", seq)
        return bool(rows)

    async def _disagreements(self) -> list[str]:
        """Let every viewer come to rest at its process; return which of them show something else."""
        found: list[str] = []
        async with following(*self._viewers):
            for viewer in self._viewers:
                living = next(one for one in self._net.maps if one.address == viewer.address)

                async def agrees(viewer: Viewer = viewer, living: MapProcess = living) -> bool:
                    return shown(await living.get("snapshot")) == (viewer.cursor, digest(viewer.state))

                try:
                    await until(agrees, 30, 0.1)
                except TimeoutError:
                    found.append("ends with another state than the snapshot at its position")
        return found


@contextlib.asynccontextmanager
async def publishing(net: Network, per_second: int, published: list[int]) -> AsyncIterator[None]:
    """Publish numbered messages by core NATS, whatever happens to the servers; keep their numbers."""
    task = asyncio.create_task(_publish(net, per_second, published))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _publish(net: Network, per_second: int, published: list[int]) -> None:
    urls = [server.url for server in net.nats.values()]
    while True:
        client = NatsClient()
        with contextlib.suppress(nats.errors.Error, OSError, TimeoutError):
            await client.connect(urls, error_cb=_ignore, **_ONE_TRY)
            while client.is_connected:
                number = len(published)
                payload = {"agent_id": "a", "status": "busy", "number": number}
                published.append(number)
                await client.publish("agent.event.status", json.dumps(payload).encode())
                await asyncio.sleep(1 / per_second)
        with contextlib.suppress(nats.errors.Error, OSError):
            await client.close()
        await asyncio.sleep(0.2)


def seen_wrongly(viewer: Viewer, order: list[int]) -> list[str]:
    """Return what a viewer should not have seen: a message lost, repeated or out of order, a step back."""
    place = {number: index for index, number in enumerate(order)}
    found: set[str] = set()
    last, leap = -1, True
    positions: dict[str, int] = {}
    for message in viewer.seen:
        if "cursor" in message:
            epoch, seq = position(message["cursor"])
            if seq < positions.get(epoch, 0):
                found.add("went back in positions")
            positions[epoch] = seq
        if message["kind"] in ("snapshot", "changes"):
            leap = True
        elif message["kind"] == "event" and "number" in message["payload"]:
            here = place.get(message["payload"]["number"], -1)
            if here < 0:
                found.add("saw a message that is not in the stream")
            elif here <= last:
                found.add("saw a message twice or late")
            elif not leap and here != last + 1:
                found.add("missed a message")
            last, leap = here, False
    return sorted(found)


def position(cursor: str) -> tuple[str, int]:
    """Return epoch and sequence of a cursor, whose form clients need not know."""
    text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).split(b"|", 1)[0].decode()
    epoch, _, seq = text.rpartition("-")
    return epoch, int(seq)


async def _ignore(_: Exception) -> None:
    """Leave it to the next connection."""


def _last_complaint(net: Network) -> str:
    lines: Iterable[dict[str, object]] = itertools.chain.from_iterable(one.said()[-200:] for one in net.maps)
    said = [line for line in lines if line.get("level") in ("warning", "error", "critical")]
    return str({key: said[-1].get(key) for key in ("event", "error")}) if said else "nothing was said"
