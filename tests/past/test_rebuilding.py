"""Rebuilding: a few at once, each for a limited time, from whatever leads there soonest."""

import asyncio
from datetime import timedelta

import pytest

from livingmap.core.model import Position
from livingmap.core.redaction import Redaction
from livingmap.core.scene import Scene
from livingmap.history import State
from livingmap.history.changes import encoded
from livingmap.history.memory import MemoryHistory
from livingmap.history.state import packed_layers
from livingmap.past.past_scene import PastScene
from livingmap.past.rebuilding import PastBusy, Rebuilding, Turns
from tests.history.making import NOON, entry


def put(**fields):
    place = {"layer": "agents", "collection": "items", "id": "agent:a"}
    return encoded([{"op": "put", **place, "set": fields, "unset": [], "was": {}}])


class Counting(MemoryHistory):
    """A history that counts what is asked of it, and answers when it may."""

    def __init__(self):
        super().__init__()
        self.states = 0
        self.free = asyncio.Event()
        self.free.set()

    async def state_before(self, position):
        self.states += 1
        await self.free.wait()
        return await super().state_before(position)


@pytest.fixture
async def history():
    one = Counting()
    layers = {"agents": {"items": [{"id": "agent:a", "secret": "x", "number": 0}]}}
    await one.write([entry(seq, previous=seq - 1, changes=put(number=seq)) for seq in range(1, 3001)])
    await one.write_state(State(Position("e1", 1), NOON, NOON, packed_layers(layers, [], ["agents"])))
    return one


def rebuilding(history, **turns):
    scene, redaction = Scene(()), Redaction()
    return Rebuilding(history, lambda content: PastScene.of(scene, redaction, content), Turns(**turns))


def number(rebuilt):
    return rebuilt.scene.items("agents", "items")["agent:a"]["number"]


async def test_a_moment_near_one_that_was_rebuilt_is_made_from_that(history):
    begun, scene, redaction = [], Scene(()), Redaction()

    def scene_of(content):
        begun.append(content)
        return PastScene.of(scene, redaction, content)

    one = Rebuilding(history, scene_of, Turns())
    assert [number(await one.at(Position("e1", seq))) for seq in (1, 1500, 2999, 700, 1500)] == [
        0,
        1500,
        2999,
        700,
        1500,
    ]
    assert len(begun) == 1
    assert (await one.at(Position("e1", 2999))).missing == ()


async def test_what_nobody_may_see_today_is_in_no_moment(history):
    rebuilt = await rebuilding(history).at(Position("e1", 5))
    assert rebuilt.scene.items("agents", "items") == {"agent:a": {"number": 5}}


async def test_no_state_leads_to_a_moment_of_another_epoch(history):
    assert await rebuilding(history).at(Position("e2", 5)) is None


async def test_a_moment_that_takes_too_long_is_given_up(history):
    history.free.clear()
    one = rebuilding(history, seconds=0.01)
    with pytest.raises(PastBusy):
        await one.at(Position("e1", 5))
    history.free.set()
    assert number(await rebuilding(history).at(Position("e1", 5))) == 5


async def test_so_many_are_rebuilt_at_once_and_the_others_wait(history):
    history.free.clear()
    one = rebuilding(history, most=2)
    asking = [asyncio.create_task(one.at(Position("e1", seq))) for seq in (10, 20, 30, 40)]
    async with asyncio.timeout(120):
        while history.states < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        assert history.states == 2
        history.free.set()
        assert [number(rebuilt) for rebuilt in await asyncio.gather(*asking)] == [10, 20, 30, 40]


async def test_changes_that_were_not_kept_are_a_gap(history):
    await history.write([entry(3001, previous=3000), entry(3002, previous=3001, changes=put(number=2))])
    rebuilt = await rebuilding(history).at(Position("e1", 3002))
    (missing,) = rebuilt.missing
    assert (missing.reason, missing.events) == ("how the map changed then was not kept", None)
    assert number(rebuilt) == 2


async def test_a_damaged_state_is_passed_over(history):
    later = NOON + timedelta(seconds=2000)
    await history.write_state(State(Position("e1", 2000), later, later, b"nonsense"))
    rebuilt = await rebuilding(history).at(Position("e1", 2500))
    assert (number(rebuilt), rebuilt.missing) == (2500, ())


async def test_a_state_says_more_than_the_changes_up_to_it(history):
    one = rebuilding(history)
    assert (await one.at(Position("e1", 1500))).scene.filled_layers == {"agents"}
    layers = {"agents": {"items": [{"id": "agent:a", "number": 1600}]}, "city": {}}
    later = NOON + timedelta(seconds=1600)
    await history.write_state(
        State(Position("e1", 1600), later, later, packed_layers(layers, [], ["agents", "city"]))
    )
    assert (await one.at(Position("e1", 1700))).scene.filled_layers == {"agents", "city"}
