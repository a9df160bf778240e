"""Moments: how clients name them, what they are told of them, and what they may keep."""

from dataclasses import replace
from datetime import timedelta

import pytest

from livingmap.core.fold import DOWN, REFRESHED, UP
from livingmap.core.model import Message
from livingmap.history import Gap, HistoryUnavailable
from livingmap.history.memory import MemoryHistory
from livingmap.past.sources_then import SourcesThen
from tests.history.making import entry
from tests.past.life import MOCKED, NOON, Life, drop, put


class Switched(MemoryHistory):
    """A history that can be away, or only not be written."""

    away = slow = False

    async def write(self, entries):
        if self.away or self.slow:
            raise HistoryUnavailable("away")
        await super().write(entries)

    async def newest_at(self, time):
        if self.away:
            raise HistoryUnavailable("away")
        return await super().newest_at(time)

    def forget(self, *seqs):
        """Lose entries without a word."""
        self._forget([entry for entry in self._entries if entry.position.seq in seqs])


@pytest.fixture
async def history():
    return Switched()


@pytest.fixture
async def life(tmp_path, history):
    one = Life(tmp_path, 1, history)
    async with one.run():
        yield one


def ago(time):
    return time.isoformat()


async def named(life, at, **parameters):
    """Return the names of all agents at a moment."""
    answer = await life.get("/living-map/snapshot", at=at, **parameters)
    assert answer.status_code == 200, answer.text
    return {item["id"]: item.get("name") for item in answer.json()["layers"]["agents"]["items"]}


async def test_a_time_a_time_ago_and_a_cursor_lead_to_the_same_moment(life):
    first = await life.say(put("agent:a", name="A"))
    cursor = (await life.get("/living-map/snapshot")).json()["meta"]["cursor"]
    await life.say(put("agent:a", name="B"), put("agent:b"), seconds=90)
    for at in (
        ago(first),
        ago(first + timedelta(seconds=89)),
        "-90s",
        "-1m",
        cursor,
        f"{first:%Y-%m-%d %H:%M:%S}",
    ):
        assert await named(life, at) == {"agent:a": "A"}, at
    assert await named(life, "-0s") == {"agent:a": "B", "agent:b": None}


async def test_a_snapshot_of_the_past_says_which_and_a_stream_goes_on_from_it(life):
    first = await life.say(put("agent:a", name="A"))
    cursor = (await life.get("/living-map/snapshot")).json()["meta"]["cursor"]
    await life.say(put("agent:a", name="B"))
    body = (await life.get("/living-map/snapshot", at=ago(first))).json()
    assert body["meta"]["at"] == body["meta"]["generated_at"] == body["generated_at"] == "2026-01-02T12:00:01Z"
    assert (body["meta"]["cursor"], body["meta"]["phase"], body["meta"]["gaps"]) == (cursor, "past", [])
    now = (await life.get("/living-map/snapshot")).json()
    assert body["meta"].keys() == now["meta"].keys()
    assert (now["meta"]["at"], now["meta"]["gaps"]) == (None, [])


@pytest.mark.parametrize(
    ("at", "status", "code", "detail"),
    [
        ("yesterday", 422, "invalid_parameter", "at: 'yesterday' is neither a time such as"),
        ("-5w", 422, "invalid_parameter", "-15m"),
        ("", 422, "invalid_parameter", "neither"),
        ("2026-01-02T12:00:02Z", 422, "invalid_parameter", "is later than now"),
        ("2026-01-02T12:00:00Z", 404, "not_kept", "it reaches back to 2026-01-02T12:00:01Z"),
        ("-999999999d", 404, "not_kept", "it reaches back to"),
        ("0001-01-01T00:00:00Z", 404, "not_kept", "it reaches back to"),
    ],
)
async def test_a_moment_that_cannot_be_shown_is_refused_with_what_would_work(life, at, status, code, detail):
    await life.say(put("agent:a"))
    for path in ("/living-map/snapshot", "/living-map/entities", "/living-map/entities/agent:a"):
        answer = await life.get(path, at=at)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert answer.headers["content-type"] == "application/problem+json"
        assert detail in answer.json()["detail"]
    answer = await life.get("/living-map/diff", **{"from": at})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_an_empty_history_keeps_nothing(life):
    answer = await life.get("/living-map/snapshot", at=ago(NOON))
    assert (answer.status_code, answer.json()["detail"]) == (
        404,
        "2026-01-02T12:00:00Z is not in the history: it has nothing yet",
    )


async def test_what_is_not_written_yet_is_waited_for_and_then_refused(life, history):
    first = await life.say(put("agent:a"))
    history.slow = True
    life.now += timedelta(seconds=1)
    await life.living.log.append(Message("chaos.said", {"said": [put("agent:b")]}))
    answer = await life.get("/living-map/snapshot", at="-0s")
    assert (answer.status_code, answer.json()["code"]) == (503, "history_waiting")
    assert answer.headers["retry-after"]
    here = (await life.get("/living-map/snapshot")).json()["meta"]["cursor"]
    assert (await life.get("/living-map/snapshot", at=here)).json()["code"] == "history_waiting"
    history.slow = False
    await life.written()
    assert await named(life, "-0s") == {"agent:a": None, "agent:b": None}
    assert await named(life, ago(first)) == {"agent:a": None}


async def test_a_database_that_is_away_is_named(life, history):
    await life.say(put("agent:a"))
    history.away = True
    for path in ("/living-map/snapshot", "/living-map/entities"):
        answer = await life.get(path, at="-0s")
        assert (answer.status_code, answer.json()["code"]) == (503, "history_unavailable")
    history.away = False


async def test_a_settled_moment_may_be_kept_for_good(life):
    first = await life.say(put("agent:a"))
    answer = await life.get("/living-map/snapshot", at=ago(first))
    assert answer.headers["cache-control"] == "private, no-cache"
    await life.say(put("agent:b"), seconds=61)
    lasting = "private, immutable, max-age=31536000"
    assert (await life.get("/living-map/snapshot", at=ago(first))).headers["cache-control"] == lasting
    assert (await life.get("/living-map/snapshot", at="-61s")).headers["cache-control"] == "private, no-cache"
    for path in ("/living-map/entities", "/living-map/entities/agent:a"):  # another configuration has other links
        assert (await life.get(path, at=ago(first))).headers["cache-control"] == "private, no-cache"
    answer = await life.get("/living-map/snapshot", at=ago(first))
    assert answer.headers["vary"] == "Accept-Encoding, Authorization, Cookie"
    difference = await life.get("/living-map/diff", **{"from": ago(first)})
    assert difference.headers["cache-control"] == "private, no-cache"


async def test_an_answer_of_the_past_has_a_validator(life):
    first = await life.say(put("agent:a"))
    await life.say(put("agent:b"), seconds=61)
    for path, parameters in (("snapshot", {"at": ago(first)}), ("diff", {"from": ago(first), "to": "-1s"})):
        async with life.browser() as client:
            one = await client.get(f"/living-map/{path}", params=parameters)
            tag = {"if-none-match": one.headers["etag"]}
            again = await client.get(f"/living-map/{path}", params=parameters, headers=tag)
        assert (again.status_code, again.content) == (304, b"")


async def test_only_the_layers_asked_for_are_there(life):
    first = await life.say(put("agent:a"), put("city:x", "city"))
    body = (await life.get("/living-map/snapshot", at=ago(first), layers="agents")).json()
    assert list(body["layers"]) == ["agents"]
    answer = await life.get("/living-map/snapshot", at=ago(first), layers="nope")
    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_layer")


# what is missing


async def test_what_the_history_lost_is_a_gap_until_the_next_state(life, history):
    await life.say(put("agent:a"))
    await life.say(put("agent:b"))
    after = await life.say(put("agent:c"))
    last = await life.say(put("agent:d"), seconds=600)  # after ten minutes there is a state
    history.forget(2)
    body = (await life.get("/living-map/snapshot", at=ago(after))).json()
    assert body["meta"]["gaps"] == [
        {
            "since": "2026-01-02T12:00:01Z",
            "until": "2026-01-02T12:00:03Z",
            "events": None,
            "reason": "the history no longer has what happened then",
        }
    ]
    assert {item["id"] for item in body["layers"]["agents"]["items"]} == {"agent:a", "agent:c"}
    body = (await life.get("/living-map/snapshot", at=ago(last))).json()
    assert body["meta"]["gaps"] == []
    assert len(body["layers"]["agents"]["items"]) == 4


async def test_a_gap_has_the_reason_that_was_recorded(life, history):
    await life.say(put("agent:a"))
    lost = await life.say(put("agent:b"))
    after = await life.say(put("agent:c"))
    history.forget(2)
    await history.record_gap(Gap(life.living.log.position.epoch, 2, 2, lost, lost, "the disk was full"))
    answer = await life.get("/living-map/snapshot", at=ago(after))
    (gap,) = answer.json()["meta"]["gaps"]
    assert (gap["reason"], gap["events"]) == ("the disk was full", 1)
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_a_time_in_which_the_map_did_not_run_is_a_gap(tmp_path):
    life = Life(tmp_path, 1, MemoryHistory())
    async with life.run():
        last = await life.say(put("agent:a"))
    life.now += timedelta(hours=1)
    async with life.run():
        again = await life.say(put("agent:b"), seconds=0)
        between = (await life.get("/living-map/snapshot", at=ago(again - timedelta(minutes=30)))).json()
        assert between["meta"]["gaps"] == [
            {
                "since": "2026-01-02T12:00:01Z",
                "until": "2026-01-02T13:00:01Z",
                "events": None,
                "reason": "the map may not have been running",
            }
        ]
        assert [item["id"] for item in between["layers"]["agents"]["items"]] == ["agent:a"]
        assert (await life.get("/living-map/snapshot", at=ago(last))).json()["meta"]["gaps"] == []
        assert await named(life, ago(again)) == {"agent:b": None}


@pytest.fixture
async def interrupted(tmp_path, kept):
    """A map that stopped at 12:00:01 and again at 12:00:05, and was started for the third time at 12:00:39."""
    life = Life(tmp_path, 1, kept)
    async with life.run():
        await life.say(put("agent:a"))
    async with life.run():
        await life.say(put("agent:b"), seconds=3)
        await life.say(put("agent:c"))
    life.now += timedelta(seconds=34)
    async with life.run():
        await life.say(put("agent:d"), seconds=0)
        yield life


FIRST, SECOND = [("12:00:01", "12:00:04")], [("12:00:05", "12:00:39")]


def spans(gaps):
    assert {one["reason"] for one in gaps} <= {"the map may not have been running"}
    return [(one["since"][11:19], one["until"][11:19]) for one in gaps]


async def test_however_short_a_time_between_two_logs_is_a_gap(interrupted):
    expected = {1: [], 2: FIRST, 3.9: FIRST, 4: [], 5: [], 6: SECOND, 38.9: SECOND, 39: []}
    for seconds, gaps in expected.items():
        body = (await interrupted.get("/living-map/snapshot", at=ago(NOON + timedelta(seconds=seconds)))).json()
        assert spans(body["meta"]["gaps"]) == gaps, seconds
        page = (await interrupted.get("/living-map/entities", at=ago(NOON + timedelta(seconds=seconds)))).json()
        assert spans(page["gaps"]) == gaps, seconds
        path = f"/living-map/entities/{page['items'][0]['id']}"
        one = (await interrupted.get(path, at=ago(NOON + timedelta(seconds=seconds)))).json()
        assert spans(one["gaps"]) == gaps, seconds


async def test_before_the_first_entry_of_another_log_nothing_is_known_since_the_last_one(tmp_path, kept):
    life = Life(tmp_path, 1, kept)
    async with life.run():
        await life.say(put("agent:a"))
    life.now += timedelta(seconds=5)
    async with life.run():
        body = (await life.get("/living-map/snapshot", at="-1s")).json()
        assert spans(body["meta"]["gaps"]) == [("12:00:01", "12:00:05")]
        for since in ("-5s", "-1s"):
            answer = await life.get("/living-map/diff", **{"from": since})
            assert spans(answer.json()["gaps"]) == [("12:00:01", "12:00:06")], since


async def test_a_difference_names_the_times_within_it_in_which_the_map_did_not_run(interrupted):
    expected = {(1, 39): FIRST + SECOND, (2, 3): FIRST, (2, 5): FIRST, (4, 6): SECOND, (4, 5): []}
    for ends, gaps in expected.items():
        since, until = (ago(NOON + timedelta(seconds=seconds)) for seconds in ends)
        answer = await interrupted.get("/living-map/diff", **{"from": since, "to": until})
        assert spans(answer.json()["gaps"]) == gaps, ends
    answer = await interrupted.get("/living-map/diff", **{"from": ago(NOON + timedelta(seconds=4))})
    assert spans(answer.json()["gaps"]) == SECOND


async def test_a_page_of_the_history_names_the_times_in_which_the_map_did_not_run(interrupted):
    async def page(**parameters):
        return (await interrupted.get("/living-map/history", **parameters)).json()

    four, five = (ago(NOON + timedelta(seconds=seconds)) for seconds in (4, 5))
    assert spans((await page())["gaps"]) == SECOND + FIRST
    assert spans((await page(until=five))["gaps"]) == FIRST
    assert spans((await page(since=four, until=five))["gaps"]) == []
    first = await page(limit=2)
    assert spans(first["gaps"]) == SECOND
    assert spans((await page(limit=2, cursor=first["next_cursor"]))["gaps"]) == FIRST


# sources


async def statuses(life, at):
    body = (await life.get("/living-map/snapshot", at=at)).json()
    return {one["name"]: (one["status"], one["error"]) for one in body["meta"]["sources"]}


async def test_a_mock_was_one_from_its_first_poll_on():
    kinds = {"mocked": ("starting", "mock"), "asked": ("starting", "fresh"), "old": ("starting", None)}
    kinds |= {"off": ("disabled", "fresh"), "broken": ("failed", "fresh"), "known": ("mock", "mock")}
    sources = SourcesThen(
        {"name": name, "service": name, "status": status, "good": good} for name, (status, good) in kinds.items()
    )
    for name in kinds:
        sources.take(replace(entry(1, REFRESHED), source=name))
    shown = {one["name"]: one["status"] for one in sources.at(NOON, silent=False, reports=True)}
    expected = ("mock", "fresh", "starting", "disabled", "failed", "mock")
    assert shown == dict(zip(kinds, expected, strict=True))


async def test_a_mock_that_came_up_without_a_poll_before_is_a_mock():
    sources = SourcesThen([{"name": "city", "service": "city", "status": "starting", "good": "mock"}])
    for kind in (DOWN, UP):
        sources.take(replace(entry(1, kind), source="city"))
    assert [one["status"] for one in sources.at(NOON, silent=False, reports=True)] == ["mock"]


async def test_soon_after_the_start_mocks_are_shown_as_mocks(life):
    await life.say(put("agent:a"))
    await life.poll()
    await life.say(put("agent:b"))
    seen = await statuses(life, "-0s")
    assert seen["city"] == ("mock", None)
    assert {seen[name][0] for name in MOCKED} <= {"mock", "starting"}  # a poll that finds nothing leaves no entry


async def test_a_source_that_was_down_is_shown_as_down(life):
    await life.poll()
    before = await life.say(put("agent:a"))
    await life.append(Message(DOWN, {"source": "city", "error": "it does not answer"}))
    down = life.now
    await life.append(Message(UP, {"source": "city"}))
    up = life.now
    assert (await statuses(life, ago(before)))["city"] == ("mock", None)
    assert (await statuses(life, ago(down)))["city"] == ("down", "it does not answer")
    assert (await statuses(life, ago(up)))["city"] == ("mock", None)
    body = (await life.get("/living-map/snapshot", at=ago(down))).json()
    assert "city-service" in body["meta"]["source_services"]
    assert all(one["age_seconds"] is None or one["age_seconds"] >= 0 for one in body["meta"]["sources"])


# entities


async def test_entities_are_listed_as_they_were(life):
    first = await life.say(put("agent:a", name="A", status="idle"))
    await life.say(put("agent:a", name="B"), put("agent:b"))
    listed = (await life.get("/living-map/entities", at=ago(first))).json()["items"]
    assert [(one["id"], one["label"]) for one in listed] == [("agent:a", "A")]
    assert (await life.get("/living-map/entities", at=ago(first), type="agent", limit=1)).json()["items"] == listed
    one = (await life.get("/living-map/entities/agent:a", at=ago(first))).json()
    assert one == {
        "id": "agent:a",
        "type": "agent",
        "layer": "agents",
        "data": {"name": "A", "status": "idle"},
        "sources": {},
        "observed_at": None,
        "links": [],
        "gaps": [],
    }
    answer = await life.get("/living-map/entities/agent:b", at=ago(first))
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_entity")


async def test_a_thing_that_is_gone_is_found_in_the_past(life):
    first = await life.say(put("agent:a", name="A"))
    await life.say(drop("agent:a"))
    assert (await life.get("/living-map/entities/agent:a")).status_code == 404
    assert (await life.get("/living-map/entities/agent:a", at=ago(first))).json()["data"]["name"] == "A"
    assert (await life.get("/living-map/entities", at=ago(first), type="agent")).json()["items"]


async def test_a_thing_of_the_past_leads_to_the_page_that_it_has_today(tmp_path, history):
    plugin = {"module": "./chaos.py", "base_url": "http://127.0.0.1:9"}
    links = {"agent": "https://city.org/{id:key}"}
    life = Life(tmp_path, 1, history, sources={"chaos": {**plugin, "links": links}})
    async with life.run():
        then = await life.say(put("agent:a"), put("agent:gone"), put("city:x", "city"))
        await life.say(drop("agent:gone"), seconds=3600)
        found = await life.get("/living-map/entities", at=ago(then))
        ones = [await life.get(f"/living-map/entities/{name}", at=ago(then)) for name in ("agent:a", "agent:gone")]
    url = [{"source": "chaos", "url": "https://city.org/a"}]
    assert [one["links"] for one in found.json()["items"]] == [url, [], []]
    assert [one.json()["links"] for one in ones] == [url, []]


# differences


async def test_a_difference_has_what_came_went_and_changed_with_what_was(life):
    first = await life.say(put("agent:a", name="A", status="offline"), put("agent:b", name="B"))
    await life.say(put("agent:a", status="busy"), put("agent:b", name="Z"))
    last = await life.say(put("agent:b", name="B"), put("agent:c"), drop("agent:a"))
    answer = await life.get("/living-map/diff", **{"from": ago(first), "to": ago(last)})
    assert answer.json()["changes"] == [
        {
            "op": "drop",
            "layer": "agents",
            "collection": "items",
            "id": "agent:a",
            "was": {"name": "A", "status": "offline"},
        },
        {
            "op": "put",
            "layer": "agents",
            "collection": "items",
            "id": "agent:c",
            "set": {"status": "active"},
            "unset": [],
            "was": {},
            "came": True,
        },
    ]
    assert answer.json()["from"]["at"] == "2026-01-02T12:00:01Z"
    back = await life.get("/living-map/diff", **{"from": ago(last), "to": ago(first)})
    assert (back.status_code, back.json()["detail"]) == (422, "from: is later than to")
