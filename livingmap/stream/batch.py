"""Events that go out together: encoded and joined once for all who share a framing and a view."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.stream.frames import Framing

Joined: TypeAlias = Callable[[Sequence[Folded], Framing, View], bytes]


class Batch:
    """Some events, in order, and their bytes as they are asked for."""

    def __init__(self, events: Sequence[Folded], at: float, join: Joined) -> None:
        self.at = at
        """When it goes out, by the event loop's clock."""
        self.first = events[0].event.position.seq
        self.last = events[-1].event.position.seq
        self.joins = len(events) > 1
        """Whether waiting has let events go out together."""
        self._events = events
        self._join = join
        self._joined: dict[tuple[Framing, View], bytes] = {}

    def joined(self, framing: Framing, view: View) -> bytes:
        """Return all of it."""
        found = self._joined.get((framing, view))
        if found is None:
            found = self._joined[framing, view] = self._join(self._events, framing, view)
        return found

    def after(self, seq: int) -> Sequence[Folded]:
        """Return the events after a position."""
        if seq < self.first:
            return self._events
        return [folded for folded in self._events if folded.event.position.seq > seq]
