"""The hub: one event in, one write per viewer out, and no viewer waits for another.

Messages are encoded once per view and joined; a viewer gets at most one write per tick. For one that does not read
nothing queues up, and nothing is noted but where it is: once its socket drains, it is sent the latest values of
all that the events since then have touched.
"""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import EVERYTHING, Rights, View
from livingmap.core.fold import Folded
from livingmap.core.layers import layer_names
from livingmap.core.model import Fields, Position
from livingmap.core.progress import Progress
from livingmap.core.source import Source
from livingmap.stream import frames, messages
from livingmap.stream.delivery import Delivery
from livingmap.stream.encoder import Encoder
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.replay_buffer import ReplayBuffer
from livingmap.stream.resumption import Resumption
from livingmap.stream.viewer import Sink, Viewer, gives_up

_RETRY_MS: Final = (500, 5000)
ELSEWHERE_SECONDS: Final = 2
ELSEWHERE_DETAIL: Final = "this process is cut off from the log, and another one follows it; connect again"


class Hub:
    """Sends every folded event to all viewers. Build it inside a running event loop."""

    def __init__(
        self,
        filtered_scenes: FilteredScenes,
        progress: Progress,
        snapshot: Callable[[View], bytes],
        key: Callable[[], bytes],
        now: Callable[[], datetime],
        snapshot_field: str = "payload",
        collisions: Callable[[Rights], Sequence[Fields]] = lambda _: (),
    ) -> None:
        self.encoder = Encoder(filtered_scenes, snapshot, key, now, snapshot_field)
        self._filtered_scenes = filtered_scenes
        self._collisions = collisions
        self._progress = progress
        self._replay = ReplayBuffer(progress.position)
        self.resumption = Resumption(self._replay, filtered_scenes, self.encoder, progress)
        self.taken = 0
        """How many events came."""
        self.joined = 0
        """How many viewers came, whatever they were sent first."""
        self._visitors: dict[Viewer, bool] = {}
        """Viewers that are sent something else than events, and whether that is the past."""
        self._delivery = Delivery(self.leave, progress, self._replay, self.resumption, self.encoder)
        self._closed = False
        self.is_elsewhere = False
        """Whether viewers find what they look for at another process, and not here."""

    @property
    def viewers(self) -> int:
        """How many viewers there are."""
        return len(self._delivery.viewers)

    @property
    def snapshots(self) -> Counter[SnapshotReason]:
        """How many snapshots were sent, by reason."""
        return self._delivery.snapshots

    @property
    def conflations(self) -> int:
        """How often a viewer that was behind was sent the latest values of what had changed."""
        return self._delivery.conflations

    @property
    def visitors(self) -> int:
        """How many viewers are shown the past."""
        return sum(self._visitors.values())

    @property
    def behind(self) -> int:
        """How many of them read so slowly that they get conflated changes."""
        return sum(viewer.is_behind for viewer in self._delivery.viewers)

    @property
    def is_idle(self) -> bool:
        """Whether everything that came has been sent."""
        return self._delivery.is_idle

    def watching(self) -> list[Viewer]:
        """Return the viewers there are now."""
        return list(self._delivery.viewers)

    def layer_names(self, rights: Rights) -> list[str]:
        """Return the layers that a viewer with these rights may ask for."""
        return layer_names(self._filtered_scenes.of(rights))

    # viewers

    async def shown(self, seconds: float) -> None:
        """Wait until there is a scene of now, but no longer than ``seconds``."""
        if not self._progress.is_shown:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._progress.shown()

    def join(self, sink: Sink, view: View, cursor: str | None = None) -> Viewer:
        """Add a viewer. It is sent what it missed since ``cursor``, or a snapshot."""
        viewer = Viewer(sink, view)
        self.take_in(viewer, cursor)
        return viewer

    def take_in(self, viewer: Viewer, cursor: str | None) -> None:
        """Have a viewer see what happens from now on, which saw the past until now, if anything."""
        if self._visitors.pop(viewer, None) is None:
            self.joined += 1
        sink, view = viewer.sink, viewer.view
        if (
            self._closed
            or self.is_elsewhere
            or not self._progress.is_shown  # a scene that is still replayed would be an empty map
        ):
            self._dismiss(viewer)
            return
        position, reason = self.resumption.start(cursor, view)
        viewer.epoch, viewer.last_seq = position.epoch, position.seq
        if reason is not None:
            self._delivery.write_snapshot(viewer, reason)
        else:
            missed = self._replay.after(position.seq)
            viewer.last_seq = max(position.seq, self._progress.position.seq)  # it may be ahead of this process
            self._delivery.write_start(viewer, self.encoder.events(missed, sink.framing, view))
        # No await between reading the scene and this line, or an event between them would be lost.
        self._delivery.enter(viewer)
        self._filtered_scenes.enter(view.rights)

    def visit(self, viewer: Viewer, *, plays: bool = True) -> None:
        """Note a viewer that is shown something else, such as the past: it is dismissed when the map stops."""
        self.joined += 1
        if self._closed or self.is_elsewhere:
            self._dismiss(viewer)
        else:
            self._visitors[viewer] = plays

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self._visitors.pop(viewer, None)
        if viewer in self._delivery.viewers:
            self._delivery.leave(viewer)
            self._filtered_scenes.leave(viewer.view.rights)

    def change_view(self, viewer: Viewer, view: View) -> None:
        """Let a viewer see ``view`` from now on, and send it a snapshot of that, unless it has left."""
        if viewer not in self._delivery.viewers:
            return
        same_rights = viewer.view.rights == view.rights
        self._filtered_scenes.enter(view.rights)
        self._filtered_scenes.leave(viewer.view.rights)
        viewer.view = view
        if self._progress.is_shown:  # else it is sent one together with all others
            reason = SnapshotReason.LAYERS_CHANGED if same_rights else SnapshotReason.ACCESS_CHANGED
            self._delivery.write_snapshot(viewer, reason)

    def send(self, viewer: Viewer, message: bytes) -> None:
        """Send one viewer a message of its own."""
        self._delivery.write(viewer, frames.framed(viewer.sink.framing, message))

    @property
    def standing_still_since(self) -> datetime | None:
        """Since when the map has had nothing from its log; None while it is connected, or on its own."""
        return self._progress.standing_still_since

    @property
    def collisions(self) -> Sequence[Fields]:
        """The ids that several entities claim now."""
        return self._collisions(EVERYTHING)

    def send_heartbeat(self, viewer: Viewer) -> None:
        """Send a viewer the cursor up to which it has everything.

        One that resumed from another process, which was ahead of this one, gets nothing until this one is there.
        """
        if viewer.awaited is None and viewer.last_seq <= self._progress.position.seq:
            position = Position(viewer.epoch, viewer.last_seq)
            view, framing = viewer.view, viewer.sink.framing
            collisions = self._collisions(view.rights)
            message = self.encoder.heartbeat(position, framing, view, self._progress, collisions)
            self._delivery.write(viewer, message)

    def drained(self, viewer: Viewer) -> None:
        """Let a viewer that fell behind catch up, now that it reads again."""
        self._delivery.catch_up(viewer)

    def close(self) -> None:
        """Tell every viewer that the map stops, and when to connect again; nothing comes after that."""
        self._closed = True
        self._dismiss_all()

    def send_away(self, away: bool) -> None:
        """Tell every viewer to connect again, which leads it to another process; or take viewers in again."""
        self.is_elsewhere = away
        if away:
            self._dismiss_all()

    def _dismiss_all(self) -> None:
        for viewer in [*self._delivery.viewers, *self._visitors]:
            self.leave(viewer)
            self._dismiss(viewer)

    def _dismiss(self, viewer: Viewer) -> None:
        with contextlib.suppress(Exception):  # a sink that breaks now was about to end anyway
            self.send(viewer, messages.restarting(random.randint(*_RETRY_MS)))  # noqa: S311 - to spread them
            viewer.sink.end()

    # events

    def replace_sources(self, sources: Sequence[Source]) -> None:
        """Take note that ``sources`` make the scene now. Viewers get what this changes with the next event."""
        self._renew(SnapshotReason.CURSOR_EXPIRED, self._filtered_scenes.replace_sources(sources))

    def on_entry(self, folded: Folded, _: int) -> None:
        """Take an entry of the log: publish it, or keep it while the process replays what was before."""
        if self._progress.is_shown:
            self.publish(folded)
        else:
            self.keep(folded)

    def on_restored(self) -> None:
        """Forget what was; if viewers may have seen it, send them the scene that is there now."""
        self.forget()
        if self._progress.is_shown:
            self.restart()

    def publish(self, folded: Folded) -> None:
        """Take the next event of the log. Returns at once; viewers get it within a tick."""
        self.keep(folded)
        self._delivery.publish(folded)

    def keep(self, folded: Folded) -> None:
        """Take an event that viewers are not sent, but may ask for when they resume."""
        lost = self._filtered_scenes.take(folded)
        if lost:
            self._renew(SnapshotReason.CURSOR_EXPIRED, lost)
        self.taken += 1
        self._replay.keep(folded)

    def forget(self) -> None:
        """Forget every event: what comes next does not follow them."""
        self._filtered_scenes.forget()
        self._replay.begin(self._progress.position)
        self._delivery.forget()

    def restart(self) -> None:
        """Send every viewer a snapshot: the scene is not the one that they have."""
        self._filtered_scenes.forget()
        self._renew(SnapshotReason.CURSOR_UNKNOWN)

    def _renew(self, reason: SnapshotReason, lost: set[Rights] | None = None) -> None:
        """Send snapshots to the viewers with ``lost`` rights, by default to all; their filtered scenes are new."""
        for viewer in self.watching():
            if lost is None or viewer.view.rights in lost:
                self._filtered_scenes.enter(viewer.view.rights)
                with gives_up(viewer, self.leave):
                    self._delivery.write_snapshot(viewer, reason)
