"""The feed of problems, as clients get it from a real server."""

import asyncio
import contextlib
import json

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from livingmap.access.view import EVERYTHING, Rights, View
from livingmap.client import Refused, Transport, follow_problems
from livingmap.stream.frames import Framing
from livingmap.stream.problem_listing import ProblemListing
from livingmap.stream.queue_sink import QueueSink
from livingmap.stream.viewer import Viewer
from tests.access.conftest import guarded, services  # noqa: F401 - fixtures
from tests.problems.test_api import MOCK, SHOWN, overload, problems
from tests.stream.conftest import served
from tests.support.access import token
from tests.support.maps import browser, living_map
from tests.support.nats_server import until
from tests.support.proxy import proxy

FEED = "/living-map/stream?feed=problems"


@pytest.fixture(autouse=True)
def often(monkeypatch):
    monkeypatch.setattr("livingmap.stream.problem_feed.LOOK_SECONDS", 0.02)


@contextlib.asynccontextmanager
async def looking(living):
    """Have the map look for changes, as it does while it runs."""
    task = asyncio.create_task(living.problem_feed.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def shown(tmp_path):
    async with living_map(tmp_path, SHOWN, mock=MOCK) as living, looking(living):
        await overload(living, 0.1)  # whatever the simulated world makes of it
        yield living


class Seen:
    """What came of followed problems."""

    def __init__(self, live):
        self.live = live

    async def next(self):
        async with asyncio.timeout(120):
            while (message := await anext(self.live))["kind"] not in ("problem", "problems"):
                pass
            return message

    async def change(self):
        message = await self.next()
        assert message["kind"] == "problem"
        return message["state"], message["item"]


async def is_listed(address, end):
    """Tell whether a new viewer is sent a problem with a sentence that ends so."""
    async with follow_problems(f"http://{address}") as live:
        return any(one["what"].endswith(end) for one in (await Seen(live).next())["items"])


@pytest.mark.parametrize("ws", ["websockets-sansio", "none", "the map's own"])
async def test_all_problems_come_at_first_and_then_each_change(shown, ws):
    config = (
        None
        if ws == "the map's own"
        else uvicorn.Config(shown.http, port=0, ws=ws, lifespan="off", log_config=None)
    )
    async with (
        served(shown, config) as address,
        browser(shown) as client,
        follow_problems(f"http://{address}") as live,
    ):
        seen = Seen(live)
        first, listed = await seen.next(), await problems(client)
        assert first["total"] == len(listed)
        assert [one["id"] for one in first["items"]] == [one["id"] for one in listed]
        assert live.transport is (Transport.EVENTS if ws == "none" else Transport.WEBSOCKET)

        entity = await overload(shown)
        state, item = await seen.change()
        assert (state, item["code"], item["affects"]["entities"][0]["id"]) == ("open", "entity_overloaded", entity)
        [same] = [one for one in await problems(client) if one["id"] == item["id"]]
        assert item | {"last_seen": ""} == same | {"last_seen": ""}

        await overload(shown, 0.99)
        await until(lambda: is_listed(address, "99% in use"), 60, 0.02)  # it is seen, and not worth a message
        await client.post(f"/living-map/problems/{item['id']}/acknowledge", json={"note": "seen"})
        state, item = await seen.change()
        assert (state, item["acknowledgement"]["note"]) == ("acknowledged", "seen")
        assert item["what"].endswith("99% in use")
        await overload(shown, 0.1)
        state, ended = await seen.change()
        assert (state, ended["id"]) == ("ended", item["id"])
        assert [one["id"] for one in live.problems] == [one["id"] for one in listed]


async def test_viewers_read_their_own_language(shown):
    async with served(shown) as address:
        entity = await overload(shown)
        name = shown.fold.scene.items("nodes", "items")[entity]["name"]
        for language, words in (
            ("en", f"{name} is overloaded: 95% in use"),
            ("uk", f"{name}: перевантажено, використано 95%"),
        ):
            async with follow_problems(f"http://{address}", language=language) as live:
                assert words in [one["what"] for one in (await Seen(live).next())["items"]]
        async with connect(f"ws://{address}{FEED}", additional_headers={"Accept-Language": "uk"}) as socket:
            items = json.loads(await socket.recv())["items"]
            assert "перевантажено" in " ".join(one["what"] for one in items)


async def test_a_viewer_that_reads_slowly_is_sent_everything_once_it_has_read(shown, monkeypatch):
    monkeypatch.setattr("livingmap.stream.problem_feed.MOST_UNSENT_BYTES", -1_000_000)  # everybody is behind
    async with served(shown) as address, follow_problems(f"http://{address}") as live:
        seen = Seen(live)
        await seen.next()
        await overload(shown)
        monkeypatch.undo()
        message = await seen.next()
        assert message["kind"] == "problems"
        assert "entity_overloaded" in {one["code"] for one in message["items"]}


async def test_a_line_that_breaks_is_given_up_and_the_others_go_on(shown, monkeypatch):
    broken = Viewer(QueueSink(Framing.WEBSOCKET), View(None, EVERYTHING))
    shown.problem_feed.join(broken, "en")
    monkeypatch.setattr(broken.sink, "write", lambda _: 1 // 0)
    async with served(shown) as address, follow_problems(f"http://{address}") as live:
        seen = Seen(live)
        await seen.next()
        await overload(shown)
        assert (await seen.change())[1]["code"] == "entity_overloaded"
        assert shown.problem_feed.viewers == 1


async def test_what_a_process_finds_while_it_reads_its_log_is_not_news(shown):
    """All that is wrong comes anew when the log has been read: none of it has just begun."""
    await overload(shown)
    progress = shown.log.progress
    async with served(shown) as address, follow_problems(f"http://{address}") as live:
        seen = Seen(live)
        before = await seen.next()
        progress.branch_off("own")
        progress.return_to_log()
        assert {one["code"] for one in (await seen.next())["items"]} == {"replaying"}
        progress.aim(progress.position.seq)
        after = await seen.next()
        assert [one["id"] for one in after["items"]] == [one["id"] for one in before["items"]]


async def test_rights_that_no_viewer_has_any_more_are_not_looked_for(shown, monkeypatch):
    problems, feed, looked = shown.problems.open, shown.problem_feed, []
    shown_to = problems.shown
    monkeypatch.setattr(
        problems, "shown", lambda rights, *more, **named: looked.append(rights) or shown_to(rights, *more, **named)
    )
    viewer, fewer = Viewer(QueueSink(Framing.WEBSOCKET), View(None, EVERYTHING)), Rights(reports=False)
    feed.join(viewer, "en")
    feed.change_view(viewer, View(None, fewer))
    looked.clear()
    await until(lambda: len(looked) >= 2)
    assert set(looked) == {fewer}
    feed.leave(viewer)


async def test_what_could_not_be_looked_at_once_the_log_was_read_is_no_news_later(shown, monkeypatch):
    await overload(shown)
    progress = shown.log.progress
    progress.branch_off("own")
    progress.return_to_log()
    listing = ProblemListing(EVERYTHING, "en", shown.reader, shown.problems.open)
    progress.aim(progress.position.seq)
    with monkeypatch.context() as patch:
        patch.setattr(shown.reader, "shown", lambda _: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            listing.changes()
    assert listing.changes() is None
    assert listing.changes() == []


async def all_kinds(socket, kinds):
    async with asyncio.timeout(60):
        while True:
            kinds.append(json.loads(await socket.recv())["kind"])


async def test_viewers_are_sent_heartbeats_and_leave_when_the_map_stops(shown, monkeypatch):
    monkeypatch.setattr("livingmap.stream.problem_feed.HEARTBEAT_SECONDS", 0.0)
    async with served(shown) as address, connect(f"ws://{address}{FEED}") as socket:
        kinds = [json.loads(await socket.recv())["kind"] for _ in range(2)]
        assert kinds == ["problems", "heartbeat"]
        hub = shown.hub
        assert (hub.joined, hub.viewers, hub.visitors, shown.problem_feed.viewers) == (1, 0, 0, 1)
        shown.hub.close()
        with pytest.raises(ConnectionClosed) as closed:
            await all_kinds(socket, kinds)
        assert (kinds[-1], closed.value.rcvd.code) == ("restarting", 1012)
    assert shown.problem_feed.viewers == 0


async def test_a_viewer_that_comes_while_the_map_stops_is_only_told_so(shown):
    async with served(shown) as address, httpx.AsyncClient(base_url=f"http://{address}/living-map") as client:
        shown.hub.close()
        answer = await client.get("/events", params={"feed": "problems"})
    messages = [line.partition("data: ")[2] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert [json.loads(one)["kind"] for one in messages] == ["restarting"]


@pytest.mark.parametrize("query", ["feed=nothing", "feed=problems&layers=city", "feed=problems&from=-1h"])
async def test_what_there_is_no_feed_of_is_refused(shown, query):
    async with served(shown) as address:
        async with connect(f"ws://{address}/living-map/stream?{query}") as socket:
            message = json.loads(await socket.recv())
            assert (message["kind"], message["code"]) == ("error", "invalid_parameter")
        async with httpx.AsyncClient() as client:
            answer = await client.get(f"http://{address}/living-map/events?{query}")
            assert (answer.status_code, answer.json()["code"]) == (422, "invalid_parameter")


async def test_a_map_that_is_too_old_is_not_asked_again(shown, monkeypatch):
    monkeypatch.setattr("livingmap.stream.websocket.asked_language", lambda *_: None)
    async with served(shown) as address, follow_problems(f"http://{address}") as live:
        with pytest.raises(Refused, match="too old"):
            await anext(live)


async def test_a_map_that_was_replaced_by_an_older_one_is_not_asked_again(shown, monkeypatch):
    async with (
        served(shown) as address,
        proxy(int(address.rpartition(":")[2])) as relay,
        follow_problems(f"http://127.0.0.1:{relay.port}") as live,
    ):
        assert (await Seen(live).next())["total"] > 0
        monkeypatch.setattr("livingmap.stream.websocket.asked_language", lambda *_: None)
        relay.reset()
        async with asyncio.timeout(120):
            with pytest.raises(Refused, match="too old"):
                await Seen(live).next()


async def test_a_viewer_gets_what_it_may_know_of_and_loses_what_it_may_not(guarded, services, monkeypatch):  # noqa: F811
    """A reader gets no problem of the map itself that is not public; without a token there is nothing at all."""
    made = await guarded(allow_anonymous=True)
    state = made.living.pollers["agents"].state
    state.status, state.error = state.status.DOWN, "agents: no answer from 10.0.0.7"
    for roles, detail in ((("admin",), state.error), (("user",), None)):
        async with follow_problems(made.url, token=token("u-1", roles=roles)) as live:
            items = (await Seen(live).next())["items"]
            assert [one["detail"] for one in items if one["code"] == "source_down"] == [detail]
    async with connect(f"{made.ws}?feed=problems") as socket:
        assert json.loads(await socket.recv())["code"] == "unauthenticated"
