"""A small map behind the edge, on a port of its own, and clients that speak in raw bytes."""

import asyncio
import contextlib

import pytest

from tests.stream.conftest import served
from tests.support.maps import living_map

MOCK = {"microdaos": 1, "agents": 2, "nodes": 1, "daos": 1, "events_per_second": 0}
ANSWER_SECONDS = 10


@pytest.fixture
def built(tmp_path):
    """Serve maps whose section ``server`` is given."""

    @contextlib.asynccontextmanager
    async def serve(**server):
        sources = {"agents": {"mock": True}}
        async with living_map(tmp_path, sources, mock=MOCK, server=server) as living, served(living) as address:
            yield address

    return serve


class Client:
    """One connection."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    async def send(self, data):
        self.writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self.writer.drain()

    async def answer(self):
        """Return status and headers of the next answer, and read its body."""
        async with asyncio.timeout(ANSWER_SECONDS):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), headers

    async def is_closed(self):
        """Return once the server has closed, with whether nothing else came."""
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@contextlib.asynccontextmanager
async def client(address):
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def get(path=b"/living-map/health", *lines):
    return b"GET %b HTTP/1.1\r\nHost: map\r\n%b\r\n" % (path, b"".join(line + b"\r\n" for line in lines))


async def status(address, *arguments):
    """Return the status of one request on a connection of its own."""
    async with client(address) as one:
        await one.send(get(*arguments))
        return (await one.answer())[0]
