"""The feed of problems: what is wrong, as viewers are sent it: all of it at first, then every change.

Viewers with equal rights and one language share what is looked at and encoded, once a second.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from livingmap.access.denied import INVALID, UNAUTHENTICATED, Denied
from livingmap.access.view import Rights, View
from livingmap.core.language import preferred
from livingmap.problems.in_words import LANGUAGES
from livingmap.problems.open_problems import OpenProblems
from livingmap.state.reader import MapReader
from livingmap.stream import frames
from livingmap.stream.heartbeats import HEARTBEAT_SECONDS, UNREAD_SECONDS
from livingmap.stream.hub import Hub
from livingmap.stream.problem_listing import ProblemListing
from livingmap.stream.viewer import MOST_UNSENT_BYTES, Viewer, gives_up

LOOK_SECONDS: Final = 1.0
_REST: Final = 20
"""The pause after a look is so many times as long as the look took."""
_OF_THE_MAP: Final = frozenset({"layers", "from", "to", "speed"})
"""Parameters that mean nothing here."""

_logger = structlog.get_logger(__name__)


def asked_language(query: Mapping[str, str], accepted: str, rights: Rights) -> str | None:
    """Return in which language a query asks for the feed of problems; None if it asks for the map.

    ``accepted`` is the header Accept-Language, which a page cannot set for a WebSocket: ``lang`` takes precedence.
    Raises Denied.
    """
    match query.get("feed"):
        case None | "map":
            return None
        case "problems":
            if stray := [name for name in query if name in _OF_THE_MAP]:
                raise Denied(INVALID, f"{' and '.join(stray)}: the feed of problems has nothing of the kind")
            if rights.summary:
                raise Denied(UNAUTHENTICATED, "without a token only counts are shown, in the feed of the map")
            return preferred(query.get("lang", accepted), LANGUAGES)
        case other:
            raise Denied(INVALID, f"feed: no such feed {other!r} (there are: map, problems)")


class ProblemFeed:
    """Sends viewers what is wrong; for their sessions it is what the hub is for those of the map."""

    def __init__(self, hub: Hub, reader: MapReader, problems: OpenProblems) -> None:
        self._hub = hub
        self._reader = reader
        self._problems = problems
        self._viewers: dict[Viewer, ProblemListing] = {}
        """Each with its listing, which viewers with equal rights and one language share."""
        self._behind: dict[Viewer, float] = {}
        """Since when viewers lack something, as they read too slowly."""

    async def run(self) -> None:
        """Look for changes until cancelled; the more rarely, the longer it takes to look."""
        seconds = 0.0
        while True:
            await asyncio.sleep(max(LOOK_SECONDS, _REST * seconds))
            seconds = 0.0
            for listing in dict.fromkeys(self._viewers.values()):
                began = self._now()
                self._renew(listing)
                seconds += self._now() - began
                await asyncio.sleep(0)

    @property
    def viewers(self) -> int:
        """How many viewers there are."""
        return len(self._viewers)

    # viewers

    def join(self, viewer: Viewer, language: str) -> None:
        """Add a viewer, and send it what is wrong now."""
        self._hub.visit(viewer, plays=False)
        self._place(viewer, language)

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer. May be called again."""
        self._hub.leave(viewer)
        self._behind.pop(viewer, None)
        self._viewers.pop(viewer, None)

    def send(self, viewer: Viewer, message: bytes) -> None:
        """Send one viewer a message of its own."""
        self._write(viewer, frames.framed(viewer.sink.framing, message))

    def change_view(self, viewer: Viewer, view: View) -> None:
        """Let a viewer see ``view`` from now on, and send it all that is wrong there."""
        viewer.view = view
        listing = self._viewers.pop(viewer, None)
        if listing is not None:
            self._place(viewer, listing.language)

    def _place(self, viewer: Viewer, language: str) -> None:
        key = viewer.view.rights, language
        listing = next((one for one in self._viewers.values() if one.key == key), None)
        if listing is None:
            listing = ProblemListing(*key, self._reader, self._problems)
        self._viewers[viewer] = listing
        self._send_all(viewer, listing)

    # changes

    def _renew(self, listing: ProblemListing) -> None:
        """Send the viewers of a listing what has changed. What cannot be looked at is looked at again later."""
        try:
            changes = listing.changes()
        except Exception:
            _logger.exception("viewers of problems are sent nothing new")
            return
        for viewer in [viewer for viewer, own in self._viewers.items() if own is listing]:
            with gives_up(viewer, self.leave):
                self._send_new(viewer, listing, changes)

    def _send_new(self, viewer: Viewer, listing: ProblemListing, changes: Sequence[bytes] | None) -> None:
        if viewer in self._behind or viewer.sink.unsent() > viewer.most_unsent:
            self._let_wait(viewer, listing)
        elif changes is None:
            self._send_all(viewer, listing)
        elif changes:
            self._write(viewer, b"".join(frames.framed(viewer.sink.framing, change) for change in changes))
        elif self._now() - viewer.wrote_at >= HEARTBEAT_SECONDS * 2 / 3:
            self._send_heartbeat(viewer)

    def _let_wait(self, viewer: Viewer, listing: ProblemListing) -> None:
        """Send a viewer that reads slowly everything once it has read; give up one that reads nothing."""
        since = self._behind.setdefault(viewer, self._now())
        if viewer.sink.unsent() <= MOST_UNSENT_BYTES:
            del self._behind[viewer]
            self._send_all(viewer, listing)
        elif self._now() - since >= UNREAD_SECONDS:
            self.leave(viewer)
            viewer.sink.give_up()

    def _send_all(self, viewer: Viewer, listing: ProblemListing) -> None:
        message = frames.framed(viewer.sink.framing, listing.all())
        viewer.most_unsent = MOST_UNSENT_BYTES + len(message)
        self._write(viewer, message)

    def _send_heartbeat(self, viewer: Viewer) -> None:
        progress, rights = self._reader.progress, viewer.view.rights
        collisions = self._reader.collisions(rights)
        framing, here = viewer.sink.framing, progress.position
        self._write(viewer, self._hub.encoder.heartbeat(here, framing, viewer.view, progress, collisions))

    def _write(self, viewer: Viewer, data: bytes) -> None:
        viewer.wrote_at = self._now()
        viewer.sink.write(data)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
