"""Catch-up: a viewer resumes from a cursor that memory no longer reaches, with events from the history."""

from collections.abc import AsyncIterator
from typing import Final

from livingmap.access.view import View
from livingmap.core.model import Position
from livingmap.history import Entry, History, HistoryUnavailable
from livingmap.stream.frames import Framing
from livingmap.stream.hub import Hub

_PAGE: Final = 500
_LIVE_SECONDS: Final = 10.0
"""How long a viewer waits for a map that has just started: before that, no cursor can be resumed from."""
MOST_EVENTS: Final = 100_000
"""A viewer that missed more is better off with a snapshot."""


class CatchUp:
    """The events that a viewer missed, page by page, up to where the hub's memory begins.

    Afterwards the viewer joins the hub at ``cursor``. Where the history lacks an event, or does not answer,
    ``cursor`` stays one that memory does not reach, and the hub sends a snapshot.
    """

    def __init__(self, hub: Hub, history: History, view: View, cursor: str | None) -> None:
        self.cursor = cursor
        self._hub = hub
        self._history = history
        self._view = view

    async def pages(self, framing: Framing) -> AsyncIterator[bytes]:
        """Yield joined messages as ``framing`` sends them. Write each page before taking the next."""
        await self._hub.shown(_LIVE_SECONDS)
        # With restricted rights the viewer was sent other changes than those that the history has.
        if self.cursor is None or self._view.rights.restricted:
            return
        position = self._hub.resumption.position(self.cursor, self._view)
        for _ in range(0, MOST_EVENTS, _PAGE):
            if position is None or self._hub.resumption.reaches(position, self._view):
                return
            entries = await self._entries_after(position)
            if not entries:
                return
            position = entries[-1].position
            self.cursor = self._hub.encoder.cursor(position, self._view)
            yield self._hub.encoder.entries(entries, framing, self._view)

    async def _entries_after(self, position: Position) -> list[Entry]:
        """Return the entries that follow ``position`` without a gap and have their changes."""
        try:
            entries = await self._history.entries_after(position, _PAGE)
        except HistoryUnavailable:
            return []
        unbroken: list[Entry] = []
        for entry in entries:
            if entry.previous != position.seq or entry.changes is None:
                break
            unbroken.append(entry)
            position = entry.position
        return unbroken
