"""Events by HTTP: who may send them for which source, what they may say, and that each counts once."""

import asyncio
import contextlib

import httpx
import pytest

from tests.support.map_process import MapProcess
from tests.support.maps import browser, living_map
from tests.support.nats_server import jetstream_server, until

SHOP = """
from pydantic import BaseModel
from livingmap.plugin import Layer, Put, SectionSettings, Source, hookimpl, read_event

class Order(BaseModel):
    id: str
    price: object = None

def on_order(event, part):
    order = read_event(Order, event)
    count = (part.get("orders", f"order:{order.id}") or {}).get("count", 0) + 1
    return [Put("orders", f"order:{order.id}", {"count": count, "price": event.payload.get("price")})]

@hookimpl
def livingmap_source():
    return Source("shop", "shop", SectionSettings, (Layer("orders"),), {"order.*": on_order})
"""
TOKEN = "a-token-of-the-shop"
GOOD = {"subject": "order.paid", "payload": {"id": "17"}}


@pytest.fixture
async def shop(tmp_path):
    """Give a function that posts to the map, and the map."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "token").write_text("another-token-of-it\n")
    sections = {
        "shop": {"module": "./shop.py", "ingest_token": TOKEN},
        "other": {"module": "./shop.py", "ingest_token_file": "token"},
        "closed": {"module": "./shop.py"},
    }
    async with living_map(tmp_path, sections, polled=False) as living, browser(living) as client:

        async def post(source="shop", token=TOKEN, key=None, json=GOOD, **more):
            headers = {"authorization": f"Bearer {token}"} if token else {}
            headers |= {"idempotency-key": key} if key else {}
            body = {"json": json} if "content" not in more else {}
            return await client.post(f"/living-map/ingest/{source}", headers=headers, **body, **more)

        post.living = living
        yield post


def counts(shop):
    return {name: item["count"] for name, item in shop.living.fold.scene.items("orders", "items").items()}


async def test_an_event_goes_into_the_log_as_any_other(shop):
    answer = await shop()
    assert (answer.status_code, answer.json()) == (202, {"new": True})
    assert counts(shop) == {"order:17": 1}
    async with browser(shop.living) as client:
        [report, *_] = (await client.get("/living-map/sources")).json()["items"]
    assert report["events"] == 1


async def test_an_event_counts_once_under_one_key_and_source(shop):
    answers = [(await shop(key="k-1")).json(), (await shop(key="k-1")).json(), (await shop(key="k-2")).json()]
    assert answers == [{"new": True}, {"new": False}, {"new": True}]
    assert (await shop("other", "another-token-of-it", key="k-1")).json() == {"new": True}
    assert (await shop()).json() == (await shop()).json() == {"new": True}


@pytest.mark.parametrize(
    ("source", "token", "status", "code"),
    [
        ("shop", None, 401, "unauthenticated"),
        ("shop", "wrong-token-of-shop", 401, "unauthenticated"),
        ("shop", "another-token-of-it", 401, "unauthenticated"),
        ("other", TOKEN, 401, "unauthenticated"),
        ("closed", TOKEN, 404, "no_ingest"),
        ("nowhere", TOKEN, 404, "no_ingest"),
    ],
)
async def test_only_the_token_of_the_source_counts(shop, source, token, status, code):
    answer = await shop(source, token)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not counts(shop)
    assert TOKEN not in answer.text


async def test_a_token_in_a_file_may_be_rotated_and_be_away(shop, tmp_path):
    assert (await shop("other", "another-token-of-it")).status_code == 202
    (tmp_path / "token").write_text("the-next-token-of-it")
    assert (await shop("other", "another-token-of-it")).status_code == 401
    assert (await shop("other", "the-next-token-of-it")).status_code == 202
    (tmp_path / "token").unlink()
    answer = await shop("other", "the-next-token-of-it")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_wrong_tokens_are_counted_by_address(shop):
    answers = [(await shop(token="a-wrong-token-again")).status_code for _ in range(31)]
    assert answers == [401] * 30 + [429]


@pytest.mark.parametrize(
    ("json", "detail"),
    [
        (
            {"subject": "parcel.sent", "payload": {}},
            "subject: shop does not handle 'parcel.sent' (it handles: order.*)",
        ),
        ({"subject": "order.*", "payload": {}}, "payload: its subject is a pattern"),
        ({"subject": "livingmap.source.refreshed", "payload": {}}, "subject: shop does not handle"),
        (
            {"subject": "order.paid", "payload": {"price": 1}},
            "payload: shop can do nothing with it: InvalidAnswer: payload.id: Field required",
        ),
        ({"subject": "order.paid", "payload": {"id": "x\0"}}, "payload: "),
        ({"subject": "order.paid", "payload": [1]}, "payload: Input should be a valid dictionary"),
        ({"subject": "order.paid"}, "payload: Field required"),
        ({**GOOD, "id": 1}, "id: Extra inputs are not permitted"),
        ([], "the body: Input should be"),
    ],
)
async def test_what_the_source_can_do_nothing_with_is_refused_and_the_answer_says_why(shop, json, detail):
    answer = await shop(json=json)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_event")
    assert answer.json()["detail"].startswith(detail)
    assert not counts(shop)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"subject": NaN}', b"[" * 60_000])
async def test_what_is_not_json_is_refused(shop, content):
    answer = await shop(content=content)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_event")


async def test_numbers_arrive_as_they_were_sent(shop):
    await shop(content=b'{"subject": "order.paid", "payload": {"id": "1", "price": 12345678901234567.89}}')
    assert shop.living.fold.scene.items("orders", "items")["order:1"]["price"] == "12345678901234567.89"


async def test_an_event_that_is_too_large_is_refused(shop):
    answer = await shop(json={"subject": "order.paid", "payload": {"id": "1", "note": "x" * 70_000}})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_key_that_no_header_holds_is_refused(shop):
    assert (await shop(key="x" * 256)).status_code == 422
    assert (await shop(key="two words")).status_code == 422


async def test_any_process_of_a_map_takes_an_event_and_each_counts_once(tmp_path):
    (tmp_path / "shop.py").write_text(SHOP)
    async with jetstream_server(tmp_path) as server:
        section = {"module": "./shop.py", "ingest_token": TOKEN}
        maps = [
            MapProcess(tmp_path, sources={"shop": section}, nats={"url": server.url, "detached_seconds": 1})
            for _ in range(2)
        ]
        try:
            await asyncio.gather(*(one.start() for one in maps))
            answers = await asyncio.gather(*(_post(one, "k-1") for one in (*maps, *maps)))
            assert [answer.status_code for answer in answers] == [202] * 4
            for one in maps:
                await until(lambda one=one: _shows(one, {"id": "order:17", "count": 1, "price": None}), 60, 0.1)
                assert (await _post(one, "k-1")).json() == {"new": False}
            assert (await _post(maps[1], "k-2")).json() == {"new": True}
            await server.kill()
            await until(lambda: _is_refused(maps[0]), 60, 0.1)
        finally:
            for one in maps:
                await one.kill()


async def _post(one, key):
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        headers = {"authorization": f"Bearer {TOKEN}", "idempotency-key": key}
        return await client.post(f"http://{one.address}/living-map/ingest/shop", headers=headers, json=GOOD)


async def _shows(one, *orders):
    return (await one.get("snapshot"))["layers"].get("orders", {}).get("items") == list(orders)


async def _is_refused(one):
    with contextlib.suppress(httpx.TransportError):
        answer = await _post(one, "k-3")
        return answer.status_code == 503 and answer.json()["code"] == "not_ready"
