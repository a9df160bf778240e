"""What was flushed has reached the server, in the order in which it was sent."""

import asyncio
import contextlib

from livingmap.transport.connection import NatsClient


@contextlib.asynccontextmanager
async def listening():
    """Lend the port of a server that keeps the lines it is sent and answers pings."""
    lines = []

    async def talk(reader, writer):
        writer.write(b'INFO {"server_id":"x","version":"2.10.0","max_payload":1048576,"proto":1}\r\n')
        while line := await reader.readline():
            lines.extend(line.split()[:1])
            if line == b"PING\r\n":
                writer.write(b"PONG\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], lines


async def test_a_subscription_reaches_the_server_before_its_flush_ends():
    async with listening() as (port, lines):
        client = NatsClient()
        await client.connect(f"nats://127.0.0.1:{port}")
        lines.clear()
        await client.subscribe("a.b")
        await client.flush()
        assert lines == [b"SUB", b"PING"]
        await client.close()


async def test_a_message_reaches_the_server_before_its_flush_ends():
    async with listening() as (port, lines):
        client = NatsClient()
        await client.connect(f"nats://127.0.0.1:{port}")
        lines.clear()
        await client.publish("a.b", b"")
        await client.flush()
        assert lines == [b"PUB", b"PING"]
        await client.close()
