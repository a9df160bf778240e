"""``GET /living-map/events``: the same messages as server-sent events, for where WebSockets cannot pass."""

from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from livingmap.history import History
from livingmap.stream.frames import Wire
from livingmap.stream.hub import Hub
from livingmap.stream.layers import wanted
from livingmap.stream.queue import QueueLine
from livingmap.stream.recall import Recall


def routes(
    hub: Hub, history: History, layer_names: Callable[[], list[str]], errors: dict[int | str, dict[str, Any]]
) -> APIRouter:
    """Return the endpoint of server-sent events; ``errors`` documents how a bad parameter is refused."""
    router = APIRouter(prefix="/living-map", tags=["map"])

    @router.get(
        "/events",
        summary="Stream",
        response_class=StreamingResponse,
        responses={
            int(HTTPStatus.OK): {"description": "The stream", "content": {"text/event-stream": {}}},
            **errors,
        },
    )
    async def events(
        request: Request,
        layers: Annotated[str | None, Query(description="Only these layers, separated by commas")] = None,
        cursor: Annotated[str | None, Query(description="Go on after this position")] = None,
        last_event_id: Annotated[str | None, Header(description="The same, as browsers send it")] = None,
    ) -> StreamingResponse:
        """Stream the messages of ``WS /living-map/stream``, each one's cursor as its ``id``."""
        view = wanted(layers, layer_names())

        async def stream() -> AsyncIterator[bytes]:
            line = QueueLine(Wire.EVENTS)
            recall = Recall(hub, history, view, cursor or last_event_id)
            async for joined in recall.pages(line.wire):
                yield joined
            viewer = hub.join(line, view, recall.cursor)
            try:
                while not await request.is_disconnected() and (data := await line.take()):
                    yield data
                    hub.drained(viewer)
            finally:
                hub.leave(viewer)

        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream(), media_type="text/event-stream", headers=headers)

    return router
