"""Long answers: read piece by piece, and not at all while nothing has changed."""

import asyncio
import gc
import tracemalloc
from unittest.mock import patch

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from livingmap.core.model import Put
from livingmap.core.paging import ByLink
from livingmap.core.source import Layer, Source
from livingmap.hookspecs import Reply
from livingmap.sources import pieces
from livingmap.sources.answer import Call
from livingmap.sources.ask_each import ask_each
from livingmap.sources.json_client import JsonClient
from livingmap.sources.settings import SourceSettings
from livingmap.testing import SourceHarness
from tests.support.scripted_service import ScriptedService, Sent

TEXTS = st.text('{}[],:"\\ a', max_size=6)
VALUES = st.recursive(
    st.none() | st.integers(-5, 5) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, max_size=3), max_size=30)
DOCUMENTS = st.one_of(
    ROWS,
    st.fixed_dictionaries({"total": VALUES, "items": ROWS}),
    st.fixed_dictionaries({"items": ROWS, "next": VALUES}),
)


@given(DOCUMENTS, st.integers(1, 200), st.sampled_from([0, orjson.OPT_INDENT_2]))
def test_a_document_that_is_read_in_pieces_is_what_it_is_as_a_whole(document, length, option):
    body = orjson.dumps(document, option=option)
    with patch.object(pieces, "PIECE_BYTES", length):
        assert pieces.json_of(body) == document


@given(ROWS, st.binary(max_size=3), st.integers(0, 300), st.integers(1, 100))
def test_what_is_not_json_is_not_read_in_pieces_either(rows, junk, place, length):
    body = orjson.dumps(rows)
    body = body[:place] + junk + body[place + 1 :]
    try:
        expected = orjson.loads(body)
    except ValueError:
        expected = None
    with patch.object(pieces, "PIECE_BYTES", length):
        if expected is None:
            with pytest.raises(orjson.JSONDecodeError):
                pieces.json_of(body)
        else:
            assert pieces.json_of(body) == expected


class Row(BaseModel):
    id: str
    name: str


class Shelf:
    """A service with a long list, and a map of it."""

    def __init__(self, reads_time=False, **reply):
        self.rows = [{"id": str(number), "name": "x" * 200} for number in range(3000)]
        self.reply, self.fetches, self.reads_time = reply, 0, reads_time
        self.meanwhile = None
        layer = Layer("things", fetch=self.fetch)
        source = Source("things", "things", SourceSettings, (layer,), {"thing.named": self.on_name})
        self.harness = SourceHarness(source, self.answer, base_url="http://things")

    async def fetch(self, client):
        self.fetches += 1
        assert not self.reads_time or client.now
        return [Put("things", f"thing:{row.id}", {"name": row.name}) async for row in client.each(Row, "/things")]

    def on_name(self, event, part):
        return [Put("things", "thing:7", {"name": event.payload["name"]}, creates=False)]

    async def answer(self, request):
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            await meanwhile
        etag = self.reply.get("headers", {}).get("etag")
        if etag and request.headers.get("if-none-match") == etag:
            return Reply(b"", 304)
        return Reply({"items": self.rows, "total": len(self.rows)}, **self.reply)

    def name(self, number):
        return self.harness.item("things", f"thing:{number}")["name"]


async def test_rows_of_a_long_list_come_one_by_one_and_bad_ones_are_reported_with_their_place():
    shelf = Shelf()
    shelf.rows[2001] = {"id": "2001"}
    await shelf.harness.poll()
    assert len(shelf.harness.items("things")) == 2999
    health = shelf.harness.health
    assert (health.rows, health.dropped_rows, health.error) == (3000, 1, None)
    assert health.dropped == ["/things[2001].name: Field required"]


async def test_how_far_a_poll_has_come_is_known_while_it_goes_on():
    shelf, seen = Shelf(), []
    health = shelf.harness.health
    shelf.meanwhile = note(seen, health)
    shelf.harness._log.subscribe(lambda _: seen.append(dict(health.polling)))
    await shelf.harness.poll()
    assert seen[0] == {"rows": 0, "compared": 0}
    assert {one["rows"] for one in seen[1:]} == {3000}
    assert [one["compared"] for one in seen] == sorted(one["compared"] for one in seen)
    assert len({one["compared"] for one in seen}) > 2
    assert health.polling is None


async def note(seen, health):
    seen.append(dict(health.polling))


@pytest.mark.parametrize("reply", [{}, {"headers": {"etag": '"1"'}}], ids=["equal bytes", "a tag"])
async def test_a_long_answer_that_is_the_same_as_before_is_not_read_again(reply):
    shelf = Shelf(**reply)
    for _ in range(3):
        await shelf.harness.poll()
    assert shelf.fetches == 1
    health = shelf.harness.health
    assert (health.polls, str(health.status), health.rows, health.error) == (3, "fresh", 3000, None)
    shelf.rows[7]["name"], shelf.reply = "other", {}
    await shelf.harness.poll()
    assert (shelf.fetches, shelf.name(7), len(shelf.harness.requests)) == (2, "other", 4)


@pytest.mark.parametrize("status", [404, 500])
async def test_it_is_not_read_again_while_a_path_is_missing_but_where_a_request_failed(status):
    lengths = []

    async def fetch(client):
        summary = await ask_each(client, ["/summary"], lambda answer, _: answer, none_needed=True)
        rows = [row async for row in client.each(Row, "/things")]
        lengths.append((len(summary), len(rows)))
        return [Put("things", f"thing:{row.id}", {"name": row.name}) for row in rows]

    def answer(request):
        rows = [{"id": str(number), "name": "x" * 200} for number in range(3000)]
        return Reply(rows) if request.path == "/things" else Reply({}, status)

    source = Source("things", "things", SourceSettings, (Layer("things", fetch=fetch),))
    harness = SourceHarness(source, answer, base_url="http://things", retries=0)
    for _ in range(2):
        await harness.poll()
    assert lengths == ([(0, 3000)] if status == 404 else [(0, 3000), (0, 3000)])


@pytest.mark.parametrize("uses", ["", "meanwhile", "then"])
@pytest.mark.parametrize("asks", ["first", "optional"])
async def test_it_is_not_read_again_once_another_path_is_no_longer_asked(asks, uses):
    lengths = []

    async def fetch(client):
        using = asyncio.create_task(client.get("/board")) if uses == "meanwhile" and not lengths else None
        await asyncio.sleep(0)  # it asks before this fetch goes on
        if asks == "first":
            path, rows = await client.first("/board", "/things", accept=is_list)
        else:
            path, rows = "/things", await client.optional("/board", accept=is_list) or await client.get("/things")
        if using:
            await using
        if uses == "then" and not lengths:
            await client.get("/board")
        lengths.append(len(rows))
        return [Put("things", f"thing:{row.id}", {"name": row.name}) for row in client.read(Row, rows, path)]

    def is_list(answer):
        return isinstance(answer, list)

    def answer(request):
        rows = [{"id": str(number), "name": "x" * 200} for number in range(3000)]
        return Reply(rows if request.path == "/things" else {"things": 3000})

    source = Source("things", "things", SourceSettings, (Layer("things", fetch=fetch),))
    harness = SourceHarness(source, answer, base_url="http://things")
    for _ in range(3):
        await harness.poll()
    assert lengths == [3000] * (2 if uses else 1)
    assert [request.path for request in harness.requests] == ["/board", *["/things"] * 3]


class Library:
    """A service with two long lists and a short one, each a layer of its own; one layer reads from two of them."""

    def __init__(self):
        rows = [{"id": str(number), "name": "x" * 200} for number in range(3000)]
        self.lists = {"books": rows, "maps": [dict(row) for row in rows], "seats": [{"id": "1", "name": "free"}]}
        self.fetches = dict.fromkeys(self.lists, 0)
        self.extra = False
        layers = [Layer(name, fetch=self.fetch_of(name)) for name in self.lists]
        source = Source("library", "library", SourceSettings, tuple(layers))
        self.harness = SourceHarness(source, self.answer, base_url="http://library", retries=0)

    def fetch_of(self, name):
        async def fetch(client):
            self.fetches[name] += 1
            if name == "maps" and self.extra:
                await client.get("/books")
            return [
                Put(name, f"{name}:{row.id}", {"name": row.name}) async for row in client.each(Row, f"/{name}")
            ]

        return fetch

    def answer(self, request):
        rows = self.lists[request.path.strip("/")]
        return Reply(rows) if rows is not None else Reply({}, 500)


async def test_of_several_layers_only_those_are_read_again_that_are_answered_otherwise():
    library = Library()
    library.lists["maps"][7] = {"id": "7"}  # of no use
    await library.harness.poll()
    health = library.harness.health
    before = (health.rows, health.dropped_rows, health.dropped)
    assert before == (6001, 1, ["/maps[7].name: Field required"])
    library.lists["seats"][0]["name"] = "taken"
    await library.harness.poll()
    assert library.fetches == {"books": 1, "maps": 1, "seats": 2}
    assert library.harness.item("seats", "seats:1") == {"name": "taken"}
    assert (health.rows, health.dropped_rows, health.dropped) == before
    library.lists["books"][8]["name"] = "other"
    await library.harness.poll()
    assert library.fetches == {"books": 2, "maps": 1, "seats": 3}
    assert library.harness.item("books", "books:8") == {"name": "other"}
    assert len(library.harness.requests) == 9  # none was asked for twice in a poll


async def test_a_layer_that_reads_what_another_reads_is_read_again_when_that_has_changed():
    library = Library()
    library.extra = True
    await library.harness.poll()
    library.lists["books"][8]["name"] = "other"
    await library.harness.poll()
    assert library.fetches == {"books": 2, "maps": 2, "seats": 2}
    await library.harness.poll()
    assert library.fetches == {"books": 2, "maps": 2, "seats": 3}


async def test_a_layer_that_failed_is_read_again_and_the_others_are_not():
    library = Library()
    maps, library.lists["maps"] = library.lists["maps"], None
    for _ in range(2):
        await library.harness.poll()
    health = library.harness.health
    assert library.fetches == {"books": 1, "maps": 2, "seats": 2}
    assert (str(health.status), health.rows) == ("stale", 3001)
    library.lists["maps"] = maps
    await library.harness.poll()
    assert (str(health.status), health.rows, health.error) == ("fresh", 6001, None)
    assert len(library.harness.items("maps")) == 3000


async def test_what_one_layer_was_told_is_not_taken_for_what_another_one_knows():
    """Two layers read one list. It changes just when one of them is read anew for another reason."""
    versions, fetches = iter([1, 1, 2, 2, 2, 2]), {"books": 0, "shelves": 0}
    long = [{"id": str(number), "name": "x" * 200} for number in range(3000)]
    rows, extra = {1: long, 2: [{"id": "0", "name": "other"}, *long[1:]]}, iter("abbb")

    def fetch_of(name):
        async def fetch(client):
            fetches[name] += 1
            if name == "shelves":
                await client.get("/extra")
            return [Put(name, f"{name}:{one.id}", {"name": one.name}) async for one in client.each(Row, "/list")]

        return fetch

    def answer(request):
        if request.path == "/extra":
            return Reply({"text": next(extra)})
        version = next(versions)
        tag = f'"{version}"'
        is_known = request.headers.get("if-none-match") == tag
        return Reply(b"", 304) if is_known else Reply(rows[version], headers={"etag": tag})

    layers = tuple(Layer(name, fetch=fetch_of(name)) for name in ("shelves", "books"))
    harness = SourceHarness(
        Source("library", "library", SourceSettings, layers), answer, base_url="http://library"
    )
    for _ in range(3):
        await harness.poll()
    assert harness.item("shelves", "shelves:0") == {"name": "other"}
    assert harness.item("books", "books:0") == {"name": "other"}
    assert fetches["books"] == 2


async def test_no_layer_is_left_out_after_the_log_did_not_take_some_of_a_poll(monkeypatch):
    """The few changes of one layer wait, and are lost when those of the next are appended in vain."""
    library = Library()
    await library.harness.poll()
    library.lists["books"][8]["name"] = "other"
    for row in library.lists["maps"]:
        row["name"] = "other"
    log, append = library.harness._log, library.harness._log.append

    async def refused(message):
        raise ConnectionError("the log is away")

    monkeypatch.setattr(log, "append", refused)
    await library.harness.poll()
    assert library.harness.health.error.startswith("maps.items: ConnectionError")
    monkeypatch.setattr(log, "append", append)
    await library.harness.poll()
    assert library.harness.item("books", "books:8") == library.harness.item("maps", "maps:8") == {"name": "other"}


async def test_changes_that_the_log_did_not_take_are_read_again(monkeypatch):
    library = Library()
    await library.harness.poll()
    library.lists["books"][8]["name"] = "other"
    log, append = library.harness._log, library.harness._log.append

    async def refused(message):
        raise ConnectionError("the log is away")

    monkeypatch.setattr(log, "append", refused)
    with pytest.raises(ConnectionError):
        await library.harness.poll()
    monkeypatch.setattr(log, "append", append)
    await library.harness.poll()
    assert library.harness.item("books", "books:8") == {"name": "other"}


async def test_what_an_event_changed_since_is_put_right_by_an_answer_that_is_the_same():
    shelf = Shelf(headers={"etag": '"1"'})
    await shelf.harness.poll()
    await shelf.harness.send("thing.named", {"name": "by an event"})
    assert shelf.name(7) == "by an event"
    await shelf.harness.poll()
    assert (shelf.fetches, shelf.name(7)) == (2, "x" * 200)


async def test_a_fetch_that_reads_the_time_is_asked_each_time():
    shelf = Shelf(reads_time=True)
    for _ in range(2):
        await shelf.harness.poll()
    assert shelf.fetches == 2


async def test_what_an_event_changed_while_the_service_was_asked_is_put_right_by_the_next_poll():
    shelf = Shelf()
    await shelf.harness.poll()
    shelf.rows[8]["name"] = "other"
    shelf.meanwhile = shelf.harness.send("thing.named", {"name": "by an event"})
    await shelf.harness.poll()
    assert (shelf.fetches, shelf.name(7), shelf.name(8)) == (2, "by an event", "other")
    await shelf.harness.poll()
    assert (shelf.fetches, shelf.name(7)) == (3, "x" * 200)


class Pages:
    """A service whose long list has pages, each with the address of the next in a header."""

    def __init__(self):
        self.pages = [
            [{"id": f"{page}-{number}", "name": "x" * 200} for number in range(1500)] for page in range(2)
        ]
        layer = Layer("things", fetch=self.fetch)
        source = Source("things", "things", SourceSettings, (layer,))
        self.harness = SourceHarness(source, self.answer, base_url="http://things")

    async def fetch(self, client):
        rows = client.read(Row, await client.get_all("/things", ByLink()))
        return [Put("things", f"thing:{row.id}", {"name": row.name}) for row in rows]

    def answer(self, request):
        page = int(request.query.get("page", "0"))
        is_last = page + 1 == len(self.pages)
        return Reply(
            self.pages[page], headers={} if is_last else {"link": f'</things?page={page + 1}>; rel="next"'}
        )


async def test_a_page_that_is_the_same_but_no_longer_the_last_leads_to_the_new_one():
    pages = Pages()
    for _ in range(2):
        await pages.harness.poll()
    pages.pages.append([{"id": "new", "name": "new"}])
    await pages.harness.poll()
    assert len(pages.harness.items("things")) == 3001


async def test_an_answer_that_came_again_unchanged_is_read_where_another_has_changed():
    pages = Pages()
    await pages.harness.poll()
    pages.harness.requests.clear()
    pages.pages[1][7]["name"] = "other"
    await pages.harness.poll()
    assert pages.harness.item("things", "thing:1-7")["name"] == "other"
    assert [request.query for request in pages.harness.requests] == [{}, {"page": "1"}]


async def test_the_bytes_of_an_answer_are_let_go_of_once_they_are_decoded():
    async with ScriptedService(lambda _: Sent([{"id": "a", "name": "x" * 1_000_000}])) as service:
        client = JsonClient("sources.things", SourceSettings(base_url=service.base_url))
        tracemalloc.start()
        try:
            answer = await client.exchange(Call("GET", "/things"))
            both = tracemalloc.get_traced_memory()[0]
            assert len(answer.value) == 1
            gc.collect()
            assert tracemalloc.get_traced_memory()[0] < both + 500_000  # the name has come, the bytes have gone
        finally:
            tracemalloc.stop()
        await client.close()


async def test_what_makes_many_items_new_comes_in_an_entry_of_its_own():
    light = [Put("city", f"microdao:{number}", {}) for number in range(20)]
    heavy = Put("city", "microdao:river", {}, aliases=("microdao:9f",))
    agents = [Put("agents", f"agent:{number}", {"microdao_id": "microdao:9f"}) for number in range(90)]
    listed = {"agents": agents, "city": []}

    async def list_agents(_):
        return [*listed["agents"]]

    async def list_microdaos(_):
        return [*listed["city"]]

    layers = (
        Layer("agents", fetch=list_agents, references=("microdao_id",)),
        Layer("city", fetch=list_microdaos),
    )
    harness = SourceHarness(Source("city", "city", SourceSettings, layers), base_url="http://city")
    await harness.poll()
    entries = []
    harness._log.subscribe(entries.append)
    listed["city"] = [*light, heavy]
    await harness.poll()
    assert [len(entry.payload["changes"]) for entry in entries] == [20, 1]
    assert harness.item("agents", "agent:7") == {"microdao_id": "microdao:river"}
