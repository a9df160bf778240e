"""Snapshots that are answered where they are read off the wire, by real requests to a real server."""

import asyncio
import gzip
import json
from types import SimpleNamespace

import pytest

from livingmap.access.access import Admission
from livingmap.access.view import EVERYTHING, NOTHING, WHOLE
from livingmap.api.snapshot import Snapshots
from livingmap.api.snapshot_fast_path import SnapshotFastPath
from livingmap.core.actor import Actor
from livingmap.core.model import Message
from tests.stream.conftest import served

PATH = b"/living-map/snapshot"
ASK = b"GET /living-map/snapshot%b HTTP/1.1\r\nHost: map\r\n%b\r\n"


def ask(query=b"", **headers):
    lines = (f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return ASK % (query, "".join(lines).encode())


class Connection:
    """One connection that stays open."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def to(cls, address):
        host, _, port = address.partition(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def say(self, *parts):
        for part in parts:
            self.writer.write(part)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def hear(self):
        """Return status, headers and body of the next answer."""
        async with asyncio.timeout(5):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.rstrip().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines)
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(first.split()[1]), headers, body

    async def get(self, *arguments, **headers):
        await self.say(ask(*arguments, **headers))
        return await self.hear()


@pytest.fixture
async def connection(address):
    made = await Connection.to(address)
    yield made
    made.writer.close()
    await made.writer.wait_closed()


async def test_the_same_request_gets_the_snapshot_as_it_is_then(living, connection):
    first = await connection.get()
    assert await connection.get() == first
    await living.log.append(Message("nobody.knows", {}))
    status, headers, body = await connection.get()
    assert status == 200
    assert headers["etag"] != first[1]["etag"]
    assert json.loads(body)["meta"]["cursor"] == living.reader.cursor(WHOLE)


async def test_quick_answers_and_those_of_the_application_are_alike(connection):
    await connection.say(b"GET /living-map/snapshot?layers=city&layers=city HTTP/1.1\r\nHost: map\r\n\r\n")
    asked = await connection.hear()  # an odd query: left to the application
    quick = await connection.get(b"?layers=city")
    assert (
        quick[1].keys()
        == asked[1].keys() - {"x-request-id"}
        >= {"date", "etag", "vary", "cache-control", "content-type"}
    )
    assert quick[2] == asked[2]
    assert list(json.loads(quick[2])["layers"]) == ["city"]


async def test_a_client_that_has_the_snapshot_gets_304_in_its_encoding(connection):
    _, headers, body = await connection.get(Accept_Encoding="gzip")
    assert headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(body))["layers"]
    for _ in range(2):
        status, unchanged, nothing = await connection.get(Accept_Encoding="gzip", If_None_Match=headers["etag"])
        assert (status, unchanged["etag"], nothing) == (304, headers["etag"], b"")
    assert (await connection.get(If_None_Match=headers["etag"]))[0] == 200  # of another encoding


async def test_what_was_unchanged_is_sent_again_after_a_change(living, connection):
    _, headers, _ = await connection.get()
    for _ in range(2):
        assert (await connection.get(If_None_Match=headers["etag"]))[0] == 304
    await living.log.append(Message("nobody.knows", {}))
    status, changed, body = await connection.get(If_None_Match=headers["etag"])
    assert (status, changed["etag"] != headers["etag"]) == (200, True)
    assert json.loads(body)["meta"]["cursor"] == living.reader.cursor(WHOLE)


async def test_what_was_unchanged_is_sent_again_once_more_or_less_may_be_seen(living):
    rights = [EVERYTHING]
    access = SimpleNamespace(
        remembered=lambda _: Admission(Actor("anybody"), rights[0]), credential=lambda _: None
    )
    fast = SnapshotFastPath(living.reader, Snapshots(living.reader), access)
    etag = fast.answer(fast.parse(PATH, []))[0].split(b"etag: ")[1].split(b"\r\n")[0]
    request = fast.parse(PATH, [(b"if-none-match", etag)])
    for rights[0], status in ((EVERYTHING, b"304"), (NOTHING, b"200"), (EVERYTHING, b"304"), (NOTHING, b"200")):
        assert fast.answer(request)[0].split(b" ")[1] == status
    assert fast.answered() == {("GET", PATH.decode(), "304"): 2, ("GET", PATH.decode(), "200"): 3}


async def test_requests_that_come_in_pieces_or_together_are_all_answered_in_order(connection):
    whole = await connection.get()
    plain, health = ask(), b"GET /living-map/health HTTP/1.1\r\nHost: map\r\n\r\n"
    await connection.say(
        plain[:20], plain[20:], plain + health + plain, plain + plain[:30], plain[30:], b"\r\n" + plain
    )
    bodies = [(await connection.hear())[2] for _ in range(7)]
    assert json.loads(bodies.pop(2))["status"] == "ok"
    assert bodies == [whole[2]] * 6


async def test_a_slow_answer_is_not_overtaken(connection):
    await connection.get()
    docs = b"GET /openapi.json HTTP/1.1\r\nHost: map\r\n\r\n"
    await connection.say(docs, ask(), docs)
    kinds = [next(iter(json.loads((await connection.hear())[2]))) for _ in range(3)]
    assert kinds == ["openapi", "generated_at", "openapi"]


async def test_a_request_with_a_body_is_the_application_s(connection):
    for _ in range(2):
        await connection.say(ask(Content_Length="5"), b"hello")
        assert (await connection.hear())[0] == 200
    assert (await connection.get())[0] == 200


async def test_who_wants_the_connection_closed_gets_that(address):
    for _ in range(2):
        connection = await Connection.to(address)
        assert (await connection.get(Connection="close"))[1]["connection"] == "close"
        assert await connection.reader.read() == b""
        connection.writer.close()


@pytest.mark.parametrize(
    ("query", "status"),
    [(b"?layers=nowhere", 422), (b"?layers=", 422), (b"?x=1", 200), (b"?layers=" + b"x" * 1001, 422)],
)
async def test_what_is_odd_is_judged_by_the_application(connection, query, status):
    for _ in range(2):
        assert (await connection.get(query))[0] == status


async def test_clients_that_never_ask_the_same_twice_do_no_harm(living, connection):
    for number in range(1100):
        status, _, _ = await connection.get(X_Number=str(number))
        assert status == 200
    assert (await connection.get())[0] == 200


async def test_a_connection_that_is_silent_is_closed(living):
    async with served(living, living.serving(port=0, timeout_keep_alive=1)) as address:
        connection = await Connection.to(address)
        for _ in range(3):
            assert (await connection.get())[0] == 200
        async with asyncio.timeout(120):
            assert await connection.reader.read() == b""
        connection.writer.close()


async def test_1024_requests_are_known_and_the_least_recently_used_make_room(living, connection, monkeypatch):
    parsed, parse = [], living._fast_path.parse

    def counted(url, headers):
        parsed.append(dict(headers).get(b"x-number"))
        return parse(url, headers)

    monkeypatch.setattr(living._fast_path, "parse", counted)

    async def get(number):
        status, _, _ = await connection.get(b"?layers=city", X_Number=number)
        assert status == 200

    for number in range(1024):
        await get(number)
    for number in (0, 1024, 0, 2, 1):
        await get(number)
    assert parsed == [str(number).encode() for number in (*range(1024), 1024, 1)]
