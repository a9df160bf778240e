"""The HTTP application, put together."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from livingmap import __version__
from livingmap.access.access import Access
from livingmap.api import asyncapi, entities, headers, health, metrics, problems, snapshot, sources, ui
from livingmap.api import history as history_api
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.head import Head
from livingmap.api.snapshot import Snapshots
from livingmap.config.page import UiSettings
from livingmap.history import History
from livingmap.history.writer import HistoryWriter
from livingmap.state.reader import MapReader
from livingmap.stream import sse, websocket
from livingmap.stream.handshake import Handshake
from livingmap.stream.hub import Hub
from livingmap.transport import Intake


def application(
    reader: MapReader,
    snapshots: Snapshots,
    hub: Hub,
    intakes: Sequence[Intake],
    history: History,
    writer: HistoryWriter,
    page: UiSettings,
    access: Access,
    cors_origins: Sequence[str] = (),
) -> FastAPI:
    """Return the application that serves what ``reader`` reads to callers that ``access`` admits."""
    auth, handshake = AuthDependencies(access, reader.progress), Handshake(access, cors_origins)
    refusals = problems.documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS)
    app = FastAPIOffline(  # /docs without a CDN: services live where the internet need not be
        title="Living Map",
        version=__version__,
        summary="The state of a whole network of services, gathered live",
        redoc_url=None,
    )
    problems.install(app)
    for router in (
        health.routes(reader, intakes, writer),
        snapshot.routes(reader, snapshots, auth),
        entities.routes(reader, auth),
        history_api.routes(reader, history, auth),
        websocket.routes(hub, history, handshake, reader.now),
        sse.routes(hub, history, access, auth.admission, reader.now, refusals),
        sources.routes(reader, intakes, writer, auth),
        metrics.routes(metrics.Numbers(reader, hub, writer, intakes), auth),
        asyncapi.routes(),
        ui.routes(page),
    ):
        app.include_router(router)
    app.add_middleware(Head)
    headers.install(app, cors_origins)
    return app
