"""The HTTP application, put together."""

from http import HTTPStatus

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from livingmap import __version__
from livingmap.api import entities, health, problems, snapshot, sources, ui
from livingmap.api import history as history_api
from livingmap.api.head import Head
from livingmap.api.picture import Picture
from livingmap.api.snapshot import Snapshots
from livingmap.core.view import layer_names
from livingmap.history import History
from livingmap.history.writer import HistoryWriter
from livingmap.log.connection import NatsStatus
from livingmap.stream import sse, websocket
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
) -> FastAPI:
    """Return the application that shows ``picture``."""

    def names() -> list[str]:
        return layer_names(picture.scene)

    app = FastAPIOffline(  # /docs without a CDN: services live where the internet need not be
        title="Living Map",
        version=__version__,
        summary="The state of a whole network of services, gathered live",
        redoc_url=None,
    )
    problems.install(app)
    for router in (
        health.routes(picture, nats, writer),
        snapshot.routes(picture, snapshots),
        entities.routes(picture),
        history_api.routes(picture, history),
        websocket.routes(hub, history, names),
        sse.routes(hub, history, names, problems.documented(HTTPStatus.UNPROCESSABLE_ENTITY)),
        sources.routes(picture, nats),
        ui.routes(page),
    ):
        app.include_router(router)
    app.add_middleware(Head)
    return app
