"""The HTTP application, put together."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from livingmap import __version__
from livingmap.access.access import Access
from livingmap.api import asyncapi, entities, headers, health, metrics, problems, snapshot, sources, ui
from livingmap.api import history as history_api
from livingmap.api.guard import REFUSALS, Guard
from livingmap.api.head import Head
from livingmap.api.picture import Picture
from livingmap.api.snapshot import Snapshots
from livingmap.history import History
from livingmap.history.writer import HistoryWriter
from livingmap.log.connection import NatsStatus
from livingmap.stream import sse, websocket
from livingmap.stream.door import Door
from livingmap.stream.hub import Hub
from livingmap.ui import UiSettings


def application(
    picture: Picture,
    snapshots: Snapshots,
    hub: Hub,
    nats: NatsStatus | None,
    history: History,
    writer: HistoryWriter,
    page: UiSettings,
    access: Access,
    cors_origins: Sequence[str] = (),
) -> FastAPI:
    """Return the application that shows ``picture`` to those whom ``access`` lets in."""
    guard, door = Guard(access), Door(access, cors_origins)
    refusals = problems.documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS)
    app = FastAPIOffline(  # /docs without a CDN: services live where the internet need not be
        title="Living Map",
        version=__version__,
        summary="The state of a whole network of services, gathered live",
        redoc_url=None,
    )
    problems.install(app)
    for router in (
        health.routes(picture, nats, writer),
        snapshot.routes(picture, snapshots, guard),
        entities.routes(picture, guard),
        history_api.routes(picture, history, guard),
        websocket.routes(hub, history, door, picture.now),
        sse.routes(hub, history, access, guard.admission, picture.now, refusals),
        sources.routes(picture, nats, guard),
        metrics.routes(metrics.Numbers(picture, hub, writer, nats), guard),
        asyncapi.routes(),
        ui.routes(page),
    ):
        app.include_router(router)
    app.add_middleware(Head)
    headers.install(app, cors_origins)
    return app
