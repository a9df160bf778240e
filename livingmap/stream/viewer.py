"""A viewer of the stream, and the sink through which it is sent what it gets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Protocol

import structlog

from livingmap.access.view import View
from livingmap.stream.frames import Framing
from livingmap.stream.messages import SnapshotReason

_logger = structlog.get_logger(__name__)

MOST_UNSENT_BYTES: Final = 256 * 1024
"""A viewer for which more waits is behind, unless it has just been sent a large snapshot or all it missed."""


class Sink(Protocol):
    """The connection of one viewer."""

    framing: Framing

    def write(self, data: bytes) -> None:
        """Send ``data`` without waiting; discard it if the viewer has gone."""

    def unsent(self) -> int:
        """Return how many bytes wait for the viewer to read them."""

    def end(self) -> None:
        """Close the connection once everything that was written is sent."""

    def give_up(self) -> None:
        """Close the connection of a viewer that reads nothing, and discard what waits for it."""


class Viewer:
    """A client of the stream: what it asked for, and how far it has come."""

    __slots__ = (
        "awaited",
        "epoch",
        "is_behind",
        "last_seq",
        "most_unsent",
        "sink",
        "unread",
        "unread_since",
        "view",
        "wrote_at",
    )

    def __init__(self, sink: Sink, view: View) -> None:
        self.sink = sink
        self.view = view
        self.epoch = ""
        """The epoch of ``last_seq``."""
        self.last_seq = -1
        """The last event that the viewer was sent."""
        self.awaited: SnapshotReason | None = None
        """Why it is to be sent a snapshot once this process is at ``last_seq``, which it has from another one."""
        self.is_behind = False
        """Whether it reads so slowly that it is sent nothing until it has read: of what it misses, only
        ``last_seq`` says where that begins."""
        self.most_unsent = MOST_UNSENT_BYTES
        """The viewer is behind when more bytes than that wait for it."""
        self.wrote_at = 0.0
        self.unread = 0
        """How many bytes waited for it at the last check; since ``unread_since`` they have not become fewer."""
        self.unread_since = 0.0


@contextmanager
def gives_up(viewer: Viewer, leave: Callable[[Viewer], None]) -> Iterator[None]:
    """Have a viewer leave to which something cannot be sent: whatever is wrong with one, the others go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - as above
        give_up(viewer, leave, error)


def give_up(viewer: Viewer, leave: Callable[[Viewer], None], error: Exception) -> None:
    """Have a viewer leave because of an error, and close its connection."""
    _logger.warning("a viewer was given up", exc_info=error)
    leave(viewer)
    with suppress(Exception):
        viewer.sink.give_up()
