"""The stream as server-sent events, for where a WebSocket does not pass."""

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from livingmap.client.connection import Query
from livingmap.client.errors import Refused, TooLarge, Unreachable
from livingmap.client.http import MapClient

_DATA: Final = b"data:"


class EventReader:
    r"""The data of server-sent events, from bytes in pieces of any size (WHATWG HTML, 9.2.6).

    >>> reader = EventReader(max_bytes=100)
    >>> reader.feed(b'id: 7\ndata: {"kind"')
    []
    >>> reader.feed(b': "heartbeat"}\n\ndata: ')
    ['{"kind": "heartbeat"}']
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        """How many bytes of an event that is not whole yet are kept."""
        self._line: list[bytes] = []
        """The pieces of a line that has not ended."""
        self._data: list[bytes] = []
        self._after_return = False
        """Whether the last piece ended with a carriage return: a line feed that follows belongs to it."""

    def feed(self, chunk: bytes) -> list[str]:
        """Take the next bytes; return the data of the events that are whole now. Raises TooLarge."""
        if self._after_return and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        self._after_return = chunk.endswith(b"\r") or (self._after_return and not chunk)
        events: list[str] = []
        for piece in chunk.splitlines(keepends=True):
            self._line.append(piece)
            self._bytes += len(piece)
            if self._bytes > self._max_bytes:
                raise TooLarge(f"a message of more than {self._max_bytes} bytes")
            if piece.endswith((b"\n", b"\r")):
                line = b"".join(self._line).rstrip(b"\r\n")
                self._line.clear()
                self._end_line(line, events)
        return events

    def _end_line(self, line: bytes, events: list[str]) -> None:
        if line.startswith(_DATA):
            self._data.append(line.removeprefix(_DATA).removeprefix(b" "))
        elif not line:
            if self._data:
                events.append(b"\n".join(self._data).decode("utf-8", "replace"))
                self._data.clear()
            self._bytes = 0


class EventsConnection:
    """A connection that is only read."""

    def __init__(self, chunks: AsyncIterator[bytes], max_bytes: int) -> None:
        self._chunks = chunks
        self._reader = EventReader(max_bytes)
        self._ready: deque[str] = deque()

    async def receive(self) -> str:
        """Return the next message. Raises Unreachable at the end."""
        while not self._ready:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                raise Unreachable("the stream of events ended")
            self._ready += self._reader.feed(chunk)
        return self._ready.popleft()

    async def send_token(self, token: str) -> None:
        """Do nothing: another token needs another connection, which comes when this one ends."""

    async def send(self, message: Mapping[str, Any]) -> None:
        """Refuse: nothing can be sent."""
        raise Refused(f"server-sent events take no message: {message['kind']} needs a WebSocket")


@contextlib.asynccontextmanager
async def open_events(client: MapClient, query: Query) -> AsyncIterator[EventsConnection]:
    """Open the stream as server-sent events. Raises MapError."""
    async with client.events(**query.parameters()) as chunks:
        yield EventsConnection(chunks, client.limits.max_bytes)
