"""The recorder: it makes an entry of the history of every folded event, and now and then a state of the scene."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from livingmap.core.fold import Folded
from livingmap.core.model import Event, Json, Position
from livingmap.core.progress import Progress
from livingmap.core.scene import Scene
from livingmap.history import Entry, Gap, entry_of
from livingmap.history.capture import Capture, Still, aliases_in
from livingmap.history.writer import HistoryWriter

STATE_ENTRIES: Final = 5_000
"""A state is made after so many entries,"""
STATE_TIME: Final = timedelta(minutes=10)
"""and at the first entry after so long."""
_MADE_ANEW: Final = "the stream was deleted; what it still got after the last entry is not known"


class Recorder:
    """A `livingmap.state.projector.Follower` that offers entries and states to ``writer``.

    ``scene`` says what ids mean; ``sources`` returns how far each source can be trusted at a time.
    """

    def __init__(
        self,
        writer: HistoryWriter,
        scene: Scene,
        progress: Progress,
        sources: Callable[[datetime], Sequence[Mapping[str, Json]]] = lambda _: (),
    ) -> None:
        self._writer = writer
        self._progress = progress
        self._scene = scene
        self._sources = sources
        self._last = Position("", 0)
        self._is_state_due = True
        self._state_at: datetime | None = None
        self._entries = 0
        """How many entries were offered since the last state."""
        self._lost = 0
        """How many entries were lost when that was made,"""
        self._filled = 0
        """and how many layers were filled."""

    def on_entry(self, folded: Folded, previous: int) -> None:
        """Offer the entry of an event of the log; one of a branch is not history."""
        if self._progress.is_on_its_own:
            return
        self._note_epoch(folded.event)
        entry = entry_of(folded, self._scene, previous)
        self._writer.add(entry)
        self._entries += 1
        if self._writer.follows:
            self._is_state_due = True  # at the first entry that this process writes
        elif self._needs_state(entry):
            self._offer_state(entry)

    def _needs_state(self, entry: Entry) -> bool:
        return (
            self._is_state_due
            or self._entries >= STATE_ENTRIES
            or entry.changes is None  # from before it nothing leads to what comes after it
            or len(self._scene.filled_layers) != self._filled  # which no change says
            or self._state_at is None
            or abs(entry.received_at - self._state_at) >= STATE_TIME  # the log's clock may be set back
            or (self._writer.error is None and self._writer.lost != self._lost)
        )

    def _offer_state(self, entry: Entry) -> None:
        position, received_at, filled = entry.position, entry.received_at, frozenset(self._scene.filled_layers)
        sources = self._sources(received_at)
        scene, aliases = Still(self._scene), aliases_in(self._scene)
        self._writer.add_capture(Capture(position, received_at, scene, sources, filled, aliases))
        self._is_state_due, self._state_at = False, received_at
        self._entries, self._lost, self._filled = 0, self._writer.lost, len(filled)

    def _note_epoch(self, event: Event) -> None:
        """Record a gap where one log ended and another began."""
        last, self._last = self._last, event.position
        if last.epoch and last.epoch != event.position.epoch:
            first, moment = last.seq + 1, event.received_at
            self._writer.add_gap(Gap(last.epoch, first, first, moment, moment, _MADE_ANEW))
            self._is_state_due = True

    def on_restored(self) -> None:
        """Make a state at the next entry; what was offered stays true."""
        self._is_state_due = True
