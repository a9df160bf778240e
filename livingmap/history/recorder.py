"""The recorder: it makes an entry of the history of every folded event."""

from livingmap.core.fold import Folded
from livingmap.core.progress import Progress
from livingmap.core.scene import Scene
from livingmap.history import entry_of
from livingmap.history.writer import HistoryWriter


class Recorder:
    """A `livingmap.state.projector.Follower` that offers entries to ``writer``; ``scene`` resolves their ids."""

    def __init__(self, writer: HistoryWriter, scene: Scene, progress: Progress) -> None:
        self._writer = writer
        self._progress = progress
        self._scene = scene

    def on_entry(self, folded: Folded, previous: int) -> None:
        """Offer the entry of an event of the log; one of a branch is not history."""
        if self._progress.is_on_its_own:
            return
        self._writer.add(entry_of(folded, self._scene.resolve, previous))

    def on_restored(self) -> None:
        """Do nothing: what was offered stays true."""
