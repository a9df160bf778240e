"""``GET /living-map/events``: the stream as server-sent events, for networks that WebSockets cannot pass."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.denied import ELSEWHERE, Denied
from livingmap.access.view import View
from livingmap.history import History, HistoryUnavailable
from livingmap.past.moment import MomentError
from livingmap.stream import messages
from livingmap.stream.catch_up import CatchUp
from livingmap.stream.frames import Framing
from livingmap.stream.hub import ELSEWHERE_DETAIL, ELSEWHERE_SECONDS, Hub
from livingmap.stream.layers import wanted
from livingmap.stream.plays import Plays
from livingmap.stream.problem_feed import ProblemFeed, asked_language
from livingmap.stream.queue_sink import QueueSink
from livingmap.stream.session import Session
from livingmap.stream.stretch import Stretch, reason_of
from livingmap.stream.viewer import Viewer

_PIECE_BYTES: Final = 64 * 1024


def routes(
    hub: Hub,
    history: History,
    plays: Plays,
    feed: ProblemFeed,
    access: Access,
    admission: Callable[..., Awaitable[Admission]],
    now: Callable[[], datetime],
    errors: dict[int | str, dict[str, Any]],
) -> APIRouter:
    """Return the endpoint of server-sent events.

    ``admission`` is the dependency that admits a request, ``errors`` documents how one is refused.
    """
    router = APIRouter(prefix="/living-map", tags=["map"])

    @router.get(
        "/events",
        summary="Stream",
        response_class=StreamingResponse,
        responses={
            int(HTTPStatus.OK): {
                "description": "The messages of the stream",
                "content": {"text/event-stream": {}},
            },
            **errors,
        },
    )
    async def events(
        request: Request,
        admitted: Annotated[Admission, Depends(admission)],
        layers: Annotated[
            str | None, Query(description="Only these layers, separated by commas", max_length=1000)
        ] = None,
        cursor: Annotated[str | None, Query(description="Resume after this cursor", max_length=1000)] = None,
        last_event_id: Annotated[
            str | None, Header(description="The same, as browsers send it when they reconnect")
        ] = None,
        start: Annotated[
            str | None, Query(alias="from", description="Play the past from this moment", max_length=1000)
        ] = None,
        to: Annotated[str | None, Query(description="End the play at this moment", max_length=1000)] = None,
        speed: Annotated[
            str | None, Query(description="How many times faster than it was: 1 to 1000, or max", max_length=20)
        ] = None,
        _feed: Annotated[
            str | None,
            Query(alias="feed", description="What is sent: map, the default, or problems", max_length=20),
        ] = None,
        _lang: Annotated[
            str | None,
            Query(alias="lang", description="Language of the problems, before Accept-Language", max_length=100),
        ] = None,
    ) -> StreamingResponse:
        """Stream the messages of ``WS /living-map/stream``; the cursor of each message is its ``id``."""
        if hub.is_elsewhere:
            raise Denied(ELSEWHERE, ELSEWHERE_DETAIL, ELSEWHERE_SECONDS)
        language = asked_language(
            request.query_params, request.headers.get("accept-language", ""), admitted.rights
        )
        view = View(wanted(layers, hub.layer_names(admitted.rights)), admitted.rights)
        cursor = cursor or last_event_id
        query = {"from": start, "to": to, "speed": speed}
        stretch = await plays.asked({name: value for name, value in query.items() if value is not None}, cursor)
        sender = hub if language is None else feed
        session = Session(sender, access, admitted, address_of(request.scope), now)
        catch_up = CatchUp(hub, history, view, cursor)
        stream = _stream(_Visit(hub, request, session, view, catch_up, plays, stretch, feed, language))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        end = BackgroundTask(session.end)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers, background=end)

    return router


@dataclass(frozen=True, slots=True)
class _Visit:
    """A client that was admitted."""

    hub: Hub
    request: Request
    session: Session
    view: View
    catch_up: CatchUp
    plays: Plays
    stretch: Stretch | None
    """What it wants to be shown of the past; None if it is the present."""
    feed: ProblemFeed
    language: str | None
    """In which language it wants to be shown what is wrong; None if it wants the map."""


async def _stream(visit: _Visit) -> AsyncIterator[bytes]:
    hub, sink = visit.hub, QueueSink(Framing.EVENTS)
    viewer = Viewer(sink, visit.view)
    if visit.language is not None:
        visit.feed.join(viewer, visit.language)
    elif visit.stretch is None:
        async for page in visit.catch_up.pages(sink.framing):
            for piece in _pieces(page):
                yield piece
        hub.take_in(viewer, visit.catch_up.cursor)
    tasks = [asyncio.create_task(_watch(hub, visit.session, viewer), name="watch")]
    if visit.stretch is not None:
        tasks.append(asyncio.create_task(_show(visit, visit.stretch, viewer, sink), name="play"))
    try:
        while not await visit.request.is_disconnected() and (data := await sink.take()):
            for piece in _pieces(data):
                yield piece
            hub.drained(viewer)
    finally:
        hub.leave(viewer)
        visit.feed.leave(viewer)
        for task in tasks:
            task.cancel()
        visit.session.end()


async def _show(visit: _Visit, stretch: Stretch, viewer: Viewer, sink: QueueSink) -> None:
    """Show a viewer the past; then what happens, unless that was all."""
    play = visit.plays.begin(stretch, viewer, visit.session, sink.taken)
    try:
        if await visit.plays.show(play, viewer, visit.session, sink.taken):
            sink.end()
    except (MomentError, HistoryUnavailable) as error:
        _end(visit.hub, viewer, *reason_of(error))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield ``data`` in pieces: uvicorn copies what it is given, and the next piece waits until there is room."""
    for start in range(0, len(data), _PIECE_BYTES):
        yield data[start : start + _PIECE_BYTES]


async def _watch(hub: Hub, session: Session, viewer: Viewer) -> None:
    """Check a viewer until it has to go, then end its stream."""
    try:
        await session.watch(viewer)
    except Denied as denied:
        _end(hub, viewer, denied.reason.code, str(denied))


def _end(hub: Hub, viewer: Viewer, code: str, detail: str) -> None:
    hub.send(viewer, messages.error(code, detail))
    hub.leave(viewer)
    viewer.sink.end()
