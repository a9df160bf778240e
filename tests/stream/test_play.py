"""Playing the past, over real sockets: the same messages as then, at a speed, up to the present or an end."""

import asyncio
import base64
import contextlib
import json
import random
from datetime import datetime
from urllib.parse import quote

import httpx
import pytest
from websockets.asyncio import client as websockets
from websockets.exceptions import ConnectionClosed

from livingmap.access.view import WHOLE
from livingmap.core.fold import refreshed
from livingmap.core.model import Drop, Message, Put, Total
from livingmap.history import HistoryUnavailable
from livingmap.history.memory import MemoryHistory
from livingmap.past.walk import DELETED
from livingmap.stream import play, plays
from tests.support.clients import Follower, normal, same
from tests.support.maps import snapshot
from tests.support.recorded import Time, recorded_map, written

AGENTS = [f"agent:{letter}" for letter in "abcdefgh"]


class Watcher(Follower):
    """A client that remembers the state at every cursor."""

    def __init__(self):
        super().__init__()
        self.states = {}

    def take(self, text):
        message = super().take(text)
        if message["kind"] in ("snapshot", "event"):
            self.states[message["cursor"]] = same(self.state)
        return message


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def history():
    return MemoryHistory()


@pytest.fixture
async def living(tmp_path, time, history):
    async with recorded_map(tmp_path, time, history) as made:
        yield made


def connect(address, **query):
    pairs = "&".join(f"{name.rstrip('_')}={quote(str(value))}" for name, value in query.items())
    return websockets.connect(f"ws://{address}/living-map/stream?{pairs}", max_queue=None, max_size=None)


def position(cursor):
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[:-16].decode()
    return int(raw.partition("|")[0].rpartition("-")[2])


async def say(living, *changes, source="agents"):
    living._now.pass_(seconds=1)
    await living.log.append(refreshed(source, living.log.position.seq, changes))


def some_changes(numbers):
    for _ in range(numbers.randint(1, 4)):
        entity_id = numbers.choice(AGENTS)
        match numbers.randint(0, 5):
            case 0:
                yield Drop("agents", entity_id)
            case 1:
                yield Total("city", {"active_users": numbers.randint(0, 9)})
            case _:
                fields = {name: numbers.randint(0, 3) for name in numbers.sample("xyz", 2)}
                gone = tuple(name for name in "xyz" if name not in fields and numbers.random() < 0.5)
                yield Put("agents", entity_id, fields, gone)


async def watched(living, address, events=40, seed=1):
    """Let things happen; return a client that watched them, and had a snapshot before."""
    numbers, watcher = random.Random(seed), Watcher()
    async with connect(address) as socket:
        watcher.take(await socket.recv())
        for number in range(events):
            if number % 3:
                await say(living, *some_changes(numbers))
            else:
                living._now.pass_(seconds=1)
                await living.log.append(Message("agent.event.unknown", {"agent_id": "agent:a", "number": number}))
        async with asyncio.timeout(120):
            while len(watcher.states) <= events:
                watcher.take(await socket.recv())
    await written(living)
    return watcher


async def until(socket, follower, *kinds):
    """Take messages until one of these kinds came; return it."""
    async with asyncio.timeout(120):
        while (message := follower.take(await socket.recv()))["kind"] not in kinds:
            pass
        return message


async def played(address, **query):
    """Return a client that was shown a play up to its end."""
    watcher = Watcher()
    async with connect(address, **query) as socket:
        await until(socket, watcher, "end")
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 20)
    assert closed.value.rcvd.code == 1000
    return watcher


def cursors(follower, kind="event"):
    return [one["cursor"] for one in follower.seen if one["kind"] == kind]


async def test_a_play_is_the_snapshot_of_its_beginning_and_then_what_a_watching_client_got(living, address):
    then = await watched(living, address)
    first, *_, last = cursors(then)
    shown = await played(address, from_=first, to=last, speed="max")
    snapshot, playing, *events, end = shown.seen
    assert (snapshot["kind"], snapshot["reason"], snapshot["cursor"]) == ("snapshot", "past", first)
    assert (playing["kind"], playing["speed"]) == ("playing", "max")
    assert events == [one for one in then.seen if one["kind"] == "event"][1:]
    assert end == {"kind": "end", "at": events[-1]["timestamp"]}
    assert shown.states == {cursor: then.states[cursor] for cursor in cursors(then)}


async def test_server_sent_events_are_the_same_play(living, address):
    then = await watched(living, address)
    first, *_, last = cursors(then)
    socket = await played(address, from_=first, to=last, speed="max")
    watcher = Watcher()
    async with httpx.AsyncClient() as client:
        query = {"from": first, "to": last, "speed": "max"}
        answer = await client.get(f"http://{address}/living-map/events", params=query, timeout=20)
    for line in answer.text.splitlines():
        if line.startswith("data: "):
            watcher.take(line.removeprefix("data: "))
    assert [one for one in watcher.seen if one["kind"] != "playing"] == [
        one for one in socket.seen if one["kind"] != "playing"
    ]


@pytest.mark.parametrize("speed", [100, 1000, "max"])
@pytest.mark.parametrize("layers", [None, "agents"])
async def test_a_play_ends_in_the_state_of_its_end_and_of_a_client_that_watched(living, address, layers, speed):
    then = await watched(living, address)
    first, *_, last = cursors(then)
    view = {"layers": layers} if layers else {}
    shown = await played(address, from_=first, to=last, speed=speed, **view)
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/living-map/snapshot", params={"at": last, **view})
    wanted = then.states[last] if layers is None else {layers: then.states[last][layers]}
    assert same(shown.state) == same(normal(answer.json()["layers"])) == wanted


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_sought_and_paused_the_state_at_every_cursor_is_as_it_was_then(living, address, seed):
    numbers, then = random.Random(seed), await watched(living, address, events=60, seed=seed)
    places, shown = cursors(then), Watcher()
    requests = [some_request(numbers, places) for _ in range(25)]
    async with connect(address, from_=places[0], to=places[-1], speed=100) as socket:
        for request in [*requests, {"kind": "speed", "speed": "max"}, {"kind": "play"}]:
            with contextlib.suppress(ConnectionClosed):  # the play may have ended
                await socket.send(json.dumps(request))
            kind = (await until(socket, shown, "playing", "paused", "end"))["kind"]
            more = numbers.randint(0, 8) if kind == "playing" else 0
            while more and kind != "end":
                kind, more = (await until(socket, shown, "event", "end"))["kind"], more - 1
            if kind == "end":
                break
        if shown.seen[-1]["kind"] != "end":
            await until(socket, shown, "end")
    assert shown.states.items() <= then.states.items()
    assert shown.cursor == places[-1]


def some_request(numbers, places):
    match numbers.randint(0, 3):
        case 0:
            return {"kind": "seek", "at": numbers.choice(places)}
        case 1:
            return {"kind": "speed", "speed": numbers.choice([50, 100, 200])}
        case 2:
            return {"kind": "pause"}
        case _:
            return {"kind": "play"}


async def test_an_open_play_goes_on_to_the_present_without_a_gap_or_a_double(living, address):
    then, numbers, shown = await watched(living, address), random.Random(5), Watcher()
    first, storming = cursors(then)[0], True

    async def storm():
        while storming:
            await say(living, *some_changes(numbers))
            await asyncio.sleep(0.002)

    task = asyncio.create_task(storm())
    async with connect(address, from_=first, speed="max") as socket:
        live = await until(socket, shown, "live")
        for _ in range(20):
            await until(socket, shown, "event")
        storming = False
        await task
        here = living.hub.encoder.cursor(living.log.position, WHOLE)
        while shown.cursor != here:
            await until(socket, shown, "event")
    rare = [one["kind"] for one in shown.seen if one["kind"] not in ("event", "heartbeat")]
    assert rare == ["snapshot", "playing", "live"]
    assert live["cursor"] in shown.states
    seqs = [position(cursor) for cursor in shown.states]
    assert seqs == list(range(seqs[0], living.log.position.seq + 1))
    assert same(shown.state) == same(normal((await snapshot(living))["layers"]))


async def test_a_play_waits_for_what_happened_later_and_says_meanwhile_what_moment_it_shows(
    living, address, time, monkeypatch
):
    monkeypatch.setattr(play, "HEARTBEAT_SECONDS", 0.02)
    then = await watched(living, address, events=3)
    time.pass_(hours=1)
    await say(living, Put("agents", "agent:a", {"x": 1}))
    await written(living)
    shown = Watcher()
    async with connect(address, from_=cursors(then)[-1]) as socket:
        heartbeats = [await until(socket, shown, "heartbeat") for _ in range(5)]
        await socket.send('{"kind": "speed", "speed": "max"}')
        await until(socket, shown, "live")
    assert [one["kind"] for one in shown.seen if one["kind"] not in ("heartbeat", "playing")] == [
        "snapshot",
        "event",
        "live",
    ]
    moments = [datetime.fromisoformat(one["at"]) for one in heartbeats]
    assert moments == sorted(set(moments))
    assert datetime.fromisoformat(then.seen[-1]["timestamp"]) < moments[0] <= moments[-1] < time.now
    assert {(one["phase"], one["cursor"]) for one in heartbeats} == {("past", cursors(then)[-1])}


async def test_a_paused_play_shows_nothing_until_it_is_let_go_on(living, address, monkeypatch):
    monkeypatch.setattr(play, "HEARTBEAT_SECONDS", 0.02)
    then, shown = await watched(living, address), Watcher()
    async with connect(address, from_=cursors(then)[0], to=cursors(then)[-1]) as socket:
        await until(socket, shown, "playing")
        await socket.send('{"kind": "pause"}')
        paused = await until(socket, shown, "paused")
        before = len(shown.states)
        heartbeats = [await until(socket, shown, "heartbeat") for _ in range(5)]
        assert len(shown.states) == before
        assert {one["at"] for one in heartbeats} == {paused["at"]}
        await socket.send('{"kind": "speed", "speed": "max"}')
        assert (await until(socket, shown, "paused"))["speed"] == "max"
        await socket.send('{"kind": "play"}')
        playing = await until(socket, shown, "playing")
        await until(socket, shown, "end")
    assert (playing["at"], playing["speed"]) == (paused["at"], "max")
    assert shown.states == {cursor: then.states[cursor] for cursor in cursors(then)}


async def test_a_seek_leads_to_the_snapshot_of_that_moment_also_while_paused(living, address):
    then, shown = await watched(living, address), Watcher()
    places = cursors(then)
    async with connect(address, from_=places[0], to=places[-1]) as socket:
        await until(socket, shown, "playing")
        await socket.send('{"kind": "pause"}')
        await until(socket, shown, "paused")
        await socket.send(json.dumps({"kind": "seek", "at": places[20]}))
        snapshot, paused = await until(socket, shown, "snapshot"), await until(socket, shown, "paused")
    event = next(one for one in then.seen if one.get("cursor") == places[20])
    assert (snapshot["cursor"], snapshot["reason"], snapshot["timestamp"]) == (
        places[20],
        "past",
        event["timestamp"],
    )
    assert paused["at"] == event["timestamp"]
    assert same(shown.state) == then.states[places[20]]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"kind": "seek", "at": "yesterday"}, "invalid_parameter"),
        ({"kind": "seek", "at": "2099-01-01T00:00:00Z"}, "invalid_parameter"),
        ({"kind": "seek", "at": "1999-01-01T00:00:00Z"}, "not_kept"),
        ({"kind": "seek", "at": 7}, "unknown_message"),
        ({"kind": "speed", "speed": 0.5}, "invalid_parameter"),
        ({"kind": "speed"}, "unknown_message"),
        ({"kind": "layers", "layers": ["nothing"]}, "unknown_layer"),
        ({"kind": "dance"}, "unknown_message"),
    ],
)
async def test_what_a_play_cannot_do_is_answered_and_it_goes_on(living, address, request_, code):
    then, shown = await watched(living, address), Watcher()
    async with connect(address, from_=cursors(then)[0], to=cursors(then)[-1]) as socket:
        await until(socket, shown, "playing")
        await socket.send(json.dumps(request_))
        assert (await until(socket, shown, "error"))["code"] == code
        await socket.send('{"kind": "speed", "speed": "max"}')
        await until(socket, shown, "end")
    assert shown.states == {cursor: then.states[cursor] for cursor in cursors(then)}


async def test_a_seek_beyond_the_end_of_a_play_is_refused(living, address):
    then, shown = await watched(living, address), Watcher()
    places = cursors(then)
    async with connect(address, from_=places[0], to=places[9]) as socket:
        await socket.send(json.dumps({"kind": "seek", "at": places[20]}))
        assert "where the play ends" in (await until(socket, shown, "error"))["detail"]


async def test_a_stream_of_the_present_says_how_to_be_shown_the_past(living, address):
    shown = Watcher()
    async with connect(address) as socket:
        await socket.send('{"kind": "pause"}')
        error = await until(socket, shown, "error")
    assert (error["code"], "from=" in error["detail"]) == ("no_play", True)


async def test_other_layers_may_be_asked_for_in_a_play(living, address):
    then, shown = await watched(living, address), Watcher()
    places = cursors(then)
    async with connect(address, from_=places[0], to=places[-1]) as socket:
        await until(socket, shown, "playing")
        await socket.send('{"kind": "layers", "layers": ["agents"]}')
        message = await until(socket, shown, "snapshot")
        assert (message["reason"], list(message["payload"]["layers"])) == ("layers_changed", ["agents"])
        await socket.send('{"kind": "speed", "speed": "max"}')
        await until(socket, shown, "end")
    assert same(shown.state) == {"agents": then.states[places[-1]]["agents"]}


async def test_what_the_history_lacks_is_said_and_the_next_state_counts(living, address, history):
    then, shown = await watched(living, address, events=12), Watcher()
    first, *_, last = cursors(then)
    lost = [entry for entry in history._entries if entry.event_type == "agent.event.unknown"][2:3]
    history._forget(lost)
    shown = await played(address, from_=first, to=last, speed="max")
    (gap,) = [one for one in shown.seen if one["kind"] == "gap"]
    assert (gap["events"], gap["reason"]) == (1, DELETED)
    assert len(cursors(shown)) == len(cursors(then)) - 2


@pytest.mark.parametrize(
    ("query", "status", "code", "says"),
    [
        ({"from": "yesterday"}, 422, "invalid_parameter", "from: 'yesterday' is neither a time"),
        ({"from": "2099-01-01T00:00:00Z"}, 422, "invalid_parameter", "later than now"),
        ({"from": "1999-01-01T00:00:00Z"}, 404, "not_kept", "reaches back to"),
        ({"from": "-0s", "to": "soon"}, 422, "invalid_parameter", "to: 'soon' is neither"),
        ({"from": "-0s", "to": "-10s"}, 422, "invalid_parameter", "is before from"),
        ({"from": "-0s", "speed": "9000"}, 422, "invalid_parameter", "give 1 to 1000, or max"),
        ({"to": "-0s"}, 422, "invalid_parameter", "give from, too"),
        ({"speed": "7"}, 422, "invalid_parameter", "give from, too"),
    ],
)
async def test_what_cannot_be_played_is_refused_and_the_reason_said(living, address, query, status, code, says):
    await watched(living, address)
    shown = Watcher()
    async with connect(address, **query) as socket:
        error = await until(socket, shown, "error")
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert (error["code"], says in error["detail"]) == (code, True)
    assert closed.value.rcvd.code == 1008
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/living-map/events", params=query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_only_so_many_plays_are_open_at_once(living, address, monkeypatch):
    monkeypatch.setattr(plays, "MOST_PLAYS", 1)
    then, shown = await watched(living, address), Watcher()
    joined = living.hub.joined
    async with connect(address, from_=cursors(then)[0]) as socket:
        await until(socket, shown, "playing")
        assert living.hub.joined == joined + 1
        async with connect(address, from_=cursors(then)[0]) as other:
            assert (await until(other, shown, "error"))["code"] == "too_many_plays"
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://{address}/living-map/events?from=-1s")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_plays")
    async with asyncio.timeout(60):
        while living.hub.visitors:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    async with connect(address, from_=cursors(then)[0]) as socket:
        await until(socket, shown, "playing")


async def test_a_play_is_told_that_the_map_stops(living, address):
    then, shown = await watched(living, address), Watcher()
    async with connect(address, from_=cursors(then)[0]) as socket:
        await until(socket, shown, "playing")
        living.hub.close()
        assert (await until(socket, shown, "restarting"))["retry_after_ms"] >= 500
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_a_client_that_comes_back_with_a_cursor_goes_on_from_there(living, address):
    then = await watched(living, address)
    places = cursors(then)
    shown = await played(address, from_=places[0], to=places[-1], cursor=places[10], speed="max")
    assert list(shown.states) == places[10:]
    async with httpx.AsyncClient() as client:
        query, headers = {"from": places[0], "to": places[-1], "speed": "max"}, {"last-event-id": places[10]}
        answer = await client.get(f"http://{address}/living-map/events", params=query, headers=headers)
    assert [line[4:] for line in answer.text.splitlines() if line.startswith("id: ")] == places[10:]


async def test_while_the_database_is_away_a_play_stands_still(living, address, history, monkeypatch):
    then, shown = await watched(living, address), Watcher()
    places, failures = cursors(then), []
    monkeypatch.setattr(play, "_LOOK_SECONDS", 0.01)
    read = history.entries_from

    async def fail(after, limit):
        if len(failures) < 5:
            failures.append(after)
            raise HistoryUnavailable("away")
        return await read(after, limit)

    monkeypatch.setattr(history, "entries_from", fail)
    shown = await played(address, from_=places[0], to=places[-1], speed="max")
    assert len(failures) == 5
    assert shown.states == {cursor: then.states[cursor] for cursor in places}


async def test_for_a_client_that_does_not_read_little_waits_and_it_misses_nothing(living, address):
    await say(living, Put("agents", "agent:a", {"x": 0}))
    begin = living.hub.encoder.cursor(living.log.position, WHOLE)
    for number in range(300):
        await living.log.append(Message("nobody.knows", {"number": number, "text": "x" * 50_000}))
    await written(living)
    shown = Watcher()
    async with websockets.connect(
        f"ws://{address}/living-map/stream?from={begin}&speed=max", max_queue=1, compression=None
    ) as socket:
        await until(socket, shown, "playing")
        (viewer,) = living.hub._visitors
        async with asyncio.timeout(120):
            while not viewer.sink.unsent():  # noqa: ASYNC110 - what the kernels take is not there
                await asyncio.sleep(0.005)
        assert viewer.sink.unsent() < 8_000_000
        await until(socket, shown, "live")
    numbers = [one["payload"]["number"] for one in shown.seen if one["kind"] == "event"]
    assert numbers == list(range(300))
