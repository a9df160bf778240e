"""``GET /living-map/events``: the stream as server-sent events, for networks that WebSockets cannot pass."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.denied import ELSEWHERE, Denied
from livingmap.access.view import View
from livingmap.history import History
from livingmap.stream import messages
from livingmap.stream.catch_up import CatchUp
from livingmap.stream.frames import Framing
from livingmap.stream.hub import ELSEWHERE_DETAIL, ELSEWHERE_SECONDS, Hub
from livingmap.stream.layers import wanted
from livingmap.stream.queue_sink import QueueSink
from livingmap.stream.session import Session
from livingmap.stream.viewer import Viewer

_PIECE_BYTES: Final = 64 * 1024


def routes(
    hub: Hub,
    history: History,
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
    ) -> StreamingResponse:
        """Stream the messages of ``WS /living-map/stream``; the cursor of each message is its ``id``."""
        if hub.is_elsewhere:
            raise Denied(ELSEWHERE, ELSEWHERE_DETAIL, ELSEWHERE_SECONDS)
        view = View(wanted(layers, hub.layer_names(admitted.rights)), admitted.rights)
        session = Session(hub, access, admitted, address_of(request.scope), now)
        stream = _stream(hub, request, session, CatchUp(hub, history, view, cursor or last_event_id), view)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        end = BackgroundTask(session.end)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers, background=end)

    return router


async def _stream(
    hub: Hub, request: Request, session: Session, catch_up: CatchUp, view: View
) -> AsyncIterator[bytes]:
    sink = QueueSink(Framing.EVENTS)
    async for page in catch_up.pages(sink.framing):
        for piece in _pieces(page):
            yield piece
    viewer = hub.join(sink, view, catch_up.cursor)
    watching = asyncio.create_task(_watch(hub, session, viewer), name="watch")
    try:
        while not await request.is_disconnected() and (data := await sink.take()):
            for piece in _pieces(data):
                yield piece
            hub.drained(viewer)
    finally:
        hub.leave(viewer)
        watching.cancel()
        session.end()


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield ``data`` in pieces: uvicorn copies what it is given, and the next piece waits until there is room."""
    for start in range(0, len(data), _PIECE_BYTES):
        yield data[start : start + _PIECE_BYTES]


async def _watch(hub: Hub, session: Session, viewer: Viewer) -> None:
    """Check a viewer until it has to go, then end its stream."""
    try:
        await session.watch(viewer)
    except Denied as denied:
        hub.send(viewer, messages.error(denied.reason.code, str(denied)))
        hub.leave(viewer)
        viewer.sink.end()
