"""The recorder: it makes an entry of the history of every folded event."""

from typing import Final

from livingmap.core.fold import Folded
from livingmap.core.model import Event, Position
from livingmap.core.progress import Progress
from livingmap.core.scene import Scene
from livingmap.history import Gap, entry_of
from livingmap.history.writer import HistoryWriter

_MADE_ANEW: Final = "the stream was deleted; what it still got after the last entry is not known"


class Recorder:
    """A `livingmap.state.projector.Follower` that offers entries to ``writer``; ``scene`` says what ids mean."""

    def __init__(self, writer: HistoryWriter, scene: Scene, progress: Progress) -> None:
        self._writer = writer
        self._progress = progress
        self._scene = scene
        self._last = Position("", 0)

    def on_entry(self, folded: Folded, previous: int) -> None:
        """Offer the entry of an event of the log; one of a branch is not history."""
        if self._progress.is_on_its_own:
            return
        self._note_epoch(folded.event)
        self._writer.add(entry_of(folded, self._scene, previous))

    def _note_epoch(self, event: Event) -> None:
        """Record a gap where one log ended and another began."""
        last, self._last = self._last, event.position
        if last.epoch and last.epoch != event.position.epoch:
            first, moment = last.seq + 1, event.received_at
            self._writer.add_gap(Gap(last.epoch, first, first, moment, moment, _MADE_ANEW))

    def on_restored(self) -> None:
        """Do nothing: what was offered stays true."""
