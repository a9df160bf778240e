"""HTTP/1.1 as the map speaks it to services: no proxies, no redirects, no pool that every request looks through.

httpx's own transport took more than half of the processor time of a request. The parser is llhttp, by `httptools`.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Final, TypeAlias, cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

_IDLE_SECONDS: Final = 4.0
"""Services close what is idle for 5 s, as uvicorn does, or for longer."""
_MOST_WAITING_BYTES: Final = 256 * 1024
_MOST_HEAD_BYTES: Final = 128 * 1024
_MOST_PER_BYTE: Final = 8
"""So many bytes an answer may take for each of its body, with chunks of one byte."""
_UNSENDABLE: Final = frozenset(b"\r\n\0")

_Origin: TypeAlias = tuple[str, str, int]


class HttpTransport(httpx.AsyncBaseTransport):
    """Sends requests over connections of its own, and keeps those that may be used again.

    It has no time limits: whoever sends a request gives it up when it takes too long.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._connections: set[_Connection] = set()
        self._idle: dict[_Origin, list[_Connection]] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer once its head has come. Raises httpx.TransportError."""
        message = _message(request)
        connection = await self._connection(_origin(request.url))
        try:
            status, headers = await connection.send(message)
        except BaseException:
            connection.close()
            raise
        return httpx.Response(status, headers=headers, stream=_Body(connection))

    async def aclose(self) -> None:
        """Close all connections."""
        for connection in list(self._connections):
            connection.close()

    async def _connection(self, origin: _Origin) -> "_Connection":
        idle, now = self._idle.get(origin, []), asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            if connection.is_open and now - connection.idle_since < _IDLE_SECONDS:
                return connection
            connection.close()
        return await self._new_connection(origin)

    async def _new_connection(self, origin: _Origin) -> "_Connection":
        scheme, host, port = origin
        connection = _Connection(lambda: self._take_back(origin, connection), self._connections.discard)
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: connection, host, port, ssl=self._context if scheme == "https" else None
            )
        except ssl.SSLError as error:
            raise httpx.ConnectError(str(error)) from None
        except OSError:
            raise httpx.ConnectError("All connection attempts failed") from None
        self._connections.add(connection)
        return connection

    def _take_back(self, origin: _Origin, connection: "_Connection") -> None:
        connection.idle_since = asyncio.get_running_loop().time()
        self._idle.setdefault(origin, []).append(connection)


class _Body(httpx.AsyncByteStream):
    """The body of an answer."""

    def __init__(self, connection: "_Connection") -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self._connection.next_chunk():
            yield chunk

    async def aclose(self) -> None:
        self._connection.end()


class _Connection(asyncio.Protocol):
    """A connection, which has one request under way at most."""

    def __init__(self, on_idle: Callable[[], None], on_lost: Callable[["_Connection"], None]) -> None:
        self.idle_since = 0.0
        self._on_idle = on_idle
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._begin()
        self._is_complete = True  # nothing has been asked for

    @property
    def is_open(self) -> bool:
        """Whether another request may be sent."""
        return self._transport is not None and not self._transport.is_closing()

    async def send(self, message: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
        """Send a request; return status and headers of the answer. Raises httpx.TransportError."""
        if self._transport is None or self._error is not None:
            raise self._error or httpx.WriteError("the connection is closed")
        self._begin()
        self._transport.resume_reading()
        self._transport.write(message)
        while not self._has_head:
            await self._more()
        return self._status, self._headers

    async def next_chunk(self) -> bytes:
        """Return what has come of the body, empty at its end. Raises httpx.TransportError."""
        while not self._chunks:
            if self._is_complete:
                return b""
            await self._more()
        data = b"".join(self._chunks)
        self._chunks.clear()
        self._waiting_bytes = 0
        if self._transport is not None:
            self._transport.resume_reading()
        return data

    def end(self) -> None:
        """Keep the connection for another request, or close it if more may come, or must not be sent."""
        if self._is_complete and self._is_kept and self.is_open:
            self._on_idle()
        else:
            self.close()

    def close(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def _begin(self) -> None:
        self._parser = HttpResponseParser(self)
        self._status, self._headers = 0, list[tuple[bytes, bytes]]()
        self._has_head = self._is_complete = self._is_kept = self._is_bounded = False
        self._error: httpx.TransportError | None = None
        self._chunks: deque[bytes] = deque()
        self._waiting_bytes = self._body_bytes = self._bytes = 0

    async def _more(self) -> None:
        """Wait until something has come. Raises httpx.TransportError once nothing more will."""
        if self._error is not None:
            raise self._error
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, reason: str) -> None:
        self._error = self._error or httpx.RemoteProtocolError(reason)
        self._is_kept = False
        self.close()

    # what the loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that the connection is there."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's has no such base

    def data_received(self, data: bytes) -> None:
        """Take what the service sent."""
        if self._is_complete or self._error is not None:
            self._fail("the service sent more than its answer")
            return
        self._bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(f"illegal answer: {error}")
        if self._bytes > _MOST_HEAD_BYTES + _MOST_PER_BYTE * self._body_bytes:
            self._fail("illegal answer: its head is too long")
        if self._waiting_bytes > _MOST_WAITING_BYTES and self._transport is not None:
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the answer: it is over, if its length was not given."""
        self._transport = None
        self._on_lost(self)
        if self._has_head and not self._is_bounded and exc is None and self._error is None:
            self._is_complete = True
        elif not self._is_complete:
            reason = "closed connection in the middle of its answer" if self._has_head else "Server disconnected"
            lost = httpx.RemoteProtocolError(reason) if exc is None else httpx.ReadError(str(exc))
            self._error = self._error or lost
        self._wake()

    # what the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header."""
        self._headers.append((name, value))
        self._is_bounded |= name.lower() in {b"content-length", b"transfer-encoding"}

    def on_headers_complete(self) -> None:
        """Note that the head is there, unless it only says that the answer will come."""
        self._status = self._parser.get_status_code()
        if self._status < httpx.codes.OK:
            self._headers, self._is_bounded = [], False
            return
        self._has_head = True
        self._is_kept = self._parser.should_keep_alive()

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self._chunks.append(body)
        self._waiting_bytes += len(body)
        self._body_bytes += len(body)

    def on_message_complete(self) -> None:
        """Note that all has come."""
        self._is_complete = self._has_head


def _origin(url: httpx.URL) -> _Origin:
    return url.scheme, url.raw_host.decode(), url.port or (443 if url.scheme == "https" else 80)


def _message(request: httpx.Request) -> bytes:
    """Return a request as it is sent. Raises httpx.LocalProtocolError if a header cannot be."""
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%b: %b" % pair for pair in request.headers.raw]
    if any(not _UNSENDABLE.isdisjoint(line) for line in lines):
        raise httpx.LocalProtocolError("illegal header: it has a line break or NUL in it")
    return b"\r\n".join((*lines, b"", request.content))
