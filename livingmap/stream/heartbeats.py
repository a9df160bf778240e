"""Heartbeats: what viewers get while nothing happens, and the end of those that read nothing."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from livingmap.core.model import Fields
from livingmap.stream.hub import Hub
from livingmap.stream.viewer import MOST_UNSENT_BYTES, Viewer, gives_up

HEARTBEAT_SECONDS: Final = 15.0
UNREAD_SECONDS: Final = 60.0


class Heartbeats:
    """Checks every viewer of ``hub`` again and again. Build it inside a running event loop."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Check the viewers until cancelled; let them know at once what a heartbeat says anew.

        That is when the log is lost, when it is back, and which ids several entities claim.
        """
        previous = self._news()
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS / 3)
            now, news = self._loop.time(), self._news()
            has_changed, previous = news != previous, news
            for viewer in self._hub.watching():
                with gives_up(viewer, self._hub.leave):
                    self._check(viewer, now)
                    if has_changed and not viewer.is_behind:
                        self._hub.send_heartbeat(viewer)

    def _news(self) -> tuple[datetime | None, Sequence[Fields]]:
        return self._hub.standing_still_since, self._hub.collisions

    def _check(self, viewer: Viewer, now: float) -> None:
        if viewer.is_behind:
            self._check_reading(viewer, now)
            return
        viewer.unread = 0
        if viewer.sink.unsent() <= MOST_UNSENT_BYTES:  # it has what it started from
            viewer.most_unsent = MOST_UNSENT_BYTES
        if viewer.wrote_at <= now - HEARTBEAT_SECONDS * 2 / 3:
            self._hub.send_heartbeat(viewer)

    def _check_reading(self, viewer: Viewer, now: float) -> None:
        """Give up a viewer that has read nothing for a minute; one that reads slowly goes on."""
        unread = viewer.sink.unsent()
        if unread <= MOST_UNSENT_BYTES:  # the event loop may not have reported it
            self._hub.drained(viewer)
        elif not viewer.unread or unread < viewer.unread:
            viewer.unread_since = now
        elif now - viewer.unread_since >= UNREAD_SECONDS:
            self._hub.leave(viewer)
            viewer.sink.give_up()
        viewer.unread = unread
