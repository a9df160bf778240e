"""Resumption: from which position a viewer goes on, and whether memory holds everything after it."""

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import View
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.stream.encoder import Encoder
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.replay_buffer import ReplayBuffer


class Resumption:
    """Judges cursors by what ``replay`` and ``filtered_scenes`` hold; ``progress`` is where the log is."""

    def __init__(
        self,
        replay: ReplayBuffer,
        filtered_scenes: FilteredScenes,
        encoder: Encoder,
        progress: Progress,
    ) -> None:
        self._replay = replay
        self._filtered_scenes = filtered_scenes
        self._encoder = encoder
        self._progress = progress

    def position(self, cursor: str, view: View) -> Position | None:
        """Return the position that a cursor names; None if it is not one of this view in this log."""
        position = self._encoder.position(cursor, view)
        return position if position is not None and position.epoch == self._progress.position.epoch else None

    def reaches(self, position: Position, view: View) -> bool:
        """Tell whether memory holds every event after ``position``, as the view's rights show it."""
        return self._replay.reaches(position) and self._filtered_scenes.reaches(position, view.rights)

    def start(self, cursor: str | None, view: View) -> tuple[Position, SnapshotReason | None]:
        """Return the position to resume after; or where the log is, and why the viewer needs a snapshot."""
        here = self._progress.position
        if cursor is None:
            return here, SnapshotReason.CONNECT
        position = self.position(cursor, view)
        if position is None:
            return here, SnapshotReason.CURSOR_UNKNOWN
        return (position, None) if self.reaches(position, view) else (here, SnapshotReason.CURSOR_EXPIRED)
