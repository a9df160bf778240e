"""Delivery: each batch of events goes to every viewer, and each viewer is served at its own pace."""

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import structlog

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.stream.batch import Batch
from livingmap.stream.conflated_changes import ConflatedChanges
from livingmap.stream.encoder import Encoder
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.replay_buffer import ReplayBuffer
from livingmap.stream.resumption import Resumption
from livingmap.stream.ticks import Ticks
from livingmap.stream.viewer import MOST_UNSENT_BYTES, Viewer

_CHUNK: Final = 200

_logger = structlog.get_logger(__name__)


class Delivery:
    """Writes to ``viewers``. One whose sink breaks is given up with ``leave``."""

    def __init__(
        self,
        viewers: Collection[Viewer],
        leave: Callable[[Viewer], None],
        filtered_scenes: FilteredScenes,
        progress: Progress,
        replay: ReplayBuffer,
        resumption: Resumption,
        encoder: Encoder,
    ) -> None:
        self._viewers = viewers
        self._leave = leave
        self._filtered_scenes = filtered_scenes
        self._progress = progress
        self._replay = replay
        self._resumption = resumption
        self._encoder = encoder
        self._loop = asyncio.get_running_loop()
        self._batch: Batch | None = None
        """What is being sent now."""
        self.ticks = Ticks(self._flush)

    def write(self, viewer: Viewer, data: bytes) -> None:
        """Send bytes to one viewer; nothing if there are none."""
        if data:
            viewer.wrote_at = self._loop.time()
            viewer.sink.write(data)

    def write_start(self, viewer: Viewer, data: bytes) -> None:
        """Send one viewer what it starts from: it is not behind because that alone is much."""
        viewer.most_unsent = max(MOST_UNSENT_BYTES, MOST_UNSENT_BYTES // 2 + len(data))
        self.write(viewer, data)

    def write_snapshot(self, viewer: Viewer, reason: SnapshotReason) -> None:
        """Send a snapshot to one viewer, which then is where the scene is; if it is ahead of that, later."""
        here = self._progress.position
        if viewer.epoch == here.epoch and viewer.last_seq > here.seq:  # it comes from a process that was ahead
            viewer.awaited, viewer.conflated = reason, None
            return
        viewer.awaited = None
        viewer.epoch, viewer.last_seq, viewer.conflated = here.epoch, here.seq, None
        self.write_start(viewer, self._encoder.snapshot(reason, here, viewer.sink.framing, viewer.view))

    def forget(self) -> None:
        """Forget the events that are still to be sent; viewers that have not got them get the next scene."""
        self.ticks.clear()
        self._batch = None

    def catch_up(self, viewer: Viewer, conflated: ConflatedChanges) -> None:
        """Send the latest values of everything that was touched: the viewer then is where the scene is."""
        here = self._progress.position
        viewer.conflated = None
        if viewer.last_seq > here.seq:  # it came from a process that was ahead of this one: it lacks nothing yet
            return
        if viewer.awaited is not None:
            self.write_snapshot(viewer, viewer.awaited)
            return
        if not self._resumption.reaches(Position(here.epoch, viewer.last_seq), viewer.view):
            self.write_snapshot(viewer, SnapshotReason.CURSOR_EXPIRED)
            return
        for folded in self._replay.after(viewer.last_seq):
            self._note(conflated, folded, viewer.view)
        viewer.last_seq = here.seq
        self.write(viewer, self._encoder.conflated(conflated, here, viewer.sink.framing, viewer.view))

    def _flush(self, events: list[Folded]) -> None:
        self._batch = Batch(events, self._loop.time(), self._encoder.events) if events else None
        self._send(list(self._viewers), 0)

    def _send(self, viewers: list[Viewer], start: int) -> None:
        """Write the batch to some viewers and come back for the rest, so that the loop is never held for long."""
        for viewer in viewers[start : start + _CHUNK]:
            if self._batch is not None and viewer in self._viewers:
                try:
                    self._deliver(viewer, self._batch)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one sink, the others go on
                    _logger.warning("a viewer was given up", error=f"{type(error).__name__}: {error}")
                    self._leave(viewer)
        if start + _CHUNK < len(viewers):
            self._loop.call_soon(self._send, viewers, start + _CHUNK)
        else:
            self.ticks.flushed(batched=self._batch is not None and self._batch.joins)

    def _deliver(self, viewer: Viewer, batch: Batch) -> None:
        sink = viewer.sink
        if viewer.conflated is not None or sink.unsent() > viewer.most_unsent:
            self._fall_behind(viewer, batch)
            return
        if viewer.last_seq < batch.first:
            data = batch.joined(sink.framing, viewer.view)
        elif viewer.awaited is not None:
            self.write_snapshot(viewer, viewer.awaited)
            return
        else:  # it joined amid the batch, or after it
            data = self._encoder.events(batch.after(viewer.last_seq), sink.framing, viewer.view)
        viewer.last_seq = max(viewer.last_seq, batch.last)
        if data:
            viewer.wrote_at = batch.at
            sink.write(data)

    def _fall_behind(self, viewer: Viewer, batch: Batch) -> None:
        """Note what a viewer cannot be sent now; send it if it can be."""
        conflated = viewer.conflated = viewer.conflated or ConflatedChanges()
        viewer.most_unsent = MOST_UNSENT_BYTES
        for folded in batch.after(viewer.last_seq):
            self._note(conflated, folded, viewer.view)
        viewer.last_seq = max(viewer.last_seq, batch.last)
        if viewer.sink.unsent() <= MOST_UNSENT_BYTES:
            self.catch_up(viewer, conflated)

    def _note(self, conflated: ConflatedChanges, folded: Folded, view: View) -> None:
        if visible := self._filtered_scenes.visible(folded, view.rights):
            conflated.add(visible, view)
