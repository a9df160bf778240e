"""A bad network: a TCP relay that can be cut, held up, slowed down and broken off amid a message."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

_CHUNK = 16 * 1024
_BUFFER = 64 * 1024


class Proxy:
    """Relays what comes to its ``port`` to ``target``: a port of this machine, or a Unix socket."""

    def __init__(self, target: int | Path) -> None:
        self.port = 0
        self.relayed = 0
        """Bytes that went through, both ways."""
        self.bytes_per_second: float | None = None
        """How fast each direction of each connection is; None for as fast as can be."""
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._whole = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tear_at: int | None = None

    def cut(self) -> None:
        """Reset every connection, and each new one at once, until it is mended."""
        self._whole = False
        self.reset()

    def mend(self) -> None:
        self._whole = True

    def reset(self) -> None:
        """Reset the connections that there are."""
        for writer in list(self._open):
            writer.transport.abort()

    def hold(self) -> None:
        """Let nothing through, while all connections stay: the cable is out."""
        self._flowing.clear()

    def let_go(self) -> None:
        self._flowing.set()

    def tear(self, after: int) -> None:
        """Break everything off after so many more bytes, wherever that is in a message."""
        self._tear_at = self.relayed + after

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_CHUNK)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        try:
            if self._whole:
                with contextlib.suppress(asyncio.CancelledError):  # streams complain of whatever their task raises
                    await self._relay(reader, writer)
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            beyond = await self._connect()
        except OSError:
            return
        ends = {writer, beyond[1]}
        self._open |= ends
        try:
            await asyncio.gather(self._pump(reader, beyond[1]), self._pump(beyond[0], writer))
        finally:
            self._open -= ends
            beyond[1].transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._target, Path):
            return await asyncio.open_unix_connection(self._target, limit=_CHUNK)
        own = socket.socket()
        own.setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER
        )  # what is held up has to be felt at the other end
        own.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self._target))
        except BaseException:
            own.close()
            raise
        return await asyncio.open_connection(sock=own, limit=_CHUNK)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(_CHUNK):
                await self._flowing.wait()
                if self.bytes_per_second is not None:
                    await asyncio.sleep(len(data) / self.bytes_per_second)
                self.relayed += len(data)
                if self._tear_at is not None and self.relayed >= self._tear_at:
                    writer.write(data[: len(data) - (self.relayed - self._tear_at)])
                    self._tear_at = None
                    self.reset()  # at once: after a hole nothing may come
                    return
                writer.write(data)
                await writer.drain()
            writer.write_eof()


@contextlib.asynccontextmanager
async def proxy(target: int | Path) -> AsyncIterator[Proxy]:
    """Run a relay to ``target``."""
    one = Proxy(target)
    await one.start()
    try:
        yield one
    finally:
        await one.stop()
