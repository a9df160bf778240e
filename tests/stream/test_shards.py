"""Viewers are written to in shards, some at a time, and each shard has ticks of its own."""

import asyncio
from collections import Counter

from livingmap.access.view import WHOLE
from livingmap.core.model import Put
from tests.stream.rig import ListSink, Rig, position

MOST = 200
"""So many viewers are written to in one iteration of the event loop."""


class Iterations:
    """Counts the iterations of the event loop."""

    def __init__(self):
        self.count = 0
        self._loop = asyncio.get_running_loop()
        self._handle = self._loop.call_soon(self._next)

    def _next(self):
        self.count += 1
        self._handle = self._loop.call_soon(self._next)

    def stop(self):
        self._handle.cancel()


class TimedSink(ListSink):
    """Notes in which iteration of the event loop it is written to, and does not look at what."""

    def __init__(self, iterations):
        super().__init__()
        self.iterations = iterations
        self.written = []

    def write(self, data):
        self.written.append(self.iterations.count)


def happen(rig, number):
    rig.happen(Put("agents", "agent:one", {"number": number}))


def sequences(sink):
    return [position(message).seq for message in sink.sent if message["kind"] == "event"]


async def test_everybody_gets_everything_once_and_in_order_whenever_it_comes_and_goes():
    rig = Rig()
    sinks = [ListSink() for _ in range(2 * MOST + 50)]
    viewers = [rig.hub.join(sink, WHOLE) for sink in sinks]
    late, gone = [], viewers[:MOST:3]
    for number in range(1, 61):
        happen(rig, number)
        if number % 7 == 0:
            await asyncio.sleep(0.01)
        if number == 20:
            late = [ListSink() for _ in range(100)]
            for sink in late:
                rig.hub.join(sink, WHOLE)
        if number == 40:
            for viewer in gone:
                rig.hub.leave(viewer)
    await rig.settle()
    stayed = [viewer.sink for viewer in viewers if viewer not in set(gone)]
    assert [sequences(sink) for sink in stayed] == [list(range(1, 61))] * len(stayed)
    assert [sequences(sink) for sink in late] == [list(range(21, 61))] * len(late)
    for viewer in gone:
        seen = sequences(viewer.sink)
        assert seen == list(range(1, len(seen) + 1))
        assert len(seen) <= 40
    assert rig.hub.viewers == len(stayed) + len(late)


async def test_no_iteration_of_the_loop_writes_to_more_than_one_shard():
    rig = Rig()
    iterations = Iterations()
    sinks = [TimedSink(iterations) for _ in range(3 * MOST)]
    for sink in sinks:
        rig.hub.join(sink, WHOLE)
    for sink in sinks:
        sink.written.clear()
    happen(rig, 1)
    await rig.settle()
    iterations.stop()
    assert all(len(sink.written) == 1 for sink in sinks)
    assert [*Counter(sink.written[0] for sink in sinks).values()] == [MOST] * 3


async def test_who_comes_takes_the_place_of_who_went():
    rig = Rig()
    iterations = Iterations()
    viewers = [rig.hub.join(TimedSink(iterations), WHOLE) for _ in range(2 * MOST)]
    for viewer in viewers[:10]:
        rig.hub.leave(viewer)
    stayed = viewers[10:] + [rig.hub.join(TimedSink(iterations), WHOLE) for _ in range(10)]
    for viewer in stayed:
        viewer.sink.written.clear()
    happen(rig, 1)
    await rig.settle()
    iterations.stop()
    assert [*Counter(viewer.sink.written[0] for viewer in stayed).values()] == [MOST] * 2


async def test_of_a_shard_that_everybody_has_left_nothing_is_awaited():
    rig = Rig()
    viewers = [rig.hub.join(ListSink(), WHOLE) for _ in range(MOST + 1)]
    happen(rig, 1)
    for viewer in viewers:
        rig.hub.leave(viewer)
    assert rig.hub.is_idle
    sink = ListSink()
    rig.hub.join(sink, WHOLE)
    happen(rig, 2)
    await rig.settle()
    assert sequences(sink) == [2]


class BrokenSink(ListSink):
    """Fails at the first event."""

    def write(self, data):
        super().write(data)
        if "event" in self.kinds:
            raise OSError("broken")


async def test_what_fails_in_one_shard_is_not_the_end_of_the_others(monkeypatch):
    rig, failures = Rig(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    rig.hub.join(BrokenSink(), WHOLE)
    sinks = [ListSink() for _ in range(MOST + 10)]
    viewers = [rig.hub.join(sink, WHOLE) for sink in sinks]

    def fail(_):
        raise LookupError("nobody of that name")

    monkeypatch.setattr(rig.scenes, "leave", fail)
    happen(rig, 1)
    await rig.settle()
    happen(rig, 2)
    await rig.settle()
    assert [type(failure) for failure in failures] == [LookupError]
    other = [viewer.sink for viewer in viewers[MOST - 1 :]]
    assert [sequences(sink) for sink in other] == [[1, 2]] * len(other)
    assert all(sequences(sink)[-1:] == [2] for sink in sinks)
