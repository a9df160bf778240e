"""The HTTP application, put together."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from prometheus_client.registry import Collector

from livingmap import __version__
from livingmap.access.access import Access
from livingmap.access.limits import Failures
from livingmap.api import (
    asyncapi,
    differences,
    documentation,
    entities,
    headers,
    health,
    metrics,
    open_problems,
    problems,
    sentences,
    series,
    snapshot,
    sources,
    timeline,
    totals,
    types,
    ui,
)
from livingmap.api import history as history_api
from livingmap.api import ingest as ingest_api
from livingmap.api import peers as peers_api
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.edge import Edge
from livingmap.api.head import Head
from livingmap.api.past import PastAnswers
from livingmap.api.plain_paths import PlainPaths, plain_paths
from livingmap.api.proxies import Forwarded
from livingmap.api.request_ids import RequestIds
from livingmap.api.requests import Answered, Counted, Requests
from livingmap.api.snapshot import Snapshots
from livingmap.api.summaries import Summaries
from livingmap.api.traced import Traced
from livingmap.api.traffic_metrics import TrafficMetrics
from livingmap.config.page import UiSettings
from livingmap.config.reloading import Reloading
from livingmap.history import History
from livingmap.history.writer import HistoryWriter
from livingmap.past.past import Past
from livingmap.past.recollection import Recollection
from livingmap.past.rollups import RollUps
from livingmap.past.visible_rollups import VisibleRollUps
from livingmap.problems.open_problems import OpenProblems
from livingmap.sources.ingest import Ingest
from livingmap.state.peers import Peers
from livingmap.state.reader import MapReader
from livingmap.stream import sse, websocket
from livingmap.stream.handshake import Handshake
from livingmap.stream.hub import Hub
from livingmap.stream.plays import Plays
from livingmap.stream.problem_feed import ProblemFeed
from livingmap.transport import Intake

# of FastAPI itself: its spans hold the query, where clients put tokens, and one for as long as a stream lasts
_NO_TELEMETRY: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}


def application(
    reader: MapReader,
    snapshots: Snapshots,
    hub: Hub,
    intakes: Sequence[Intake],
    history: History,
    roll_ups: RollUps,
    writer: HistoryWriter,
    recollection: Recollection,
    page: UiSettings,
    access: Access,
    edge: Edge,
    sentence_table: sentences.PreparedSentences,
    peers: Peers,
    ingest: Ingest,
    reloading: Reloading,
    past: Past,
    problems_now: OpenProblems,
    append_once: open_problems.AppendOnce,
    feed: ProblemFeed,
    collectors: Sequence[Collector],
    answered_at_once: Callable[[], Mapping[Answered, int]],
) -> FastAPI:
    """Return the application that serves what ``reader`` reads to callers that ``access`` admits."""
    server = edge.settings
    own = [server.public_url] if server.public_url else []
    requests = Requests(answered_at_once)
    auth, handshake = AuthDependencies(access, reader.progress), Handshake(access, [*server.cors_origins, *own])
    answers, plays = PastAnswers(reader, past), Plays(past, history, reader, hub)
    visible = VisibleRollUps(reader, roll_ups)
    refusals = problems.documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS)
    app = FastAPI(
        title="Living Map",
        version=__version__,
        summary="The state of a whole network of services, gathered live",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=_NO_TELEMETRY,
        servers=[{"url": server.public_url or "."}],
    )
    problems.install(app)
    routers = (
        health.routes(reader, intakes, writer),
        peers_api.routes(peers),
        ingest_api.routes(ingest, Failures(access.settings.failures_per_minute)),
        snapshot.routes(reader, snapshots, auth, answers),
        entities.routes(reader, auth, answers),
        differences.routes(reader, answers, roll_ups, Summaries(reader, history, visible), auth),
        types.routes(reader, auth),
        history_api.routes(reader, history, roll_ups, auth),
        timeline.routes(reader, history, past.moments, visible, auth),
        series.routes(reader, history, past.moments, visible, auth),
        totals.routes(reader, history, past.moments, visible, auth),
        websocket.routes(hub, history, plays, feed, handshake, reader.now),
        sse.routes(hub, history, plays, feed, access, auth.admission, reader.now, refusals),
        open_problems.routes(reader, problems_now, auth, append_once),
        sources.routes(reader, intakes, writer, auth, recollection, reloading),
        metrics.routes([*collectors, TrafficMetrics(hub, feed, requests, access)], auth, server.scrape_token),
        sentences.routes(sentence_table),
        asyncapi.routes(hub.encoder.snapshot_field),
        documentation.routes(app),
        ui.routes(page),
    )
    for router in routers:
        app.include_router(router)
    app.add_middleware(Counted, requests=requests)
    app.add_middleware(Traced)
    app.add_middleware(Head)
    app.add_middleware(PlainPaths, paths=plain_paths(route for one in (app, *routers) for route in one.routes))
    headers.install(app, server.cors_origins)
    app.add_middleware(RequestIds)
    app.add_middleware(Forwarded, proxies=edge.proxies, public_url=server.public_url, log=edge.log)
    return app
