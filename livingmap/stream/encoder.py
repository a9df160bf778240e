"""Messages as they are sent to the viewers of one view: with that view's cursor, and only what its rights show."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import View
from livingmap.core.bounded import FIFO, Limit
from livingmap.core.cursor import Cursor
from livingmap.core.fold import Folded
from livingmap.core.model import Fields, Position
from livingmap.core.progress import Progress
from livingmap.history import Entry
from livingmap.stream import frames, messages
from livingmap.stream.conflated_changes import conflated_changes
from livingmap.stream.frames import Framing
from livingmap.stream.messages import SnapshotReason

MOST_EVENTS: Final = 5_000
MOST_BYTES: Final = 8 * 1024 * 1024
"""How much is kept of what was encoded for viewers that come back."""

_Key: TypeAlias = tuple[int, View, bytes]


@dataclass(frozen=True, slots=True)
class _Encoded:
    """An event as it is sent to the viewers of one view."""

    key: _Key
    """Its ``seq``, the view, and what signs its cursor."""
    visible: Folded
    message: bytes | None
    cursor: str


def _size(encoded: _Encoded) -> int:
    return len(encoded.message or b"")


class Encoder:
    """Encodes messages for a framing and a view.

    ``snapshot`` makes a view's snapshot, ``key`` signs cursors, and ``snapshot_field`` names what holds one.
    """

    def __init__(
        self,
        filtered_scenes: FilteredScenes,
        snapshot: Callable[[View], bytes],
        key: Callable[[], bytes],
        now: Callable[[], datetime],
        snapshot_field: str = "payload",
    ) -> None:
        self._filtered_scenes = filtered_scenes
        self._snapshot = snapshot
        self._key = key
        self._now = now
        self.snapshot_field = snapshot_field
        self._latest: tuple[bytes, tuple[object, ...], bytes] | None = None
        """The body of the last snapshot, what else its message says, and that message."""
        self._encoded: dict[_Key, _Encoded] = {}
        self._kept = FIFO[_Encoded](MOST_EVENTS, Limit(MOST_BYTES, _size))

    def cursor(self, position: Position, view: View) -> str:
        """Return the text with which a viewer of ``view`` resumes after ``position``."""
        return Cursor(position, view.name).encode(self._key())

    def decoded(self, cursor: str) -> Cursor | None:
        """Return what a cursor says; None if it is not one of this map."""
        try:
            return Cursor.decode(cursor, self._key())
        except ValueError:
            return None

    def events(self, events: Sequence[Folded], framing: Framing, view: View) -> bytes:
        """Return the messages of ``events`` joined; empty if none of them concerns the view."""
        return frames.joined(framing, self._messages(events, view))

    def _messages(self, events: Sequence[Folded], view: View) -> Iterator[tuple[bytes, str]]:
        for folded in events:
            visible = self._filtered_scenes.visible(folded, view.rights)
            if visible is None:
                continue
            encoded = self._of(visible, view)
            if encoded.message:
                yield encoded.message, encoded.cursor

    def _of(self, visible: Folded, view: View) -> _Encoded:
        """Return an event encoded. Viewers that come back together have missed much the same: it is made once."""
        position = visible.event.position
        key = (position.seq, view, self._key())
        encoded = self._encoded.get(key)
        if encoded is None or encoded.visible is not visible:
            cursor = self.cursor(position, view)
            encoded = _Encoded(key, visible, messages.event(visible, cursor, view), cursor)
            self._encoded[key] = encoded
            for gone in self._kept.put(encoded):
                if self._encoded.get(gone.key) is gone:
                    del self._encoded[gone.key]
        return encoded

    def entries(self, entries: Sequence[Entry], framing: Framing, view: View) -> bytes:
        """Return the messages of events that the history kept, joined."""
        return frames.joined(framing, self._messages_from_history(entries, view))

    def _messages_from_history(self, entries: Sequence[Entry], view: View) -> Iterator[tuple[bytes, str]]:
        for entry in entries:
            visible = self._filtered_scenes.entry(entry, view.rights)
            if visible is None:
                continue
            cursor = self.cursor(entry.position, view)
            if message := messages.event_from_history(visible, cursor, view):
                yield message, cursor

    def conflated(self, events: Iterable[Folded], position: Position, framing: Framing, view: View) -> bytes:
        """Return the message with the net effect of ``events``, which lead to ``position``, where the scene is."""
        visible = [one for folded in events if (one := self._filtered_scenes.visible(folded, view.rights))]
        changes = conflated_changes(visible, view, self._filtered_scenes.of(view.rights))
        cursor = self.cursor(position, view)
        return frames.framed(framing, messages.conflated(changes, len(visible), cursor), cursor)

    def snapshot(self, reason: SnapshotReason, position: Position, framing: Framing, view: View) -> bytes:
        """Return the message with the snapshot of the scene, which is at ``position``.

        Viewers that come within a second, as after a restart, share its bytes, which wait in memory for slow ones.
        """
        cursor, now = self.cursor(position, view), self._now()
        body, field = self._snapshot(view), self.snapshot_field
        about = (framing, reason, cursor, now.replace(microsecond=0))
        if self._latest is None or self._latest[0] is not body or self._latest[1] != about:
            message = messages.snapshot(body, reason, cursor, now, field)
            self._latest = (body, about, frames.framed(framing, message, cursor))
        return self._latest[2]

    def heartbeat(
        self,
        position: Position,
        framing: Framing,
        view: View,
        progress: Progress,
        collisions: Sequence[Fields],
    ) -> bytes:
        """Return the heartbeat for a viewer that has everything up to ``position``."""
        cursor = self.cursor(position, view)
        return frames.framed(framing, messages.heartbeat(cursor, self._now(), progress, collisions), cursor)
