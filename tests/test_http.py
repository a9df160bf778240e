"""How a service is asked: every way in which one can fail is an error that says what happened."""

import asyncio
import re
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from livingmap.errors import InvalidAnswer, NotFound, RequestRejected, Unreachable
from livingmap.hookspecs import Reply
from livingmap.sources.json_client import DETAILS, JsonClient
from livingmap.sources.poll_client import RunningClient
from livingmap.sources.rows import Amount
from livingmap.sources.samples import Sample, Samples
from livingmap.sources.settings import ServiceSettings, SourceSettings
from livingmap.sources.source_client import SourceClient
from tests.support.services import StubService

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Row(BaseModel):
    id: str


class Treasury(BaseModel):
    balance: Amount


@pytest.fixture
async def stub():
    service = StubService(
        Samples(
            (
                Sample("/rows", [{"id": "a"}, {"id": 1}, {}]),
                Sample("/old", {"old": True}),
                Sample("/secret", {"detail": "no"}, 401),
                Sample("/paged", ["one"], query={"page": "1"}),
                Sample("/paged", ["two"], query={"page": "2"}),
            )
        )
    )
    await service.start()
    yield service
    await service.kill()


@pytest.fixture
async def ask(stub):
    services = []

    def client(**settings):
        services.append(
            SourceClient(
                "test",
                SourceSettings(
                    base_url=stub.base_url,
                    **{"retries": 0, "timeout_seconds": 5, "max_bytes": 100_000, **settings},
                ),
            )
        )
        return services[-1].client(NOW)

    yield client
    for service in services:
        await service.close()


@pytest.mark.parametrize(
    ("mode", "error", "text"),
    [
        ("hang", Unreachable, "no answer within 0.3 s"),
        ("drip", Unreachable, "no answer within 0.3 s"),
        ("cut", Unreachable, "broke off"),
        ("noise", Unreachable, r"what came is not HTTP \(Bad status line\)"),
        ("500", Unreachable, "500 'Internal Server Error'"),
        ("redirect", InvalidAnswer, "302 redirect to 'http://127.0.0.1:.*' is not followed"),
        ("html", InvalidAnswer, "is not JSON .*<!doctype html>"),
        ("empty", InvalidAnswer, "is not JSON"),
        ("nan", InvalidAnswer, "is not JSON"),
        ("deep", InvalidAnswer, "larger than max_bytes|is not JSON"),
        ("huge", InvalidAnswer, "larger than max_bytes = 100000"),
        ("bad utf-8", InvalidAnswer, "is not JSON"),
    ],
)
async def test_every_failure_has_its_error(stub, ask, mode, error, text):
    stub.mode = mode
    with pytest.raises(error) as caught:
        await ask(**({"timeout_seconds": 0.3} if "no answer" in text else {})).get("/rows")
    assert re.search(text, str(caught.value)), str(caught.value)
    assert str(caught.value).startswith(f"{stub.base_url}/rows")


async def test_a_number_that_would_be_rounded_arrives_as_it_was_sent(stub, ask):
    stub.mode = "amounts"
    client = ask()
    rows = await client.get("/rows")
    assert rows == [{"balance": 0.1}, {"balance": "12345678901234567.89"}, {"balance": "123456789012345678901234"}]
    assert [str(row.balance) for row in client.read(Treasury, rows)] == [str(row["balance"]) for row in rows]


async def test_deep_nesting_is_refused_even_when_it_is_small_enough(stub, ask):
    stub.mode = "deep"
    with pytest.raises(InvalidAnswer, match="is not JSON"):
        await ask(max_bytes=10_000_000).get("/rows")


async def test_a_connection_that_is_closed_without_an_answer_is_tried_as_often_as_is_set_and_no_more():
    asked = 0

    async def close(reader, writer):
        nonlocal asked
        asked += bool(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(close, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for retries in (0, 2):
        client = JsonClient("sources.x", ServiceSettings(base_url=f"http://127.0.0.1:{port}", retries=retries))
        with pytest.raises(Unreachable, match="closed without an answer"):
            await client.get("/rows")
        await client.close()
    server.close()
    assert asked == 1 + 3


async def test_a_service_that_does_not_encrypt_is_said_to_be_that():
    async def answer(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = JsonClient("sources.x", ServiceSettings(base_url=f"https://127.0.0.1:{port}", retries=0))
    with pytest.raises(Unreachable, match=r"(?i)ssl|tls"):
        await client.get("/rows")
    await client.close()
    server.close()


async def test_what_a_run_asks_for_may_be_of_no_use(stub):
    service = SourceClient("test", SourceSettings(base_url=stub.base_url))
    client = RunningClient(service, lambda: NOW)
    assert await client.optional("/rows", accept=lambda _: False) is None
    await service.close()


async def test_a_dead_service_is_unreachable(stub, ask):
    await stub.kill()
    with pytest.raises(Unreachable, match="Connection refused"):
        await ask().get("/rows")


async def test_a_4xx_is_refused_and_a_404_not_found(ask):
    with pytest.raises(RequestRejected, match=r"401 .*no") as refused:
        await ask().get("/secret")
    assert refused.value.status == 401
    with pytest.raises(NotFound, match="404"):
        await ask().get("/nowhere")


async def test_who_cannot_be_reached_is_asked_again(stub, ask):
    stub.mode = "500"
    with pytest.raises(Unreachable):
        await ask(retries=2).get("/rows")
    assert stub.asked == ["/rows"] * 3


async def test_who_refuses_is_not_asked_again(stub, ask):
    with pytest.raises(RequestRejected):
        await ask(retries=2).get("/secret")
    assert stub.asked == ["/secret"]


async def test_the_circuit_opens_and_closes_by_itself(stub, ask):
    client = ask(interval_seconds=2)
    stub.mode = "500"
    for number in range(3):
        with pytest.raises(Unreachable, match="500"):
            await client.get("/rows", number=number)
    with pytest.raises(Unreachable, match="the circuit is open since"):
        await client.get("/rows", number=4)
    assert len(stub.asked) == 3
    stub.mode = "well"

    async def recovered():
        number = 5
        while True:
            try:
                return await client.get("/rows", number=(number := number + 1))
            except Unreachable:
                await asyncio.sleep(0.05)

    assert await asyncio.wait_for(recovered(), 20)


async def test_equal_requests_of_one_poll_are_sent_once(stub, ask):
    client = ask()
    answers = await asyncio.gather(*(client.get("/paged", page=page) for page in (1, 2, 1, 2)))
    assert answers == [["one"], ["two"], ["one"], ["two"]]
    assert sorted(stub.asked) == ["/paged?page=1", "/paged?page=2"]


async def test_no_more_requests_are_under_way_than_allowed(stub, ask):
    stub.mode = "hang"
    client = ask(concurrency=2, timeout_seconds=0.3)
    tasks = [asyncio.create_task(client.get("/rows", number=number)) for number in range(6)]
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    assert len(stub.asked) <= 4
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert done


async def test_the_first_path_that_is_there_is_remembered(stub, ask):
    client = ask()
    assert await client.first("/new", "/old") == ("/old", {"old": True})
    again = client._service.client(NOW)
    assert await again.first("/new", "/old") == ("/old", {"old": True})
    assert stub.asked == ["/new", "/old", "/old"]


async def test_a_path_whose_answer_does_not_fit_is_passed_over(ask):
    client = ask()
    assert (await client.first("/old", "/rows", accept=lambda answer: isinstance(answer, list)))[0] == "/rows"


async def test_when_no_path_is_there_all_are_asked_again(stub, ask):
    client = ask()
    for _ in range(2):
        with pytest.raises(NotFound, match=r"/a: 404.*/b: 404"):
            await client._service.client(NOW).first("/a", "/b")
    assert stub.asked == ["/a", "/b"] * 2


async def test_what_nothing_simulates_is_not_said_of_the_service():
    client = SourceClient("test", SourceSettings(base_url="http://harbour"), lambda _: None)
    with pytest.raises(NotFound, match=r"^GET /boats: 404, no sample or world answers it: record one, or ask"):
        await client.client(NOW).get("/boats")
    await client.close()


async def test_an_optional_path_that_is_missing_is_none(stub, ask):
    client = ask()
    assert await client.optional("/extra") is None
    assert await client._service.client(NOW).optional("/extra") is None
    assert await client.optional("/old") == {"old": True}
    assert stub.asked == ["/extra", "/old"]


async def test_an_optional_list_that_is_missing_has_no_rows(stub, ask):
    client = ask()
    assert [row async for row in client.each_optional(Row, "/extra")] == []
    assert [row async for row in client._service.client(NOW).each_optional(Row, "/extra")] == []
    assert [row.id async for row in client.each_optional(Row, "/rows")] == ["a"]
    assert stub.asked == ["/extra", "/rows"]


async def test_bad_rows_are_dropped_with_their_reason(ask):
    client = ask()
    rows = client.read(Row, await client.get("/rows"), "/rows")
    assert [row.id for row in rows] == ["a"]
    assert (client.read_rows, client.dropped_rows) == (3, 2)
    assert client.dropped == ["/rows[1].id: Input should be a valid string", "/rows[2].id: Field required"]


async def test_what_is_no_array_or_has_no_good_row_is_garbled(ask):
    with pytest.raises(InvalidAnswer, match="/rows: expected an array, got dict"):
        ask().read(Row, {}, "/rows")
    with pytest.raises(InvalidAnswer, match="none of 2 rows is of the expected shape"):
        ask().read(Row, [1, 2], "/rows")


async def test_the_token_is_sent_as_bearer_and_only_as_such(stub):
    seen = []

    def answer(request):
        seen.append(request)

    service = SourceClient("test", SourceSettings(base_url="http://x", token="hush", retries=0), answer)
    with pytest.raises(NotFound) as caught:
        await service.client(NOW).get("/rows")
    assert seen[0].bearer == "hush"
    assert "hush" not in str(caught.value)
    await service.close()


async def test_a_token_file_that_is_gone_is_named(stub, ask):
    with pytest.raises(Unreachable, match=r"sources\.test\.token_file: .*No such file"):
        await ask(token_file="/no/such/file").get("/rows")


@pytest.mark.parametrize("token", ["two words", "a\nb", "ключ", "a\x00b"])
async def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token):
    service = SourceClient("test", SourceSettings(base_url="http://x", token=token, retries=0), lambda _: None)
    with pytest.raises(Unreachable, match=r"sources\.test: the token holds") as caught:
        await service.client(NOW).get("/rows")
    assert token not in str(caught.value)
    await service.close()


async def test_a_token_that_the_service_repeats_is_not_shown():
    def echo(request):
        return Reply({"detail": f"bad token {request.bearer}"}, 401)

    service = SourceClient("test", SourceSettings(base_url="http://x", token="hush-hush", retries=0), echo)
    with pytest.raises(RequestRejected, match=r"bad token \*\*\*"):
        await service.client(NOW).get("/rows")
    await service.close()


def test_an_address_with_a_password_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="holds a user or password") as caught:
        SourceSettings(base_url="http://user:hush@x")
    assert "hush" not in str(caught.value.errors(include_input=False))


async def test_an_encoded_answer_is_refused_before_it_is_unpacked(stub, ask):
    stub.mode = "encoded"
    with pytest.raises(InvalidAnswer, match="encoded as 'gzip'"):
        await ask().get("/rows")


async def test_details_that_fail_leave_the_polls_alone(stub, ask):
    client = ask()
    details = client._service.client(NOW, DETAILS)
    stub.mode = "500"
    for number in range(4):
        with pytest.raises(Unreachable):
            await details.get("/rows", number=number)
    stub.mode = "well"
    assert await client.get("/old") == {"old": True}
    with pytest.raises(Unreachable, match="the circuit is open"):
        await details.get("/old")
