"""uvicorn's HTTP protocol with limits where bytes are read: before a request is whole or anybody is known."""

import asyncio
from http import HTTPStatus
from typing import Any, ClassVar, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from livingmap.api.connections import Place
from livingmap.api.edge import Edge
from livingmap.stream.protocol import StreamProtocol

_MOST_BODY_BYTES: Final = 64 * 1024
"""The largest body that an endpoint reads; of others so much is skipped."""
_MOST_WAITING: Final = 16
"""How many requests of a connection may wait behind the one that is being answered."""
_UNREAD_SECONDS: Final = 60.0
"""A client that has read nothing of an answer for so long is gone."""


class _RefusedError(Exception):
    """Ends the parsing of a request."""


class LimitedProtocol(HttpToolsProtocol):
    """One connection. It is refused, or closed, when it goes beyond what ``edge`` allows.

    A deadline runs while a request is awaited or under way, uvicorn's idle timer between two requests, and nothing
    while a request is being answered.
    """

    edge: ClassVar[Edge]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begun = self._ended = 0
        """How many requests have begun and ended; one is underway while these differ."""
        self._answered_at = 0.0
        """When a request was last answered at once."""
        self._place: Place | None = None
        self._status: HTTPStatus | None = None
        """With what the request is refused that is being parsed."""
        self._header_bytes = self._unended_bytes = 0
        self._is_in_body = self._is_upgraded = False
        self._cycles: list[RequestResponseCycle] = []
        """The requests that are being answered or wait their turn, and maybe the last one that was answered."""
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    # the connection

    @property
    def used_at(self) -> float:
        """When a request was last answered at once; 0 if never."""
        return self._answered_at

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, or refuse the connection if there is none."""
        super().connection_made(transport)
        self._place = self.edge.connections.enter(self, self._address)
        if self._place is None:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "all connections are in use")
        else:
            self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        for (
            cycle
        ) in self._cycles:  # uvicorn (0.54) tells only the last one; the others would write, and log an error
            cycle.disconnected = True
            cycle.message_event.set()
        self._cycles.clear()
        super().connection_lost(exc)
        self._stop_timers()
        self._unset_keepalive_if_required()
        if self._place is not None:
            self._place.leave()

    def make_room(self) -> None:
        """Close the connection, which waits for a request, in favour of a new one."""
        self.edge.log.write("a connection was closed", "another needed its place", address=self._address)
        self.transport.close()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    # reading

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless it is too much."""
        if self.transport.is_closing():
            return
        begun = self._begun
        self._unset_keepalive_if_required()
        self._parse(data)
        if self._begun == self._ended:
            self._unended_bytes = 0
        else:
            self._unended_bytes = len(data) + (self._unended_bytes if self._begun == begun else 0)
            self._check_size()
        self._settle()

    def _parse(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest and not self.transport.is_closing():
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                    return
                rest = rest[upgrade.args[0] :]  # it goes on in HTTP/1.1 (RFC 9110, 7.8), as with h2c
            except httptools.HttpParserError:
                status = self._status or HTTPStatus.BAD_REQUEST
                self._refuse(status, "not HTTP/1.1" if self._status is None else status.phrase)
            else:
                return

    def _check_size(self) -> None:
        """Refuse a request that has come in part and is too large already."""
        settings = self.edge.settings
        most = settings.url_bytes + settings.header_bytes
        if self._is_in_body:
            if self._unended_bytes > most + _MOST_BODY_BYTES:
                self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
        elif self._unended_bytes > most:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large")

    def on_message_begin(self) -> None:
        """Count a request that begins."""
        self._begun += 1
        self._header_bytes, self._is_in_body = 0, False
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        super().on_url(url)
        if len(self.url) > self.edge.settings.url_bytes:
            self._stop_parsing(HTTPStatus.REQUEST_URI_TOO_LONG)
        if not url.isascii():
            self._stop_parsing(HTTPStatus.BAD_REQUEST)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is read and forgotten."""
        self._header_bytes += len(name) + len(value)
        settings = self.edge.settings
        if self._header_bytes > settings.header_bytes or len(self.headers) >= settings.header_count:
            self._stop_parsing(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        if not self._is_in_body:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Let the application answer, which takes a while."""
        self._is_in_body = True
        if len(self.pipeline) >= _MOST_WAITING:
            self._stop_parsing(HTTPStatus.TOO_MANY_REQUESTS)
        before = self.cycle
        super().on_headers_complete()
        if self.cycle is not before:  # an upgrade begins none
            self._cycles = [cycle for cycle in self._cycles if not cycle.response_complete] + [self.cycle]
        if self._place is not None:
            self._place.work()
        if self.parser.should_upgrade() and not self._should_upgrade() and self._has_body():
            self.cycle.keep_alive = False  # where its body ends is not clear
            self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """Count a request that ends."""
        self._ended += 1
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._settle()

    def _has_body(self) -> bool:
        names = {name for name, _ in self.headers}
        return self.parser.get_method() == b"CONNECT" or not names.isdisjoint(
            {b"content-length", b"transfer-encoding"}
        )

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection and its place over to the WebSocket's protocol."""
        self._stop_timers()
        self._is_upgraded = True
        try:
            super().handle_websocket_upgrade()
        except Exception:  # noqa: BLE001 - the library raises several for headers that it cannot read
            self.connections.difference_update(
                [one for one in self.connections if one.transport is self.transport]
            )
            self._refuse(HTTPStatus.BAD_REQUEST, "not a WebSocket handshake")
            return
        protocol = self.transport.get_protocol()
        if isinstance(protocol, StreamProtocol) and self._place is not None:
            self._place.work()
            protocol.on_lost = self._place.leave

    # refusing

    def _stop_parsing(self, status: HTTPStatus) -> None:
        self._status = status
        raise _RefusedError

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        """Say why, if no other answer is under way, and close."""
        self._stop_timers()
        if self.transport.is_closing():
            return
        self.edge.log.write("a request was refused", reason, status=int(status), address=self._address)
        if not self._is_answering:
            body = f"{status.phrase}: {reason}\n".encode()
            head = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self.transport.close()

    @property
    def _is_answering(self) -> bool:
        return not getattr(self.cycle, "response_complete", True)  # there is none before the first request

    # time

    def _settle(self) -> None:
        """Let the deadline run if a request is due or under way; let others have the place if none is answered."""
        if self._is_upgraded or self._place is None or self.transport.is_closing():
            return
        if not self._is_answering:
            self._place.wait(self)
        if self._is_due:
            if self._deadline is None:
                self._deadline = self.loop.call_later(self.edge.settings.request_seconds, self._on_deadline)
        elif self._deadline is not None:
            self._stop_deadline()

    @property
    def _is_due(self) -> bool:
        return self._begun != self._ended or (self.timeout_keep_alive_task is None and not self._is_answering)

    def _on_deadline(self) -> None:
        self._deadline = None
        if self._begun == self._ended:
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "the request did not arrive in time")

    def pause_writing(self) -> None:
        """Watch a client that does not read."""
        super().pause_writing()
        self._watch_reading(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Stop watching, as the client reads."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _watch_reading(self, unsent: int) -> None:
        self._unread = self.loop.call_later(_UNREAD_SECONDS, self._on_unread, unsent)

    def _on_unread(self, before: int) -> None:
        unsent = self.transport.get_write_buffer_size()
        if unsent >= before:
            self.transport.abort()
        else:
            self._watch_reading(unsent)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_timers(self) -> None:
        self._stop_deadline()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
