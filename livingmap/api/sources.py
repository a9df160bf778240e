"""The health of every source."""

from fastapi import APIRouter

from livingmap.api.models import DeadLetter, NatsReport, SourceReport, SourceReports
from livingmap.api.picture import Picture
from livingmap.core.units import instant
from livingmap.log.connection import NatsStatus


def routes(picture: Picture, nats: NatsStatus | None) -> APIRouter:
    """Return the endpoint of sources."""
    router = APIRouter(prefix="/living-map", tags=["operations"])

    @router.get("/sources", summary="Sources")
    async def sources() -> SourceReports:
        """Say of each source how fresh it is, what it last brought, and what went wrong."""
        shown = picture.sources(picture.now())
        return SourceReports(
            items=[
                SourceReport(
                    **brief,
                    polled_at=instant(state.polled_at),
                    next_poll_at=instant(state.next_poll_at),
                    polls=state.polls,
                    failures=state.failures,
                    breaker=state.breaker,
                    rows=state.rows,
                    dropped_rows=state.dropped_rows,
                    dropped=state.dropped,
                    missing=state.missing,
                    events=state.events,
                    faults=state.faults,
                    last_faults=state.last_faults,
                )
                for brief, state in zip(shown, picture.states, strict=True)
            ],
            nats=_nats(nats) if nats else None,
        )

    return router


def _nats(status: NatsStatus) -> NatsReport:
    return NatsReport(
        url=status.url,
        connected=status.connected,
        error=status.error,
        refused=status.refused,
        reconnects=status.reconnects,
        received=status.received,
        logged=status.logged,
        dropped=status.dropped,
        dead=status.dead.count,
        dead_letters=[
            DeadLetter(
                received_at=str(instant(letter.received_at)),
                subject=letter.subject,
                reason=letter.reason,
                excerpt=letter.excerpt,
            )
            for letter in status.dead.letters
        ],
    )
