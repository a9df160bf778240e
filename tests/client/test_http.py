"""The HTTP side of the client, against a real server, and against what may stand before one."""

import asyncio
import contextlib

import pytest

from livingmap.client import InvalidAnswer, Limits, MapClient, MapError, Refused, TooLarge, Unreachable
from livingmap.core.model import Message
from tests.support.maps import snapshot
from tests.support.proxy import proxy


async def test_the_snapshot_is_that_of_the_map_whole_or_some_layers(living, url):
    async with MapClient(url) as client:
        assert (await client.snapshot())["layers"] == (await snapshot(living))["layers"]
        assert (await client.snapshot(["agents", "city"]))["layers"].keys() == {"agents", "city"}
        assert {one["name"] for one in (await client.get("sources"))["items"]} >= {"agents", "city"}


async def test_the_catalogue_comes_whole_however_small_the_pages(url):
    async with MapClient(url) as client:
        everything = [entity async for entity in client.entities()]
        assert [entity["id"] for entity in everything] == sorted(entity["id"] for entity in everything)
        assert [entity async for entity in client.entities(limit="3")] == everything
        agents = [entity async for entity in client.entities(type="agent")]
        assert agents == [entity for entity in everything if entity["type"] == "agent"]
        assert (await client.entity(agents[0]["id"]))["id"] == agents[0]["id"]


async def test_what_there_may_be_is_described_in_the_language_that_is_asked_for(url):
    async with MapClient(url) as client:
        labels = [
            {one["name"]: one["label"] for one in (await client.types(*given))["types"]} for given in ((), ("uk",))
        ]
    assert [some["agent"] for some in labels] == ["Agent", "Агент"]


async def test_the_history_comes_newest_first_as_far_as_is_asked_for(living, url):
    for number in range(7):
        await living.log.append(Message("agent.event.status", {"agent_id": "agent:a", "number": number}))
    await living.writer.drain(5)
    async with MapClient(url) as client:
        entries = [entry async for entry in client.history(event_type="agent.event.>", limit="2")]
    assert [entry["payload"]["number"] for entry in entries] == list(range(7))[::-1]


async def test_a_number_of_all_things_is_added_up_by_what_they_refer_to(url):
    async with MapClient(url) as client:
        fields = [
            (one["name"], field["name"])
            for one in (await client.types())["types"]
            for field in one["fields"]
            if field["additive"] and one["home"]["layer"] == "agents"
        ]
        for kind, field in fields:
            totals = await client.totals(kind, field, by="microdao_id", since="-1h", limit=3)
            assert (totals["type"], totals["field"], totals["by"]) == (kind, field, "microdao_id")
            assert len(totals["items"]) <= 3
        with pytest.raises(Refused) as caught:
            await client.totals("agent", "name", only=["agent:a", "agent:b"])
    assert caught.value.status == 422


async def test_that_somebody_has_seen_a_problem_is_sent_in_the_language_of_the_answer():
    problem = http("200 OK", b'{"id": "3b0c6f2a9d41e87c", "state": "acknowledged"}')
    async with answering(problem) as (url, heads), MapClient(url, token="secret") as client:
        seen = await client.acknowledge("3b0c/6f", note="a disk is on its way", language="uk")
    assert seen["state"] == "acknowledged"
    [head] = heads
    assert head.startswith("POST /below/living-map/problems/3b0c%2F6f/acknowledge HTTP/1.1\r\n")
    assert "content-type: application/json" in head.lower()
    assert "accept-language: uk" in head.lower()


async def test_what_is_not_there_or_not_understood_is_refused_with_the_code_of_the_map(url):
    async with MapClient(url) as client:
        for ask, status, code in (
            (client.entity("agent:no/body"), 404, "unknown_entity"),
            (client.get("nowhere"), 404, "not_found"),
            (client.snapshot(["sky"]), 422, "unknown_layer"),
            (anext(client.history(since="yesterday")), 422, "invalid_parameter"),
        ):
            with pytest.raises(Refused) as caught:
                await ask
            assert (caught.value.status, caught.value.code) == (status, code)


@contextlib.asynccontextmanager
async def answering(answer):
    """Serve one and the same answer; give the address, and the heads of all requests."""
    heads, tasks = [], []

    async def serve(reader, writer):
        tasks.append(asyncio.current_task())
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/below/", heads
    await asyncio.gather(*tasks)


def http(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (http("302 Found", b"", "Location: http://elsewhere/"), Refused, "moved to http://elsewhere/"),
        (http("502 Bad Gateway", b"<html>"), Unreachable, "502: Bad Gateway"),
        (http("429 Too Many", b'{"detail": "later", "code": "too_many"}'), Unreachable, "429: later"),
        (http("200 OK", b"<html>"), InvalidAnswer, "not JSON"),
        (http("200 OK", b'{"layers": []}'), InvalidAnswer, "generated_at, layers, meta"),
        (http("200 OK", b" " * 5000), TooLarge, "more than 4000 bytes"),
        (http("200 OK", b"{}")[:-1], Unreachable, "without sending complete"),
        (b"SSH-2.0\r\n", Unreachable, "127.0.0.1"),
    ],
)
async def test_what_stands_before_a_map_is_told_from_it(answer, error, words):
    limits = Limits(max_bytes=4000)
    async with answering(answer) as (url, _), MapClient(url, token="secret", limits=limits) as client:
        with pytest.raises(MapError, match=words) as caught:
            await client.snapshot()
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)


async def test_a_token_goes_into_a_header_of_the_one_address_and_nowhere_else():
    redirect = http("307 Temporary Redirect", b"", "Location: /elsewhere")
    async with answering(redirect) as (url, heads), MapClient(url, token="secret") as client:
        with pytest.raises(Refused):
            await client.snapshot(["a"])
    [head] = heads
    assert head.startswith("GET /below/living-map/snapshot?layers=a HTTP/1.1\r\n")
    assert "authorization: bearer secret" in head.lower()


async def test_an_answer_that_does_not_come_is_not_awaited_for_ever(url):
    async with proxy(int(url.rpartition(":")[2])) as relay:
        relay.hold()
        async with MapClient(f"http://127.0.0.1:{relay.port}", limits=Limits(opening_seconds=0.2)) as client:
            with pytest.raises(Unreachable, match="no answer within"):
                await client.snapshot()
