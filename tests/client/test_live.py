"""A live map, against real servers: whatever happens on the way, nothing is lost and nothing comes twice."""

import asyncio
import contextlib
import json
import random
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import serve as serving

from livingmap.client import (
    Forbidden,
    Limits,
    MapError,
    Refused,
    TooLarge,
    Transport,
    Unauthenticated,
    follow,
    layers_of,
)
from livingmap.core.model import Message
from tests.support.access import token
from tests.support.map_process import map_process
from tests.support.maps import snapshot
from tests.support.nats_server import NatsServer, until
from tests.support.proxy import proxy


async def publish(living, *numbers, note_bytes=0):
    """Let numbered events happen, each of which changes an agent; a note does not compress."""
    agent = next(iter(living.fold.scene.items("agents", "items")))
    for number in numbers:
        payload = {"agent_id": agent, "status": ["busy", "offline"][number % 2], "number": number}
        note = random.randbytes(note_bytes // 2).hex()
        await living.log.append(Message("agent.event.status", {**payload, "note": note}))


class Seen:
    """What came of a live map so far."""

    def __init__(self, live):
        self.live = live
        self.messages = []

    async def take(self, condition):
        """Take messages until one satisfies the condition; return that one."""
        async with asyncio.timeout(120):
            async for message in self.live:
                self.messages.append(message)
                if condition(message):
                    return message
        raise AssertionError("the live map ended")

    async def number(self, number):
        return await self.take(lambda message: message.get("payload", {}).get("number") == number)

    async def kind(self, kind):
        return await self.take(lambda message: message["kind"] == kind)

    @property
    def numbers(self):
        events = [one["payload"] for one in self.messages if one["kind"] == "event"]
        return [payload["number"] for payload in events if "number" in payload]

    @property
    def kinds(self):
        return [one["kind"] for one in self.messages]


@contextlib.asynccontextmanager
async def following(url, **options):
    async with follow(url, **options) as live:
        yield Seen(live)


def port_of(url):
    return urlsplit(url).port


async def shown(living):
    return (await snapshot(living))["layers"]


async def test_the_snapshot_comes_first_and_then_every_event(living, url):
    async with following(url) as seen:
        first = await seen.kind("snapshot")
        assert (first["reason"], first["payload"]["meta"]["cursor"]) == ("connect", first["cursor"])
        assert layers_of(seen.live.state) == await shown(living)
        await publish(living, *range(30))
        await seen.number(29)
        assert seen.numbers == list(range(30))
        assert (seen.live.status, seen.live.transport, seen.live.error) == ("live", Transport.WEBSOCKET, None)
        assert layers_of(seen.live.state) == await shown(living)
        assert seen.live.cursor == (await snapshot(living))["meta"]["cursor"]
        assert seen.live.meta["version"]


async def test_of_some_layers_the_stream_brings_the_snapshot(living, url):
    async with following(url, layers=["agents", "city"]) as seen:
        assert (await seen.kind("snapshot"))["reason"] == "connect"
        assert seen.live.state.keys() == {"agents", "city"}
        await publish(living, 0)
        assert {change["layer"] for change in (await seen.number(0))["changes"]} <= {"agents", "city"}


@pytest.mark.parametrize("layers", [None, ["agents"]])
async def test_where_websockets_are_blocked_events_come_all_the_same(living, url_without_websockets, layers):
    async with following(url_without_websockets, layers=layers) as seen:
        await seen.kind("snapshot")
        await publish(living, *range(10))
        await seen.number(9)
        assert seen.numbers == list(range(10))
        assert seen.live.transport is Transport.EVENTS
        assert "disconnected" not in seen.kinds


async def test_an_attempt_ends_in_time_where_nothing_passes(living, url):
    limits = Limits(opening_seconds=2)
    async with proxy(port_of(url)) as relay, following(f"http://127.0.0.1:{relay.port}", limits=limits) as seen:
        await seen.kind("snapshot")
        relay.hold()
        await seen.kind("disconnected")
        assert seen.live.status == "connecting"
        relay.let_go()
        await publish(living, 0)
        await seen.number(0)
    assert seen.numbers == [0]


@pytest.mark.parametrize("transport", Transport)
async def test_cut_connections_cost_no_event_and_double_none(living, url, url_without_websockets, transport):
    where = url if transport is Transport.WEBSOCKET else url_without_websockets
    async with proxy(port_of(where)) as relay, following(f"http://127.0.0.1:{relay.port}") as seen:
        await seen.kind("snapshot")
        await publish(living, 0)
        await seen.number(0)
        for start in range(1, 60, 10):
            await publish(living, *range(start, start + 5))
            relay.tear(700)  # amid an event, sooner or later
            await publish(living, *range(start + 5, start + 8), note_bytes=300)
            relay.reset()
            await publish(living, *range(start + 8, start + 10))
            await seen.number(start + 9)
    assert seen.numbers == list(range(61))
    assert seen.kinds.count("snapshot") == 1
    assert seen.kinds.count("disconnected") >= 3
    assert layers_of(seen.live.state) == await shown(living)


async def test_a_connection_that_falls_silent_counts_as_dead(living, url):
    limits = Limits(silence_seconds=0.3)
    async with (
        proxy(port_of(url)) as relay,
        following(f"http://127.0.0.1:{relay.port}", limits=limits) as seen,
    ):
        await seen.kind("snapshot")
        await publish(living, 0)
        await seen.number(0)
        relay.hold()
        await publish(living, 1)
        lost = await seen.kind("disconnected")
        assert lost["detail"] == "the map sent nothing for 0.3 s"
        assert (seen.live.status, seen.live.transport) == ("reconnecting", None)
        relay.let_go()
        await seen.number(1)
    assert seen.numbers == [0, 1]


async def test_a_slow_reader_gets_merged_changes_and_the_same_state(living, url):
    async with following(url) as seen:
        await seen.kind("snapshot")
        await publish(living, 0)
        await seen.number(0)
        for number in range(1, 400):
            await publish(living, number, note_bytes=50_000)
            await asyncio.sleep(0)
        await until(lambda: living.hub.behind == 1)
        merged = await seen.kind("changes")
        assert merged["skipped"] > 0
        assert seen.numbers == list(range(len(seen.numbers)))
        assert layers_of(seen.live.state) == await shown(living)


async def test_a_map_that_restarts_is_awaited_as_it_asks_and_gone_on_from(tmp_path):
    server = NatsServer(tmp_path)
    server.use_jetstream()
    await server.start()
    try:
        async with map_process(tmp_path, nats={"url": server.url}) as one:
            await one.connected()
            async with following(f"http://{one.address}") as seen, server.publisher() as client:

                async def say(*numbers):
                    for number in numbers:
                        payload = {"agent_id": "agent:a", "status": "busy", "number": number}
                        await client.publish("agent.event.status", json.dumps(payload).encode())
                    await client.flush()

                await seen.kind("snapshot")
                await say(0, 1)
                await seen.number(1)
                stopping = asyncio.create_task(one.terminate())
                restarting = await seen.kind("restarting")
                lost = await seen.kind("disconnected")
                assert lost["retry_seconds"] == restarting["retry_after_ms"] / 1000
                assert await stopping == 0
                await say(2, 3)
                await one.start()
                await say(4)
                seen.live.retry()
                await seen.number(4)
                assert layers_of(seen.live.state) == (await one.get("snapshot"))["layers"]
    finally:
        await server.kill()
    assert seen.numbers == [0, 1, 2, 3, 4]
    assert [one["reason"] for one in seen.messages if one["kind"] == "snapshot"] == ["connect"]


async def test_a_map_of_another_log_sends_a_snapshot_on_the_same_live_map(tmp_path):
    async with map_process(tmp_path) as one, following(f"http://{one.address}") as seen:
        await seen.kind("snapshot")
        await one.kill()
        await seen.kind("disconnected")
        await one.start()
        seen.live.retry()
        assert (await seen.kind("snapshot"))["reason"] == "cursor_unknown"
        assert layers_of(seen.live.state) == (await one.get("snapshot"))["layers"]


async def test_a_map_that_is_not_there_is_tried_again_and_again():
    async with following("http://127.0.0.1:9") as seen:
        lost = await seen.kind("disconnected")
        assert "127.0.0.1:9" in lost["detail"]
        assert 0.25 <= lost["retry_seconds"] <= 0.5
        seen.live.retry()
        await seen.kind("disconnected")
        assert (seen.live.status, seen.live.state, seen.live.cursor) == ("connecting", {}, None)


async def read_twice(url):
    async with following(url, layers=["agents"]) as seen:
        await seen.kind("snapshot")
        lost = await seen.kind("disconnected")
        assert "event: event_type, timestamp, payload, changes missing" in lost["detail"]
        seen.live.retry()
        await seen.kind("snapshot")


async def test_a_message_that_cannot_be_read_costs_a_new_snapshot(living):
    paths = []
    first = {"kind": "snapshot", "cursor": "c", "reason": "connect", "timestamp": "t"}

    async def serve(socket):
        paths.append(socket.request.path)
        await socket.send(json.dumps({**first, "payload": await snapshot(living)}))
        await socket.send('{"kind": "event", "cursor": "d"}' if len(paths) == 1 else '{"kind": "weather"}')
        await socket.wait_closed()

    async with serving(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await read_twice(url)
    assert paths == ["/living-map/stream?layers=agents"] * 2  # without the cursor of what could not be read


# access


async def test_a_refused_token_is_a_clear_error(guarded, services):
    made = await guarded(authenticator={"secret": services.auth.secret})
    asked = []

    def stale():
        asked.append(token("u-1", seconds=-60))
        return asked[-1]

    for layers in (None, ["agents"]):
        asked.clear()
        async with following(made.url, token=stale, layers=layers) as seen:
            with pytest.raises(Unauthenticated, match="expired"):
                await seen.kind("snapshot")
        assert len(asked) == 2  # it asked for another one before it gave up
    async with following(made.url) as seen:
        with pytest.raises(Unauthenticated) as caught:
            await seen.kind("snapshot")
    assert (caught.value.status, caught.value.code) == (401, "unauthenticated")


async def test_a_caller_without_rights_gets_a_clear_error(guarded, services):
    pdp = {"map": [{"type": "microdao", "id": "microdao:core"}]}
    made = await guarded(pdp=pdp, authenticator={"secret": services.auth.secret})
    for layers in (None, ["agents"]):
        async with following(made.url, token=token("u-2"), layers=layers) as seen:
            with pytest.raises(Forbidden) as caught:
                await seen.kind("snapshot")
        assert caught.value.code == "forbidden"


async def test_a_token_is_asked_for_at_every_connection(guarded, services):
    made = await guarded(authenticator={"secret": services.auth.secret})
    asked = []

    async def fresh():
        asked.append(token("u-1"))
        return asked[-1]

    async with proxy(port_of(made.url)) as relay, following(f"http://127.0.0.1:{relay.port}", token=fresh) as seen:
        await seen.kind("snapshot")
        await publish(made.living, 0)
        await seen.number(0)
        before = len(asked)
        relay.reset()
        await publish(made.living, 1)
        await seen.kind("disconnected")
        seen.live.retry()
        await seen.number(1)
        assert len(asked) > before
    assert seen.numbers == [0, 1]


async def test_a_token_that_expires_gives_way_to_another_on_the_open_connection(guarded, services):
    made = await guarded(authenticator={"secret": services.auth.secret}, ttl_seconds=0.2)
    lives = iter([60, 60, 4, 1800, 1800, 1800])

    def next_token():
        return token("u-1", seconds=next(lives))

    async with following(made.url, token=next_token) as seen:
        await seen.kind("snapshot")
        await seen.kind("warning")
        await publish(made.living, 0)
        await seen.number(0)
    assert "disconnected" not in seen.kinds


@pytest.mark.parametrize("blocked", [False, True])
async def test_a_layer_that_is_not_there_is_a_clear_error(url, url_without_websockets, blocked):
    async with following(url_without_websockets if blocked else url, layers=["sky"]) as seen:
        with pytest.raises(Refused, match="no such layer: sky") as caught:
            await seen.kind("snapshot")
    assert caught.value.code == "unknown_layer"


# bounds


@pytest.mark.parametrize("layers", [None, ["agents"]])
async def test_what_is_too_large_is_an_error_and_not_collected(url, url_without_websockets, layers):
    for where in (url, url_without_websockets):
        async with following(where, layers=layers, limits=Limits(max_bytes=2000)) as seen:
            with pytest.raises(TooLarge, match="2000"):
                await seen.kind("snapshot")


@pytest.mark.parametrize(
    "url", ["map.example.org", "ftp://map/", "http://", "http://me:secret@map", "http://map/?x=1"]
)
def test_what_is_not_the_address_of_a_map_is_refused_at_once(url):
    with pytest.raises(Refused) as caught:
        follow(url)
    assert "secret" not in str(caught.value)


async def test_a_token_that_no_header_can_carry_is_not_shown():
    async with following("http://127.0.0.1:9", token="two words") as seen:
        lost = await seen.kind("disconnected")
    assert "no header" in lost["detail"]
    assert "two words" not in lost["detail"]


async def test_a_live_map_that_was_left_stays_readable_and_ends(living, url):
    async with following(url) as seen:
        await seen.kind("snapshot")
    assert seen.live.status == "idle"
    assert layers_of(seen.live.state) == await shown(living)
    with pytest.raises(StopAsyncIteration):
        await anext(seen.live)
    assert issubclass(Refused, MapError)
