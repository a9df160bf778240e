"""Play: one viewer is shown the past as if it had watched then: a snapshot, and every event at its time.

A `livingmap.past.walk.Walk` reads what comes next, a `livingmap.past.playback.Playback` says when it is due, and a
`livingmap.stream.showing.Showing` sends it, as fast as the viewer reads.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final

from livingmap.access.view import View
from livingmap.history import Entry, History, HistoryUnavailable
from livingmap.past.moment import Moment, MomentError, Moments, NotKept
from livingmap.past.playback import Playback, speed_of, speed_text
from livingmap.past.rebuilding import PastBusy
from livingmap.past.walk import Jump, Step, Walk, time_of
from livingmap.stream import messages
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.showing import Showing
from livingmap.stream.stretch import Stretch, reason_of
from livingmap.stream.viewer import Viewer

MOST_EVENTS_A_SECOND: Final = 5_000
HEARTBEAT_SECONDS: Final = 5.0
_CHUNK: Final = 50
_LOOK_SECONDS: Final = 1.0
"""How often a play that has shown all that is kept looks for more, until it has come to the present."""


class Play:
    """The play of one viewer. It is a `livingmap.stream.session.Sender` for as long as it lasts."""

    def __init__(
        self,
        stretch: Stretch,
        showing: Showing,
        history: History,
        moments: Moments,
        now: Callable[[], datetime],
    ) -> None:
        self.is_closed = stretch.to is not None
        """Whether the play ends before the present."""
        self._to = stretch.to
        self._showing = showing
        self._history = history
        self._moments = moments
        self._now = now
        self._clock = asyncio.get_running_loop().time
        self._playback = Playback(stretch.start.time, self._clock(), stretch.speed)
        self._walk = Walk(history, stretch.start.entry, None)
        self._ahead: deque[Step] = deque()
        self._seek_to: str | None = None
        self._view_changed: SnapshotReason | None = None
        self._changed = asyncio.Event()

    @property
    def cursor(self) -> str:
        """The cursor of what the viewer was shown last."""
        return self._showing.cursor

    # what others have it do

    def send(self, _: Viewer, message: bytes) -> None:
        """Send the viewer a message of its own."""
        self._showing.send(message)

    def change_view(self, viewer: Viewer, view: View) -> None:
        """Let the viewer see ``view`` from now on; a snapshot of that comes next."""
        same_rights = viewer.view.rights == view.rights
        self._view_changed = SnapshotReason.LAYERS_CHANGED if same_rights else SnapshotReason.ACCESS_CHANGED
        viewer.view = view
        self._changed.set()

    def obey(self, request: Any) -> bool:
        """Do what a message of the client asks for; return False if that is nothing that a play understands."""
        match request:
            case {"kind": "pause"}:
                self._take(self._playback.paused(self._clock()))
            case {"kind": "play"}:
                self._take(self._playback.playing(self._clock()))
            case {"kind": "speed", "speed": value}:
                try:
                    self._take(self._playback.with_speed(speed_of(value), self._clock()))
                except MomentError as error:
                    self._showing.send(messages.error(*reason_of(error)))
            case {"kind": "seek", "at": str(text)}:
                self._seek_to = text  # of several that wait, the last one counts
                self._changed.set()
            case _:
                return False
        return True

    def _take(self, playback: Playback) -> None:
        self._playback = playback
        self._changed.set()
        if self._seek_to is None:  # the answer to a seek says it, too
            self._report()

    def _report(self) -> None:
        """Let the viewer know whether the play goes on, from where, and how fast."""
        state = messages.paused if self._playback.is_paused else messages.playing
        at, speed = self._playback.moment(self._clock()), speed_text(self._playback.speed)
        self._showing.send(state(at, speed))

    # showing

    async def run(self) -> None:
        """Show the stretch: up to its end, or up to the present.

        Raises MomentError and HistoryUnavailable if not even its beginning can be shown. What fails later is tried
        again and again; meanwhile the play stands still.
        """
        await self._begin(self._here(), SnapshotReason.PAST)
        self._report()
        while not await self._is_over():
            pass

    async def _is_over(self) -> bool:
        """Do what comes next; tell whether that was the last."""
        self._changed.clear()
        if not self._showing.is_allowed:
            self._view_changed = SnapshotReason.ACCESS_CHANGED
        try:
            if self._seek_to is not None:
                await self._seek(self._seek_to)
            elif self._view_changed is not None:
                await self._begin(self._here(), self._view_changed)
            elif self._ahead or await self._look_ahead():
                await self._go_on(self._ahead[0])
            elif (left := self._seconds_left()) == 0 and not self._changed.is_set():
                self._finish()
                return True
            else:
                await self._wait(left, _LOOK_SECONDS if self._to is None else None)
        except (HistoryUnavailable, PastBusy):
            await self._wait(_LOOK_SECONDS)
        return False

    def _here(self) -> Moment:
        last = self._showing.last
        return Moment(self._playback.moment(self._clock()), last.position, last)

    async def _begin(self, moment: Moment, reason: SnapshotReason) -> None:
        """Show a moment, and go on from there. What raises leaves everything as it was."""
        shown = await self._showing.show(moment, reason)
        self._view_changed = None
        to = self._to.time if self._to else None
        self._walk = Walk(self._history, moment.entry, to, is_torn=bool(shown.rebuilt.missing))
        self._ahead.clear()
        self._playback = self._playback.sought(moment.time, self._clock())

    async def _seek(self, text: str) -> None:
        try:
            moment = await self._moments.find(text)
            if self._to is not None and moment.time > self._to.time:
                raise MomentError(f"at: {moment.text} is after {self._to.text}, where the play ends")
            await self._begin(moment, SnapshotReason.PAST)
        except (MomentError, HistoryUnavailable) as error:
            self._showing.send(messages.error(*reason_of(error)))
        if self._seek_to is text:
            self._seek_to = None
            self._report()

    async def _look_ahead(self) -> bool:
        """Read on; tell whether there is anything more by now."""
        self._ahead.extend(await self._walk.page())
        return bool(self._ahead)

    async def _go_on(self, step: Step) -> None:
        """Show what comes next, or wait until it is due, or until something else is to be done."""
        seconds = self._playback.seconds_until(time_of(step), self._clock())
        if seconds != 0:
            await self._wait(seconds)
        elif isinstance(step, Entry):
            await self._show_entries()
        elif isinstance(step, Jump):
            await self._jump(step.entry)
        else:
            self._ahead.popleft()
            self._showing.send(messages.gap(step, restricted=self._showing.viewer.view.rights.restricted))

    async def _show_entries(self) -> None:
        """Show the events that are due, some at a time."""
        entries = list(self._due_entries())
        await self._showing.add(entries)
        self._playback = self._playback.shown(entries[-1].mark.time, self._clock())
        await asyncio.sleep(len(entries) / MOST_EVENTS_A_SECOND)

    def _due_entries(self) -> Iterator[Entry]:
        for _ in range(_CHUNK):
            step = self._ahead[0] if self._ahead else None
            if not isinstance(step, Entry) or self._playback.seconds_until(step.mark.time, self._clock()) != 0:
                return
            self._ahead.popleft()
            yield step

    async def _jump(self, entry: Entry) -> None:
        """Show the map of an entry that does not follow from what was shown, if that can be had."""
        try:
            await self._showing.show(Moment(entry.mark.time, entry.position, entry), SnapshotReason.GAP)
        except NotKept:
            self._ahead = deque(self._walk.lose(islice(self._ahead, 1, None)))
        else:
            self._ahead.popleft()
            self._playback = self._playback.shown(entry.mark.time, self._clock())

    def _finish(self) -> None:
        """Let the viewer know that this is the end, or that what follows is the present."""
        self._showing.send(messages.end(self._to.time) if self._to else messages.live(self._now(), self.cursor))

    def _seconds_left(self) -> float | None:
        return self._playback.seconds_until(self._to.time if self._to else self._now(), self._clock())

    async def _wait(self, *seconds: float | None) -> None:
        """Wait until the first of ``seconds`` is over, or something is asked of the play; send heartbeats."""
        beat_at = self._showing.wrote_at + HEARTBEAT_SECONDS
        limits = [beat_at - self._clock(), *(one for one in seconds if one is not None)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, min(limits))):
                await self._changed.wait()
        if self._clock() >= beat_at:
            at = self._playback.moment(self._clock())
            self._showing.send(messages.past_heartbeat(self.cursor, self._now(), at))
