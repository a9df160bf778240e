"""The history as clients get it."""

from datetime import timedelta
from unittest.mock import ANY

import httpx
import pytest
from fastapi import FastAPI

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.api import problems
from livingmap.api.dependencies import AuthDependencies
from livingmap.api.history import routes
from livingmap.cluster import Alone
from livingmap.core.fold import Fold
from livingmap.history import Gap, Query
from livingmap.history.postgres import PostgresHistory
from livingmap.log.local import LocalLog, utc_now
from livingmap.past.rollups import RollUps
from livingmap.state.reader import MapReader
from tests.history.making import NOON, entry
from tests.support.access import open_to_all

PATH = "/living-map/history"


def asking(history, fold=None):
    fold, log = fold or Fold([]), LocalLog()
    filtered_scenes = FilteredScenes(fold, [], [], log.progress.here)
    reader = MapReader(fold, filtered_scenes, log.progress, Alone().cursor_key, utc_now)
    app = FastAPI()
    problems.install(app)
    roll_ups = RollUps(history, lambda: fold.scene.vocabulary, 400)
    app.include_router(routes(reader, history, roll_ups, AuthDependencies(open_to_all(), log.progress)))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://map")


@pytest.fixture
async def client(history):
    async with asking(history) as opened:
        yield opened


async def test_an_item_is_that_of_the_specification(client, history):
    payload = {"node_id": "node:gpu-1", "cpu": 0.8, "gpu": 0.95}
    kept = entry(1, "node.metrics.update", payload=payload)
    await history.write([kept])
    assert (await client.get(PATH)).json() == {
        "items": [
            {
                "id": str(kept.id),
                "timestamp": "2025-11-24T12:00:01Z",
                "event_type": "node.metrics.update",
                "payload": payload,
                "occurred_at": None,
                "source": None,
                "cursor": ANY,
                "changes": None,
                "more": 0,
            }
        ],
        "next_cursor": None,
        "oldest_available": "2025-11-24T12:00:01Z",
        "gaps": [],
    }


async def test_an_empty_history_is_an_empty_page(client):
    assert (await client.get(PATH)).json() == {
        "items": [],
        "next_cursor": None,
        "oldest_available": None,
        "gaps": [],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [4, 3, 2, 1]),
        ("since=2025-11-24T12:00:03Z", [4, 3]),
        ("since=2025-11-24T12:00:03", [4, 3]),
        ("since=2025-11-24 14:00:03+02:00", [4, 3]),
        ("since=2025-11-24T14:00:03%2B02:00", [4, 3]),
        ("since=2025-11-25", []),
        ("since=-1s", []),
        ("since=-36500d&until=-1s", [4, 3, 2, 1]),
        ("until=2025-11-24T12:00:03Z", [2, 1]),
        ("event_type=dao.event.*", [2, 1]),
        ("event_type=dao.>&event_type=agent.event.status", [4, 2, 1]),
        ("event_type=dao.event.created, agent.*.*", [4, 1]),
        ("entity_id=dao:core", [2, 1]),
        ("source=agents", [4]),
        ("limit=1", [4]),
    ],
)
async def test_filters(client, history, query, expected):
    await history.write(
        [
            entry(1, "dao.event.created", entity_ids=("dao:core",)),
            entry(2, "dao.event.updated", entity_ids=("dao:core",)),
            entry(3, "usage.llm"),
            entry(4, "agent.event.status", source="agents"),
        ]
    )
    answer = await client.get(f"{PATH}?{query}")
    assert [item["payload"]["seq"] for item in answer.json()["items"]] == expected


async def test_pages_follow_each_other_by_cursor_while_rows_are_added(client, history):
    await history.write([entry(number) for number in range(1, 31)])
    seen, params = [], {"limit": 7}
    while True:
        body = (await client.get(PATH, params=params)).json()
        seen += [item["payload"]["seq"] for item in body["items"]]
        await history.write([entry(100 + len(seen))])
        if body["next_cursor"] is None:
            break
        params["cursor"] = body["next_cursor"]
    assert seen == list(range(30, 0, -1))


async def test_gaps_are_told(client, history):
    await history.record_gap(Gap("e", 3, 7, NOON, NOON + timedelta(seconds=1), "the database was away"))
    assert (await client.get(PATH)).json()["gaps"] == [
        {
            "since": "2025-11-24T12:00:00Z",
            "until": "2025-11-24T12:00:01Z",
            "events": 5,
            "reason": "the database was away",
        }
    ]


@pytest.mark.parametrize(
    "query",
    [
        "since=yesterday",
        "since=",
        "since=0001-01-01T00:00:00%2B05:00",
        "since=2025-11-24&until=2025-11-23",
        "until=%00",
        "event_type=",
        "event_type=a..b",
        "event_type=a.>.b",
        "event_type=a*",
        "event_type=a%00",
        f"event_type={','.join(map(str, range(101)))}",
        "entity_id=sofia",
        "entity_id=agent:%00",
        "entity_id=",
        "source=%00",
        "limit=0",
        "limit=1001",
        "limit=x",
        "cursor=",
        "cursor=%21",
        "cursor=MjAyNS0xMS0yNFQxMjowMDowMA",
        "cursor=MjAyNS0xMS0yNFQxMjowMDowMHw5OTk5OTk5OTk5OTk5OTk5OTk5OXw",
        "cursor=gICA",
    ],
)
async def test_bad_values_are_refused(client, query):
    answer = await client.get(f"{PATH}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json().keys() == {"type", "title", "status", "code", "detail"}


@pytest.mark.parametrize("depth", [100, 200, 240, 250, 254, 300, 5000])
async def test_a_payload_of_any_depth_is_shown_or_says_why_not(client, history, depth):
    value: object = "end"
    for _ in range(depth):
        value = [value]
    await history.write([entry(1, payload={"deep": value})])
    answer = await client.get(PATH)
    assert answer.status_code == 200
    (item,) = answer.json()["items"]
    assert item["payload"] == {"deep": value} or list(item["payload"]) == ["livingmap.unwritable"]


async def test_a_thousand_items_are_one_page(client, history):
    await history.write([entry(number) for number in range(1, 1002)])
    body = (await client.get(PATH, params={"limit": 1000})).json()
    assert len(body["items"]) == 1000
    assert body["next_cursor"]


async def test_without_its_database_the_history_is_unavailable(open_folder):
    away = PostgresHistory(f"postgresql:///postgres?host={open_folder}")
    async with asking(away) as client:
        answer = await client.get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (503, "history_unavailable")
    assert answer.headers["retry-after"] == "5"


async def test_a_closed_history_is_unavailable(postgres):
    async with asking(postgres) as client:
        assert (await client.get(PATH)).status_code == 200
        await postgres.close()
        assert (await client.get(PATH)).status_code == 503
    await postgres.open()
    assert (await postgres.read(Query())).entries == ()
