"""The message with a snapshot, which many viewers may need at once."""

import datetime as dt

from livingmap.access.view import View
from livingmap.core.model import Position
from livingmap.stream.encoder import Encoder
from livingmap.stream.frames import Framing

VIEW = View(("agents",))
HERE = Position("a1", 7)


class Clock:
    def __init__(self):
        self.now = dt.datetime(2026, 1, 2, 3, 4, 5, 600_000, dt.UTC)

    def __call__(self):
        return self.now


def test_viewers_that_come_within_a_second_share_the_bytes_of_a_snapshot():
    clock, bodies = Clock(), [b'{"layers":{}}']
    encoder = Encoder(None, lambda _: bodies[-1], lambda: b"key", clock)

    def message(reason="connect", position=HERE, framing=Framing.EVENTS):
        return encoder.snapshot(reason, position, framing, VIEW)

    first = message()
    assert message() is first
    clock.now += dt.timedelta(milliseconds=300)
    assert message() is first
    others = [
        message(reason="slow"),
        message(position=Position("a1", 8)),
        message(framing=Framing.WEBSOCKET),
    ]
    bodies.append(b'{"layers":{"agents":{}}}')
    others.append(message())
    clock.now += dt.timedelta(seconds=1)
    others.append(message())
    assert len({first, *others}) == 6
