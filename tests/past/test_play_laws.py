"""The law of plays: whatever becomes of the map meanwhile, a play shows what a client that watched then held."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from livingmap.client import Replica, layers_of
from livingmap.core.cursor import revealed
from livingmap.history.memory import MemoryHistory
from tests.past.life import Life, canonical
from tests.stream.conftest import served


@pytest.mark.parametrize("seed", range(3))
async def test_a_play_over_a_restart_shows_every_state_that_a_client_held(tmp_path, seed):
    life, shown, seen, states = Life(tmp_path, seed, MemoryHistory()), Replica(), [], {}
    async with life.run():
        await life.live(25)
    async with life.run():  # its log begins anew
        await life.live(25)
        start, end = life.watched[0].time, life.watched[-1].time
        query = f"from={start.isoformat()}&to={end.isoformat()}&speed=max".replace("+", "%2B")
        async with (
            served(life.living) as address,
            connect(f"ws://{address}/living-map/stream?{query}", max_size=None) as socket,
            asyncio.timeout(60),
        ):
            while not seen or seen[-1]["kind"] != "end":
                seen.append(message := json.loads(await socket.recv()))
                shown.take(message)
                if message["kind"] in ("snapshot", "event"):
                    states[place(message["cursor"])] = canonical(layers_of(shown.state))
    held = {place(one.cursor): one.layers for one in life.watched}
    both = states.keys() & held.keys()
    assert {name: states[name] for name in both} == {name: held[name] for name in both}
    assert len(both) >= len(held) - 1  # where nothing had happened yet is no moment of the history
    assert states[place(life.watched[-1].cursor)] == life.watched[-1].layers
    kinds = [one["kind"] for one in seen if one["kind"] not in ("event", "heartbeat")]
    assert kinds == ["snapshot", "playing", "gap", "snapshot", "end"]
    assert [one["reason"] for one in seen if one["kind"] == "snapshot"] == ["past", "gap"]


def place(cursor):
    """Return the position that a cursor names, whatever key it was signed with."""
    return revealed(cursor)[:-16].decode()
