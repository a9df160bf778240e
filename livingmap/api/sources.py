"""The endpoint of sources: the health of each, and of what brings their events."""

from collections.abc import Sequence
from dataclasses import asdict

from fastapi import APIRouter, Depends

from livingmap.access.access import AccessState
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.models import CollisionReport
from livingmap.api.problems import documented
from livingmap.api.source_reports import (
    AccessReport,
    ConfigurationReport,
    DeadLetter,
    HistoryReport,
    IntakeReport,
    MembershipReport,
    PolicyReport,
    SourceReport,
    SourceReports,
)
from livingmap.config.reloading import Reloading
from livingmap.core.units import rfc3339
from livingmap.history.writer import HistoryWriter
from livingmap.past.recollection import Recollection
from livingmap.state.reader import MapReader
from livingmap.transport import Intake, IntakeStatus


def routes(
    reader: MapReader,
    intakes: Sequence[Intake],
    writer: HistoryWriter,
    auth: AuthDependencies,
    recollection: Recollection,
    reloading: Reloading,
) -> APIRouter:
    """Return the endpoint of sources."""
    router = APIRouter(prefix="/living-map", tags=["operations"])

    @router.get(
        "/sources", summary="Sources", dependencies=[Depends(auth.reports)], responses=documented(*REFUSALS)
    )
    async def sources() -> SourceReports:
        """Report for each source how fresh it is, what its last poll brought, and what went wrong."""
        shown = reader.sources(reader.now())
        return SourceReports(
            items=[
                SourceReport(
                    **brief,
                    polled_at=rfc3339(state.polled_at),
                    next_poll_at=rfc3339(state.next_poll_at),
                    polls=state.polls,
                    failures=state.failures,
                    breaker=state.breaker,
                    polling=state.polling,
                    rows=state.rows,
                    dropped_rows=state.dropped_rows,
                    dropped=state.dropped,
                    missing=state.missing,
                    details_error=state.details_error,
                    drift=state.drift,
                    events=state.events,
                    faults=state.faults,
                    last_faults=state.last_faults,
                    overruns=state.overruns,
                    held_seconds=round(state.held_seconds, 1),
                    last_overruns=state.last_overruns,
                    set_aside=state.set_aside,
                    grade=state.grade,
                    lacks=list(state.lacks),
                )
                for brief, state in zip(shown, reader.states, strict=True)
            ],
            intakes=[_intake(one.status) for one in intakes],
            history=HistoryReport(
                status=writer.state,
                error=writer.error,
                retention_error=writer.retention_error,
                waiting=writer.buffered,
                behind=writer.behind,
                written=writer.written,
                lost=writer.lost,
                recollection=recollection.state,
                recollection_error=recollection.error,
                to_move=writer.to_move,
            ),
            access=_access(auth.access.state),
            collisions=[CollisionReport.model_validate(one) for one in reader.collisions()],
            configuration=_configuration(reloading),
        )

    return router


def _configuration(reloading: Reloading) -> ConfigurationReport:
    outcome = reloading.outcome
    refusal = outcome if outcome is not None and outcome.refused else None
    return ConfigurationReport(
        file=str(reloading.file) if reloading.file else None,
        used_at=str(rfc3339(reloading.used_at)),
        refused=list(refusal.refused) if refusal else [],
        refused_at=rfc3339(refusal.at) if refusal else None,
    )


def _access(state: AccessState | None) -> AccessReport | None:
    if state is None:
        return None
    policies = PolicyReport(**asdict(state.policies)) if state.policies else None
    memberships = MembershipReport(**asdict(state.memberships)) if state.memberships else None
    return AccessReport(
        mode=state.mode, service=state.service, error=state.error, policies=policies, memberships=memberships
    )


def _intake(status: IntakeStatus) -> IntakeReport:
    return IntakeReport(
        name=status.name,
        url=status.url,
        connected=status.connected,
        error=status.reported_error,
        refused=status.refused,
        differences=status.differences,
        reconnects=status.reconnects,
        received=status.received,
        logged=status.logged,
        dropped=status.dropped,
        dead=status.dead.count,
        missed=status.missed,
        missed_until=rfc3339(status.missed_until),
        dead_letters=[
            DeadLetter(
                received_at=str(rfc3339(letter.received_at)),
                subject=letter.subject,
                reason=letter.reason,
                excerpt=letter.excerpt,
            )
            for letter in status.dead.letters
        ],
    )
