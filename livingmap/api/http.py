"""The HTTP application, put together."""

from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import FastAPI

from livingmap import __version__
from livingmap.access.access import Access
from livingmap.access.limits import Failures
from livingmap.api import (
    asyncapi,
    documentation,
    entities,
    headers,
    health,
    metrics,
    problems,
    sentences,
    snapshot,
    sources,
    types,
    ui,
)
from livingmap.api import history as history_api
from livingmap.api import ingest as ingest_api
from livingmap.api import peers as peers_api
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.edge import Edge
from livingmap.api.head import Head
from livingmap.api.plain_paths import PlainPaths, plain_paths
from livingmap.api.proxies import Forwarded
from livingmap.api.snapshot import Snapshots
from livingmap.config.page import UiSettings
from livingmap.config.reloading import Reloading
from livingmap.history import History
from livingmap.history.writer import HistoryWriter
from livingmap.sources.ingest import Ingest
from livingmap.state.peers import Peers
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
    edge: Edge,
    sentence_table: sentences.PreparedSentences,
    peers: Peers,
    ingest: Ingest,
    reloading: Reloading,
    lines_dropped: Callable[[], int] = int,
    clock_steps: Callable[[], int] = int,
) -> FastAPI:
    """Return the application that serves what ``reader`` reads to callers that ``access`` admits."""
    server = edge.settings
    own = [server.public_url] if server.public_url else []
    auth, handshake = AuthDependencies(access, reader.progress), Handshake(access, [*server.cors_origins, *own])
    refusals = problems.documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS)
    app = FastAPI(
        title="Living Map",
        version=__version__,
        summary="The state of a whole network of services, gathered live",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": server.public_url or "."}],
    )
    problems.install(app)
    routers = (
        health.routes(reader, intakes, writer),
        peers_api.routes(peers),
        ingest_api.routes(ingest, Failures(access.settings.failures_per_minute)),
        snapshot.routes(reader, snapshots, auth),
        entities.routes(reader, auth),
        types.routes(reader, auth),
        history_api.routes(reader, history, auth),
        websocket.routes(hub, history, handshake, reader.now),
        sse.routes(hub, history, access, auth.admission, reader.now, refusals),
        sources.routes(reader, intakes, writer, auth, reloading),
        metrics.routes(metrics.Numbers(reader, hub, writer, intakes, reloading, lines_dropped, clock_steps), auth),
        sentences.routes(sentence_table),
        asyncapi.routes(hub.encoder.snapshot_field),
        documentation.routes(app),
        ui.routes(page),
    )
    for router in routers:
        app.include_router(router)
    app.add_middleware(Head)
    app.add_middleware(PlainPaths, paths=plain_paths(route for one in (app, *routers) for route in one.routes))
    headers.install(app, server.cors_origins)
    app.add_middleware(Forwarded, proxies=edge.proxies, public_url=server.public_url, log=edge.log)
    return app
