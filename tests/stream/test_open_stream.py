"""What an open stream holds: nothing of the request with which it began."""

import asyncio
import gc

from starlette.datastructures import QueryParams
from websockets.asyncio.client import connect

from livingmap.stream.inbox import Inbox
from tests.support.nats_server import until


def parsed_queries():
    """Return how many queries of requests are held, by whatever."""
    gc.collect()
    return sum(isinstance(one, QueryParams) for one in gc.get_objects())


async def test_an_open_stream_holds_nothing_of_its_request(living, address):
    before = parsed_queries()
    async with connect(f"ws://{address}/living-map/stream?layers=city", max_size=None) as socket:
        await socket.recv()
        await until(lambda: parsed_queries() <= before)
        assert living.hub.viewers == 1
        await socket.send("?")
        assert "no_json" in await socket.recv()
    await until(lambda: living.hub.viewers == 0)


async def test_an_inbox_gives_what_was_put_into_it_in_order_and_waits_for_more():
    inbox = Inbox()
    inbox.put_nowait(1)
    inbox.put_nowait(2)
    assert [await inbox.get(), await inbox.get(), inbox.empty()] == [1, 2, True]
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(3)
    inbox.put_nowait(4)
    assert [await waiting, await inbox.get()] == [3, 4]


async def test_an_inbox_loses_nothing_to_a_reader_that_is_cancelled():
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.put_nowait(1)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await inbox.get() == 1
