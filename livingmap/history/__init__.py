"""The history: every entry of the log, kept for as long as the settings say. What was lost is kept as a gap."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeAlias

import orjson

from livingmap.core.fold import DOWN, REFRESHED, UP, Folded
from livingmap.core.model import Drop, Fields, Json, Position, Put, change_to_json, id_of
from livingmap.core.route import exactness, matches
from livingmap.core.units import rfc3339
from livingmap.core.vocabulary import TYPES
from livingmap.errors import LivingMapError

ROWS: Final = uuid.UUID("6c1f0f7e-4f53-5c1c-9a53-0c1d6f0a7017")
"""The namespace of row ids (RFC 9562, version 5)."""

MOST_GAPS: Final = 100
"""How many gaps a page tells at most, the newest."""

MOST_ENTITIES: Final = 200
"""How many items an entry names at most; the first poll of a service touches all it has."""

MOST_CHANGES_BYTES: Final = 1024 * 1024
"""Up to so much an entry keeps its changes; a stream does not go on from before a larger one."""

_TIMES: Final = ("ts", "timestamp", "created_at")
_OWN: Final = frozenset({REFRESHED, DOWN, UP})


class HistoryError(LivingMapError):
    """The history cannot be used as it is set up. Fatal."""


class HistoryUnavailable(HistoryError):
    """The database does not answer now. The writer tries again, a reader is told to come back."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log as the history keeps it."""

    position: Position
    event_type: str
    payload: Fields
    received_at: datetime
    """When the log received it, UTC; grows with the position."""
    occurred_at: datetime | None = None
    """What the payload itself says, UTC. Publishers' clocks differ: never sort by it."""
    source: str | None = None
    entity_ids: tuple[str, ...] = ()
    previous: int | None = None
    """The ``seq`` of the entry before it in the log, if known: positions may have holes."""
    changes: bytes | None = None
    """How the map changed: the JSON array of a stream's event. None if that was not kept."""
    size: int = field(default=0, compare=False)
    """About how many bytes payload and changes are; 0 in what was read from the history."""

    @property
    def id(self) -> uuid.UUID:
        """The row's id: the same position always gives the same, so that writing twice is harmless."""
        return uuid.uuid5(ROWS, str(self.position))

    @property
    def mark(self) -> "Mark":
        """Where the entry stands in the history."""
        return Mark(self.received_at, self.position.epoch, self.position.seq)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the order of the history: by time, and by position within one instant."""

    received_at: datetime
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Query:
    """Which entries to read, newest first."""

    since: datetime | None = None
    """From here on, inclusive."""
    until: datetime | None = None
    """Up to here, exclusive."""
    event_types: tuple[str, ...] = ()
    """NATS patterns, of which one has to match; none means all."""
    entity_ids: tuple[str, ...] = ()
    """Typed ids, of which the entry has to name one; none means all."""
    source: str | None = None
    limit: int = 200
    before: Mark | None = None
    """Only entries older than this one: the last of the page before."""

    def covers(self, entry: Entry) -> bool:
        """Tell whether ``entry`` is asked for, leaving aside ``limit``."""
        return (
            (self.since is None or entry.received_at >= self.since)
            and (self.until is None or entry.received_at < self.until)
            and (self.before is None or entry.mark < self.before)
            and self.source in (None, entry.source)
            and (not self.entity_ids or not frozenset(self.entity_ids).isdisjoint(entry.entity_ids))
            and (not self.event_types or any(matches(one, entry.event_type) for one in self.event_types))
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """A range of positions that the history does not hold, and why."""

    epoch: str
    first_seq: int
    last_seq: int
    since: datetime
    """When the first lost entry was received."""
    until: datetime
    """When the last one was."""
    reason: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some entries, newest first."""

    entries: tuple[Entry, ...]
    next: Mark | None
    """The ``before`` of the next page; None on the last."""
    oldest_available: datetime | None
    """How far back the history reaches at all."""
    gaps: tuple[Gap, ...]
    """What is missing in the time that this page spans, newest first."""

    @classmethod
    def of(cls, query: Query, found: Sequence[Entry], oldest: datetime | None, gaps: Sequence[Gap]) -> "Page":
        """Make a page of ``found``, which holds up to one entry more than the limit."""
        shown = tuple(found[: query.limit])
        return cls(shown, shown[-1].mark if len(found) > len(shown) else None, oldest, tuple(gaps))


def span(query: Query, found: Sequence[Entry]) -> tuple[datetime | None, datetime | None]:
    """Return the time that a page spans when ``found`` holds up to one entry more than the limit."""
    ends = [one for one in (query.until, query.before.received_at if query.before else None) if one]
    start = found[query.limit - 1].received_at if len(found) > query.limit else query.since
    return start, min(ends, default=None)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long entries are kept."""

    days: float = 30
    by_type: Mapping[str, float] = field(default_factory=dict)
    """Days by NATS pattern; the most exact pattern that matches decides."""

    def days_of(self, event_type: str) -> float:
        """Return for how many days entries of this type are kept."""
        fitting = [one for one in self.by_type if matches(one, event_type)]
        return self.by_type[min(fitting, key=exactness)] if fitting else self.days

    def cutoff(self, event_type: str, now: datetime) -> datetime:
        """Return the time before which entries of this type are deleted."""
        return _ago(now, self.days_of(event_type))

    def gap_cutoff(self, now: datetime) -> datetime:
        """Return the time before which gaps are forgotten: no entry can be that old."""
        return _ago(now, max(self.days, *self.by_type.values(), 0))


class History(Protocol):
    """Keeps entries. Every method but `close` may raise HistoryUnavailable."""

    async def open(self) -> None:
        """Make ready. May be called again, after a failure and otherwise."""

    async def close(self) -> None:
        """Let go of everything."""

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries``; those that are there already stay as they are: after a failure, write them again.

        An entry that cannot be stored at all becomes a gap.
        """

    async def read(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""

    async def since(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first.

        The caller checks that each names the one before it as ``previous``: else one was lost or deleted.
        """

    async def reached(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost; None if none was."""

    async def record_gap(self, gap: Gap) -> None:
        """Keep that something is missing."""

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows; return how many entries that were."""


Resolve: TypeAlias = Callable[[str], str]


def entry_of(folded: Folded, resolve: Resolve = str, previous: int | None = None) -> Entry:
    """Return what the history keeps of an event; ``resolve`` is that of the scene."""
    event = folded.event
    source = folded.sources[0] if folded.sources else None
    if source is None and event.type in _OWN:
        source = str(event.payload.get("source"))
    occurred = next((found for name in _TIMES if (found := rfc3339(event.payload.get(name)))), None)
    changes = _changes(folded)
    return Entry(
        event.position,
        event.type,
        folded.public_payload,
        utc(event.received_at),
        datetime.fromisoformat(occurred) if occurred else None,
        source,
        _entities(folded, resolve),
        previous,
        changes,
        event.size + len(changes or b""),
    )


def _changes(folded: Folded) -> bytes | None:
    try:
        raw = orjson.dumps([change_to_json(change) for change in folded.changes])
    except TypeError:  # what a stream could not send either
        return None
    return raw if len(raw) <= MOST_CHANGES_BYTES else None


def _entities(folded: Folded, resolve: Resolve) -> tuple[str, ...]:
    changed = [change.id for change in folded.changes if isinstance(change, Put | Drop)]
    named = [id_of(kind, value) for kind in TYPES if _names(value := folded.event.payload.get(f"{kind}_id"))]
    return tuple(dict.fromkeys(resolve(one) for one in (*changed, *named)))[:MOST_ENTITIES]


def _names(value: Json) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, int) and not isinstance(value, bool)
    )


def utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; a naive one is taken to be that already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _ago(now: datetime, days: float) -> datetime:
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
