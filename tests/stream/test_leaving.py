"""Clients that leave while they are being answered: nothing went wrong, and nothing is logged as an error."""

import asyncio
import contextlib

import pytest
import structlog

from tests.edge.conftest import MOCK, client, get
from tests.stream.conftest import served
from tests.support.maps import living_map

LEAVE_SECONDS = 10


@pytest.fixture(params=[0, 5])
async def late(tmp_path, request):
    """Serve an application that answers so many turns after a connection has closed, if it is not told before."""
    connections, answered, turns = [], asyncio.Event(), request.param

    async def answer(scope, receive, send):
        async with asyncio.timeout(LEAVE_SECONDS):
            while not connections[-1].transport.is_closing():  # noqa: ASYNC110 - turn by turn
                await asyncio.sleep(0)
            for _ in range(turns):
                await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})
        answered.set()

    async with living_map(tmp_path, {"agents": {"mock": True}}, mock=MOCK) as living:
        config = living.serving(port=0)

        class Watched(config.http):
            def connection_made(self, transport):
                connections.append(self)
                super().connection_made(transport)

        config.app, config.http = answer, Watched
        async with served(living, config) as address:
            yield address, answered


@pytest.mark.parametrize("how", ["it closes", "it resets", "it asks for too much at once"])
async def test_an_answer_that_nobody_waits_for_is_no_error(late, how, caplog):
    address, answered = late
    with structlog.testing.capture_logs() as lines:
        async with client(address) as one:
            await one.send(get())
            await asyncio.sleep(0.05)
            if how == "it closes":
                one.writer.close()
            elif how == "it resets":
                one.writer.transport.abort()
            else:
                await one.send(get() * 30)
                with contextlib.suppress(ConnectionError):
                    assert await one.reader.read() == b""
            async with asyncio.timeout(LEAVE_SECONDS):
                await answered.wait()
    assert caplog.records == []
    assert {line["log_level"] for line in lines} <= {"info"}
