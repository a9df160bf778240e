"""The history: every entry of the log, kept for as long as the settings say. What was lost is kept as a gap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from livingmap.core.model import Position
from livingmap.errors import LivingMapError
from livingmap.history.changes import MOST_CHANGES_BYTES
from livingmap.history.entry import Effect, Entry, Mark, entry_of, utc
from livingmap.history.holdings import Holdings
from livingmap.history.query import MOST_GAPS, Gap, Page, Query, time_span
from livingmap.history.retention import Retention
from livingmap.history.rollups import RollUps
from livingmap.history.state import State

__all__ = [
    "MOST_CHANGES_BYTES",
    "MOST_GAPS",
    "Effect",
    "Entry",
    "Gap",
    "History",
    "HistoryError",
    "HistoryUnavailable",
    "Mark",
    "Page",
    "PruningRefused",
    "Query",
    "Retention",
    "RollUps",
    "State",
    "Step",
    "entry_of",
    "time_span",
    "utc",
]


class HistoryError(LivingMapError):
    """The history cannot be used as it is set up. Fatal."""


class HistoryUnavailable(HistoryError):
    """The database does not answer now. The writer tries again; clients get a 503 and may retry."""


class PruningRefused(HistoryError):
    """More would be deleted at once than the retention allows: rather than entries being old, a clock is wrong."""

    def __init__(self, old: int, total: int, most_share: float) -> None:
        super().__init__(
            f"{old} of {total} entries are older than the retention allows, more than the share of {most_share:g} "
            "that may be deleted at once: a clock may be wrong. If not, set history.retention_most_share: 1"
        )


@dataclass(frozen=True, slots=True)
class Step:
    """What was moved of what an earlier version wrote, and about how much is left."""

    moved: int
    left: int


class History(Protocol):
    """Where entries are kept. Every method but `close` may raise HistoryUnavailable."""

    @property
    def roll_ups(self) -> RollUps:
        """What is kept of the entries for longer. Raises HistoryUnavailable before the history is open."""

    async def open(self) -> None:
        """Connect. May be called again, after a failure and otherwise."""

    async def close(self) -> None:
        """Close all connections. Ends within a few seconds, whatever the database does."""

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries``. After a failure write them again: those that are stored already stay as they are.

        An entry that cannot be stored at all becomes a gap; so does, with the entry, what one says was lost.
        """

    async def read(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""

    async def entries_after(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first.

        The caller checks that each names the one before it as ``previous``; if not, one was lost or deleted.
        """

    async def effects_after(self, position: Position, limit: int) -> list[Effect]:
        """Return what `entries_after` does, but only how each changed the map."""

    async def entries_from(self, after: Mark | None, limit: int) -> list[Entry]:
        """Return the entries after a place, of whatever epoch, oldest first; None for all from the oldest on."""

    async def newest_at(self, time: datetime) -> Entry | None:
        """Return the newest entry, of whatever epoch, whose place in the history is at ``time`` or before it."""

    async def write_state(self, state: State) -> None:
        """Keep ``state``; one of a position that is kept already stays as it is."""

    async def state_before(self, position: Position) -> State | None:
        """Return the newest state of the epoch of ``position`` that is there or before it, if any."""

    async def oldest_state(self) -> State | None:
        """Return the oldest state by its place, maybe with an empty body; None if none is kept."""

    async def gaps_in(self, start: datetime | None, end: datetime | None) -> list[Gap]:
        """Return the newest gaps that overlap a span of time, newest first."""

    async def last_seq(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost; None if none was."""

    async def record_gap(self, gap: Gap) -> None:
        """Keep ``gap``. Recorded again with the same first position, it can only grow."""

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows at ``now``; return how many entries that were.

        Raises PruningRefused, and deletes nothing, if that is a larger share of all than it allows.
        """

    async def holdings(self, now: datetime) -> Holdings | None:
        """Return what is on disk; None if nothing is."""

    async def move(self) -> Step | None:
        """Move some of what an earlier version wrote to where entries are kept now; None if all is there."""
