"""A hub over a real fold, without a server: the viewers' sinks are lists."""

from datetime import UTC, datetime
from json import loads

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import WHOLE
from livingmap.core.cursor import Cursor
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Event, Position
from livingmap.core.progress import Progress
from livingmap.core.source import Layer, Source
from livingmap.stream.frames import Framing, unframed
from livingmap.stream.hub import Hub
from tests.support.nats_server import until

NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = b"key"
SOURCE = Source("red", "red-service", object, (Layer("agents", "items"), Layer("city", "items")))


class ListSink:
    """The sink of a viewer for which ``waiting`` bytes wait."""

    framing = Framing.WEBSOCKET

    def __init__(self, waiting=0):
        self.waiting = waiting
        self.sent = []
        self.given_up = False
        self.checks = 0

    def write(self, data):
        self.sent += map(loads, unframed(data))

    def unsent(self):
        self.checks += 1
        return self.waiting

    def end(self):
        pass

    def give_up(self):
        self.given_up = True

    @property
    def kinds(self):
        return [message["kind"] for message in self.sent]


class Rig:
    """A log that is live, its fold and its hub. ``snapshot`` makes the body of a view's snapshot."""

    def __init__(self, seq=0, snapshot=None):
        self.progress = Progress(Position("first", seq))
        self.progress.aim(seq)
        self.fold = Fold([SOURCE])
        self.scenes = FilteredScenes(self.fold, [SOURCE], (), self.progress.here)
        self.snapshot = b"{}"
        self.collisions = []
        self.hub = Hub(
            self.scenes,
            self.progress,
            snapshot or (lambda _: self.snapshot),
            lambda: KEY,
            lambda: NOW,
            collisions=lambda _: self.collisions,
        )

    def happen(self, *changes):
        """Log the changes of one poll, fold them, and let the hub have them."""
        here = self.progress.position
        message = refreshed("red", here.seq, changes)
        self.progress.begin(Position(here.epoch, here.seq + 1), here.seq + 1)
        event = Event(self.progress.position, message.type, message.payload, NOW)
        self.hub.on_entry(self.fold.apply(event), here.seq)

    async def settle(self):
        """Return when viewers have been sent everything that happened."""
        await until(lambda: self.hub.is_idle)

    def cursor(self, position, view=WHOLE):
        return self.hub.encoder.cursor(position, view)


def position(message):
    """Return the position that the cursor of a message names."""
    return Cursor.decode(message["cursor"], KEY).position
