"""A server that sends the same bytes to everybody, whatever they ask, and hangs up."""

import asyncio
import contextlib
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def sending(data: bytes) -> AsyncIterator[str]:
    """Serve ``data`` on a free port of this machine; give its address."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65536)
        writer.write(data)
        writer.close()

    async with await asyncio.start_server(send, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
