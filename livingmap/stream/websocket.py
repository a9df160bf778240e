"""``WS /living-map/stream``: handshake and client's messages by ASGI, events straight to the transport."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from livingmap.history import History
from livingmap.stream import frames
from livingmap.stream.deflate import SharedDeflate
from livingmap.stream.frames import View, Wire
from livingmap.stream.hub import Hub, Viewer
from livingmap.stream.layers import LayersError, wanted
from livingmap.stream.queue import QueueLine
from livingmap.stream.recall import Recall

SUBPROTOCOL: Final = "livingmap.v1"
_EXTENSION: Final = "livingmap.line"
_DEFLATE: Final = SharedDeflate()
_UNREAD: Final = 4408
_CUT_SECONDS: Final = 10.0

LayerNames: TypeAlias = Callable[[], list[str]]


class StreamProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, which is also a `livingmap.stream.hub.Line`.

    Joined frames go to the transport in one write; a send by ASGI would be a frame and a system call each.
    """

    wire = Wire.WEBSOCKET
    on_drained: Callable[[], None] | None = None

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn.available_extensions = [_DEFLATE]

    def handle_connect(self, event: Request) -> None:
        """Put this line into the scope of the connection that begins."""
        super().handle_connect(event)
        if self.conn.extensions:
            self.wire = Wire.DEFLATED
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[_EXTENSION] = self

    def write(self, data: bytes) -> None:
        """Send whole frames at once; nothing after a close frame."""
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(data)

    def unsent(self) -> int:
        """Return how many bytes wait in the transport."""
        return self.transport.get_write_buffer_size()

    def end(self) -> None:
        """Do nothing: uvicorn ends the connection with 1012 when it shuts down."""

    def give_up(self) -> None:
        """Close with 4408; cut the connection if even that is not read."""
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(_UNREAD, "nothing was read for too long")
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": _UNREAD})
        self.loop.call_later(_CUT_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Let the viewer catch up: it reads again."""
        super().resume_writing()
        if self.on_drained is not None:
            self.on_drained()


def routes(hub: Hub, history: History, layer_names: LayerNames) -> APIRouter:
    """Return the WebSocket endpoint; ``history`` is asked for what ``hub`` no longer has in memory."""
    router = APIRouter()

    @router.websocket("/living-map/stream")
    async def stream(socket: WebSocket, layers: str | None = None, cursor: str | None = None) -> None:
        """Send the map and whatever changes, until the client goes."""
        if _is_foreign(socket):
            await socket.close(1008, "the page is of another origin")
            return
        try:
            view = wanted(layers, layer_names())
        except LayersError as error:
            await socket.accept()
            await socket.send_text(frames.fault("unknown_layer", str(error)).decode())
            await socket.close(1008, str(error)[:100])
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        line = socket.scope["extensions"].get(_EXTENSION)
        recall = Recall(hub, history, view, cursor)
        if isinstance(line, StreamProtocol):
            async for joined in recall.pages(line.wire):
                line.write(joined)
                await line.writable.wait()  # a client that does not read is ended by its pings
            viewer = hub.join(line, view, recall.cursor)
            line.on_drained = lambda: hub.drained(viewer)
            await _listen(hub, viewer, socket, layer_names)
        else:
            await _queued(hub, socket, view, recall, layer_names)

    return router


def _is_foreign(socket: WebSocket) -> bool:
    """Tell whether a page of another site opens the socket (RFC 6455, 10.2): browsers let any page do so."""
    origin = socket.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != socket.headers.get("host")


async def _listen(hub: Hub, viewer: Viewer, socket: WebSocket, layer_names: LayerNames) -> None:
    """Take the client's messages until it goes."""
    try:
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            answer = _heed(hub, viewer, message.get("text") or "", layer_names())
            if answer is not None:
                hub.say(viewer, answer)
    finally:
        hub.leave(viewer)


def _heed(hub: Hub, viewer: Viewer, text: str, names: list[str]) -> bytes | None:
    """Do what a message of the client asks for; return what to answer if it makes no sense."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return frames.fault("no_json", str(error))
    match message:
        case {"kind": "layers", "layers": None}:
            hub.show(viewer, None)
        case {"kind": "layers", "layers": [*layers]} if all(isinstance(one, str) for one in layers):
            try:
                hub.show(viewer, wanted(",".join(layers), names))
            except LayersError as error:
                return frames.fault("unknown_layer", str(error))
        case _:
            return frames.fault(
                "unknown_message", 'the map understands {"kind": "layers", "layers": [...] or null}'
            )
    return None


async def _queued(hub: Hub, socket: WebSocket, view: View, recall: Recall, layer_names: LayerNames) -> None:
    """Serve a client under a server that only knows ASGI."""
    line = QueueLine(Wire.WEBSOCKET)
    async for joined in recall.pages(line.wire):
        for message in frames.unframed(joined):
            await socket.send_text(message)
    viewer = hub.join(line, view, recall.cursor)

    async def send() -> None:
        while True:
            for message in frames.unframed(await line.take()):
                await socket.send_text(message)
            hub.drained(viewer)

    sending = asyncio.create_task(send())
    try:
        await _listen(hub, viewer, socket, layer_names)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
