"""Frames that clients of the WebSocket send: too many, or not UTF-8."""

import contextlib
import gc

import pytest
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from livingmap.api.limited import LimitedProtocol
from livingmap.stream.protocol import MOST_FRAMES
from tests.edge.conftest import status
from tests.support.nats_server import until


@pytest.fixture
async def address(built):
    async with built() as where:
        yield where


async def closing(socket):
    """Return code and reason with which the map closes."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await socket.recv()
    return socket.close_code, socket.close_reason


async def test_an_open_stream_keeps_nothing_of_the_protocol_that_read_its_request(address):
    async with connect(f"ws://{address}/living-map/stream", max_size=None) as socket:
        await socket.recv()
        await until(lambda: gc.collect() >= 0 and not protocols())


def protocols():
    """Return the HTTP connections that there are."""
    return [one for one in gc.get_objects() if isinstance(one, LimitedProtocol)]


async def test_a_flood_of_pings_is_closed(address):
    frame = Frame(Opcode.PING, b"").serialize(mask=True)
    async with connect(f"ws://{address}/living-map/stream", max_size=None) as socket:
        await socket.recv()
        socket.transport.write(frame * (MOST_FRAMES * 3))
        assert await closing(socket) == (1008, f"more than {MOST_FRAMES} frames within 10 s")
    assert await status(address) == 200


async def test_pings_now_and_then_are_answered(address):
    async with connect(f"ws://{address}/living-map/stream", max_size=None) as socket:
        await socket.recv()
        for _ in range(5):
            await (await socket.ping())


@pytest.mark.parametrize("pieces", [[b'{"kind": \xff}'], [b'{"kind": "\xc3', b'\xff"}']])
async def test_text_that_is_not_utf8_ends_with_1007_and_no_traceback(address, pieces, caplog):
    async with connect(f"ws://{address}/living-map/stream", max_size=None) as socket:
        await socket.recv()
        with structlog.testing.capture_logs() as lines:
            for index, data in enumerate(pieces):
                frame = Frame(Opcode.CONT if index else Opcode.TEXT, data, fin=index == len(pieces) - 1)
                socket.transport.write(frame.serialize(mask=True))
            assert (await closing(socket))[0] == 1007
    assert (lines, caplog.records) == ([], [])


async def test_letters_that_two_frames_share_are_whole(address):
    async with connect(f"ws://{address}/living-map/stream", max_size=None) as socket:
        await socket.recv()
        text = '{"kind": "é"}'.encode()
        for opcode, data, fin in ((Opcode.TEXT, text[:11], False), (Opcode.CONT, text[11:], True)):
            socket.transport.write(Frame(opcode, data, fin=fin).serialize(mask=True))
        assert "unknown_message" in await socket.recv()
