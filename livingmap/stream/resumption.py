"""Resumption: from which position a viewer goes on, and whether memory holds everything after it."""

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import View
from livingmap.core.cursor import Cursor
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
        decoded = self._decoded(cursor)
        return decoded.position if decoded is not None and decoded.view == view.name else None

    def _decoded(self, cursor: str) -> Cursor | None:
        decoded = self._encoder.decoded(cursor)
        return decoded if decoded and decoded.position.epoch == self._progress.position.epoch else None

    def reaches(self, position: Position, view: View) -> bool:
        """Tell whether memory holds every event after ``position``, as the view's rights show it."""
        return self._replay.reaches(position) and self._filtered_scenes.reaches(position, view.rights)

    def start(self, cursor: str | None, view: View) -> tuple[Position, SnapshotReason | None]:
        """Return the position that the viewer has, and why it needs a snapshot; None if it does not."""
        here = self._progress.position
        if cursor is None:
            return here, SnapshotReason.CONNECT
        decoded = self._decoded(cursor)
        if decoded is None:
            return here, SnapshotReason.CURSOR_UNKNOWN
        if decoded.view != view.name:
            return decoded.position, SnapshotReason.CURSOR_UNKNOWN
        position = decoded.position
        return position, None if self.reaches(position, view) else SnapshotReason.CURSOR_EXPIRED
