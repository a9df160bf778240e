"""What can be answered without waiting is answered where it is read off the wire, before any ASGI."""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, Protocol, TypeAlias

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from livingmap.core.bounded import LRU

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values, as they came."""

Reply: TypeAlias = tuple[bytes, bytes]
"""The status line and header lines, each with its end, and the body."""

_MOST_REQUESTS: Final = 1024
_MOST_BYTES: Final = 4096
_BODY: Final = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})
"""Headers of a request that is more than a question."""


class FastPath(Protocol):
    """Answers some GET requests at once. What it declines goes to the application."""

    def parse(self, url: bytes, headers: Headers) -> Any | None:
        """Return what a request is about, which may depend on nothing but its bytes; None to decline."""

    def keeps(self, request: Any) -> bool:
        """Tell whether the bytes of a request may be kept, for when they come again."""

    def answer(self, request: Any) -> Reply | None:
        """Return the reply to a request as things are now; None to decline, as when it would have to wait."""


class FastPathProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which asks ``fast_path`` first.

    A client that asks again sends the same bytes again. Those that were one whole request before are ``known``,
    with what it was about, and not parsed again.
    """

    fast_path: ClassVar[FastPath]
    known: ClassVar[LRU[bytes, Any]]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._begun = self._ended = 0
        """How many requests there were; one is underway while these differ."""
        self._heard_at = 0.0
        """When a request was last answered at once."""
        self._request: Any | None = None
        """What the last request was about, if it was answered at once."""

    def data_received(self, data: bytes) -> None:
        """Answer a request that is known; parse all else."""
        begins = self._begun == self._ended and len(data) <= _MOST_BYTES
        if begins and self._is_free() and self._reply(self.known.get(data)):
            return
        expected = self._begun + 1
        super().data_received(data)
        whole = begins and self._request is not None and self._begun == self._ended == expected
        if whole and self.fast_path.keeps(self._request):
            self.known.put(data, self._request)

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Answer at once if that can be, or let the application do so."""
        request = self.fast_path.parse(self.url, self.headers) if self._is_free() and self._is_question() else None
        if self._reply(request):
            self._request = request
        else:
            self._request = None
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note that a request ends."""
        self._ended += 1
        if self._request is None:
            super().on_message_complete()

    def _is_free(self) -> bool:
        """Tell whether nothing has to be written before the next answer, nor logged with it."""
        return (
            getattr(self.cycle, "response_complete", True)
            and not self.pipeline
            and not self.flow.write_paused
            and not self.access_log
            and not self.transport.is_closing()
        )

    def _is_question(self) -> bool:
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
        for name, value in self.server_state.default_headers:
            head += b"%b: %b\r\n" % (name, value)
        self.transport.write(head + b"\r\n")
        if body:
            self.transport.write(body)
        self._heard_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.on_response_complete()
        else:  # the timer that runs will see that it is too early: a new one for each answer is dear
            self.server_state.total_requests += 1
        return True

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection if nothing was asked for too long."""
        left = self._heard_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()


def protocol(fast_path: FastPath) -> type[FastPathProtocol]:
    """Return the protocol with ``fast_path`` in front: what uvicorn's setting ``http`` takes."""
    return type("FastPathProtocol", (FastPathProtocol,), {"fast_path": fast_path, "known": LRU(_MOST_REQUESTS)})
