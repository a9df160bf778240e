"""Places: the order of the history follows the log, though the log's clock may have been set back.

An entry stands where its time says, unless an earlier one has a later time. Example: the clock is a year ahead,
and entry 7 is received on 1 March 2027. The clock is set right, and 8 comes on 1 March 2026. It keeps that time,
by which it is shown and sought; but its place is a microsecond after that of 7, so that 8 is newer on every page.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from livingmap.history import Entry, History, Query

_NEXT: Final = timedelta(microseconds=1)
_STEP_SECONDS: Final = 1.0
"""A clock that goes back by more is warned of; the order is kept however little it goes back."""

_logger = structlog.get_logger(__name__)


class Places:
    """Gives places to entries that are to be written into ``history``, in the order of the log."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._newest: Entry | None = None
        self._is_compared = False

    def forget(self) -> None:
        """Look into the history before the next entries: another process may have written meanwhile."""
        self._is_compared = False

    def note_written(self, entries: Sequence[Entry]) -> None:
        """Go on after ``entries``."""
        self._newest = entries[-1]

    async def placed(self, entries: Sequence[Entry]) -> list[Entry]:
        """Return ``entries``, which come after all that is written, with the places that they need."""
        if not self._is_compared:
            self._newest = next(iter((await self._history.read(Query(limit=1))).entries), None)
            self._is_compared = True
        placed, before = list[Entry](), self._newest
        for entry in entries:
            before = entry if before is None else _after(before, entry)
            placed.append(before)
        return placed


def _after(before: Entry, entry: Entry) -> Entry:
    """Return ``entry`` with a place if it needs one to be newer than ``before``."""
    back = (before.received_at - entry.received_at).total_seconds()
    if back > _STEP_SECONDS:
        _logger.warning(
            "the clock of the log went back; its entries keep their order", seconds=back, at=str(entry.position)
        )
    newest = before.mark.time
    return replace(entry, place=newest + _NEXT) if entry.received_at < newest else entry
