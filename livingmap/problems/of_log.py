"""Problems of the log: it is away, stores nothing, lost something, or nobody leads; and of the clock beside it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from livingmap.cluster import Cluster
from livingmap.core.progress import Progress
from livingmap.problems.growth import Growth
from livingmap.problems.kind import Finding, Kind
from livingmap.problems.log_kinds import (
    CLOCK_SET,
    DEAD_LETTERS,
    MESSAGES_DROPPED,
    NATS_AWAY,
    NO_LEADER,
    ON_ITS_OWN,
    POSSIBLE_LOSS,
    QUORUM_LOST,
    REPLAYING,
    SOURCES_LACKING,
    STANDING_STILL,
    STREAM_DIFFERS,
    SUBJECTS_REFUSED,
)
from livingmap.transport import Intake, IntakeStatus

_RECENT_SECONDS: Final = 3600.0
"""For so long a loss, and a clock that was set, are problems."""
_LEADERLESS_SECONDS: Final = 20.0
"""After the log is back, it takes a while until some process leads."""
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)


class LogProblems:
    """Finds the problems of the log, of the cluster on it, and of the clock, set ``clock_steps`` times."""

    def __init__(
        self,
        progress: Progress,
        cluster: Cluster,
        intakes: Sequence[Intake],
        clock_steps: Callable[[], int],
    ) -> None:
        self._progress = progress
        self._cluster = cluster
        self._intakes = intakes
        self._clock_steps = clock_steps
        self._away_until: datetime | None = None
        """When the log was last seen to be away: who leads is not known before."""
        self._growths: dict[tuple[str, str], Growth] = {}

    def find(self, now: datetime) -> Iterator[Finding]:
        """Yield the problems there are now."""
        if self._progress.away_since is not None:
            self._away_until = now
        yield from self._of_progress()
        yield from self._of_cluster(now)
        for intake in self._intakes:
            yield from self._of_intake(intake.status, now)
        yield from self._lately(CLOCK_SET, "", self._clock_steps(), now)

    def _of_progress(self) -> Iterator[Finding]:
        progress = self._progress
        reason = next((one.status.error for one in self._intakes if one.status.error), None)
        if progress.is_on_its_own:
            yield Finding(ON_ITS_OWN, since=progress.away_since, detail=reason)
        elif progress.away_since is not None:
            yield Finding(STANDING_STILL, since=progress.away_since, detail=reason)
        elif not progress.is_live:
            yield Finding(REPLAYING)

    def _of_cluster(self, now: datetime) -> Iterator[Finding]:
        cluster = self._cluster
        seconds = cluster.leaderless_seconds()
        if seconds is not None:
            since = max(now - timedelta(seconds=seconds), self._away_until or _BEGIN)
            if now - since >= timedelta(seconds=_LEADERLESS_SECONDS):
                yield Finding(NO_LEADER, since=since, detail=cluster.lease_failure)
        if cluster.lacks:
            yield Finding(SOURCES_LACKING, values={"sources": list(cluster.lacks)})

    def _of_intake(self, status: IntakeStatus, now: datetime) -> Iterator[Finding]:
        name, values = status.name, {"intake": "NATS" if status.name == "nats" else status.name}
        if not self._cluster.is_shared and not status.connected:
            yield Finding(NATS_AWAY, name, values, detail=status.error)
        if status.refusal is not None:
            yield Finding(QUORUM_LOST, name, values, detail=status.refusal)
        if status.refused:
            count = {**values, "count": len(status.refused)}
            yield Finding(SUBJECTS_REFUSED, name, count, detail=", ".join(status.refused))
        if status.differences:
            yield Finding(STREAM_DIFFERS, name, values, detail="; ".join(status.differences))
        yield from self._lately(POSSIBLE_LOSS, name, status.missed, now)
        yield from self._lately(MESSAGES_DROPPED, name, status.dropped, now)
        reason = status.dead.letters[-1].reason if status.dead.letters else None
        yield from self._lately(DEAD_LETTERS, name, status.dead.count, now, reason)

    def _lately(
        self, kind: Kind, subject: str, count: int, now: datetime, detail: str | None = None
    ) -> Iterator[Finding]:
        """Yield a problem while it is recent that a counter grew."""
        growth = self._growths.setdefault((kind.code, subject), Growth(_RECENT_SECONDS))
        if growth.note(count, now):
            yield Finding(kind, subject, since=growth.began, seen_at=growth.ended, detail=detail)
