"""The client plays the past of a real map, by WebSocket and by server-sent events."""

from datetime import UTC, datetime

import pytest

from livingmap.access.view import WHOLE
from livingmap.client import MapClient, Refused, follow, state_of
from livingmap.core.fold import refreshed
from livingmap.core.model import Put
from tests.support.recorded import Time, recorded_map, written


@pytest.fixture
def time():
    return Time()


@pytest.fixture
async def living(tmp_path, time):
    async with recorded_map(tmp_path, time) as made:
        yield made


@pytest.fixture
async def places(living, time):
    """The cursors of what happened, a second after one another: x of an agent was 0, then 1, up to 19."""
    places = []
    for number in range(20):
        time.pass_(seconds=1)
        await living.log.append(refreshed("agents", number, [Put("agents", "agent:a", {"x": number})]))
        places.append(living.reader.cursor(WHOLE))
    await written(living)
    return places


def x_of(live):
    return live.state["agents"].items()["agent:a"]["x"]


async def test_a_play_leads_from_the_first_moment_to_the_last_and_ends(places, url):
    async with follow(url, from_=places[3], to=places[9], speed="max") as live:
        seen = [(message["kind"], x_of(live)) async for message in live]
        assert live.is_past
    assert seen == [("snapshot", 3), ("playing", 3), *(("event", x) for x in range(4, 10)), ("end", 9)]


@pytest.mark.parametrize("layers", [None, ["agents"]])
async def test_where_websockets_are_blocked_a_play_is_the_same(places, url, url_without_websockets, layers):
    async with follow(url_without_websockets, layers=layers, from_=places[3], to=places[9], speed="max") as live:
        kinds = []
        async for message in live:
            kinds.append(message["kind"])
            if message["kind"] == "playing":
                with pytest.raises(Refused, match="needs a WebSocket"):
                    await live.pause()
    assert kinds[-9:] == ["snapshot", "playing", *["event"] * 6, "end"]
    assert x_of(live) == 9


async def test_a_play_without_an_end_goes_on_to_the_present(living, places, url):
    async with follow(url, from_=places[10], speed="max") as live:
        async for message in live:
            if message["kind"] == "live":
                assert not live.is_past
                await living.log.append(refreshed("agents", 0, [Put("agents", "agent:a", {"x": 99})]))
            elif message["kind"] == "event" and x_of(live) == 99:
                break
        with pytest.raises(Refused, match="present"):
            await live.seek("-1h")


async def test_a_play_is_steered_on_the_open_connection(places, url):
    states = []
    async with follow(url, from_=places[0], to=places[9]) as live:
        await anext(live)
        await live.pause()
        await live.seek(places[5])
        async for message in live:
            if message["kind"] == "paused" and x_of(live) == 5:
                await live.change_speed("max")
                await live.resume()
            if message["kind"] == "event":
                states.append(x_of(live))
    assert states == [6, 7, 8, 9]
    async with MapClient(url) as client:
        assert live.state == state_of((await client.get("snapshot", at=places[9]))["layers"])


async def test_a_play_that_is_cut_goes_on_from_its_last_cursor(living, places, url):
    seen = []
    async with follow(url, from_=places[4], to=places[-1]) as live:
        await anext(live)
        await live.pause()
        await live.seek(places[7])
        async for message in live:
            if message["kind"] == "paused" and x_of(live) == 7:
                living.hub.send_away(True)
                living.hub.send_away(False)
            if message["kind"] == "disconnected":
                live.retry()
            if message["kind"] == "playing" and message["speed"] != "max":
                await live.change_speed("max")
            seen.append((message["kind"], x_of(live)))
    assert ("disconnected", 7) in seen
    assert [one for one in seen if one[0] in ("snapshot", "event")][-13:] == [
        ("snapshot", 7),
        *(("event", x) for x in range(8, 20)),
    ]


@pytest.mark.parametrize("blocked", [False, True])
async def test_a_moment_that_is_not_kept_is_a_clear_error(places, url, url_without_websockets, blocked):
    async with follow(url_without_websockets if blocked else url, from_="1999-01-01T00:00:00Z") as live:
        with pytest.raises(Refused, match="reaches back to"):
            await anext(live)


def test_a_time_without_a_zone_is_refused_at_once():
    with pytest.raises(Refused, match="needs a zone"):
        follow("http://127.0.0.1:1", from_=datetime(2026, 1, 2))  # noqa: DTZ001
    follow("http://127.0.0.1:1", from_=datetime(2026, 1, 2, tzinfo=UTC))


def test_an_end_or_a_speed_without_a_beginning_is_refused():
    for more in ({"to": "-1h"}, {"speed": 7}):
        with pytest.raises(Refused, match="need from"):
            follow("http://127.0.0.1:1", **more)
