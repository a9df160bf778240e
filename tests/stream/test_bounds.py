"""Every bound of the stream at its edge: what still fits, and what is one too many."""

import pytest

from livingmap.access.view import WHOLE, View
from livingmap.core.fold import Folded
from livingmap.core.model import Event, Position, Put
from livingmap.history import Entry
from livingmap.stream.catch_up import CatchUp
from livingmap.stream.frames import Framing
from livingmap.stream.replay_buffer import ReplayBuffer
from tests.stream.rig import NOW, ListSink, Rig

START = Position("first", 0)
MIB = 1024 * 1024


def events(count, *, size=0, changes=()):
    return [
        Folded(Event(Position("first", seq), "a.b", {}, NOW, size=size), changes) for seq in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("fitting", "one_more"),
    [
        (events(20_000), Folded(Event(Position("first", 20_001), "a.b", {}, NOW))),
        (
            events(2, changes=(Put("agents", "agent:a"),) * 25_000),
            Folded(Event(Position("first", 3), "a.b", {}, NOW), (Put("agents", "agent:a"),)),
        ),
        (events(64, size=MIB), Folded(Event(Position("first", 65), "a.b", {}, NOW, size=1))),
    ],
    ids=["20,000 events", "50,000 changes", "64 MiB"],
)
def test_memory_reaches_back_as_far_as_its_bounds_allow(fitting, one_more):
    replay = ReplayBuffer(START)
    for folded in fitting:
        replay.keep(folded)
    assert replay.reaches(START)
    assert replay.after(0) == fitting
    replay.keep(one_more)
    assert not replay.reaches(START)
    assert replay.reaches(Position("first", 1))
    assert replay.after(1) == [*fitting[1:], one_more]


def test_memory_does_not_reach_into_another_epoch():
    replay = ReplayBuffer(START)
    assert not replay.reaches(Position("second", 1))
    replay.begin(Position("second", 1))
    assert replay.reaches(Position("second", 1))


class EndlessHistory:
    """A history in which something happened at every position."""

    async def entries_after(self, position, limit):
        return [
            Entry(Position(position.epoch, seq + 1), "a.b", {}, NOW, previous=seq, changes=b"[]")
            for seq in range(position.seq, position.seq + limit)
        ]


async def test_the_history_brings_back_up_to_100_000_events():
    rig, near = Rig(100_001), Rig(100_000)
    catch_up = CatchUp(rig.hub, EndlessHistory(), WHOLE, rig.cursor(START))
    pages = [len(page) async for page in catch_up.pages(Framing.WEBSOCKET)]
    assert (len(pages), catch_up.cursor) == (200, rig.cursor(Position("first", 100_000)))
    sinks = ListSink(), ListSink()
    near.hub.join(sinks[0], WHOLE, catch_up.cursor)
    rig.hub.join(sinks[1], WHOLE, catch_up.cursor)
    assert (sinks[0].kinds, sinks[1].kinds) == ([], ["snapshot"])


async def test_the_history_is_not_asked_for_what_memory_has():
    rig = Rig()
    rig.happen(Put("agents", "agent:a", {"x": 1}))
    catch_up = CatchUp(rig.hub, EndlessHistory(), WHOLE, rig.cursor(START))
    assert [page async for page in catch_up.pages(Framing.WEBSOCKET)] == []
    assert catch_up.cursor == rig.cursor(START)


@pytest.mark.parametrize("view", [View(("city",)), None])
async def test_the_history_is_not_asked_about_a_cursor_that_is_not_of_the_view(view):
    rig = Rig(10)
    cursor = rig.cursor(START, view) if view else None
    catch_up = CatchUp(rig.hub, EndlessHistory(), WHOLE, cursor)
    assert [page async for page in catch_up.pages(Framing.WEBSOCKET)] == []
    assert catch_up.cursor == cursor
