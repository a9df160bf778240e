"""Plays: who is shown the past, how many there may be, and how a play that comes to the present goes on."""

from collections.abc import Mapping
from typing import Final

from livingmap.access.denied import TOO_MANY_PLAYS, Denied
from livingmap.history import History
from livingmap.past.past import Past
from livingmap.state.reader import MapReader
from livingmap.stream.catch_up import CatchUp
from livingmap.stream.hub import Hub
from livingmap.stream.play import Play
from livingmap.stream.session import Session
from livingmap.stream.showing import Reads, Showing
from livingmap.stream.stretch import Stretch
from livingmap.stream.viewer import Viewer

MOST_PLAYS: Final = 20
_RETRY_SECONDS: Final = 5


class Plays:
    """Shows viewers the ``past``, and has them join ``hub`` where it ends."""

    def __init__(self, past: Past, history: History, reader: MapReader, hub: Hub) -> None:
        self._past = past
        self._history = history
        self._reader = reader
        self._hub = hub

    async def asked(self, query: Mapping[str, str], cursor: str | None) -> Stretch | None:
        """Return what a client wants to be shown of the past; None if it is the present.

        Raises MomentError, HistoryUnavailable, and Denied if there are too many already.
        """
        stretch = await Stretch.asked(self._past.moments, query, cursor)
        if stretch is not None and self._hub.visitors >= MOST_PLAYS:
            raise Denied(
                TOO_MANY_PLAYS, f"{MOST_PLAYS} plays of the past are open; close one first", _RETRY_SECONDS
            )
        return stretch

    def begin(self, stretch: Stretch, viewer: Viewer, session: Session, reads: Reads) -> Play:
        """Return the play of a viewer, which `show` has yet to show."""
        showing = Showing(self._past, self._reader, self._hub.encoder, viewer, reads, stretch.start.entry)
        play = Play(stretch, showing, self._history, self._past.moments, self._reader.now)
        session.sender = play
        self._hub.visit(viewer)
        return play

    async def show(self, play: Play, viewer: Viewer, session: Session, reads: Reads) -> bool:
        """Show a play; tell whether it is over. If not, the viewer sees what happens now.

        Raises MomentError and HistoryUnavailable if it cannot begin.
        """
        await play.run()
        if play.is_closed:
            return True
        view = viewer.view
        catch_up = CatchUp(self._hub, self._history, view, play.cursor)
        async for page in catch_up.pages(viewer.sink.framing):
            if viewer.view != view:  # the hub sends a snapshot
                break
            viewer.sink.write(page)
            await reads()
        session.sender = self._hub
        self._hub.take_in(viewer, catch_up.cursor)
        return False
