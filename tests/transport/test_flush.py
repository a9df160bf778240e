"""What was flushed has reached the server, in the order in which it was sent."""

import asyncio
import contextlib

from livingmap.transport.connection import NatsClient


@contextlib.asynccontextmanager
async def listening():
    """Lend the port of a server that keeps the lines it is sent and answers pings."""
    lines, chunks = [], []

    async def talk(reader, writer):
        writer.write(b'INFO {"server_id":"x","version":"2.10.0","max_payload":1048576,"proto":1}\r\n')
        while chunk := await reader.read(65_536):
            chunks.append(chunk)
            lines.extend(line.split()[0] for line in chunk.splitlines() if line)
            writer.write(b"PONG\r\n" * chunk.count(b"PING\r\n"))
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], lines, chunks


async def test_a_subscription_reaches_the_server_before_its_flush_ends():
    async with listening() as (port, lines, _):
        client = NatsClient()
        await client.connect(f"nats://127.0.0.1:{port}")
        lines.clear()
        await client.subscribe("a.b")
        await client.flush()
        assert lines == [b"SUB", b"PING"]
        await client.close()


async def test_subscriptions_to_several_patterns_are_made_at_one_moment():
    async with listening() as (port, _, chunks):
        client = NatsClient()
        await client.connect(f"nats://127.0.0.1:{port}")
        await client.take(lambda arrival: None, "a.*", "b.*", "c.*")
        await client.flush()
        assert [chunk.count(b"SUB ") for chunk in chunks if b"SUB " in chunk] == [3]
        await client.close()


async def test_a_message_reaches_the_server_before_its_flush_ends():
    async with listening() as (port, lines, _):
        client = NatsClient()
        await client.connect(f"nats://127.0.0.1:{port}")
        lines.clear()
        await client.publish("a.b", b"")
        await client.flush()
        assert lines == [b"PUB", b"PING"]
        await client.close()
