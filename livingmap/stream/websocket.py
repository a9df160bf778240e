"""``WS /living-map/stream``: the handshake and the client's messages by ASGI, events straight to the transport."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from livingmap.access.access import address_of
from livingmap.access.denied import ELSEWHERE, TOO_FAST, Denied
from livingmap.access.limits import Pace
from livingmap.access.view import View
from livingmap.history import History
from livingmap.stream import frames, messages
from livingmap.stream.catch_up import CatchUp
from livingmap.stream.deflate import SharedDeflate
from livingmap.stream.frames import Framing
from livingmap.stream.handshake import Handshake, decoded
from livingmap.stream.hub import ELSEWHERE_DETAIL, ELSEWHERE_SECONDS, Hub
from livingmap.stream.layers import LayersError, wanted
from livingmap.stream.queue_sink import QueueSink
from livingmap.stream.session import Session
from livingmap.stream.viewer import Viewer

SUBPROTOCOL: Final = "livingmap.v1"
_EXTENSION: Final = "livingmap.sink"
_DEFLATE: Final = SharedDeflate()
_RESTARTING: Final = 1012
_UNREAD: Final = 4408
_NO_UTF8: Final = 1007
_VIOLATION: Final = 1008
_CUT_SECONDS: Final = 10.0

MOST_MESSAGES: Final = 50
MESSAGES_SECONDS: Final = 10.0
MOST_FRAMES: Final = 1000
"""How many frames of any kind, such as pings, a client may send within `MESSAGES_SECONDS`."""
_SLICE_BYTES: Final = 2048
"""Of the smallest frames these are 340, which take some milliseconds."""
_MOST_REASON_BYTES: Final = 120


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which is also a `livingmap.stream.viewer.Sink`.

    Joined frames go to the transport in one write; by ASGI each message would be a system call.
    """

    framing = Framing.WEBSOCKET
    on_drained: Callable[[], None] | None = None
    on_lost: Callable[[], None] | None = None
    """Called once when the connection has ended."""
    _frames = 0
    _frames_since = 0.0

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.available_extensions = [_DEFLATE]

    def handle_connect(self, event: Request) -> None:
        """Put this sink into the scope of the connection that begins."""
        super().handle_connect(event)
        if self.conn.extensions:
            self.framing = Framing.DEFLATED
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[_EXTENSION] = self

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
        self._close(_RESTARTING, "")

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


def routes(hub: Hub, history: History, handshake: Handshake, now: Callable[[], datetime]) -> APIRouter:
    """Return the WebSocket endpoint; ``history`` has the events that ``hub`` no longer has in memory."""
    router = APIRouter()

    async def stream(socket: WebSocket) -> None:
        """Send the map and its changes until the client leaves or loses access."""
        layers, cursor = socket.query_params.get("layers"), socket.query_params.get("cursor")
        if handshake.is_foreign(socket):
            await socket.close(1008, "the page is from another origin")
            return
        if hub.is_elsewhere:
            await _send_away(socket)
            return
        offers = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offers else None)
        try:
            admission = await handshake.admission(socket)
            view = View(wanted(layers, hub.layer_names(admission.rights)), admission.rights)
            session = Session(hub, handshake.access, admission, address_of(socket.scope), now)
        except LayersError as error:
            await _refuse(socket, 1008, "unknown_layer", str(error))
            return
        except Denied as denied:
            await _refuse(socket, denied.reason.close, denied.reason.code, str(denied))
            return
        try:
            await _serve(_Visit(hub, socket, session, view, CatchUp(hub, history, view, cursor)))
        finally:
            session.end()

    # Starlette's route, as FastAPI's would keep 3 KiB for each open socket.
    router.add_websocket_route("/living-map/stream", stream)

    return router


@dataclass(slots=True)
class _Visit:
    """A client that was admitted."""

    hub: Hub
    socket: WebSocket
    session: Session
    view: View
    catch_up: CatchUp


async def _serve(visit: _Visit) -> None:
    sink = visit.socket.scope["extensions"].get(_EXTENSION)
    if not isinstance(sink, StreamProtocol):
        await _queued(visit)
        return
    async for page in visit.catch_up.pages(sink.framing):
        sink.write(page)
        await sink.writable.wait()  # the pings end a client that does not read
    viewer = visit.hub.join(sink, visit.view, visit.catch_up.cursor)
    sink.on_drained = lambda: visit.hub.drained(viewer)
    await _stay(visit, viewer, sink.writable.wait)


async def _queued(visit: _Visit) -> None:
    """Serve a client under a server that speaks plain ASGI."""
    sink = QueueSink(Framing.WEBSOCKET)
    async for page in visit.catch_up.pages(sink.framing):
        for message in frames.unframed(page):
            await visit.socket.send_text(message)
    viewer = visit.hub.join(sink, visit.view, visit.catch_up.cursor)

    async def send() -> None:
        while data := await sink.take():
            for message in frames.unframed(data):
                await visit.socket.send_text(message)
            visit.hub.drained(viewer)
        await visit.socket.close(_RESTARTING)

    sending = asyncio.create_task(send())
    try:
        await _stay(visit, viewer, sink.taken)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _stay(visit: _Visit, viewer: Viewer, reads: Callable[[], Awaitable[object]]) -> None:
    """Take the client's messages until it leaves or loses access."""
    tasks = [asyncio.create_task(_listen(visit, viewer, reads), name="listen")]
    if visit.session.is_watched:  # a task for each viewer is expensive
        tasks.append(asyncio.create_task(visit.session.watch(viewer), name="watch"))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        visit.hub.leave(viewer)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Denied):
            reason = outcome.reason
            await _refuse(visit.socket, reason.close, reason.code, str(outcome))
        elif isinstance(outcome, Exception):
            raise outcome


async def _listen(visit: _Visit, viewer: Viewer, reads: Callable[[], Awaitable[object]]) -> None:
    """Take the client's messages until it leaves. Raises Denied if they come too fast.

    A client that does not read is not listened to either, or the answers to it would pile up.
    """
    pace = Pace(MOST_MESSAGES, MESSAGES_SECONDS)
    while (message := await visit.socket.receive())["type"] != "websocket.disconnect":
        await reads()
        if not pace.keeps():
            raise Denied(TOO_FAST, f"more than {MOST_MESSAGES} messages within {MESSAGES_SECONDS:g} s")
        request = decoded(message.get("text") or "")
        match request:
            case {"kind": "auth", "token": str(token)}:
                await visit.session.renew(token, viewer)
            case _:
                answer = _obey(visit.hub, viewer, request)
                if answer is not None:
                    visit.hub.send(viewer, answer)


def _obey(hub: Hub, viewer: Viewer, request: Any) -> bytes | None:
    """Do what a message of the client asks for; return an error to answer with if that is not possible."""
    match request:
        case orjson.JSONDecodeError():
            return messages.error("no_json", str(request))
        case {"kind": "layers", "layers": None}:
            hub.change_view(viewer, View(None, viewer.view.rights))
        case {"kind": "layers", "layers": [*layers]} if all(isinstance(one, str) for one in layers):
            try:
                names = wanted(",".join(layers), hub.layer_names(viewer.view.rights))
            except LayersError as error:
                return messages.error("unknown_layer", str(error))
            hub.change_view(viewer, View(names, viewer.view.rights))
        case _:
            return messages.error(
                "unknown_message",
                'the map understands {"kind": "layers", "layers": [...] or null} and {"kind": "auth", "token": …}',
            )
    return None


async def _send_away(socket: WebSocket) -> None:
    """Answer 503 instead of accepting, or close if the server cannot."""
    headers = {"retry-after": str(ELSEWHERE_SECONDS)}
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(PlainTextResponse(ELSEWHERE_DETAIL, 503, headers))
    else:
        await socket.close(ELSEWHERE.close, ELSEWHERE_DETAIL)


async def _refuse(socket: WebSocket, close: int, code: str, detail: str) -> None:
    """Say why, and close; no matter if the client has left meanwhile."""
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):
        await socket.send_text(messages.error(code, detail).decode())
        await socket.close(close, detail.encode()[:_MOST_REASON_BYTES].decode("utf-8", "ignore"))
