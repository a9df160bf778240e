"""Refilling: what a writer needs of a log that keeps what the writer itself cannot."""

from typing import Protocol

from livingmap.core.model import Position
from livingmap.history.entry import Entry


class Refill(Protocol):
    """Makes entries again from the log. All but `end` raise HistoryUnavailable while that is away."""

    async def begins_after(self, epoch: str) -> int | None:
        """Return after which ``seq`` a history begins that has nothing of ``epoch``; None if that has ended."""

    async def begin(self, after: Position) -> int | None:
        """Begin with what comes after ``after``.

        Return the first ``seq`` that the log has: what comes before it is lost. None if the epoch has ended, and
        all of it is.
        """

    async def entries(self) -> list[Entry]:
        """Return the next entries, in order; maybe none, if the log has no more just now."""

    async def end(self) -> None:
        """Stop, and let go of what that took."""
