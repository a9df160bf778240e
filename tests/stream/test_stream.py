"""The stream as clients get it: over a real socket, from a real server."""

import asyncio
import base64
import json
import random

import httpx
import pytest
from websockets.asyncio import client as websockets
from websockets.exceptions import ConnectionClosed, InvalidStatus

from livingmap.access.view import WHOLE
from livingmap.core.fold import refreshed
from livingmap.core.model import Drop, Message, Position, Put, Total
from livingmap.history import HistoryUnavailable
from livingmap.stream.frames import Framing, unframed
from livingmap.stream.heartbeats import Heartbeats
from livingmap.stream.queue_sink import QueueSink
from tests.support.clients import Follower, normal, same
from tests.support.maps import snapshot


def connect(url, max_queue=None, **more):
    """Connect as a client that reads as fast as it can: with a bounded queue it does not even see a close."""
    return websockets.connect(url, max_queue=max_queue, **more)


AGENTS = [f"agent:{letter}" for letter in "abcdefgh"]


async def say(living, *changes, source="agents"):
    await living.log.append(refreshed(source, living.log.position.seq, changes))


async def until(condition):
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.005)


async def receive(socket, follower, kind=None):
    """Take messages until one of ``kind``."""
    async with asyncio.timeout(60):
        while True:
            message = follower.take(await socket.recv())
            if kind in (None, message["kind"]):
                return message


async def follow(socket, follower, seq):
    """Take messages until the follower is at the position."""
    async with asyncio.timeout(120):
        while not at(follower, seq):
            follower.take(await socket.recv())


def at(follower, seq):
    return position(follower.cursor) >= seq


def position(cursor):
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[:-16].decode()
    return int(raw.partition("|")[0].rpartition("-")[2])


async def picture(living):
    return same(normal((await snapshot(living))["layers"]))


async def test_a_viewer_gets_a_snapshot_and_then_every_event_in_order(living, address):
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        first = await receive(socket, follower)
        assert (first["kind"], first["reason"]) == ("snapshot", "connect")
        assert first["payload"]["layers"].keys() >= {"city", "space", "nodes", "agents"}
        for number in range(50):
            await living.log.append(Message("agent.event.unknown", {"agent_id": "agent:a", "number": number}))
        events = [await receive(socket, follower) for _ in range(50)]
    assert [event["payload"]["number"] for event in events] == list(range(50))
    assert events[0].keys() == {"kind", "cursor", "event_type", "timestamp", "payload", "changes"}
    assert (events[0]["kind"], events[0]["event_type"]) == ("event", "agent.event.unknown")


async def test_a_clients_state_equals_the_snapshot_at_every_position(living, address):
    numbers = random.Random(11)
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        for _ in range(60):
            await say(living, *some_changes(numbers))
            await follow(socket, follower, living.log.position.seq)
            assert same(follower.state) == await picture(living)


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


@pytest.mark.parametrize("seed", range(4))
async def test_who_comes_and_goes_misses_nothing_and_gets_nothing_twice(living, address, seed):
    numbers = random.Random(seed)
    follower, storming = Follower(), True

    async def storm():
        while storming:
            for _ in range(numbers.randint(1, 30)):
                await say(living, *some_changes(numbers))
            await asyncio.sleep(numbers.random() * 0.02)

    task = asyncio.create_task(storm())
    for _ in range(12):
        query = f"?cursor={follower.cursor}" if follower.cursor else ""
        async with connect(f"ws://{address}/living-map/stream{query}") as socket:
            for _ in range(numbers.randint(1, 60)):
                await receive(socket, follower)
    storming = False
    await task
    async with connect(f"ws://{address}/living-map/stream?cursor={follower.cursor}") as socket:
        await follow(socket, follower, living.log.position.seq)
    assert [message["kind"] for message in follower.seen].count("snapshot") == 1
    assert same(follower.state) == await picture(living)
    places = [position(message["cursor"]) for message in follower.seen]
    assert places == list(range(places[0], places[0] + len(places)))


@pytest.mark.parametrize(
    ("cursor", "reason"),
    [("nonsense", "cursor_unknown"), ("AAAA", "cursor_unknown"), ("%00", "cursor_unknown")],
)
async def test_a_cursor_that_is_not_known_gets_a_snapshot_with_the_reason(address, cursor, reason):
    async with connect(f"ws://{address}/living-map/stream?cursor={cursor}") as socket:
        message = await receive(socket, Follower())
    assert (message["kind"], message["reason"]) == ("snapshot", reason)


async def test_a_snapshot_by_http_names_where_its_stream_goes_on(living, address):
    async with httpx.AsyncClient() as client:
        body = (await client.get(f"http://{address}/living-map/snapshot?layers=agents")).json()
    await say(living, Put("agents", "agent:a", {"x": 1}))
    cursor = body["meta"]["cursor"]
    async with connect(f"ws://{address}/living-map/stream?layers=agents&cursor={cursor}") as socket:
        assert (await receive(socket, Follower()))["kind"] == "event"
    async with connect(f"ws://{address}/living-map/stream?cursor={cursor}") as socket:
        assert (await receive(socket, Follower()))["reason"] == "cursor_unknown"


async def test_a_cursor_of_another_view_gets_a_snapshot(address):
    follower = Follower()
    async with connect(f"ws://{address}/living-map/stream?layers=agents") as socket:
        await receive(socket, follower)
    async with connect(f"ws://{address}/living-map/stream?cursor={follower.cursor}") as socket:
        assert (await receive(socket, follower))["reason"] == "cursor_unknown"


async def test_a_cursor_that_is_too_old_gets_a_snapshot(living, address):
    follower = Follower()
    async with connect(f"ws://{address}/living-map/stream") as socket:
        await receive(socket, follower)
    for _ in range(20_001):
        await living.log.append(Message("nobody.knows", {}))
    async with connect(f"ws://{address}/living-map/stream?cursor={follower.cursor}") as socket:
        assert (await receive(socket, follower))["reason"] == "cursor_expired"


@pytest.fixture
async def forgetful(living, address, monkeypatch):
    """A map that keeps little in memory, and everything in its history."""
    monkeypatch.setattr("livingmap.stream.replay_buffer.MOST_EVENTS", 10)
    monkeypatch.setattr("livingmap.stream.catch_up._PAGE", 7)
    living.hub.forget()
    return address


async def missed(living, follower, url):
    """Follow the stream, go, and let more happen than memory keeps."""
    async with connect(url) as socket:
        await receive(socket, follower)
    numbers = random.Random(3)
    for _ in range(100):
        await say(living, *some_changes(numbers))
    assert await living.writer.drain(10) == 0


@pytest.mark.parametrize("layers", [None, "agents", "city"])
async def test_what_memory_no_longer_has_comes_from_the_history(living, forgetful, layers):
    url = f"ws://{forgetful}/living-map/stream" + (f"?layers={layers}" if layers else "?")
    follower = Follower()
    await missed(living, follower, url)
    async with connect(f"{url}&cursor={follower.cursor}") as socket:
        await say(living, Put("agents", "agent:a", {"x": 99}), Total("city", {"active_users": 99}), source="city")
        await follow(socket, follower, living.log.position.seq)
    kinds = [message["kind"] for message in follower.seen]
    assert (kinds[0], set(kinds[1:])) == ("snapshot", {"event"})
    if layers is None:
        places = [position(message["cursor"]) for message in follower.seen]
        assert places == list(range(places[0], places[0] + 102))
    expected = {name: layer for name, layer in (await picture(living)).items() if layers in (None, name)}
    assert same(follower.state) == expected


async def test_server_sent_events_too_come_from_the_history(living, forgetful):
    follower = Follower()
    await missed(living, follower, f"ws://{forgetful}/living-map/stream")
    async with (
        httpx.AsyncClient() as client,
        client.stream("GET", f"http://{forgetful}/living-map/events?cursor={follower.cursor}") as answer,
    ):
        lines = answer.aiter_lines()
        for _ in range(100):
            assert (await next_event(lines, follower))["kind"] == "event"
    assert same(follower.state) == await picture(living)


async def test_an_event_that_the_history_lost_is_not_passed_over(living, forgetful):
    follower = Follower()
    await missed(living, follower, f"ws://{forgetful}/living-map/stream")
    history = living.writer._history
    history._entries = [one for one in history._entries if one.position.seq % 50]
    async with connect(f"ws://{forgetful}/living-map/stream?cursor={follower.cursor}") as socket:
        while (message := await receive(socket, follower))["kind"] == "event":
            pass
        assert (message["kind"], message["reason"]) == ("snapshot", "cursor_expired")
    places = [position(message["cursor"]) for message in follower.seen[:-1]]
    assert places == list(range(places[0], places[0] + len(places)))
    assert same(follower.state) == await picture(living)


async def test_a_history_that_does_not_answer_leaves_the_snapshot(living, forgetful, monkeypatch):
    follower = Follower()
    await missed(living, follower, f"ws://{forgetful}/living-map/stream")

    async def away(*_):
        raise HistoryUnavailable("away")

    monkeypatch.setattr(living.writer._history, "entries_after", away)
    async with connect(f"ws://{forgetful}/living-map/stream?cursor={follower.cursor}") as socket:
        assert (await receive(socket, follower))["reason"] == "cursor_expired"


async def test_another_scene_is_sent_to_everybody_in_place_of_what_was_on_its_way(living, address):
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        for _ in range(3):
            await say(living, Put("agents", "agent:a", {"x": 0}))
        living.hub.forget()
        living.hub.restart()
        assert (await receive(socket, follower))["reason"] == "cursor_unknown"
        await say(living, Put("agents", "agent:a", {"x": 1}))
        assert (await receive(socket, follower))["kind"] == "event"
    assert same(follower.state) == await picture(living)


async def test_only_the_layers_asked_for_come(living, address):
    async with connect(f"ws://{address}/living-map/stream?layers=city") as socket:
        follower = Follower()
        first = await receive(socket, follower)
        assert list(first["payload"]["layers"]) == ["city"]
        await say(living, Put("agents", "agent:a", {"x": 1}), Put("agents", "agent:b", {"status": "busy"}))
        await say(living, Total("city", {"active_users": 5}), source="city")
        seen = [await receive(socket, follower, "event") for _ in range(2)]
    assert {change["layer"] for event in seen for change in event["changes"]} == {"city"}
    assert follower.state["city"]["active_users"] == 5


async def test_the_layers_can_be_changed_on_the_open_socket(living, address):
    async with connect(f"ws://{address}/living-map/stream?layers=city") as socket:
        follower = Follower()
        await receive(socket, follower)
        await socket.send(json.dumps({"kind": "layers", "layers": ["agents"]}))
        message = await receive(socket, follower)
        assert (message["reason"], list(message["payload"]["layers"])) == ("layers_changed", ["agents"])
        await say(living, Put("agents", "agent:a", {"x": 1}))
        await receive(socket, follower, "event")
        await socket.send(json.dumps({"kind": "layers", "layers": None}))
        assert "city" in (await receive(socket, follower, "snapshot"))["payload"]["layers"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("{", "no_json"),
        (b"{}", "no_json"),
        ("7", "unknown_message"),
        ('{"kind": "dance"}', "unknown_message"),
        ('{"kind": "layers", "layers": ["sky"]}', "unknown_layer"),
        ('{"kind": "layers", "layers": [1]}', "unknown_message"),
    ],
)
async def test_a_message_that_makes_no_sense_is_answered_and_harms_nothing(living, address, sent, code):
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        await socket.send(sent)
        assert (await receive(socket, follower))["code"] == code
        await say(living, Put("agents", "agent:a", {"x": 1}))
        assert (await receive(socket, follower))["kind"] == "event"


@pytest.mark.parametrize(
    ("origin", "welcome"), [("http://{address}", True), ("https://elsewhere.example", False), ("null", False)]
)
async def test_only_pages_of_the_maps_own_origin_may_open_the_stream(address, origin, welcome):
    opening = websockets.connect(f"ws://{address}/living-map/stream", origin=origin.format(address=address))
    if welcome:
        async with opening as socket:
            assert (await receive(socket, Follower()))["kind"] == "snapshot"
    else:
        with pytest.raises(InvalidStatus, match="403"):
            await opening


async def test_an_unknown_layer_is_refused(address):
    async with connect(f"ws://{address}/living-map/stream?layers=sky") as socket:
        assert json.loads(await socket.recv())["code"] == "unknown_layer"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 1008


async def test_who_does_not_read_gets_the_last_values_and_delays_nobody(living, address):
    async with (
        connect(f"ws://{address}/living-map/stream", max_queue=1, compression=None) as slow,
        connect(f"ws://{address}/living-map/stream") as quick,
    ):
        lazy, follower = Follower(), Follower()
        await receive(slow, lazy)
        await receive(quick, follower)
        for number in range(3000):
            await say(living, Put("agents", AGENTS[number % 8], {"x": number, "text": f"{number} " * 2000}))
            if number % 100 == 0:
                await follow(quick, follower, living.log.position.seq)
        await say(living, Drop("agents", AGENTS[0]), Put("agents", AGENTS[1], {}, ("text",)))
        await follow(quick, follower, living.log.position.seq)
        await follow(slow, lazy, living.log.position.seq)
    kinds = [message["kind"] for message in lazy.seen]
    assert "changes" in kinds
    assert len(kinds) < 3000
    assert [message["kind"] for message in follower.seen].count("event") == 3001
    expected = await picture(living)
    assert same(follower.state) == expected
    assert same(lazy.state) == expected
    skipped = sum(message.get("skipped", 0) for message in lazy.seen)
    assert skipped + kinds.count("event") == 3001


async def test_server_sent_events_bring_the_same(living, address):
    follower = Follower()
    async with (
        httpx.AsyncClient() as client,
        client.stream("GET", f"http://{address}/living-map/events") as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert (await next_event(lines, follower))["kind"] == "snapshot"
        await say(living, Put("agents", "agent:a", {"x": 1}))
        assert (await next_event(lines, follower))["kind"] == "event"
    await say(living, Put("agents", "agent:a", {"x": 2}))
    async with (
        httpx.AsyncClient() as client,
        client.stream(
            "GET", f"http://{address}/living-map/events", headers={"last-event-id": follower.cursor}
        ) as answer,
    ):
        resumed = await next_event(answer.aiter_lines(), follower)
    assert (resumed["kind"], resumed["changes"][0]["set"]) == ("event", {"x": 2})
    assert same(follower.state) == await picture(living)


async def next_event(lines, follower):
    mark = None
    async with asyncio.timeout(60):
        async for line in lines:
            name, _, value = line.partition(": ")
            if name == "id":
                mark = value
            elif name == "data":
                message = follower.take(value)
                assert message["cursor"] == mark
                return message
    raise AssertionError("the stream ended")


async def test_server_sent_events_refuse_an_unknown_layer(address):
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"http://{address}/living-map/events?layers=sky")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_layer")


async def test_who_goes_is_forgotten(living, address):
    async with connect(f"ws://{address}/living-map/stream") as socket:
        await receive(socket, Follower())
        assert living.hub.viewers == 1
    await until(lambda: living.hub.viewers == 0)


async def test_a_map_that_goes_says_when_to_come_back(living, address):
    async with connect(f"ws://{address}/living-map/stream") as socket:
        await receive(socket, Follower())
        living.hub.close()
        message = json.loads(await socket.recv())
    assert message["kind"] == "restarting"
    assert 500 <= message["retry_after_ms"] <= 5000


async def test_silence_is_filled_with_heartbeats(living, address, monkeypatch):
    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.05)
    beating = asyncio.create_task(Heartbeats(living.hub).run())
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        message = await receive(socket, follower, "heartbeat")
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    assert (message["phase"], message["lag"], message["standing_still_since"]) == ("live", 0, None)
    assert message["collisions"] == []
    assert position(message["cursor"]) == living.log.position.seq


async def test_a_line_that_breaks_is_given_up_and_the_others_go_on(living, address):
    class Broken:
        framing = Framing.WEBSOCKET
        broken = False

        def write(self, data):
            if self.broken:
                raise RuntimeError("broken")

        def unsent(self):
            return 0

        def end(self):
            pass

    line = Broken()
    living.hub.join(line, WHOLE)
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        line.broken = True
        for number in range(3):
            await say(living, Put("agents", "agent:a", {"x": number}))
            await follow(socket, follower, living.log.position.seq)
        assert living.hub.viewers == 1


async def test_a_line_that_breaks_at_a_heartbeat_is_given_up_and_the_others_go_on(living, address, monkeypatch):
    line = QueueSink(Framing.WEBSOCKET)
    living.hub.join(line, WHOLE)
    monkeypatch.setattr(line, "write", lambda _: 1 // 0)
    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.05)
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        beating = asyncio.create_task(Heartbeats(living.hub).run())
        for _ in range(3):
            await receive(socket, follower, "heartbeat")
        assert living.hub.viewers == 1
        assert await line.take() == b""  # its connection is closed
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def test_a_line_that_breaks_at_a_new_scene_is_given_up_and_the_others_go_on(living, address, monkeypatch):
    line = QueueSink(Framing.WEBSOCKET)
    living.hub.join(line, WHOLE)
    monkeypatch.setattr(line, "write", lambda _: 1 // 0)
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        living.hub.restart()
        assert (await receive(socket, follower, "snapshot"))["reason"] == "cursor_unknown"
        assert living.hub.viewers == 1


async def test_who_watches_when_the_log_begins_anew_goes_on_watching(living, address):
    async with connect(f"ws://{address}/living-map/stream") as socket:
        follower = Follower()
        await receive(socket, follower)
        await say(living, Put("agents", "agent:a", {"x": 1}))
        living.hub.forget()  # while an event is on its way
        living.hub.restart()
        assert (await receive(socket, follower))["kind"] == "snapshot"
        await say(living, Put("agents", "agent:a", {"x": 2}))
        assert (await receive(socket, follower))["changes"][0]["set"] == {"x": 2}
        assert living.hub.viewers == 1


async def test_who_has_just_fallen_behind_is_not_given_up(living, monkeypatch):
    class Stuck:
        framing = Framing.WEBSOCKET
        looks = 0
        given_up = False

        def write(self, data):
            pass

        def unsent(self):
            self.looks += 1
            return 1024 * 1024

        def give_up(self):
            self.given_up = True

    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.01)
    line = Stuck()
    living.hub.join(line, WHOLE)
    await say(living, Put("agents", "agent:a", {"x": 1}))
    await until(lambda: line.looks > 0)
    beating = asyncio.create_task(Heartbeats(living.hub).run())
    await until(lambda: line.looks > 5)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    assert not line.given_up
    assert living.hub.viewers == 1


async def test_a_server_that_only_knows_asgi_serves_the_stream_and_ends_it_too(living, plain_address):
    follower = Follower()
    async with connect(f"ws://{plain_address}/living-map/stream") as socket:
        assert (await receive(socket, follower))["reason"] == "connect"
        await say(living, Put("agents", "agent:a", {"x": 1}))
        assert (await receive(socket, follower))["kind"] == "event"
        living.hub.close()
        assert json.loads(await socket.recv())["kind"] == "restarting"
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd.code == 1012


async def test_who_comes_from_a_process_that_is_ahead_is_never_taken_back(living):
    class Jam:
        framing = Framing.WEBSOCKET
        looks = 0
        full = True

        def __init__(self):
            self.sent = b""

        def write(self, data):
            self.sent += data

        def unsent(self):
            self.looks += 1
            return 1024 * 1024 if self.full else 0

    here, line = living.log.position, Jam()
    viewer = living.hub.join(line, WHOLE, living.hub.encoder.cursor(Position(here.epoch, here.seq + 2), WHOLE))
    await say(living, Put("agents", "agent:a", {"x": 1}))
    await until(lambda: line.looks > 0)
    line.full = False
    living.hub.drained(viewer)
    assert line.sent == b""
    for number in (2, 3):
        await say(living, Put("agents", "agent:a", {"x": number}))
    await until(lambda: line.sent)
    [message] = map(json.loads, unframed(line.sent))
    assert (message["kind"], position(message["cursor"])) == ("event", here.seq + 3)


async def test_where_viewers_are_sent_elsewhere_streams_are_refused_with_503_and_without_a_log_line(
    living, address, caplog
):
    living.hub.send_away(True)
    with pytest.raises(InvalidStatus) as refused:
        await websockets.connect(f"ws://{address}/living-map/stream")
    answer = refused.value.response
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    async with httpx.AsyncClient(base_url=f"http://{address}") as client:
        events = await client.get("/living-map/events")
    assert (events.status_code, events.headers["retry-after"]) == (503, "2")
    assert events.json()["code"] == "served_elsewhere"
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    living.hub.send_away(False)
    async with websockets.connect(f"ws://{address}/living-map/stream") as socket:
        assert json.loads(await socket.recv())["kind"] == "snapshot"
