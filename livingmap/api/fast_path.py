"""The fast path: requests that need no waiting are answered where they are parsed, ahead of ASGI."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from livingmap.api.edge import Edge
from livingmap.api.limited import LimitedProtocol
from livingmap.core.bounded import LRU

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values, as they came."""

Reply: TypeAlias = tuple[bytes, bytes]
"""The status line and header lines, each with its end, and the body."""

_MOST_REQUESTS: Final = 1024
_MOST_BYTES: Final = 4096
_BODY: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of a request that has a body, or wants more than an answer."""


class FastPath(Protocol):
    """Answers some GET requests at once. Requests that it declines go to the application."""

    def parse(self, url: bytes, headers: Headers) -> Any | None:
        """Return a request in parsed form, which may depend on its bytes alone; None to decline it."""

    def keeps(self, request: Any) -> bool:
        """Tell whether the bytes of a request may be kept, to recognise the same request later."""

    def answer(self, request: Any) -> Reply | None:
        """Return the reply to a request as the map is now; None to decline, for instance if it had to wait."""


class FastPathProtocol(LimitedProtocol):
    """The limited HTTP protocol with ``fast_path`` in front.

    A client that asks again sends the same bytes again. Bytes that were one whole request before are ``known``
    together with its parsed form, and are not parsed again.
    """

    fast_path: ClassVar[FastPath]
    known: ClassVar[LRU[bytes, Any]]
    default_lines: ClassVar[tuple[object, bytes]] = (None, b"")
    """The server's own headers, and how they are sent."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._request: Any | None = None
        """The last request, if it was answered at once."""

    def data_received(self, data: bytes) -> None:
        """Answer a request that is known; parse any other."""
        begins = self._begun == self._ended and len(data) <= _MOST_BYTES
        if begins and self._is_free() and self._reply(self.known.get(data)):
            if self._deadline is not None:
                self._stop_deadline()
            return
        expected = self._begun + 1
        super().data_received(data)
        whole = begins and self._request is not None and self._begun == self._ended == expected
        if whole and self.fast_path.keeps(self._request):
            self.known.put(data, self._request)

    def on_headers_complete(self) -> None:
        """Answer at once if possible, or let the application answer."""
        request = (
            self.fast_path.parse(self.url, self.headers) if self._is_free() and self._is_plain_get() else None
        )
        if self._reply(request):
            self._request, self._is_in_body = request, True
        else:
            self._request = None
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Count a request that ends."""
        if self._request is None:
            super().on_message_complete()
        else:
            self._ended += 1

    def _is_free(self) -> bool:
        """Tell whether the next answer may be written now: no other is due before it, and none is logged."""
        return (
            getattr(self.cycle, "response_complete", True)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.access_log
            and not self.transport.is_closing()
        )

    def _is_plain_get(self) -> bool:
        return (
            self.parser.get_method() == b"GET"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and _BODY.isdisjoint(name for name, _ in self.headers)
        )

    def _reply(self, request: Any | None) -> bool:
        reply = None if request is None else self.fast_path.answer(request)
        if reply is None:
            return False
        head, body = reply
        self.transport.write(head + self._default_lines())
        if body:
            self.transport.write(body)
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.on_response_complete()
        else:  # the timer that runs will find that it is too early: a new one for each answer is expensive
            self.server_state.total_requests += 1
        return True

    def _default_lines(self) -> bytes:
        """Return the lines of the server's own headers, which uvicorn replaces each second, and the head's end."""
        headers = self.server_state.default_headers
        if headers is not self.default_lines[0]:
            lines = b"".join(b"%b: %b\r\n" % header for header in headers)
            type(self).default_lines = headers, lines + b"\r\n"
        return self.default_lines[1]

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if it was idle for too long."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()


def protocol(fast_path: FastPath, edge: Edge) -> type[FastPathProtocol]:
    """Return the protocol with ``fast_path`` in front, within the limits of ``edge``, for uvicorn's ``http``."""
    shared = {"fast_path": fast_path, "edge": edge, "known": LRU(_MOST_REQUESTS)}
    return type("FastPathProtocol", (FastPathProtocol,), shared)
