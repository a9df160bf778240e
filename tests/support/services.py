"""Services for tests: real HTTP servers that replay samples, and that can be made to fail in every way."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterable
from urllib.parse import parse_qsl, urlsplit

from livingmap.core.source import Source
from livingmap.sources.samples import Samples


class StubService:
    """One HTTP service on a port of its own. ``mode`` says how it behaves from now on."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self.mode = "well"
        self.asked: list[str] = []
        self._server: asyncio.Server | None = None
        self._port = 0
        self._open: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def kill(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        try:
            await self._exchange(reader, writer)
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            self.asked.append(target)
            await self._answer(target, writer)
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async def _answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        if self.mode == "hang":
            await asyncio.sleep(30)
        elif self.mode == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
            for _ in range(1000):
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        elif self.mode == "cut":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n[{")
        elif self.mode == "noise":
            writer.write(b"\x00\xff\x17 this is no HTTP\r\n\r\n")
        elif self.mode == "redirect":
            writer.write(_response(302, b"", f"location: http://127.0.0.1:{self._port}/elsewhere\r\n"))
        elif self.mode == "huge":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n[")
            for _ in range(50):
                writer.write(b'"' + b"x" * 1024 * 1024 + b'",')
                await writer.drain()
        elif self.mode == "encoded":
            writer.write(_response(200, b"\x1f\x8b", "content-encoding: gzip\r\n"))
        elif self.mode in GARBAGE:
            writer.write(_response(200, GARBAGE[self.mode]))
        elif self.mode == "500":
            writer.write(_response(500, b"Internal Server Error"))
        else:
            writer.write(self._sampled(target))

    def _sampled(self, target: str) -> bytes:
        url = urlsplit(target)
        sample = self.samples.answer(url.path, dict(parse_qsl(url.query)))
        if sample is None:
            return _response(404, b'{"detail":"Not Found"}')
        return _response(sample.status, json.dumps(sample.body).encode())


GARBAGE = {
    "html": b"<!doctype html><title>Welcome to nginx!</title>",
    "empty": b"",
    "nan": b'[{"id": NaN}]',
    "number": b"7",
    "amounts": b'[{"balance":0.1},{"balance":12345678901234567.89},{"balance": 123456789012345678901234}]',
    "wrong types": b'[{"id": {"a": []}, "name": 5, "slug": [], "node_id": 3}]',
    "deep": b"[" * 100_000 + b"]" * 100_000,
    "bad utf-8": b'[{"id": "\xff\xfe"}]',
    "null": b"null",
}


def _response(status: int, body: bytes, headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status} X\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{headers}\r\n"
    return head.encode() + body


@contextlib.asynccontextmanager
async def stub_services(sources: Iterable[Source]) -> AsyncIterator[dict[str, StubService]]:
    """Run a service for each source, replaying its samples."""
    services = {source.name: StubService(Samples.load(source.samples)) for source in sources if source.samples}
    for service in services.values():
        await service.start()
    try:
        yield services
    finally:
        for service in services.values():
            await service.kill()
