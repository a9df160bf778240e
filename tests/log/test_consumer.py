"""The consumer of a stream, while a connection is made."""

import asyncio

import pytest

from livingmap.log.consumer import Consumer


class _Client:
    """A connection whose server does not answer yet that it has made a consumer."""

    is_connected = True

    def __init__(self):
        self.answers = asyncio.Event()

    def new_inbox(self):
        return "_INBOX.a"

    async def take(self, *_):
        pass

    def jetstream(self):
        return self

    async def add_consumer(self, *_):
        await self.answers.wait()
        return self

    name = "made"


@pytest.mark.parametrize("times", [1, 2])
async def test_whether_the_stream_is_at_its_end_is_not_known_while_the_consumer_is_made(times):
    consumer = Consumer("LIVINGMAP")
    for _ in range(times):
        client = _Client()
        beginning = asyncio.create_task(consumer.begin(client))
        await asyncio.sleep(0.01)
        with pytest.raises(ConnectionError, match="yet"):
            await consumer.is_at_end()
        client.answers.set()
        await beginning
