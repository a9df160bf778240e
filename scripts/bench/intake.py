"""Messages of core NATS into a log that only counts, beside a subscription of nats-py whose callback counts."""

import asyncio
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import nats
from nats.aio.msg import Msg

from livingmap.core.model import Message
from livingmap.log.local import utc_now
from livingmap.transport.connection import NatsConnection
from livingmap.transport.nats import NatsIntake
from livingmap.transport.settings import NatsSettings
from scripts.bench.fanout import NATS
from scripts.bench.network import configuration, messages
from scripts.bench.process import Process, free_port, module, wait_for
from scripts.bench.table import Scale, Table

_PORT: Final = free_port()
_URL: Final = f"nats://127.0.0.1:{_PORT}"
_AGENTS: Final = 1000
_TIMES: Final = 5
"""Taking in is quicker than folding: so many times the messages."""
_OTHER: Final = "nats-py, callback that counts"
_MOST: Final = 1_000_000
_PATIENCE_SECONDS: Final = 60


class _Count:
    """Counts from the first to the ``most``-th message."""

    def __init__(self, most: int) -> None:
        self.done = asyncio.Event()
        self.began = self.began_busy = 0.0
        self._most = self._left = most

    def one(self) -> None:
        """Count."""
        if self._left == self._most:
            self.began, self.began_busy = time.perf_counter(), time.process_time()
        self._left -= 1
        if not self._left:
            self.done.set()

    async def append(self, _: Message) -> None:
        """Count a message."""
        self.one()


_Consume: TypeAlias = Callable[[_Count], AbstractAsyncContextManager[None]]


def bench(scale: Scale, table: Table) -> None:
    """Publish the same messages to both in turn, as fast as the server takes them."""
    rates: dict[str, list[float]] = {"map": [], "nats-py": []}
    busy: dict[str, list[float]] = {"map": [], "nats-py": []}
    published = list(islice(messages(configuration(_AGENTS)), _TIMES * scale.events))
    with tempfile.TemporaryDirectory() as folder:
        config, lines = Path(folder) / "nats.conf", Path(folder) / "lines"
        config.write_text(f"host: 127.0.0.1\nport: {_PORT}\n")
        lines.write_bytes(
            b"".join(b"PUB %b %d\r\n%b\r\n" % (subject.encode(), len(data), data) for subject, data in published)
        )
        with Process(NATS, "-c", config, quiet=True):
            wait_for(_PORT)
            for _ in range(scale.rounds):
                for name, consume in (("map", _by_the_map), ("nats-py", _by_nats_py)):
                    seconds, computed = asyncio.run(_measure(consume, lines, len(published)))
                    rates[name].append(len(published) / seconds)
                    busy[name].append(computed / len(published) * 1e6)
    table.row("NATS intake: messages/s", rates["map"], {_OTHER: rates["nats-py"]})
    table.row("NATS intake: CPU µs per message", busy["map"], {_OTHER: busy["nats-py"]})


async def _measure(consume: _Consume, lines: Path, most: int) -> tuple[float, float]:
    """Return how long all messages took, and how much this process computed."""
    count = _Count(most)
    async with consume(count):
        with module("intake", _PORT, lines):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await count.done.wait()
            return time.perf_counter() - count.began, time.process_time() - count.began_busy


@asynccontextmanager
async def _by_the_map(count: _Count) -> AsyncIterator[None]:
    settings = NatsSettings(url=_URL, most_waiting=_MOST)
    intake = NatsIntake(NatsConnection(settings), settings, [">"], count.append, utc_now)
    running = asyncio.create_task(intake.run())
    while not intake.status.connected:  # noqa: ASYNC110 - it has no event for it
        await asyncio.sleep(0.01)
    yield
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@asynccontextmanager
async def _by_nats_py(count: _Count) -> AsyncIterator[None]:
    async def on_message(_: Msg) -> None:
        count.one()

    client = await nats.connect(_URL)
    await client.subscribe(">", cb=on_message, pending_msgs_limit=_MOST)
    await client.flush()
    yield
    await client.close()


def publish(port: str, lines: str) -> None:
    """Send everything at once: the part of another program."""
    with socket.create_connection(("127.0.0.1", int(port))) as server:
        server.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\n' + Path(lines).read_bytes() + b"PING\r\n")
        while b"PONG" not in server.recv(4096):
            pass


if __name__ == "__main__":
    publish(*sys.argv[1:])
