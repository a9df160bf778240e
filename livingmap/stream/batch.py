"""Batches: events that go out together, encoded and joined once for all viewers with the same framing and view."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.stream.frames import Framing

Encode: TypeAlias = Callable[[Sequence[Folded], Framing, View], bytes]


class Batch:
    """Some events, in order; ``encode`` is called once for each framing and view that is asked for."""

    def __init__(self, events: Sequence[Folded], at: float, encode: Encode) -> None:
        self.at = at
        """When it goes out, by the event loop's clock."""
        self.first = events[0].event.position.seq
        self.last = events[-1].event.position.seq
        self._events = events
        self._encode = encode
        self._joined: dict[tuple[Framing, View], bytes] = {}

    def has(self, events: Sequence[Folded]) -> bool:
        """Whether these are its events."""
        return self._events[0] is events[0] and self._events[-1] is events[-1]

    def joined(self, framing: Framing, view: View) -> bytes:
        """Return the whole batch as it is sent."""
        joined = self._joined.get((framing, view))
        if joined is None:
            joined = self._joined[framing, view] = self._encode(self._events, framing, view)
        return joined

    def after(self, seq: int) -> Sequence[Folded]:
        """Return the events after a position."""
        if seq < self.first:
            return self._events
        return [folded for folded in self._events if folded.event.position.seq > seq]
