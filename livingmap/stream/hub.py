"""The hub: one event in, one write per viewer out, and nobody waits for anybody.

Frames are encoded once per view and joined; a viewer gets at most one write per tick. Who does not read has no
queue: the touched items are noted and sent with their last values as soon as its socket drains.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

import structlog

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import WHOLE, Rights, View
from livingmap.core.cursor import Cursor
from livingmap.core.fold import Folded
from livingmap.core.layers import layer_names
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.stream import frames, messages
from livingmap.stream.batch import Batch
from livingmap.stream.conflated_changes import ConflatedChanges
from livingmap.stream.frames import Framing
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.replay_buffer import ReplayBuffer

TICK_SECONDS: Final = 0.02
MOST_TICK_SECONDS: Final = 0.05
HEARTBEAT_SECONDS: Final = 15.0
UNREAD_SECONDS: Final = 60.0
_CHUNK: Final = 200
_FULL_BATCH: Final = 100
"""With so many events in one write, what the write itself costs no longer counts."""
_logger = structlog.get_logger(__name__)
_MOST_UNSENT_BYTES: Final = 256 * 1024
_RETRY_MS: Final = (500, 5000)


class Sink(Protocol):
    """The way to one viewer."""

    framing: Framing

    def write(self, data: bytes) -> None:
        """Send ``data`` without waiting; into the void if the viewer has gone."""

    def unsent(self) -> int:
        """Return how many bytes wait for the viewer to read."""

    def end(self) -> None:
        """Let the sink end once what was written is sent."""

    def give_up(self) -> None:
        """End the sink of a viewer that does not read at all, and free what waits for it."""


class Viewer:
    """One who watches. ``since`` is the position that it has everything up to."""

    def __init__(self, sink: Sink, view: View) -> None:
        self.sink = sink
        self.view = view
        self.since = -1
        self.backlog: ConflatedChanges | None = None
        self.wrote_at = 0.0
        self.unread = 0
        """How many bytes waited for it when that was last looked at, and since when they have not become less."""
        self.unread_since = 0.0


class Hub:
    """Sends every folded event to all viewers. Build it inside a running event loop."""

    def __init__(
        self,
        filtered_scenes: FilteredScenes,
        progress: Progress,
        snapshot: Callable[[View], bytes],
        key: Callable[[], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self.filtered_scenes = filtered_scenes
        self._progress = progress
        self._position = progress.here
        self._snapshot = snapshot
        self._key = key
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._viewers: dict[Viewer, None] = {}
        self._replay = ReplayBuffer(progress.position)
        self.taken = 0
        """How many events came."""
        self._pending: list[Folded] = []
        self._batch: Batch | None = None
        """What goes out now."""
        self._busy = False
        self._due: asyncio.Handle | None = None
        self._closed = False
        self._flushed_at = 0.0
        self._tick = TICK_SECONDS

    @property
    def behind(self) -> int:
        """How many read so slowly that they get merged changes."""
        return sum(viewer.backlog is not None for viewer in self._viewers)

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    def layer_names(self, rights: Rights) -> list[str]:
        """Return the layers that somebody with these rights may ask for."""
        return layer_names(self.filtered_scenes.of(rights))

    # viewers

    async def live(self, seconds: float) -> None:
        """Wait until the scene is that of now, but no longer than ``seconds``."""
        if not self._progress.is_live:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._progress.live()

    def join(self, sink: Sink, view: View, cursor: str | None = None) -> Viewer:
        """Add a viewer; it is sent what it missed since ``cursor``, or a snapshot."""
        viewer = Viewer(sink, view)
        if self._closed:
            self._dismiss(viewer)
            return viewer
        since, reason = self._since(view, cursor)
        if reason is not None:
            self._send_snapshot(viewer, reason)
        else:
            viewer.since = max(since.seq, self._position().seq)  # another process may have been ahead of this one
            missed = self._replay.after(since.seq)
            self._write(viewer, self._joined(missed, sink.framing, view))
        # No await between reading the scene and this sink, or an event between them would be lost.
        self._viewers[viewer] = None
        self.filtered_scenes.enter(view.rights)
        return viewer

    def since(self, view: View, cursor: str) -> Position | None:
        """Return the position that a cursor of ``view`` names; None if it is none of this log."""
        try:
            found = Cursor.decode(cursor, self._key())
        except ValueError:
            return None
        same = found.position.epoch == self._position().epoch and found.view == view.name
        return found.position if same else None

    def reaches(self, position: Position, view: View = WHOLE) -> bool:
        """Tell whether every event after ``position`` is in memory, as it is told in a view."""
        return self._replay.reaches(position) and self.filtered_scenes.reaches(position, view.rights)

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        if viewer in self._viewers:
            del self._viewers[viewer]
            self.filtered_scenes.leave(viewer.view.rights)

    def show(self, viewer: Viewer, view: View) -> None:
        """Change what a viewer sees; it gets a snapshot of that. Who has left gets nothing."""
        if viewer not in self._viewers:
            return
        changed = (
            SnapshotReason.LAYERS_CHANGED if viewer.view.rights == view.rights else SnapshotReason.ACCESS_CHANGED
        )
        self.filtered_scenes.enter(view.rights)
        self.filtered_scenes.leave(viewer.view.rights)
        viewer.view, viewer.backlog = view, None
        self._send_snapshot(viewer, changed)

    def say(self, viewer: Viewer, message: bytes) -> None:
        """Send one viewer a message of its own."""
        self._write(viewer, frames.framed(viewer.sink.framing, message))

    def drained(self, viewer: Viewer) -> None:
        """Let a viewer that fell behind catch up, now that it reads again."""
        if viewer in self._viewers and viewer.backlog is not None:
            self._catch_up(viewer)

    def close(self) -> None:
        """Tell every viewer that the map goes, and when to try again; nothing comes after that."""
        self._closed = True
        while self._viewers:
            self._dismiss(self._viewers.popitem()[0])

    def _dismiss(self, viewer: Viewer) -> None:
        with contextlib.suppress(Exception):  # a sink that breaks now was about to end anyway
            self.say(viewer, messages.restarting(random.randint(*_RETRY_MS)))  # noqa: S311 - to spread them
            viewer.sink.end()

    def _since(self, view: View, cursor: str | None) -> tuple[Position, SnapshotReason | None]:
        """Return the position to go on from, or with it the reason why the viewer needs a snapshot."""
        here = self._position()
        if cursor is None:
            return here, SnapshotReason.CONNECT
        since = self.since(view, cursor)
        if since is None:
            return here, SnapshotReason.CURSOR_UNKNOWN
        return since, None if self.reaches(since, view) else SnapshotReason.CURSOR_EXPIRED

    def _send_snapshot(self, viewer: Viewer, reason: SnapshotReason) -> None:
        here = self._position()
        cursor = self.cursor(here, viewer.view)
        message = messages.snapshot(self._snapshot(viewer.view), reason, cursor, self._now())
        viewer.since = here.seq
        self._write(viewer, frames.framed(viewer.sink.framing, message, cursor))

    # events

    def on_entry(self, folded: Folded, _: int) -> None:
        """Take an entry of the log: publish it, or keep it while the process replays what was before."""
        if self._progress.is_live:
            self.publish(folded)
        else:
            self.keep(folded)

    def on_restored(self) -> None:
        """Forget what was; if viewers may have seen it, send them the scene that is there now."""
        self.forget()
        if self._progress.is_live:
            self.restart()

    def publish(self, folded: Folded) -> None:
        """Take the next event of the log. Returns at once; viewers get it within a tick."""
        self.keep(folded)
        self._pending.append(folded)
        if not self._busy:
            self._busy = True
            # The first event after silence goes out at once, the next ones together.
            self._schedule()
        elif self._due is not None and len(self._pending) == _FULL_BATCH:
            self._due.cancel()
            self._schedule()

    def keep(self, folded: Folded) -> None:
        """Take an event from before there was anybody to tell; who resumes may ask for it."""
        self._show_anew(self.filtered_scenes.take(folded))
        self.taken += 1
        self._replay.keep(folded)

    def _show_anew(self, lost: set[Rights]) -> None:
        """Send a snapshot to viewers of whom it is not known what they have."""
        for viewer in list(self._viewers) if lost else ():
            if viewer.view.rights in lost:
                self.filtered_scenes.enter(viewer.view.rights)
                viewer.backlog = None
                self._send_snapshot(viewer, SnapshotReason.CURSOR_EXPIRED)

    def forget(self) -> None:
        """Forget every event: what comes next does not follow them."""
        self.filtered_scenes.forget()
        self._replay.begin(self._position())
        self._pending.clear()
        self._batch = None  # those who have not got it yet get the next scene

    def restart(self) -> None:
        """Send every viewer a snapshot: the scene is another than the one that they have."""
        self.filtered_scenes.forget()
        for viewer in list(self._viewers):
            self.filtered_scenes.enter(viewer.view.rights)
            viewer.backlog = None
            self._send_snapshot(viewer, SnapshotReason.CURSOR_UNKNOWN)

    def _schedule(self) -> None:
        """Flush when the tick is over; at once if so much waits that waiting for more saves nothing."""
        if len(self._pending) >= _FULL_BATCH:
            self._due = self._loop.call_soon(self._flush)
        else:
            self._due = self._loop.call_at(max(self._loop.time(), self._flushed_at + self._tick), self._flush)

    def _flush(self) -> None:
        self._due = None
        began = self._loop.time()
        events, self._pending = self._pending, []
        self._batch = Batch(events, began, self._joined) if events else None
        self._send(list(self._viewers), 0, began)

    def _send(self, viewers: list[Viewer], start: int, began: float) -> None:
        """Write a batch to some viewers and come back for the rest, so that the loop is never held for long."""
        for viewer in viewers[start : start + _CHUNK]:
            if self._batch is not None and viewer in self._viewers:
                try:
                    self._deliver(viewer, self._batch)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with one sink, the others go on
                    _logger.warning("a viewer was given up", error=f"{type(error).__name__}: {error}")
                    self.leave(viewer)
        if start + _CHUNK < len(viewers):
            self._loop.call_soon(self._send, viewers, start + _CHUNK, began)
            return
        self._flushed_at = self._loop.time()
        # Where events come one by one, waiting longer joins none: it would only make each of them late.
        stretched = min(max(TICK_SECONDS, 2 * (self._flushed_at - began)), MOST_TICK_SECONDS)
        self._tick = stretched if self._batch is not None and self._batch.joins else TICK_SECONDS
        self._busy = bool(self._pending)
        if self._busy:
            self._schedule()

    def _deliver(self, viewer: Viewer, batch: Batch) -> None:
        sink = viewer.sink
        if viewer.backlog is not None or sink.unsent() > _MOST_UNSENT_BYTES:
            self._fall_behind(viewer, batch)
            return
        if viewer.since < batch.first:
            data = batch.joined(sink.framing, viewer.view)
        else:  # it joined amid the batch, or after it
            data = self._joined(batch.after(viewer.since), sink.framing, viewer.view)
        viewer.since = max(viewer.since, batch.last)
        if data:
            viewer.wrote_at = batch.at
            sink.write(data)

    def _fall_behind(self, viewer: Viewer, batch: Batch) -> None:
        """Note what a viewer cannot be told now; tell it if it can be."""
        backlog = viewer.backlog = viewer.backlog or ConflatedChanges()
        for folded in batch.after(viewer.since):
            self._note(backlog, folded, viewer.view)
        viewer.since = max(viewer.since, batch.last)
        if viewer.sink.unsent() <= _MOST_UNSENT_BYTES:
            self._catch_up(viewer)

    def _catch_up(self, viewer: Viewer) -> None:
        """Send the last values of all that was touched: the viewer is then where the scene is."""
        here, fresh = self._position(), self._replay.after(viewer.since)
        backlog, viewer.backlog = viewer.backlog, None
        if viewer.since > here.seq:  # it came from a process that was ahead of this one: it lacks nothing yet
            return
        if backlog is None or not self.reaches(Position(here.epoch, viewer.since), viewer.view):
            self._send_snapshot(viewer, SnapshotReason.CURSOR_EXPIRED)
            return
        for folded in fresh:
            self._note(backlog, folded, viewer.view)
        viewer.since = max(viewer.since, here.seq)
        cursor = self.cursor(here, viewer.view)
        message = messages.conflated(
            backlog.changes(self.filtered_scenes.of(viewer.view.rights)), backlog.skipped, cursor
        )
        self._write(viewer, frames.framed(viewer.sink.framing, message, cursor))

    # writing

    def _note(self, backlog: ConflatedChanges, folded: Folded, view: View) -> None:
        if visible := self.filtered_scenes.visible(folded, view.rights):
            backlog.add(visible, view)

    def _joined(self, events: Sequence[Folded], framing: Framing, view: View) -> bytes:
        return frames.joined(framing, self._messages(events, view))

    def _messages(self, events: Sequence[Folded], view: View) -> Iterator[tuple[bytes, str]]:
        for folded in events:
            visible = self.filtered_scenes.visible(folded, view.rights)
            if visible is None:
                continue
            cursor = self.cursor(folded.event.position, view)
            if message := messages.event(visible, cursor, view):
                yield message, cursor

    def cursor(self, position: Position, view: View) -> str:
        """Return the text by which a viewer of ``view`` goes on after ``position``."""
        return Cursor(position, view.name).encode(self._key())

    def _write(self, viewer: Viewer, data: bytes) -> None:
        if data:
            viewer.wrote_at = self._loop.time()
            viewer.sink.write(data)

    async def run(self) -> None:
        """Send heartbeats into silence, and give up who does not read, until cancelled."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / 3)
            self._give_up_silent()
            silent_since = self._loop.time() - HEARTBEAT_SECONDS * 2 / 3
            here = self._position()
            for viewer in list(self._viewers):
                if viewer.backlog is None and viewer.wrote_at <= silent_since and viewer.since <= here.seq:
                    cursor = self.cursor(Position(here.epoch, viewer.since), viewer.view)
                    message = messages.heartbeat(cursor, self._now())
                    self._write(viewer, frames.framed(viewer.sink.framing, message, cursor))

    def _give_up_silent(self) -> None:
        """End the lines of which nothing was read for a minute while bytes waited; a slow reader goes on."""
        now = self._loop.time()
        for viewer in list(self._viewers):
            unread = viewer.sink.unsent() if viewer.backlog is not None else 0
            if not viewer.unread or unread < viewer.unread:
                viewer.unread_since = now
            elif now - viewer.unread_since >= UNREAD_SECONDS:
                self.leave(viewer)
                viewer.sink.give_up()
            viewer.unread = unread
            if viewer.backlog is not None and unread <= _MOST_UNSENT_BYTES:  # should a loop not have told of it
                self._catch_up(viewer)
