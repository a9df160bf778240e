"""A sink for ASGI: what is written waits in memory until the endpoint takes it."""

import asyncio

from livingmap.stream.frames import Framing


class QueueSink:
    """A `livingmap.stream.viewer.Sink` whose bytes are taken by a coroutine, which may be slow."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self._waiting = bytearray()
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._ended = False

    def write(self, data: bytes) -> None:
        """Add ``data``."""
        self._waiting += data
        self._filled.set()
        self._emptied.clear()

    def unsent(self) -> int:
        """Return how many bytes have not been taken."""
        return len(self._waiting)

    def end(self) -> None:
        """End the sink; what waits can still be taken."""
        self._ended = True
        self._filled.set()

    def give_up(self) -> None:
        """End the sink; what waits is discarded."""
        self._waiting.clear()
        self._emptied.set()
        self.end()

    async def taken(self) -> None:
        """Return when nothing waits."""
        await self._emptied.wait()

    async def take(self) -> bytes:
        """Wait until something was written and return all of it; empty once the sink has ended."""
        await self._filled.wait()
        data = bytes(self._waiting)
        self._waiting.clear()
        self._emptied.set()
        if not self._ended:
            self._filled.clear()
        return data
