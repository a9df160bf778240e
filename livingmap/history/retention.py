"""Retention: for how long the history keeps an entry, by its type."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from livingmap.core.route import exactness, matches


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long entries are kept."""

    days: float = 30
    by_type: Mapping[str, float] = field(default_factory=dict)
    """Days by NATS pattern. Of several that match, the most exact decides."""
    most_share: float = 1
    """The largest share of the history that may be deleted at once."""

    @property
    def shortest_days(self) -> float:
        """For how many days entries are kept at least."""
        return min([self.days, *self.by_type.values()])

    def days_of(self, event_type: str) -> float:
        """Return for how many days entries of this type are kept."""
        patterns = [pattern for pattern in self.by_type if matches(pattern, event_type)]
        return self.by_type[min(patterns, key=exactness)] if patterns else self.days

    def cutoff(self, event_type: str, now: datetime) -> datetime:
        """Return the time before which entries of this type are deleted."""
        return _ago(now, self.days_of(event_type))

    def gap_cutoff(self, now: datetime) -> datetime:
        """Return the time before which gaps are forgotten: no entry can be that old."""
        return _ago(now, max(self.days, *self.by_type.values(), 0))


def _ago(now: datetime, days: float) -> datetime:
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
