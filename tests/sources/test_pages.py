"""How a list that comes in pages is read: whole, or not at all."""

from datetime import UTC, datetime

import pytest

from livingmap.core.paging import ByCursor, ByLink, ByNumber, ByOffset
from livingmap.errors import InvalidAnswer, NotFound
from livingmap.sources.settings import SourceSettings
from livingmap.sources.source_client import SourceClient
from tests.support.scripted_service import ScriptedService, Sent

NOW = datetime(2026, 1, 2, tzinfo=UTC)
PAGES = [[1, 2], [3, 4], [5]]
ALL = [1, 2, 3, 4, 5]


async def read(answer, paging, path="/rows", base="", **query):
    async with ScriptedService(answer) as service:
        client = SourceClient("test", SourceSettings(base_url=service.base_url + base, retries=0))
        try:
            rows = await client.client(NOW).get_all(path, paging, **query)
        finally:
            await client.close()
    return rows, service.requests


def by_cursor(request):
    number = int(request.query.get("after", 0))
    following = str(number + 1) if number + 1 < len(PAGES) else None
    return Sent({"data": {"rows": PAGES[number]}, "meta": {"next": following}})


async def test_pages_by_cursor_are_read_until_there_is_none():
    paging = ByCursor(rows="data.rows", cursor="meta.next", parameter="after")
    rows, requests = await read(by_cursor, paging, limit=2)
    assert rows == ALL
    assert [request.query for request in requests] == [
        {"limit": "2"},
        {"limit": "2", "after": "1"},
        {"limit": "2", "after": "2"},
    ]


@pytest.mark.parametrize("origin", ["", "http://elsewhere:9"])
async def test_pages_by_link_are_asked_of_the_service_itself_wherever_the_link_points(origin):
    def answer(request):
        number = int(request.query.get("page", 0))
        link = f'<{origin}/api/rows?page={number + 1}&tag=a&tag=b>; rel="next", </api/rows>; rel="first"'
        return Sent(PAGES[number], headers={"link": link} if number + 1 < len(PAGES) else {})

    rows, requests = await read(answer, ByLink(), base="/api")
    assert rows == ALL
    assert [(request.path, request.parameters) for request in requests] == [
        ("/api/rows", []),
        ("/api/rows", [("page", "1"), ("tag", "a"), ("tag", "b")]),
        ("/api/rows", [("page", "2"), ("tag", "a"), ("tag", "b")]),
    ]


async def test_a_link_out_of_the_service_is_not_followed():
    with pytest.raises(InvalidAnswer, match="the next page is not below base_url: '/admin'"):
        await read(lambda request: Sent([1], headers={"link": '</admin>; rel="next"'}), ByLink(), base="/api")


async def test_pages_by_offset_are_read_until_one_is_empty():
    def answer(request):
        start = int(request.query.get("skip", 0))
        return Sent({"items": ALL[start : start + 2]})

    rows, requests = await read(answer, ByOffset(rows="items", parameter="skip"))
    assert rows == ALL
    assert [request.query.get("skip") for request in requests] == [None, "2", "4", "5"]


@pytest.mark.parametrize("after_the_last", [Sent([]), Sent({"detail": "Invalid page."}, 404)])
async def test_pages_by_number_are_read_until_one_is_empty_or_not_there(after_the_last):
    def answer(request):
        number = int(request.query["page"])
        return Sent(PAGES[number - 1]) if number <= len(PAGES) else after_the_last

    rows, requests = await read(answer, ByNumber())
    assert rows == ALL
    assert [request.query["page"] for request in requests] == ["1", "2", "3", "4"]


async def test_a_list_that_is_not_there_is_not_found():
    with pytest.raises(NotFound):
        await read(lambda request: Sent("no", 404), ByNumber())


async def test_a_list_that_does_not_end_is_refused():
    with pytest.raises(InvalidAnswer, match="more than 200 pages"):
        await read(lambda request: Sent([1]), ByOffset())
    with pytest.raises(InvalidAnswer, match="more than 100000 rows"):
        await read(lambda request: Sent([0] * 60_000), ByOffset())
    with pytest.raises(InvalidAnswer, match="a page names itself as the next one"):
        await read(lambda request: Sent({"items": [1], "next_cursor": "same"}), ByCursor())


async def test_an_answer_without_rows_is_no_page():
    with pytest.raises(InvalidAnswer, match="/rows: expected an array at items, got NoneType"):
        await read(lambda request: Sent({"rows": []}), ByCursor())


async def test_a_page_that_has_not_changed_leads_to_the_next_one_all_the_same():
    def answer(request):
        number = int(request.query.get("page", 0))
        tag = f'"{number}"'
        if request.headers.get("if-none-match") == tag:
            return Sent(status=304)
        more = {"link": f'</rows?page={number + 1}>; rel="next"'} if number + 1 < len(PAGES) else {}
        return Sent(PAGES[number], headers={"etag": tag, **more})

    async with ScriptedService(answer) as service:
        client = SourceClient("test", SourceSettings(base_url=service.base_url, retries=0))
        for _ in range(2):
            assert await client.client(NOW).get_all("/rows", ByLink()) == ALL
        await client.close()
    assert len(service.requests) == 6
