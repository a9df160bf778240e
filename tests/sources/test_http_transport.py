"""The transport by which services are asked: what it takes for an answer, and which connections it keeps."""

import asyncio
import contextlib

import httpx
import pytest
import uvloop

from livingmap.sources.http_transport import HttpTransport
from livingmap.tls import TlsSettings

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Service:
    """Answers each request on a connection with the next of ``answers``, piece by piece; None closes it."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.connections = 0
        self.asked = asyncio.Event()
        self.gone = asyncio.Event()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()
            self.gone.set()

    async def _answer(self, reader, writer):
        while self.answers:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(httpx.Headers(_pairs(head)).get("content-length", 0))
            self.requests.append(head + await reader.readexactly(length))
            self.asked.set()
            for piece in self.answers.pop(0):
                if piece is None:
                    return
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)
        await reader.read()


def _pairs(head):
    return [line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line]


@contextlib.asynccontextmanager
async def asking(service):
    server = await asyncio.start_server(service.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    transport = HttpTransport(TlsSettings().ssl_context())

    async def ask(path="/", method="GET", **rest):
        response = await transport.handle_async_request(httpx.Request(method, url + path, **rest))
        try:
            return response.status_code, await response.aread()
        finally:
            await response.aclose()

    ask.transport, ask.url = transport, url
    yield ask
    await transport.aclose()
    server.close()


@pytest.mark.parametrize(
    ("pieces", "status", "body"),
    [
        ([OK], 200, b"ok"),
        ([b"HTTP/1.1 200 OK\r\ncont", b"ent-length: 4\r\n", b"\r\nab", b"cd"], 200, b"abcd"),
        (
            [CHUNKED + b"2\r\nab\r\n1\r", b"\nc\r\n0\r\n\r\n"],
            200,
            b"abc",
        ),
        ([b"HTTP/1.1 200 OK\r\n\r\nto the ", b"end", None], 200, b"to the end"),
        ([b"HTTP/1.0 200 OK\r\n\r\n", None], 200, b""),
        ([b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", OK], 200, b"ok"),
        ([b"HTTP/1.1 304 Not Modified\r\ncontent-length: 70\r\n\r\n"], 304, b""),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, b""),
        ([b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n"], 503, b""),
    ],
)
async def test_an_answer_ends_where_it_says(pieces, status, body):
    async with asking(Service(pieces, [OK])) as ask:
        assert await ask() == (status, body)
        assert await ask() == (200, b"ok")


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([None], "Server disconnected"),
        (
            [b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort", None],
            "closed connection",
        ),
        (
            [CHUNKED + b"2\r\nab", None],
            "closed",
        ),
        ([b"\x16\x03\x01 noise\r\n\r\n"], "illegal answer"),
        (
            [b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n"],
            "illegal",
        ),
        ([b"HTTP/1.1 200 OK\r\nlong: " + b"x" * 200_000], "head is too long"),
        ([b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 40_000], "head is too long"),
        ([b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000], "head is too long"),
        (
            [CHUNKED + b"2;" + b"x" * 200_000 + b"\r\nab\r\n"],
            "too long",
        ),
    ],
)
async def test_what_is_no_whole_answer_is_an_error_and_the_next_is_asked_anew(pieces, reason):
    async with asking(service := Service(pieces, [OK])) as ask:
        with pytest.raises(httpx.RemoteProtocolError, match=reason):
            await ask()
        assert await ask() == (200, b"ok")
        assert service.connections == 2


async def test_a_connection_is_used_again_for_one_request_at_a_time():
    async with asking(service := Service(*[[OK]] * 6)) as ask:
        for _ in range(3):
            await ask()
        assert service.connections == 1
        await asyncio.gather(ask(), ask())
        await ask()
        assert service.connections == 2


@pytest.mark.parametrize(
    "first",
    [
        [b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"],
        [OK, None],
        [OK, b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged"],
    ],
)
async def test_a_connection_that_was_closed_or_sent_more_than_its_answer_is_not(first):
    async with asking(service := Service(first, [OK], [OK])) as ask:
        assert await ask() == (200, b"ok")
        await asyncio.sleep(0.1)
        assert await ask() == (200, b"ok")
        assert service.connections == 2


async def test_an_idle_connection_is_not_used_for_ever(monkeypatch):
    monkeypatch.setattr("livingmap.sources.http_transport._IDLE_SECONDS", 0)
    async with asking(service := Service([OK], [OK])) as ask:
        await ask()
        await ask()
        assert service.connections == 2


async def test_an_answer_that_nobody_reads_to_its_end_costs_its_connection():
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 2000000\r\n\r\n" + b"x" * 2_000_000
    async with asking(service := Service([long], [OK])) as ask:
        response = await ask.transport.handle_async_request(httpx.Request("GET", ask.url))
        async for _ in response.aiter_raw():
            break
        await response.aclose()
        assert await ask() == (200, b"ok")
        assert service.connections == 2


async def test_a_long_answer_waits_until_it_is_read():
    long = b"HTTP/1.1 200 OK\r\ncontent-length: 20000000\r\n\r\n" + b"x" * 20_000_000
    async with asking(Service([long], [OK])) as ask:
        response = await ask.transport.handle_async_request(httpx.Request("GET", ask.url))
        await asyncio.sleep(0.2)
        assert response.stream._connection._waiting_bytes < 1_000_000
        assert len(await response.aread()) == 20_000_000
        await response.aclose()
        assert await ask() == (200, b"ok")


async def test_a_request_that_is_given_up_closes_its_connection():
    async with asking(service := Service([b"HTTP/1.1 "])) as ask:
        asked = asyncio.create_task(ask())
        await service.asked.wait()
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        async with asyncio.timeout(60):
            await service.gone.wait()


async def test_a_request_is_sent_as_it_was_made():
    async with asking(service := Service([OK], [OK])) as ask:
        await ask("/a%20b?c=d%26e", headers={"x-one": "1"})
        await ask("/rows", "POST", json={"a": 1})
    first, second = service.requests
    assert first.startswith(b"GET /a%20b?c=d%26e HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nx-one: 1\r\n" in first
    assert second.startswith(b"POST /rows HTTP/1.1\r\n")
    assert second.endswith(b'\r\n\r\n{"a":1}')


@pytest.mark.parametrize("value", ["a\r\nx-two: 2", "a\nb", "a\0b"])
async def test_a_header_cannot_bring_another_one(value):
    async with asking(service := Service([OK])) as ask:
        with pytest.raises(httpx.LocalProtocolError):
            await ask(headers={"x-one": value})
        assert service.requests == []


def test_all_of_that_is_so_on_the_loop_of_the_map():
    async def twice():
        pieces = [b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n", b"x" * 3_000_000]
        async with asking(service := Service(pieces, [OK])) as ask:
            assert len((await ask())[1]) == 3_000_000
            assert await ask() == (200, b"ok")
            assert service.connections == 1

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(twice())
