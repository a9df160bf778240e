"""Going on from a cursor that memory no longer reaches: the history has the events."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from livingmap.access.view import View
from livingmap.core.model import Position
from livingmap.history import Entry, History, HistoryUnavailable
from livingmap.stream import frames, messages
from livingmap.stream.frames import Framing
from livingmap.stream.hub import Hub

_PAGE: Final = 500
_OPEN_SECONDS: Final = 10.0
"""So long a viewer waits for a map that has just started: before that no cursor could be gone on from."""
MOST_EVENTS: Final = 100_000
"""Who missed more is better off with a snapshot."""


class CatchUp:
    """What a viewer missed, page by page, until the hub's memory goes on. Afterwards join the hub at ``cursor``.

    Where the history has not every event, or does not answer, ``cursor`` stays one that the hub does not reach,
    for which it sends a snapshot.
    """

    def __init__(self, hub: Hub, history: History, view: View, cursor: str | None) -> None:
        self.cursor = cursor
        self._hub = hub
        self._history = history
        self._view = view

    async def pages(self, framing: Framing) -> AsyncIterator[bytes]:
        """Yield joined frames, as they travel on ``wire``. Take each away before the next."""
        await self._hub.live(_OPEN_SECONDS)
        if self._view.rights.restricted:  # who sees only parts of it was told another story than the history's
            return
        here = self._hub.since(self._view, self.cursor) if self.cursor else None
        for _ in range(0, MOST_EVENTS, _PAGE):
            if here is None or self._hub.reaches(here, self._view):
                return
            entries = await self._after(here)
            if not entries:
                return
            here = entries[-1].position
            self.cursor = self._hub.cursor(here, self._view)
            yield frames.joined(framing, self._messages(entries))

    async def _after(self, here: Position) -> list[Entry]:
        """Return the entries that follow ``here`` one upon the other, with their changes."""
        try:
            found = await self._history.since(here, _PAGE)
        except HistoryUnavailable:
            return []
        chain: list[Entry] = []
        for entry in found:
            if entry.previous != here.seq or entry.changes is None:
                break
            chain.append(entry)
            here = entry.position
        return chain

    def _messages(self, entries: list[Entry]) -> Iterator[tuple[bytes, str]]:
        for entry in entries:
            cursor = self._hub.cursor(entry.position, self._view)
            shown = self._hub.filtered_scenes.entry(entry, self._view.rights)
            if shown and (message := messages.event_from_history(shown, cursor, self._view)):
                yield message, cursor
