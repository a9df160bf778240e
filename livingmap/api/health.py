"""Whether the map lives: for people, for load balancers, for orchestrators."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from livingmap import __version__
from livingmap.core.progress import Phase
from livingmap.core.units import rfc3339
from livingmap.history.writer import HistoryWriter
from livingmap.state.reader import MapReader
from livingmap.transport import Intake


class Health(BaseModel):
    """The specification's body of a health check."""

    status: Literal["ok"] = "ok"
    service: Literal["living-map-service"] = "living-map-service"
    version: str = __version__
    time: str


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether the map can be trusted with clients, and what each dependency says."""

    status: Literal["ready", "not_ready"]
    log: Literal["attached", "detached"]
    phase: Phase
    """``replaying`` until everything has been read that was in the log when the process attached to it."""
    intakes: dict[str, Literal["connected", "disconnected"]]
    """The ways by which messages come, such as ``nats``. Without one the map lives by polls alone; a
    lost connection is made again as soon as possible."""
    history: Literal["written", "waiting"]
    """``waiting``: the database is away, entries are kept until it is back."""
    sources: dict[str, str]
    """The freshness of each source. A source that is down makes the map poorer, not unready."""


def routes(reader: MapReader, intakes: Sequence[Intake], writer: HistoryWriter) -> APIRouter:
    """Return the health endpoints."""
    router = APIRouter(prefix="/living-map/health", tags=["operations"])

    @router.get("", summary="Health")
    async def health() -> Health:
        """Say ok for as long as the process can answer."""
        return Health(time=str(rfc3339(reader.now().replace(microsecond=0))))

    @router.get("/live", summary="Liveness")
    async def live() -> Live:
        """Say ok for as long as the process can answer; restart it if it does not."""
        return Live()

    @router.get("/ready", summary="Readiness", responses={503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        """Say whether the log is attached; 503 until it is."""
        sources = {state.name: str(state.status) for state in reader.states}
        live = reader.progress.is_live
        if not live:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Ready(
            status="ready" if live else "not_ready",
            log="attached" if live else "detached",
            phase=reader.progress.phase,
            intakes={one.status.name: "connected" if one.status.connected else "disconnected" for one in intakes},
            history="waiting" if writer.error else "written",
            sources=sources,
        )

    return router
