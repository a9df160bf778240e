"""Playing the past with limited rights: what is hidden now was never there, and all else is as it was."""

import asyncio
import json
import tempfile
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from livingmap.access.view import WHOLE
from tests.access.test_wire_laws import Life, hidden, plain, speaks_of
from tests.support.access import token
from tests.support.clients import Follower, normal


@pytest.fixture(params=range(4))
async def life(request):
    """A map that lives at random, with a reader who may see some of it, and one who may see all."""
    life = Life(request.param)
    with tempfile.TemporaryDirectory() as folder:
        async with life.run(Path(folder)):
            yield life
            for reader in (life.some, life.admin):  # a client that has not read cannot say goodbye
                await reader.read()


async def lived(life, steps):
    """Let things happen to a map whose history is written; return a cursor for each."""
    places = []
    for _ in range(steps):
        await life.happen([life.change() for _ in range(life.numbers.randint(0, 3))])
        places.append(life.living.reader.cursor(WHOLE))
    await life.living.writer.drain(10)
    return places


def played(reader, places, **query):
    query = {"from": places[0], "to": places[-1], "speed": "max", **query}
    pairs = "&".join(f"{name}={value}" for name, value in query.items())
    return connect(f"{reader._ws}?{pairs}", additional_headers=reader.headers, max_size=None)


async def until(socket, follower, *kinds):
    async with asyncio.timeout(120):
        while (message := follower.take(await socket.recv()))["kind"] not in kinds:
            pass
        return message


async def states_of(reader, places):
    """Return what the reader was sent in a play, and the state after each message by its cursor."""
    shown, states = Follower(), {}
    async with played(reader, places) as socket:
        while (message := await until(socket, shown, "snapshot", "event", "end"))["kind"] != "end":
            states[message["cursor"]] = plain(shown.state)
    return shown, states


async def test_every_state_of_a_play_is_the_past_as_it_may_be_seen_today(life):
    shown, states = await states_of(life.some, await lived(life, 40))
    for cursor, state in states.items():
        answer = await life.some.http.get("/living-map/snapshot", params={"at": cursor})
        assert state == plain(normal(answer.json()["layers"]))
    sent = json.dumps(shown.seen)
    for entity_id in hidden(await life.brute_force()):
        assert not speaks_of(sent, entity_id)
    assert "was" not in {name for one in shown.seen for change in one.get("changes", ()) for name in change}


async def test_who_may_see_everything_is_shown_everything(life):
    places = await lived(life, 20)
    shown, states = await states_of(life.admin, places)
    assert list(states) == places
    assert [one["payload"]["number"] for one in shown.seen if one["kind"] == "event"] == list(range(3, 22))


@pytest.mark.parametrize("life", [1], indirect=True)
async def test_what_is_hidden_during_a_play_is_hidden_from_it_too(life):
    places, shown = await lived(life, 20), Follower()
    mine = next(iter(life.pdp.permits & {("u-1", "read", "microdao", f"microdao:{one}") for one in "abc"}))
    async with played(life.some, places, speed=1) as socket:
        await until(socket, shown, "playing")
        await socket.send('{"kind": "pause"}')
        life.pdp.permits.discard(mine)
        life.forget_decisions()
        message = await until(socket, shown, "snapshot")
    assert message["reason"] == "access_changed"
    assert not speaks_of(json.dumps(message), mine[3])


@pytest.mark.parametrize("life", [1], indirect=True)
async def test_a_play_ends_with_the_token(life):
    places, shown = await lived(life, 5), Follower()
    reader = life.some
    reader.headers = {"authorization": f"Bearer {token('u-1', seconds=5)}"}
    async with played(reader, places, speed=1) as socket:
        await until(socket, shown, "playing")
        await socket.send('{"kind": "pause"}')
        assert (await until(socket, shown, "error"))["code"] == "unauthenticated"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 4401


@pytest.mark.parametrize("life", [1], indirect=True)
async def test_another_token_keeps_a_play_going(life):
    places, shown = await lived(life, 5), Follower()
    async with played(life.some, places, speed=1) as socket:
        await until(socket, shown, "playing")
        await socket.send(json.dumps({"kind": "auth", "token": token("u-1", seconds=500)}))
        await until(socket, shown, "authenticated")
        await socket.send('{"kind": "speed", "speed": "max"}')
        await until(socket, shown, "end")
