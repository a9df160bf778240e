"""Showing: what one viewer has been sent of the past, and how more is sent to it, as fast as it reads."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final, TypeAlias

from livingmap.history import Entry
from livingmap.past.following import Following
from livingmap.past.moment import Moment
from livingmap.past.past import Past, Shown
from livingmap.state.reader import MapReader
from livingmap.stream import frames, messages
from livingmap.stream.encoder import Encoder
from livingmap.stream.messages import SnapshotReason
from livingmap.stream.viewer import Viewer

UNREAD_SECONDS: Final = 60.0
"""How long a viewer may read nothing before it is given up."""
_CHECK_SECONDS: Final = 1.0

Reads: TypeAlias = Callable[[], Awaitable[object]]
"""Waits until a viewer has read most of what was sent."""


class Showing:
    """Shows ``viewer`` moments of ``past``, and the entries after them, by what ``reader`` shows of today."""

    def __init__(
        self, past: Past, reader: MapReader, encoder: Encoder, viewer: Viewer, reads: Reads, start: Entry
    ) -> None:
        self.viewer = viewer
        self.last = start
        """The entry up to which the viewer has been shown everything."""
        self.wrote_at = 0.0
        """When something was sent, by the event loop's clock."""
        self._past = past
        self._reader = reader
        self._encoder = encoder
        self._reads = reads
        self._clock = asyncio.get_running_loop().time
        self._following: Following | None = None
        self._checked_at = 0.0

    @property
    def cursor(self) -> str:
        """The cursor of what was shown last."""
        return self._encoder.cursor(self.last.position, self.viewer.view)

    @property
    def is_allowed(self) -> bool:
        """Whether nothing of what is shown has been hidden meanwhile, as far as that was looked at."""
        now = self._clock()
        if self._following is None or now - self._checked_at < _CHECK_SECONDS:
            return True
        self._checked_at = now
        return self._following.is_current

    def send(self, message: bytes) -> None:
        """Send a message of its own."""
        self._write(frames.framed(self.viewer.sink.framing, message))

    async def show(self, moment: Moment, reason: SnapshotReason) -> Shown:
        """Send the snapshot of a moment. What raises leaves everything as it was."""
        while True:
            view = self.viewer.view
            shown = await self._past.shown(moment, view.rights)
            body = await self._past.snapshot(shown, view)
            following = await Following.begin(self._reader, shown.rebuilt, view.rights)
            if self.viewer.view == view:  # else it may see less by now
                break
        self._following, self.last = following, moment.entry
        field, cursor = self._encoder.snapshot_field, self.cursor
        message = messages.snapshot(body, reason, cursor, moment.time, field)
        self._write(frames.framed(self.viewer.sink.framing, message, cursor))
        await self._read()
        return shown

    async def add(self, entries: Sequence[Entry]) -> None:
        """Send the events of the entries that follow."""
        self._write(frames.joined(self.viewer.sink.framing, self._messages(entries)))
        self.last = entries[-1]
        await self._read()

    def _messages(self, entries: Sequence[Entry]) -> Iterator[tuple[bytes, str]]:
        assert self._following is not None  # noqa: S101 - a snapshot comes first
        view = self.viewer.view
        for entry in entries:
            visible, cursor = self._following.visible(entry), self._encoder.cursor(entry.position, view)
            if visible and (message := messages.event_of_past(visible.entry, visible.changes, cursor, view)):
                yield message, cursor

    def _write(self, data: bytes) -> None:
        if data:
            self.wrote_at = self._clock()
            self.viewer.sink.write(data)

    async def _read(self) -> None:
        """Wait for the viewer to read; give it up if it does not."""
        try:
            async with asyncio.timeout(UNREAD_SECONDS):
                await self._reads()
        except TimeoutError:
            self.viewer.sink.give_up()
            await asyncio.Event().wait()  # the end of its connection ends the play
