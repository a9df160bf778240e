"""Delivery: each batch of events goes to every viewer, and each viewer is served at its own pace."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.stream.batch import Batch
from livingmap.stream.encoder import Encoder
from livingmap.stream.frames import Framing
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.replay_buffer import ReplayBuffer
from livingmap.stream.resumption import Resumption
from livingmap.stream.ticks import Ticks
from livingmap.stream.viewer import MOST_UNSENT_BYTES, Viewer, give_up, gives_up

_SHARD: Final = 200
"""So many viewers are written to in one go, which takes some milliseconds."""
_MOST_CONFLATIONS: Final = 4
"""How many different ones are made in one iteration of the event loop; each takes some milliseconds."""

_Conflation: TypeAlias = tuple[int, Position, Framing, View]
"""From where to where a message leads, for which viewers."""


class Shard:
    """Some of the viewers, with ticks of their own: while others are written to, these do not wait for that."""

    def __init__(self, due: Callable[["Shard"], None], write_seconds: Callable[[], float]) -> None:
        self.viewers: dict[Viewer, None] = {}
        self.ticks = Ticks(lambda: due(self), write_seconds)


class Delivery:
    """Writes to its viewers. One whose sink breaks is given up with ``leave``."""

    def __init__(
        self,
        leave: Callable[[Viewer], None],
        progress: Progress,
        replay: ReplayBuffer,
        resumption: Resumption,
        encoder: Encoder,
    ) -> None:
        self.viewers: dict[Viewer, Shard] = {}
        self._shards: list[Shard] = []
        self._turns = deque[Shard]()
        """Those whose events are to go out; the first is being written to."""
        self._leave = leave
        self._progress = progress
        self._replay = replay
        self._resumption = resumption
        self._encoder = encoder
        self._loop = asyncio.get_running_loop()
        self._batch: Batch | None = None
        """What is being sent: often all shards get the same."""
        self._conflations: dict[_Conflation, bytes] = {}
        """Messages that viewers which were behind are sent in this iteration of the event loop."""
        self.snapshots = Counter[SnapshotReason]()
        """How many snapshots were sent, by reason."""
        self.conflations = 0
        """How often a viewer that was behind was sent the latest values of what had changed."""

    @property
    def is_idle(self) -> bool:
        """Whether everything that came has been sent."""
        return not any(shard.ticks.busy for shard in self._shards)

    def enter(self, viewer: Viewer) -> None:
        """Send a viewer the events that come from now on."""
        with_room = (shard for shard in self._shards if len(shard.viewers) < _SHARD)
        shard = max(with_room, key=lambda one: len(one.viewers), default=None)
        if shard is None:
            shard = Shard(self._take_turn, self._write_seconds)
            self._shards.append(shard)
        shard.viewers[viewer] = None
        self.viewers[viewer] = shard

    def leave(self, viewer: Viewer) -> None:
        """Send a viewer nothing more."""
        shard = self.viewers.pop(viewer)
        del shard.viewers[viewer]
        if not shard.viewers:
            self._shards.remove(shard)

    def publish(self, folded: Folded) -> None:
        """Send all viewers an event. Returns at once; they get it within a tick."""
        for shard in self._shards:
            shard.ticks.add(folded)

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
            viewer.awaited, viewer.is_behind = reason, False
            return
        viewer.awaited = None
        self.snapshots[reason] += 1
        viewer.epoch, viewer.last_seq, viewer.is_behind = here.epoch, here.seq, False
        self.write_start(viewer, self._encoder.snapshot(reason, here, viewer.sink.framing, viewer.view))

    def forget(self) -> None:
        """Forget the events that are still to be sent; viewers that have not got them get the next scene."""
        for shard in self._shards:
            shard.ticks.clear()

    def catch_up(self, viewer: Viewer) -> None:
        """Send a viewer that was behind the latest values of all that it missed: it then is where the scene is.

        Many that come at once from many places are served in turn, so that the loop is never held for long.
        """
        here = self._progress.position
        if viewer not in self.viewers or not viewer.is_behind or not self._progress.is_shown:
            return
        key = viewer.last_seq, here, viewer.sink.framing, viewer.view
        if len(self._conflations) >= _MOST_CONFLATIONS and key not in self._conflations:
            self._loop.call_soon(self.catch_up, viewer)
            return
        with gives_up(viewer, self._leave):  # else it would go on with a gap
            self._catch_up(viewer, here)

    def _catch_up(self, viewer: Viewer, here: Position) -> None:
        viewer.is_behind = False
        if viewer.awaited is not None:
            self.write_snapshot(viewer, viewer.awaited)
        elif viewer.last_seq >= here.seq:  # it lacks nothing, or comes from a process that was ahead of this one
            return
        elif not self._resumption.reaches(Position(here.epoch, viewer.last_seq), viewer.view):
            self.write_snapshot(viewer, SnapshotReason.CURSOR_EXPIRED)
        else:
            message = self._conflated(viewer.last_seq, here, viewer.sink.framing, viewer.view)
            viewer.last_seq = here.seq
            self.conflations += 1
            self.write(viewer, message)

    def _conflated(self, seq: int, here: Position, framing: Framing, view: View) -> bytes:
        """Return the message that leads from ``seq`` to ``here``; viewers that drain at once share it."""
        if not self._conflations:
            self._loop.call_soon(self._conflations.clear)
        key = seq, here, framing, view
        if key not in self._conflations:
            self._conflations[key] = self._encoder.conflated(self._replay.after(seq), here, framing, view)
        return self._conflations[key]

    def _write_seconds(self) -> float:
        return sum(shard.ticks.flush_seconds for shard in self._shards)

    def _take_turn(self, shard: Shard) -> None:
        self._turns.append(shard)
        if len(self._turns) == 1:
            self._write_turn()

    def _write_turn(self) -> None:
        """Write to one shard, and to the next in another iteration of the loop, which never is held for long."""
        shard = self._turns[0]
        events = shard.ticks.take()
        # in the next iteration, whatever happens in this one: uvloop writes when this one ends
        self._loop.call_soon(self._end_turn, shard, len(events))
        if events:  # none if the scene has been replaced since
            batch = self._batch_of(events)
            for viewer in [*shard.viewers]:
                try:
                    self._deliver(viewer, batch)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one sink, the others go on
                    give_up(viewer, self._leave, error)

    def _batch_of(self, events: Sequence[Folded]) -> Batch:
        if self._batch is None or not self._batch.has(events):
            self._batch = Batch(events, self._loop.time(), self._encoder.events)
        return self._batch

    def _end_turn(self, shard: Shard, events: int) -> None:
        self._turns.popleft()
        shard.ticks.flushed(batched=events > 1)
        if self._turns:
            self._write_turn()
        else:
            self._batch = None

    def _deliver(self, viewer: Viewer, batch: Batch) -> None:
        sink = viewer.sink
        if viewer.is_behind:
            return
        if sink.unsent() > viewer.most_unsent:
            viewer.is_behind, viewer.most_unsent = True, MOST_UNSENT_BYTES
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
