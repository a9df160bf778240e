"""``WS /living-map/stream``: the handshake and the client's messages by ASGI, events straight to the transport."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.responses import PlainTextResponse
from starlette.datastructures import QueryParams
from starlette.types import Receive
from starlette.websockets import WebSocketState

from livingmap.access.access import address_of
from livingmap.access.denied import ELSEWHERE, INVALID, TOO_FAST, Denied
from livingmap.access.limits import Pace
from livingmap.access.view import View
from livingmap.history import History, HistoryUnavailable
from livingmap.past.moment import MomentError
from livingmap.stream import frames, messages
from livingmap.stream.catch_up import CatchUp
from livingmap.stream.frames import Framing
from livingmap.stream.handshake import Handshake, decoded
from livingmap.stream.hub import ELSEWHERE_DETAIL, ELSEWHERE_SECONDS, Hub
from livingmap.stream.layers import LayersError, wanted
from livingmap.stream.play import Play
from livingmap.stream.plays import Plays
from livingmap.stream.problem_feed import ProblemFeed, asked_language
from livingmap.stream.protocol import EXTENSION, MESSAGES_SECONDS, RESTARTING, StreamProtocol
from livingmap.stream.queue_sink import QueueSink
from livingmap.stream.session import Session
from livingmap.stream.showing import Reads
from livingmap.stream.stretch import Stretch, close_code, reason_of
from livingmap.stream.viewer import Viewer

SUBPROTOCOL: Final = "livingmap.v1"
_SCOPE: Final = {"type": "websocket"}
_NORMAL: Final = 1000

MOST_MESSAGES: Final = 50
_MOST_REASON_BYTES: Final = 120


def routes(
    hub: Hub,
    history: History,
    plays: Plays,
    feed: ProblemFeed,
    handshake: Handshake,
    now: Callable[[], datetime],
) -> APIRouter:
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
            accepted = socket.headers.get("accept-language", "")
            language = asked_language(socket.query_params, accepted, admission.rights)
            view = View(wanted(layers, hub.layer_names(admission.rights)), admission.rights)
            stretch = await plays.asked(socket.query_params, cursor)
            batched = _flag(socket.query_params, "batch")
            sender = hub if language is None else feed
            session = Session(sender, handshake.access, admission, address_of(socket.scope), now)
        except LayersError as error:
            await _refuse(socket, 1008, "unknown_layer", str(error))
            return
        except Denied as denied:
            await _refuse(socket, denied.reason.close, denied.reason.code, str(denied))
            return
        except (MomentError, HistoryUnavailable) as error:
            await _refuse(socket, close_code(error), *reason_of(error))
            return
        catch_up = CatchUp(hub, history, view, cursor)
        visit = _Visit(hub, socket, session, view, batched, catch_up, plays, stretch, feed, language)
        sink = socket.scope["extensions"].get(EXTENSION)
        if isinstance(sink, StreamProtocol):
            if batched:
                sink.framing = sink.framing.batched
            visit.socket = _detached(sink)
            sink.rest = _ending(visit, _serve(visit, sink))
        else:
            await _ending(visit, _queued(visit))

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
    is_batched: bool
    """Whether messages that go out together are to come in one frame."""
    catch_up: CatchUp
    plays: Plays
    stretch: Stretch | None
    """What it wants to be shown of the past; None if it is the present."""
    feed: ProblemFeed
    language: str | None
    """In which language it wants to be shown what is wrong; None if it wants the map."""
    play: Play | None = None
    """What it is shown of the past now."""


def _flag(parameters: QueryParams, name: str) -> bool:
    """Return whether a parameter is true; without it, it is not. Raises Denied."""
    value = parameters.get(name, "false")
    if value not in ("true", "false"):
        raise Denied(INVALID, f"{name} is true or false, not {value[:20]!r}")
    return value == "true"


def _detached(sink: StreamProtocol) -> WebSocket:
    """Return the socket of an accepted connection, without what the application keeps with its own."""
    socket = WebSocket(_SCOPE, cast(Receive, sink.receive), sink.send)
    socket.client_state = socket.application_state = WebSocketState.CONNECTED
    return socket


async def _ending(visit: _Visit, serving: Coroutine[Any, Any, None]) -> None:
    try:
        await serving
    finally:
        visit.session.end()


async def _serve(visit: _Visit, sink: StreamProtocol) -> None:
    """Serve a client straight through its connection."""
    viewer = Viewer(sink, visit.view)
    if visit.language is not None:
        visit.feed.join(viewer, visit.language)
    elif visit.stretch is None:
        async for page in visit.catch_up.pages(sink.framing):
            sink.write(page)
            await sink.writable.wait()  # the pings end a client that does not read
        visit.hub.take_in(viewer, visit.catch_up.cursor)
    sink.on_drained = partial(visit.hub.drained, viewer)
    await _stay(visit, viewer, sink.writable.wait)


async def _queued(visit: _Visit) -> None:
    """Serve a client under a server that speaks plain ASGI."""
    sink = QueueSink(Framing.BATCHED if visit.is_batched else Framing.WEBSOCKET)
    viewer = Viewer(sink, visit.view)
    if visit.language is not None:
        visit.feed.join(viewer, visit.language)
    elif visit.stretch is None:
        async for page in visit.catch_up.pages(sink.framing):
            for message in frames.unframed(page):
                await visit.socket.send_text(message)
        visit.hub.take_in(viewer, visit.catch_up.cursor)

    async def send() -> None:
        while data := await sink.take():
            for message in frames.unframed(data):
                await visit.socket.send_text(message)
            visit.hub.drained(viewer)
        await visit.socket.close(RESTARTING)

    sending = asyncio.create_task(send())
    try:
        await _stay(visit, viewer, sink.taken)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def _stay(visit: _Visit, viewer: Viewer, reads: Reads) -> None:
    """Take the client's messages until it leaves or loses access."""
    try:
        await _attend(visit, viewer, reads)
    except Denied as denied:
        await _refuse(visit.socket, denied.reason.close, denied.reason.code, str(denied))
    except (MomentError, HistoryUnavailable) as error:
        await _refuse(visit.socket, close_code(error), *reason_of(error))


async def _attend(visit: _Visit, viewer: Viewer, reads: Reads) -> None:
    beside: list[tuple[str, Coroutine[Any, Any, None]]] = []
    if visit.stretch is not None:
        visit.play = visit.plays.begin(visit.stretch, viewer, visit.session, reads)
        beside.append(("play", _show(visit, visit.play, viewer, reads)))
    if visit.session.is_watched:
        beside.append(("watch", visit.session.watch(viewer)))
    try:
        if beside:
            await _first_of(("listen", _listen(visit, viewer, reads)), *beside)
        else:  # a task for each viewer is expensive
            await _listen(visit, viewer, reads)
    finally:
        visit.hub.leave(viewer)
        visit.feed.leave(viewer)


async def _first_of(*named: tuple[str, Coroutine[Any, Any, None]]) -> None:
    """Run all until the first has ended; raise what one of them raised."""
    tasks = [asyncio.create_task(coroutine, name=name) for name, coroutine in named]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome


async def _show(visit: _Visit, play: Play, viewer: Viewer, reads: Reads) -> None:
    """Show the client a play; then what happens, unless the play was all. Raises Denied."""
    if await visit.plays.show(play, viewer, visit.session, reads):
        await reads()
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await visit.socket.close(_NORMAL, "the play has ended")
        return
    visit.play = None
    await asyncio.Event().wait()


async def _listen(visit: _Visit, viewer: Viewer, reads: Reads) -> None:
    """Take the client's messages until it leaves. Raises Denied if they come too fast.

    A client that does not read is not listened to either, or the answers to it would pile up.
    """
    pace: Pace | None = None
    while (message := await visit.socket.receive())["type"] != "websocket.disconnect":
        await reads()
        pace = pace or Pace(MOST_MESSAGES, MESSAGES_SECONDS)
        if not pace.keeps():
            raise Denied(TOO_FAST, f"more than {MOST_MESSAGES} messages within {MESSAGES_SECONDS:g} s")
        request = decoded(message.get("text") or "")
        match request:
            case {"kind": "auth", "token": str(token)}:
                await visit.session.renew(token, viewer)
            case _ if visit.play is not None and visit.play.obey(request):
                pass
            case _:
                answer = _obey(visit, viewer, request)
                if answer is not None:
                    visit.session.sender.send(viewer, answer)


def _obey(visit: _Visit, viewer: Viewer, request: Any) -> bytes | None:
    """Do what a message of the client asks for; return an error to answer with if that is not possible."""
    match request:
        case orjson.JSONDecodeError():
            return messages.error("no_json", str(request))
        case _ if visit.language is not None:
            return messages.error(
                "unknown_message", 'the feed of problems understands {"kind": "auth", "token": …}'
            )
        case {"kind": "layers", "layers": None}:
            visit.session.sender.change_view(viewer, View(None, viewer.view.rights))
        case {"kind": "layers", "layers": [*layers]} if all(isinstance(one, str) for one in layers):
            try:
                names = wanted(",".join(layers), visit.hub.layer_names(viewer.view.rights))
            except LayersError as error:
                return messages.error("unknown_layer", str(error))
            visit.session.sender.change_view(viewer, View(names, viewer.view.rights))
        case {"kind": "pause" | "play" | "speed" | "seek"} if visit.play is None:
            return messages.error(
                "no_play", "this stream shows the present; open one with from= to be shown the past"
            )
        case _:
            return messages.error(
                "unknown_message",
                'the map understands {"kind": "layers", "layers": [...] or null}, {"kind": "auth", "token": …}, '
                'and in a play {"kind": "pause"}, {"kind": "play"}, {"kind": "seek", "at": …} and '
                '{"kind": "speed", "speed": 1 to 1000 or "max"}',
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
