"""Health checks: for people, load balancers and orchestrators."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from livingmap import __version__
from livingmap.core.progress import Phase
from livingmap.core.units import rfc3339
from livingmap.history.writer import HistoryWriter, WriterState
from livingmap.state.reader import MapReader
from livingmap.transport import Intake


class Health(BaseModel):
    """The answer of the health check, as the specification has it."""

    status: Literal["ok"] = "ok"
    service: Literal["living-map-service"] = "living-map-service"
    version: str = __version__
    time: str


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether the process is ready for clients, and the state of its dependencies."""

    status: Literal["ready", "not_ready"]
    log: Literal["attached", "detached"]
    phase: Phase
    """``replaying`` until the process has read everything that was in the log when it attached, then ``live``."""
    intakes: dict[str, Literal["connected", "disconnected"]]
    """The transports that bring messages, such as ``nats``. A lost connection is restored as soon as possible;
    until then polls alone update the map."""
    history: WriterState
    """``opening`` until its database has been connected and migrated, ``waiting`` while that is away: entries are
    kept until it is there, ``catching_up`` while what came meanwhile is written from the stream, and
    ``not_pruned`` while nothing old is deleted from it, because that would be too much at once.
    ``/living-map/sources`` says more."""
    sources: dict[str, str]
    """The freshness of each source. A source that is down does not make the process unready."""


def routes(reader: MapReader, intakes: Sequence[Intake], writer: HistoryWriter) -> APIRouter:
    """Return the health endpoints."""
    router = APIRouter(prefix="/living-map/health", tags=["operations"])

    @router.get("", summary="Health")
    async def health() -> Health:
        """Answer ok for as long as the process can answer."""
        return Health(time=str(rfc3339(reader.now().replace(microsecond=0))))

    @router.get("/live", summary="Liveness")
    async def live() -> Live:
        """Answer ok for as long as the process can answer. Restart a process that does not."""
        return Live()

    @router.get("/ready", summary="Readiness", responses={503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        """Say whether the map follows its log; 503 until it does, and when the log has been away for too long."""
        now, progress = reader.now(), reader.progress
        sources = {state.name: str(state.status_at(now)) for state in reader.states}
        live = progress.phase is Phase.LIVE and not progress.is_detached(now)
        if not live:
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Ready(
            status="ready" if live else "not_ready",
            log="attached" if live else "detached",
            phase=reader.progress.phase,
            intakes={one.status.name: "connected" if one.status.connected else "disconnected" for one in intakes},
            history=writer.state,
            sources=sources,
        )

    return router
