"""What many viewers may need at once, and is made once: the message with a snapshot, and what all have missed."""

import datetime as dt

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.model import Event, Position
from livingmap.stream import encoder as encoding
from livingmap.stream import messages
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


class All:
    """Shows everything to everybody."""

    def visible(self, folded, rights):
        return folded


class Encodings:
    """Counts how many events are encoded by an encoder of ``key``."""

    def __init__(self, monkeypatch, key=lambda: b"key"):
        self.encoder = Encoder(All(), lambda _: b"{}", key, Clock())
        self.count = 0
        self._event = messages.event
        monkeypatch.setattr(messages, "event", self._counted)

    def _counted(self, *arguments):
        self.count += 1
        return self._event(*arguments)

    def of(self, events, framing=Framing.WEBSOCKET, view=VIEW):
        return self.encoder.events(events, framing, view)


def events(count, payload="x"):
    made_at = Clock().now
    return [Folded(Event(Position("a1", seq), "a.b", {"text": payload}, made_at)) for seq in range(1, count + 1)]


def test_viewers_that_come_back_together_share_what_each_of_them_has_missed(monkeypatch):
    counted, missed, view = Encodings(monkeypatch), events(100), View()
    whole = counted.of(missed, view=view)
    for start in range(100):
        assert whole.endswith(counted.of(missed[start:], view=view))
        counted.of(missed[start:], Framing.EVENTS, view)
    assert counted.count == 100
    counted.of(missed, view=View(("agents",)))
    assert counted.count == 200


def test_an_event_is_encoded_anew_when_it_or_the_key_is_another(monkeypatch):
    keys = [b"own"]
    counted, [old], [new] = Encodings(monkeypatch, lambda: keys[-1]), events(1), events(1, "y")
    sent = {counted.of([old], view=View()), counted.of([new], view=View())}
    keys.append(b"shared")
    sent.add(counted.of([new], view=View()))
    assert len(sent) == counted.count == 3


def test_what_is_kept_of_encoded_events_is_bounded(monkeypatch):
    monkeypatch.setattr(encoding, "MOST_BYTES", 10_000)
    counted, large = Encodings(monkeypatch), events(30, "x" * 1000)
    for _ in range(2):
        counted.of(large, view=View())
    assert counted.count == 60
    counted.of(large[-5:], view=View())
    assert counted.count == 60
