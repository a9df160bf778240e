"""How a service is asked: credentials, repeated parameters, questions by POST, and lists that have not changed."""

import asyncio
import base64
import json
import sys
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ValidationError

from livingmap.errors import InvalidAnswer, RequestRejected, Unreachable
from livingmap.hookspecs import Reply
from livingmap.sources.settings import SectionSettings, SourceSettings
from livingmap.sources.source_client import SourceClient
from tests.support.scripted_service import ScriptedService, Sent

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def client_of(service, **settings):
    given = {"retries": 0, "timeout_seconds": 20, **settings}
    return SourceClient("test", SourceSettings(base_url=service.base_url, **given))


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"token": "hush-hush"}, "authorization", "Bearer hush-hush"),
        (
            {"username": "map", "password": "pa ss:ü"},
            "authorization",
            "Basic " + base64.b64encode("map:pa ss:ü".encode()).decode(),
        ),
        ({"api_key": "key-0815"}, "x-api-key", "key-0815"),
        ({"api_key": "key-0815", "api_key_header": "X-Token"}, "x-token", "key-0815"),
        ({"headers": {"X-Tenant": "north"}}, "x-tenant", "north"),
    ],
)
async def test_what_lets_the_map_in_is_sent_with_every_request(settings, header, value):
    async with ScriptedService(lambda request: Sent([])) as service:
        client = client_of(service, **settings)
        await client.client(NOW).get("/rows")
        await client.client(NOW).post("/rows", {})
        await client.close()
    assert [request.headers[header] for request in service.requests] == [value, value]


async def test_a_key_may_be_a_parameter():
    async with ScriptedService(lambda request: Sent([])) as service:
        client = client_of(service, api_key="key-0815", api_key_parameter="appid")
        await client.client(NOW).get("/rows", page=1)
        await client.close()
    assert service.requests[0].parameters == [("page", "1"), ("appid", "key-0815")]


async def test_secrets_in_files_are_read_for_every_request(tmp_path):
    files = {name: tmp_path / name for name in ("password", "key")}
    async with ScriptedService(lambda request: Sent([])) as service:
        client = client_of(service, username="map", password_file=files["password"], api_key_file=files["key"])
        for secret in ("first-one", "second-one"):
            for file in files.values():
                file.write_text(f"{secret}\n")
            await client.client(NOW).get("/rows")
        await client.close()
    assert [request.headers["x-api-key"] for request in service.requests] == ["first-one", "second-one"]
    pairs = [base64.b64decode(request.headers["authorization"].split()[1]) for request in service.requests]
    assert pairs == [b"map:first-one", b"map:second-one"]


async def test_a_file_that_is_gone_is_named():
    client = SourceClient("test", SourceSettings(base_url="http://x", api_key_file="/no/such/file", retries=0))
    with pytest.raises(Unreachable, match=r"sources\.test\.api_key_file: .*No such file"):
        await client.client(NOW).get("/rows")
    await client.close()


@pytest.mark.parametrize(
    "settings",
    [
        {"username": "map", "password": "hush-hush"},
        {"api_key": "hush-hush"},
        {"api_key": "hush-hush", "api_key_parameter": "key"},
        {"headers": {"X-Secret": "hush-hush"}},
    ],
)
async def test_a_secret_that_a_service_repeats_is_not_shown(settings):
    def answer(request):
        pair = base64.b64decode(request.headers.get("authorization", "Basic ").split(" ")[1]).decode()
        return Sent(
            {
                "pair": pair,
                "headers": [value for name, value in request.headers.items() if name.startswith("x-")],
                "query": request.query,
            },
            401,
        )

    async with ScriptedService(answer) as service:
        client = client_of(service, **settings)
        with pytest.raises(RequestRejected) as caught:
            await client.client(NOW).get("/rows")
        await client.close()
    assert "***" in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"username": "map"}, "give username together with password or password_file"),
        ({"password": "hush-hush"}, "give username together with password"),
        ({"username": "map", "password": "hush-hush", "token": "x"}, "not two of them"),
        ({"api_key": "hush-hush", "api_key_file": "x"}, "give api_key or api_key_file, not both"),
        ({"headers": {"Host": "x"}}, "Host is set by the map itself"),
        ({"headers": {"X Y": "x"}}, "'X Y' is not the name of a header"),
        ({"headers": {"X-Y": "hush-hush\r\nX: y"}}, "X-Y holds characters that no header can carry"),
        ({"api_key_header": "Authorization"}, "Authorization is set by the map itself"),
    ],
)
def test_settings_that_contradict_each_other_are_refused_without_showing_a_secret(settings, problem):
    with pytest.raises(ValidationError) as caught:
        SourceSettings(base_url="http://x", **settings)
    messages = str(caught.value.errors(include_input=False))
    assert problem in messages
    assert "hush" not in messages


async def test_cookies_are_sent_back_and_one_that_is_not_ascii_is_passed_over():
    cookies = ["city=kyiv", "city=Київ".encode().decode("latin-1"), ""]
    async with ScriptedService(lambda _: Sent([], headers={"set-cookie": cookies.pop(0)})) as service:
        client = client_of(service)
        for _ in range(3):
            await client.client(NOW).get("/rows")
        await client.close()
    assert [request.headers.get("cookie") for request in service.requests] == [None, "city=kyiv", "city=kyiv"]


async def test_a_list_repeats_the_parameter():
    async with ScriptedService(lambda request: Sent([])) as service:
        client = client_of(service)
        await client.client(NOW).get("/rows", tag=["a", "b"], page=1)
        await client.close()
    assert service.requests[0].parameters == [("tag", "a"), ("tag", "b"), ("page", "1")]


async def test_a_stub_gets_all_values_of_a_repeated_parameter():
    requests = []
    client = SourceClient(
        "test", SourceSettings(base_url="http://x"), lambda request: requests.append(request) or Reply([])
    )
    await client.client(NOW).get("/rows", tag=["a", "b"])
    assert requests[0].parameters == (("tag", "a"), ("tag", "b"))
    await client.close()


async def test_a_question_by_post_is_asked_once_in_a_poll_and_repeated_when_nobody_answers():
    broken = [True]

    def answer(request):
        if broken and broken.pop():
            return Sent("no", 503)
        return Sent({"data": json.loads(request.body)["query"]})

    async with ScriptedService(answer) as service:
        client = client_of(service, retries=2)
        poll = client.client(NOW)
        asked = [poll.post("/graphql", {"query": query}, version="2") for query in ("{a}", "{a}", "{b}")]
        assert await asyncio.gather(*asked) == [{"data": "{a}"}, {"data": "{a}"}, {"data": "{b}"}]
        await client.close()
    assert len(service.requests) == 3
    assert {(request.method, request.path, request.query["version"]) for request in service.requests} == {
        ("POST", "/graphql", "2")
    }


async def test_a_list_that_has_not_changed_costs_a_304():
    rows = [[{"id": 1}], '"v1"']

    def answer(request):
        if request.headers.get("if-none-match") == rows[1]:
            return Sent(status=304)
        return Sent(rows[0], headers={"etag": rows[1]})

    async with ScriptedService(answer) as service:
        client = client_of(service)
        answers = [await client.client(NOW).get("/rows") for _ in range(2)]
        answers[1].append("what a plugin does to an answer is its own affair")
        assert await client.client(NOW).get("/rows") == [{"id": 1}]
        rows[:] = [[{"id": 2}], '"v2"']
        assert await client.client(NOW).get("/rows") == [{"id": 2}]
        assert await client.client(NOW).get("/rows", page=2) == [{"id": 2}]
        await client.close()
    tags = [request.headers.get("if-none-match") for request in service.requests]
    assert tags == [None, '"v1"', '"v1"', '"v1"', None]


async def test_a_304_that_nobody_asked_for_is_no_answer():
    async with ScriptedService(lambda request: Sent(status=304)) as service:
        client = client_of(service)
        with pytest.raises(InvalidAnswer, match="304"):
            await client.client(NOW).get("/rows")
        await client.close()


async def test_a_source_without_http_says_so_when_it_is_asked():
    class Settings(SectionSettings):
        topic: str = "orders"

    client = SourceClient("queue", Settings())
    with pytest.raises(InvalidAnswer, match=r"sources\.queue: has no base_url"):
        await client.client(NOW).get("/rows")
    assert await client.breaker() == "closed"
    await client.close()


class Row(BaseModel):
    id: int


def test_parameters_may_be_called_like_the_methods_own():
    async def ask():
        async with ScriptedService(lambda request: Sent([])) as service:
            client = client_of(service)
            await client.client(NOW).get("/rows", path="a", body="b", paging="c")
            await client.close()
        return service.requests[0].query

    assert asyncio.run(ask()) == {"path": "a", "body": "b", "paging": "c"}


class Searches:
    """A finder of modules that finds none, and notes what was looked for."""

    def __init__(self):
        self.names: list[str] = []

    def find_spec(self, name, *_):
        self.names.append(name)


async def test_a_request_searches_for_no_module(monkeypatch):
    searches = Searches()  # what is not there is searched for anew at each import
    async with ScriptedService(lambda request: Sent([])) as service:
        client = client_of(service)
        await client.client(NOW).get("/first")
        monkeypatch.setattr("sys.meta_path", [searches, *sys.meta_path])
        await client.client(NOW).get("/second")
        await client.close()
    assert searches.names == []


async def test_of_many_requests_that_begin_at_once_only_the_next_few_are_begun(monkeypatch):
    async with ScriptedService(lambda request: Sent([request.path])) as service:
        client = client_of(service, concurrency=3)
        ask, under_way, most = client.ask, 0, 0

        async def counted(call, purpose):
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            try:
                return await ask(call, purpose)
            finally:
                under_way -= 1

        monkeypatch.setattr(client, "ask", counted)
        poll = client.client(NOW)
        paths = [f"/rows/{number}" for number in range(40)]
        assert await asyncio.gather(*map(poll.get, paths)) == [[path] for path in paths]
        await client.close()
    assert most == 6
