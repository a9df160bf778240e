"""A JetStream stream that is read, decoded and folded, beside a loop that only fetches and acknowledges."""

import asyncio
import tempfile
import time
from collections import defaultdict
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final

import nats

from livingmap.app import LivingMap
from livingmap.core.model import Event
from livingmap.log.backbone import Backbone, backbone
from livingmap.log.local import utc_now
from livingmap.supervision import within
from livingmap.transport.settings import NatsSettings
from scripts.bench.fanout import NATS
from scripts.bench.network import living_map, messages
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

_STREAM: Final = "LIVINGMAP"
_PAGE: Final = 500
_TIMES: Final = 2
_OTHER: Final = f"nats-py, fetch({_PAGE}) and ack"
_PATIENCE_SECONDS: Final = 120


def bench(scale: Scale, table: Table) -> None:
    """Fill a stream with what a large network publishes, and consume all of it in turn."""
    asyncio.run(_bench(scale, table))


async def _bench(scale: Scale, table: Table) -> None:
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    most, port = _TIMES * scale.events, free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "nats.conf"
        config.write_text(f'host: 127.0.0.1\nport: {port}\njetstream {{ store_dir: "{folder}" }}\n')
        with Process(NATS, "-c", config, quiet=True):
            wait_for(port)
            async with living_map(scale.agents) as living:
                ingest = _Ingest(living, port)
                await ingest.fill(Path(folder) / "lines", most)
                for _ in range(scale.rounds):
                    for name, consume in (("map", ingest.by_the_map), (_OTHER, ingest.by_fetching)):
                        found[name].append(await consume())
    what = f"JetStream consumed, decoded and folded, {scale.agents:,} agents"
    rates = {name: [most / seconds for seconds, _ in outcomes] for name, outcomes in found.items()}
    table.row(f"{what}: messages/s", rates.pop("map"), rates)
    busy = {name: [cpu / most * 1e6 for _, cpu in outcomes] for name, outcomes in found.items()}
    table.row(f"{what}: CPU µs per message", busy.pop("map"), busy)


class _Ingest:
    """A stream, and the map that reads it."""

    def __init__(self, living: LivingMap, port: int) -> None:
        self._living = living
        self._port = port
        self._most = 0
        self._settings = NatsSettings(url=f"nats://127.0.0.1:{port}", stream=_STREAM)

    async def fill(self, lines: Path, most: int) -> None:
        """Let the map declare its stream, and publish into it."""
        made = self._backbone()
        running = asyncio.create_task(made.intakes[0].run())
        await within(_PATIENCE_SECONDS, made.log.progress.live(), "attaching")
        await _end(running)
        published = list(islice(messages(self._living.config), most))
        lines.write_bytes(  # noqa: ASYNC240 - nothing else runs
            b"".join(b"PUB %b %d\r\n%b\r\n" % (subject.encode(), len(data), data) for subject, data in published)
        )
        with module("intake", self._port, lines):
            client = await nats.connect(f"nats://127.0.0.1:{self._port}")
            until = time.monotonic() + _PATIENCE_SECONDS
            while self._most < most and time.monotonic() < until:
                await asyncio.sleep(0.2)
                self._most = (await client.jetstream().stream_info(_STREAM)).state.messages
            await client.close()
        if self._most != most:
            raise RuntimeError(f"the stream took {self._most} of {most} messages")

    def _backbone(self) -> Backbone:
        return backbone(self._settings, self._living.fold.routes.patterns(), [], b"", utc_now)

    async def by_the_map(self) -> tuple[float, float]:
        """Read the stream by the map's log into its fold; return how long that took, and the process's CPU."""
        made, done, left = self._backbone(), asyncio.Event(), self._most
        began = 0.0, 0.0

        def take(event: Event) -> None:
            nonlocal left, began
            if left == self._most:
                began = time.perf_counter(), time.process_time()
            self._living.fold.apply(event)
            left -= 1
            if not left:
                done.set()

        made.log.subscribe(take)
        running = asyncio.create_task(made.intakes[0].run())
        await asyncio.wait_for(done.wait(), _PATIENCE_SECONDS)
        ended = time.perf_counter() - began[0], time.process_time() - began[1]
        await _end(running)
        return ended

    async def by_fetching(self) -> tuple[float, float]:
        """Fetch and acknowledge, and look at nothing."""
        client = await nats.connect(f"nats://127.0.0.1:{self._port}")
        subscription = await client.jetstream().pull_subscribe(
            "", stream=_STREAM, durable=f"bench{time.time_ns()}"
        )
        began, left = (time.perf_counter(), time.process_time()), self._most
        while left > 0:
            some = await subscription.fetch(_PAGE)
            for message in some:
                await message.ack()
            left -= len(some)
        ended = time.perf_counter() - began[0], time.process_time() - began[1]
        await subscription.unsubscribe()
        await client.close()
        return ended


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
