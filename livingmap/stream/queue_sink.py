"""A line for servers that only know ASGI: what is written waits until somebody takes it away."""

import asyncio

from livingmap.stream.frames import Framing


class QueueSink:
    """A `livingmap.stream.hub.Line` whose bytes are taken by a coroutine that may be slow."""

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
        """Return how many bytes nobody has taken."""
        return len(self._waiting)

    def end(self) -> None:
        """End the line; what waits can still be taken."""
        self._ended = True
        self._filled.set()

    def give_up(self) -> None:
        """End the line; what waits goes."""
        self._waiting.clear()
        self._emptied.set()
        self.end()

    async def taken(self) -> None:
        """Return when nothing waits."""
        await self._emptied.wait()

    async def take(self) -> bytes:
        """Return all that waits, as soon as there is any; empty once the line has ended."""
        await self._filled.wait()
        data = bytes(self._waiting)
        self._waiting.clear()
        self._emptied.set()
        if not self._ended:
            self._filled.clear()
        return data
