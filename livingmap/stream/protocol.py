"""uvicorn's WebSocket protocol as the map extends it: a sink of the stream, with limits on what a client sends."""

from collections.abc import Callable, Coroutine
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from livingmap.stream.deflate import SharedDeflate
from livingmap.stream.frames import Framing
from livingmap.stream.inbox import Inbox

EXTENSION: Final = "livingmap.sink"
"""What a connection's protocol is called among the extensions of its ASGI scope."""
RESTARTING: Final = 1012
MESSAGES_SECONDS: Final = 10.0
MOST_FRAMES: Final = 1000
"""How many frames of any kind, such as pings, a client may send within `MESSAGES_SECONDS`."""
_DEFLATE: Final = SharedDeflate()
_UNREAD: Final = 4408
_NO_UTF8: Final = 1007
_VIOLATION: Final = 1008
_CUT_SECONDS: Final = 10.0
_SLICE_BYTES: Final = 2048
"""Of the smallest frames these are 340, which take some milliseconds."""


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which is also a `livingmap.stream.viewer.Sink`.

    Joined frames go to the transport in one write; by ASGI each message would be a system call.
    """

    framing = Framing.WEBSOCKET
    on_drained: Callable[[], None] | None = None
    on_lost: Callable[[], None] | None = None
    """Called once when the connection has ended."""
    rest: Coroutine[Any, Any, None] | None = None
    """What is to be done once the application has returned, for as long as the connection is open."""
    _frames = 0
    _frames_since = 0.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.queue = Inbox()
        self.conn.available_extensions = [_DEFLATE]

    async def run_asgi(self) -> None:
        """Run the application, and then the ``rest``.

        While the application runs, each open stream holds all that frameworks keep of a request.
        """
        self.app = self._run
        try:
            await super().run_asgi()
        finally:
            self.app = self.config.loaded_app

    async def _run(self, scope: Any, receive: Any, send: Any) -> None:
        await self.config.loaded_app(scope, receive, send)
        if self.rest is not None:
            del scope, receive, send, self.scope, self.request, self.response
            rest, self.rest = self.rest, None
            await rest

    def handle_connect(self, event: Request) -> None:
        """Put this sink into the scope of the connection that begins."""
        super().handle_connect(event)
        if self.conn.extensions:
            self.framing = Framing.DEFLATED
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the connection has ended."""
        super().connection_lost(exc)
        if self.on_lost is not None:
            self.on_lost()

    def data_received(self, data: bytes) -> None:
        """Read frames, and few at a time: a flood of small ones must not keep others waiting."""
        if len(data) <= _SLICE_BYTES:
            super().data_received(data)
            return
        for begin in range(0, len(data), _SLICE_BYTES):
            if self.close_sent or self.transport.is_closing():
                return
            super().data_received(data[begin : begin + _SLICE_BYTES])

    def handle_events(self) -> None:
        """Obey the frames that were read; close if too many came lately, of whatever kind."""
        self._frames += len(self.conn.events)
        super().handle_events()
        if self._frames > MOST_FRAMES and self.handshake_complete:
            now = self.loop.time()
            if now - self._frames_since < MESSAGES_SECONDS:
                self._close(_VIOLATION, f"more than {MOST_FRAMES} frames within {MESSAGES_SECONDS:g} s")
            self._frames, self._frames_since = 0, now

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; close with 1007 if it is text that is not UTF-8 (RFC 6455, 8.1)."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self._close(_NO_UTF8, "not UTF-8")
                return
        super().send_receive_event_to_app()

    async def send(self, message: Any) -> None:
        """Send what the application says."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # uvicorn would log an error for each client that is refused so

    def write(self, data: bytes) -> None:
        """Send whole frames; nothing after a close frame."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(data)

    def unsent(self) -> int:
        """Return how many bytes wait in the transport's buffer."""
        return self.transport.get_write_buffer_size()

    def end(self) -> None:
        """Close with 1012, as uvicorn does when it shuts down."""
        self._close(RESTARTING, "")

    def give_up(self) -> None:
        """Close with 4408, and cut the connection if even that is not read."""
        self._close(_UNREAD, "nothing was read for too long")

    def _close(self, code: int, reason: str) -> None:
        """Close, and cut the connection if the client does not answer that."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code})
        self.loop.call_later(_CUT_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Let the viewer catch up, as it reads again."""
        super().resume_writing()
        if self.on_drained is not None:
            self.on_drained()
