"""The great law: what the map shows of a moment is what a client that watched then held."""

import random

import pytest

from livingmap.core.reducer import layers_of, reduce, state_of
from tests.past.life import Life, canonical


def text(watched):
    return watched.time.isoformat()


@pytest.mark.parametrize("seed", range(2))
async def test_any_moment_is_shown_as_a_client_saw_it_then(tmp_path, kept, seed):
    life = Life(tmp_path, seed, kept)
    async with life.run():
        await life.live(40)
    before = len(life.watched)
    async with life.run():  # its log begins anew, and with it the key of its cursors
        await life.live(40)
        for watched in random.Random(seed).sample(life.watched, 30):
            last = life.at_times()[watched.time]
            assert await life.layers(text(last)) == last.layers
        for watched in random.Random(seed).sample(life.watched[before:], 15):
            assert await life.layers(watched.cursor) == watched.layers


@pytest.mark.parametrize("seed", range(2))
async def test_a_difference_makes_one_moment_the_other(tmp_path, kept, seed):
    life, numbers = Life(tmp_path, seed, kept), random.Random(seed)
    async with life.run():
        await life.live(30)
    async with life.run():
        await life.live(30)
        for _ in range(20):
            before, after = sorted(numbers.sample(list(life.at_times().values()), 2), key=lambda one: one.time)
            answer = await life.get("/living-map/diff", **{"from": text(before), "to": text(after)})
            assert answer.status_code == 200, answer.text
            held = state_of((await life.get("/living-map/snapshot", at=text(before))).json()["layers"])
            assert canonical(layers_of(reduce(held, answer.json()["changes"]))) == after.layers
        last = await life.get("/living-map/diff", **{"from": text(before)})
        assert canonical(layers_of(reduce(held, last.json()["changes"]))) == life.watched[-1].layers
