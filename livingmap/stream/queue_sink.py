"""A sink for ASGI: what is written waits in memory until the endpoint takes it."""

import asyncio

from livingmap.stream.frames import Framing


class QueueSink:
    """A `livingmap.stream.viewer.Sink` whose bytes are taken by a coroutine, which may be slow."""

    def __init__(self, framing: Framing) -> None:
        self.framing = framing
        self._waiting: list[bytes] = []
        self._unsent = 0
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._ended = False

    def write(self, data: bytes) -> None:
        """Add ``data``; nothing once the sink has ended."""
        if self._ended:
            return
        self._waiting.append(data)  # not copied: a snapshot is large, and many may have it
        self._unsent += len(data)
        self._filled.set()
        self._emptied.clear()

    def unsent(self) -> int:
        """Return how many bytes have not been taken."""
        return self._unsent

    def end(self) -> None:
        """End the sink; what waits can still be taken."""
        self._ended = True
        self._filled.set()

    def give_up(self) -> None:
        """End the sink; what waits is discarded."""
        self._empty()
        self.end()

    async def taken(self) -> None:
        """Return when nothing waits."""
        await self._emptied.wait()

    async def take(self) -> bytes:
        """Wait until something was written and return all of it; empty once the sink has ended."""
        await self._filled.wait()
        data = b"".join(self._waiting)  # of one piece that is the piece itself
        self._empty()
        if not self._ended:
            self._filled.clear()
        return data

    def _empty(self) -> None:
        self._waiting.clear()
        self._unsent = 0
        self._emptied.set()
