"""Queries: which entries to read, and the pages and gaps that answer them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from livingmap.core.fold import POSSIBLE_LOSS, TOUCHED
from livingmap.core.route import matches
from livingmap.history.entry import Entry, Mark, utc

MISSED: Final = "the stream did not take them when they were published"
MORE_MISSED: Final = f"{MISSED}; there may be more than were counted"

MOST_GAPS: Final = 100
"""How many gaps a page lists at most, the newest."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries to read, newest first."""

    from_time: datetime | None = None
    """Only entries received at this time or later."""
    until: datetime | None = None
    """Only entries received before this time."""
    event_types: tuple[str, ...] = ()
    """NATS patterns, one of which has to match; empty for all types."""
    entity_ids: tuple[str, ...] = ()
    """Typed ids, one of which the entry has to name; empty for all entries."""
    source: str | None = None
    quiet: bool = False
    """Leave out the polls that found nothing but other values of volatile fields."""
    limit: int = 200
    before: Mark | None = None
    """Only entries older than this place: that of the last entry of the page before."""

    def covers(self, entry: Entry) -> bool:
        """Whether the query asks for ``entry``, apart from ``limit``."""
        return (
            (self.from_time is None or entry.received_at >= self.from_time)
            and (self.until is None or entry.received_at < self.until)
            and (self.before is None or entry.mark < self.before)
            and self.source in (None, entry.source)
            and not (self.quiet and entry.event_type == TOUCHED)
            and (not self.entity_ids or not frozenset(self.entity_ids).isdisjoint(entry.entity_ids))
            and (not self.event_types or any(matches(pattern, entry.event_type) for pattern in self.event_types))
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """A range of positions that the history does not hold, and why."""

    epoch: str
    first_seq: int
    last_seq: int
    from_time: datetime
    """When the first lost entry was received."""
    until: datetime
    """When the last lost entry was received."""
    reason: str
    events: int | None = None
    """How many events are missing, where that does not follow from the positions: they never had any."""

    @property
    def size(self) -> int:
        """How many events are missing."""
        return self.last_seq - self.first_seq + 1 if self.events is None else self.events


def losses_in(entries: Iterable[Entry]) -> list[Gap]:
    """Return what was lost according to ``entries``."""
    return [gap for gap in map(_loss_in, entries) if gap is not None]


def _loss_in(entry: Entry) -> Gap | None:
    """Return what was lost according to an entry about messages that the log never had; None for all others.

    It stands at the position of that entry: what was lost has none.
    """
    if entry.event_type != POSSIBLE_LOSS:
        return None
    payload, (epoch, seq) = entry.payload, (entry.position.epoch, entry.position.seq)
    try:
        from_time, until = (utc(datetime.fromisoformat(str(payload[name]))) for name in ("from", "until"))
        messages, reason = int(str(payload["messages"] or 0)), MORE_MISSED if payload["at_least"] else MISSED
    except (KeyError, ValueError):  # redacted
        return Gap(epoch, seq, seq, entry.received_at, entry.received_at, MORE_MISSED, 0)
    return Gap(epoch, seq, seq, from_time, until, reason, messages)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of entries, newest first."""

    entries: tuple[Entry, ...]
    next: Mark | None
    """The ``before`` of the next page; None on the last page."""
    oldest_available: datetime | None
    """When the oldest entry of the history was received."""
    gaps: tuple[Gap, ...]
    """What is missing in the time that this page spans, newest first."""

    @classmethod
    def of(cls, query: Query, entries: Sequence[Entry], oldest: datetime | None, gaps: Sequence[Gap]) -> "Page":
        """Return the page of ``entries``, which holds up to one entry more than the limit."""
        shown = tuple(entries[: query.limit])
        return cls(shown, shown[-1].mark if len(entries) > len(shown) else None, oldest, tuple(gaps))


def time_span(query: Query, entries: Sequence[Entry]) -> tuple[datetime | None, datetime | None]:
    """Return the time that a page spans when ``entries`` holds up to one entry more than the limit."""
    ends = (query.until, query.before.time if query.before else None)
    has_more = len(entries) > query.limit  # the times of a page need not fall: the clock may have been set back
    start = min(one.received_at for one in entries[: query.limit]) if has_more else query.from_time
    return start, min(filter(None, ends), default=None)
