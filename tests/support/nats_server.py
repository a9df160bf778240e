"""A real nats-server for tests, that can be stopped in every way and comes back on the same port."""

import asyncio
import contextlib
import json
import signal
import sysconfig
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from nats.aio.client import Client

from livingmap.transport.connection import NatsClient
from tests.support.ports import free_port

_PROGRAM = Path(sysconfig.get_path("scripts")) / "nats-server"


class NatsServer:
    """One nats-server, not running until started. ``config`` is the text of its configuration."""

    def __init__(self, folder: Path, config: str = "") -> None:
        self.port = free_port()
        self.config = config
        self._file = folder / f"nats-{self.port}.conf"
        self.store = folder / f"jetstream-{self.port}"
        """Where its streams are."""
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._write()
        self._process = await asyncio.create_subprocess_exec(
            _PROGRAM, "-c", self._file, stderr=asyncio.subprocess.DEVNULL
        )
        await until(self._listens)

    def _write(self) -> None:
        self._file.write_text(f"host: 127.0.0.1\nport: {self.port}\nmax_payload: 4MB\n{self.config}\n")

    def use_jetstream(self, more: str = "") -> None:
        """Have a JetStream from the next start on, whose streams outlive the process."""
        self.config += f'\njetstream {{ store_dir: "{self.store}"\n{more} }}\n'

    @classmethod
    def cluster(cls, folder: Path, size: int = 3, more: str = "") -> "list[NatsServer]":
        """Return servers that together keep a JetStream, not running until started."""
        servers, ports = [cls(folder) for _ in range(size)], [free_port() for _ in range(size)]
        routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
        for number, (server, port) in enumerate(zip(servers, ports, strict=True)):
            server.config = f"server_name: n{number}\n"
            server.config += f"cluster {{ name: c, listen: 127.0.0.1:{port}, routes: [{routes}] }}\n"
            server.use_jetstream(more)
        return servers

    async def _listens(self) -> bool:
        assert self._process
        assert self._process.returncode is None, "nats-server ended at once"
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True

    async def kill(self) -> None:
        """End it without a word to anybody."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def stop(self) -> None:
        """End it in order: the other servers of its cluster are told that it goes."""
        if self._process is not None:
            self._process.terminate()
            await self._process.wait()
            self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    async def reload(self, config: str) -> None:
        """Change the configuration while it runs."""
        self.config = config
        self._write()
        self._signal(signal.SIGHUP)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    @contextlib.asynccontextmanager
    async def publisher(self, **how: Any) -> AsyncIterator[Client]:
        """Lend a connection of its own; what it published has reached the server when it is given back."""
        client = NatsClient()
        await client.connect(self.url, **how)
        try:
            yield client
            await client.flush()
        finally:
            await client.close()

    async def send(self, *lines: bytes) -> None:
        """Send raw lines of the protocol, which may be such as no client library would send."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        await reader.readline()
        writer.write(b"\r\n".join([b'CONNECT {"verbose":false,"headers":true}', *lines, b"PING\r\n"]))
        while not (await reader.readline()).startswith(b"PONG"):
            pass
        writer.close()
        await writer.wait_closed()


async def stored(server: NatsServer, stream: str = "LIVINGMAP") -> list[tuple[int, str, Any]]:
    """Return sequence, subject and payload of everything in a stream."""
    async with server.publisher() as client:
        js = client.jetstream()
        last = (await js.stream_info(stream)).state.last_seq
        found: list[tuple[int, str, Any]] = []
        reading = await js.subscribe(">", stream=stream, ordered_consumer=True)
        while not found or found[-1][0] < last:
            message = await reading.next_msg(timeout=20)
            found.append((message.metadata.sequence.stream, message.subject, json.loads(message.data)))
        return found


@contextlib.asynccontextmanager
async def jetstream_server(folder: Path, config: str = "") -> AsyncIterator[NatsServer]:
    """Run a server that keeps a JetStream in ``folder``."""
    server = NatsServer(folder, config)
    server.use_jetstream()
    await server.start()
    try:
        yield server
    finally:
        await server.kill()


async def until(condition: Callable[[], object], seconds: float = 20, every: float = 0.005) -> None:
    """Return when ``condition`` holds, which may be a coroutine function. Raises TimeoutError if it never does."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if await held if asyncio.iscoroutine(held) else held:
                return
            await asyncio.sleep(every)
