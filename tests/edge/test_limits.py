"""What is refused where bytes are read: before a request is whole, and before anybody is known."""

import asyncio
import contextlib

import pytest
import structlog

from tests.edge.conftest import client, get, status

HEALTH = b"/living-map/health"


@pytest.fixture
async def address(built):
    async with built() as where:
        yield where


@pytest.mark.parametrize(
    ("request_bytes", "refused"),
    [
        (get(HEALTH + b"?" + b"a" * 8100), 200),
        (get(HEALTH + b"?" + b"a" * 8200), 414),
        (get(HEALTH, b"X: " + b"a" * 32_000), 200),
        (get(HEALTH, b"X: " + b"a" * 33_000), 431),
        (get(HEALTH, *(b"X-%d: y" % number for number in range(99))), 200),
        (get(HEALTH, *(b"X-%d: y" % number for number in range(100))), 431),
        (get(b"/\xff\xfe"), 400),
        (b"POST / HTTP/1.1\r\nHost: map\r\nTransfer-Encoding: chunked, nonsense\r\n\r\n", 400),
    ],
)
async def test_a_request_beyond_a_limit_is_refused_and_closed(address, request_bytes, refused):
    async with client(address) as one:
        await one.send(request_bytes)
        code, headers = await one.answer()
        assert code == refused
        if refused != 200:
            assert headers["connection"] == "close"
            assert await one.is_closed()


@pytest.mark.parametrize("begins", [b"GET /?q=", b"GET / HTTP/1.1\r\nHost: map\r\nX: ", b"GET / HTTP/1.1\r\nX"])
async def test_what_never_ends_is_refused_before_it_is_much(address, begins):
    async with client(address) as one:
        await one.send(begins)
        sent = 0
        while not one.writer.transport.is_closing() and sent < 64 << 20:
            await one.send(b"a" * 65_536)
            sent += 65_536
        assert sent < 16 << 20
    assert await status(address) == 200


async def test_small_headers_without_end_are_refused(address):
    async with client(address) as one:
        await one.send(b"GET / HTTP/1.1\r\nHost: map\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5000)))
        assert (await one.answer())[0] == 431


async def test_a_body_is_read_up_to_a_limit(address):
    async with client(address) as one:
        await one.send(b"GET %b HTTP/1.1\r\nHost: map\r\nContent-Length: 5\r\n\r\nhello" % HEALTH)
        assert (await one.answer())[0] == 200
        await one.send(b"POST %b HTTP/1.1\r\nHost: map\r\nTransfer-Encoding: chunked\r\n\r\n" % HEALTH)
        assert (await one.answer())[0] == 405
        sent = 0
        while not one.writer.transport.is_closing() and sent < 64 << 20:
            await one.send(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
            sent += 65_536
        assert sent < 16 << 20


async def test_a_request_has_to_arrive_in_time(built):
    async with built(request_seconds=1) as address:
        async with client(address) as silent:
            assert await silent.is_closed()
        async with client(address) as slow:
            await slow.send(b"GET / HTTP/1.1\r\nHost: map\r\nX-Slow: ")
            assert (await slow.answer())[0] == 408
            assert await slow.is_closed()
        async with client(address) as second:
            for _ in range(3):
                await second.send(get())
                assert (await second.answer())[0] == 200
            await second.send(b"GET / HTTP/1.1\r\n")
            assert (await second.answer())[0] == 408


async def test_between_two_requests_a_connection_rests_for_the_idle_time(built):
    async with built(request_seconds=0.5, idle_seconds=5) as address, client(address) as one:
        for path in (HEALTH, b"/living-map/snapshot"):
            await one.send(get(path))
            assert (await one.answer())[0] == 200
            for _ in range(3):
                assert await status(address) == 200  # more than the deadline passes
                await asyncio.sleep(0.3)
        await one.send(get())
        assert (await one.answer())[0] == 200
        assert await one.is_closed()


async def test_silent_connections_make_room(built):
    async with built(connections=10) as address:
        silent = [client(address) for _ in range(30)]
        opened = [await one.__aenter__() for one in silent]
        assert await status(address) == 200
        assert await status(address, b"/living-map/snapshot") == 200
        assert all([await one.is_closed() for one in opened[:20]])
        for one in silent:
            await one.__aexit__(None, None, None)


async def test_one_address_has_so_many_connections(built):
    async with built(connections=40, connections_per_address=3, trusted_proxies=[]) as address:
        async with contextlib.AsyncExitStack() as streams:
            for _ in range(3):
                one = await streams.enter_async_context(client(address))
                await one.send(get(b"/living-map/events"))
                await one.reader.readuntil(b"\r\n\r\n")
            async with client(address) as fourth:
                assert (await fourth.answer())[0] == 503
                assert await fourth.is_closed()
        assert await status(address) == 200


@pytest.mark.parametrize(
    ("junk", "refused"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"SSH-2.0-OpenSSH_9.2\r\n", 400),
        (b"\x00" * 100, 400),
        (get(HEALTH, b"X: a\x00b"), 400),
        (get(HEALTH, b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMA"), 200),
        (get(b"/living-map/stream", b"Connection: Upgrade", b"Upgrade: websocket"), 400),
        (get(b"/living-map/stream", b"Connection: Upgrade", b"Upgrade: websocket", b"X: \xff\xfe"), 400),
    ],
)
async def test_junk_makes_one_line_a_minute_with_the_address(address, junk, refused, caplog):
    with structlog.testing.capture_logs() as lines:
        for _ in range(20):
            async with client(address) as one:
                await one.send(junk)
                assert (await one.answer())[0] == refused
    refusals = [line for line in lines if line["event"] == "a request was refused"]
    assert lines == refusals
    assert len(lines) <= 1
    assert all(line["address"] == "127.0.0.1" and line["log_level"] == "info" for line in lines)
    assert caplog.records == []


async def test_the_connection_goes_on_after_a_declined_upgrade(address):
    async with client(address) as one:
        upgrade = get(HEALTH, b"Connection: Upgrade", b"Upgrade: h2c")
        await one.send(upgrade + get(HEALTH) + upgrade)
        assert [(await one.answer())[0] for _ in range(3)] == [200, 200, 200]


async def test_requests_that_wait_behind_others_are_bounded(address):
    async with client(address) as one:
        await one.send(get(b"/openapi.json") * 200)
        codes = []
        while True:
            try:
                codes.append((await one.answer())[0])
            except (asyncio.IncompleteReadError, ConnectionError):
                break
        assert len(codes) < 40
    assert await status(address) == 200
