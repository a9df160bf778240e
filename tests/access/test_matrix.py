"""Endpoint by caller: what each caller gets, over HTTP, WebSocket and server-sent events."""

import asyncio
import base64
import json
import time

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from livingmap.stream import handshake, session, websocket
from tests.support.access import OTHER_SECRET, token

ENDPOINTS = (
    "/living-map/snapshot",
    "/living-map/snapshot?layers=city",
    "/living-map/entities",
    "/living-map/types",
    "/living-map/entities/node:nobody",
    "/living-map/history",
    "/living-map/sources",
    "/living-map/problems",
    "/metrics",
)
OPEN = (
    "/living-map/health",
    "/living-map/health/live",
    "/living-map/health/ready",
    "/docs",
    "/docs/problems",
    "/openapi.json",
    "/asyncapi.json",
    "/",
)


def unsigned():
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"sub": "u-1", "roles": ["admin"], "type": "access", "iss": "daarion-auth", "exp": time.time() + 60}
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


GOOD = {"user": token("u-1"), "admin": token("u-2", roles=["admin"]), "service": token("s-1", roles=["service"])}
BAD = {
    "expired": token(seconds=-60),
    "refresh token": token(type="refresh"),
    "wrong signature": token(secret=OTHER_SECRET),
    "alg none": unsigned(),
    "garbage": "garbage",
}
INACTIVE = token("u-9")


def bearer(text):
    return {"authorization": f"Bearer {text}"}


def expected(path, caller):
    if caller != "admin" and ("sources" in path or "metrics" in path):
        return 403
    return 404 if "nobody" in path else 200


@pytest.fixture(params=["introspection", "secret"])
async def guarded_map(request, guarded, services):
    if request.param == "introspection":
        services.auth.inactive.add(INACTIVE)
        return await guarded(failures_per_minute=1000)
    return await guarded(failures_per_minute=1000, authenticator={"secret": services.auth.secret})


async def test_http(guarded_map, services):
    async with httpx.AsyncClient(base_url=guarded_map.url) as client:
        for path in ENDPOINTS:
            answers = {"anonymous": await client.get(path)}
            answers |= {name: await client.get(path, headers=bearer(text)) for name, text in BAD.items()}
            answers["basic"] = await client.get(path, headers={"authorization": "Basic dTpw"})
            answers["key"] = await client.get(path, headers={"x-api-key": "dk_1", "cookie": "session_token=s"})
            for name, answer in answers.items():
                assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (path, name)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert not any(text in answer.text for text in BAD.values())
            for name, text in GOOD.items():
                for method in ("GET", "HEAD"):
                    answer = await client.request(method, path, headers=bearer(text))
                    assert answer.status_code == expected(path, name), (path, name)
            inactive = await client.get(path, headers=bearer(INACTIVE))
            known_here = not services.auth.inactive
            assert inactive.status_code == (expected(path, "user") if known_here else 401)
            in_url = await client.get(path, params={"token": GOOD["user"]}, headers=bearer(GOOD["user"]))
            assert (in_url.status_code, in_url.json()["code"]) == (400, "token_in_url")
            assert GOOD["user"] not in in_url.text
        for path in OPEN:
            for headers in ({}, bearer(BAD["expired"]), bearer(GOOD["user"])):
                assert (await client.get(path, headers=headers)).status_code == 200


async def test_the_page_is_the_same_for_everybody_and_holds_nothing_of_the_map(guarded_map):
    async with httpx.AsyncClient(base_url=guarded_map.url) as client:
        page = (await client.get("/")).text
        assert page == (await client.get("/", headers=bearer(GOOD["admin"]))).text
        assert "agents-service" not in page


async def by_header(url, text):
    return connect(url, additional_headers=bearer(text), max_size=None), None


async def by_subprotocol(url, text):
    return connect(url, subprotocols=["livingmap.v1", f"bearer.{text}"], max_size=None), None


async def by_message(url, text):
    return connect(url, max_size=None), json.dumps({"kind": "auth", "token": text})


WAYS = [by_header, by_subprotocol, by_message]


async def first(socket):
    async with asyncio.timeout(60):
        return json.loads(await socket.recv())


async def closed(socket):
    """Return the close code, after whatever is sent until then."""
    async with asyncio.timeout(120):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed as end:
            return end.rcvd.code if end.rcvd else None


@pytest.mark.parametrize("way", WAYS)
async def test_websocket(guarded_map, services, way):
    for text in GOOD.values():
        opening, message = await way(guarded_map.ws, text)
        async with opening as socket:
            if message:
                await socket.send(message)
            assert (await first(socket))["kind"] == "snapshot"
            assert socket.subprotocol in (None, "livingmap.v1")
    for text in [*BAD.values(), *([INACTIVE] if services.auth.inactive else [])]:
        opening, message = await way(guarded_map.ws, text)
        async with opening as socket:
            if message:
                await socket.send(message)
            message = await first(socket)
            assert (message["kind"], message["code"]) == ("error", "unauthenticated")
            assert text not in json.dumps(message)
            assert await closed(socket) == 4401
    assert guarded_map.living.hub.viewers == 0


async def test_a_websocket_that_does_not_authenticate_is_closed(guarded_map, monkeypatch):
    monkeypatch.setattr(handshake, "FIRST_MESSAGE_SECONDS", 0.2)
    async with connect(guarded_map.ws) as socket:
        assert (await first(socket))["code"] == "unauthenticated"
        assert await closed(socket) == 4401
    for text in ("{}", "no json", '{"kind": "layers", "layers": null}', '{"kind": "auth", "token": 7}'):
        async with connect(guarded_map.ws) as socket:
            await socket.send(text)
            assert (await first(socket))["code"] == "unauthenticated"
            assert await closed(socket) == 4401


async def test_a_websocket_with_a_token_in_its_url_is_closed(guarded_map):
    async with connect(f"{guarded_map.ws}?token={GOOD['user']}") as socket:
        message = await first(socket)
        assert message["code"] == "token_in_url"
        assert GOOD["user"] not in json.dumps(message)
        assert await closed(socket) == 1008


async def test_server_sent_events(guarded_map):
    path = "/living-map/events"
    async with httpx.AsyncClient(base_url=guarded_map.url) as client:
        for headers in ({}, *map(bearer, BAD.values())):
            assert (await client.get(path, headers=headers)).status_code == 401
        for text in GOOD.values():
            async with client.stream("GET", path, headers=bearer(text)) as answer, asyncio.timeout(60):
                assert answer.status_code == 200
                lines = answer.aiter_lines()
                assert (await anext(lines)).startswith("id: ")
                assert json.loads((await anext(lines)).removeprefix("data: "))["kind"] == "snapshot"


# while a stream is open


async def test_an_expiring_token_is_warned_of_and_ends_the_stream(guarded):
    made = await guarded(authenticator={"secret": "x" * 40})
    short = token(secret="x" * 40, seconds=5)
    async with connect(made.ws, additional_headers=bearer(short), max_size=None) as socket:
        assert (await first(socket))["kind"] == "snapshot"
        message = await first(socket)
        assert (message["kind"], message["code"]) == ("warning", "token_expires")
        assert message["expires_at"]
        assert (await first(socket))["code"] == "unauthenticated"
        assert await closed(socket) == 4401


async def test_another_token_in_time_keeps_the_stream_open_and_a_bad_one_changes_nothing(guarded):
    made = await guarded(authenticator={"secret": "x" * 40})
    short = token(secret="x" * 40, seconds=5)
    async with connect(made.ws, additional_headers=bearer(short), max_size=None) as socket:
        assert [(await first(socket))["kind"] for _ in range(2)] == ["snapshot", "warning"]
        await socket.send(json.dumps({"kind": "auth", "token": "garbage"}))
        assert (await first(socket))["code"] == "unauthenticated"
        await socket.send(json.dumps({"kind": "auth", "token": token(secret="x" * 40)}))
        assert (await first(socket))["kind"] == "authenticated"
        await asyncio.sleep(5.1)
        await socket.send("{}")
        assert (await first(socket))["code"] == "unknown_message"


async def test_a_revoked_token_ends_the_stream_within_its_ttl(guarded, services, monkeypatch):
    monkeypatch.setattr(session, "GRACE_SECONDS", 0.2)
    made = await guarded(ttl_seconds=1.0)
    text = token("u-1")
    async with (
        connect(made.ws, additional_headers=bearer(text), max_size=None) as socket,
        httpx.AsyncClient(base_url=made.url) as client,
        client.stream("GET", "/living-map/events", headers=bearer(text)) as events,
    ):
        assert (await first(socket))["kind"] == "snapshot"
        services.auth.inactive.add(text)
        began = time.monotonic()
        assert (await first(socket))["kind"] == "warning"
        assert await closed(socket) == 4401
        lines = [line async for line in events.aiter_lines() if "unauthenticated" in line]
        assert '"kind":"error"' in lines[-1]
        assert time.monotonic() - began < 10
    assert made.living.hub.viewers == 0


async def test_a_revoked_token_may_be_replaced(guarded, services, monkeypatch):
    monkeypatch.setattr(session, "GRACE_SECONDS", 5.0)
    made = await guarded(ttl_seconds=8.0)
    made.living.access._authenticator._ttl = 0.2
    text = token("u-1")
    async with connect(made.ws, additional_headers=bearer(text), max_size=None) as socket:
        assert (await first(socket))["kind"] == "snapshot"
        services.auth.inactive.add(text)
        assert (await first(socket))["kind"] == "warning"
        await socket.send(json.dumps({"kind": "auth", "token": token("u-1", more=1)}))
        assert (await first(socket))["kind"] == "authenticated"


async def test_too_many_bad_credentials_shut_an_address_out_but_not_its_remembered_callers(guarded):
    made = await guarded(failures_per_minute=3)
    async with httpx.AsyncClient(base_url=made.url) as client:
        remembered = bearer(token("u-1"))
        assert (await client.get("/living-map/snapshot", headers=remembered)).status_code == 200
        for number in range(3):
            answer = await client.get("/living-map/snapshot", headers=bearer(f"garbage-{number}"))
            assert answer.status_code == 401
        for text in ("garbage", token("u-2")):
            answer = await client.get("/living-map/snapshot", headers=bearer(text))
            assert (answer.status_code, answer.json()["code"]) == (429, "too_many_failures")
            assert 0 < int(answer.headers["retry-after"]) <= 60
        assert (await client.get("/living-map/snapshot", headers=remembered)).status_code == 200
    async with connect(made.ws, additional_headers=bearer("garbage")) as socket:
        assert (await first(socket))["code"] == "too_many_failures"
        assert await closed(socket) == 1013


async def test_too_many_streams_of_one_actor_or_address_are_refused_until_one_ends(guarded):
    made = await guarded(streams_per_actor=2, streams_per_address=3)
    one, other = bearer(token("u-1")), bearer(token("u-2"))

    def opening(headers):
        return connect(made.ws, additional_headers=headers, max_size=None)

    async with opening(one) as first_stream:
        await first(first_stream)
        async with opening(one) as second:
            await first(second)
            async with opening(one) as third:
                assert (await first(third))["code"] == "too_many_streams"
                assert await closed(third) == 1013
            async with opening(other) as fourth:
                assert (await first(fourth))["kind"] == "snapshot"
                async with httpx.AsyncClient(base_url=made.url) as client:
                    answer = await client.get("/living-map/events", headers=bearer(token("u-3")))
                    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
        for _ in range(100):
            async with opening(one) as again:
                if (await first(again))["kind"] == "snapshot":
                    break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("a stream that has ended is still counted")


async def test_a_client_that_sends_too_many_messages_is_closed(guarded):
    made = await guarded()
    async with connect(made.ws, additional_headers=bearer(token("u-1")), max_size=None) as socket:
        for _ in range(websocket.MOST_MESSAGES + 1):
            await socket.send("{}")
        assert await closed(socket) == 1008


async def test_a_connection_that_has_sent_nothing_counts_as_well(guarded):
    made = await guarded(streams_per_address=2)
    async with connect(made.ws), connect(made.ws), connect(made.ws) as third:
        assert (await first(third))["code"] == "too_many_streams"
        assert await closed(third) == 1013


# headers and origins


async def test_every_answer_has_the_security_headers(guarded):
    made = await guarded()
    async with httpx.AsyncClient(base_url=made.url) as client:
        for path in (*ENDPOINTS, *OPEN, "/nothing"):
            for headers in ({}, bearer(token("u-1"))):
                answer = await client.get(path, headers=headers)
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert "frame-ancestors" in answer.headers["content-security-policy"]
                assert "access-control-allow-origin" not in answer.headers


async def test_without_access_control_everybody_reads_everything(tmp_path):
    from tests.stream.conftest import served  # noqa: PLC0415
    from tests.support.maps import living_map  # noqa: PLC0415

    async with living_map(tmp_path, {"usage": {"mock": True}}) as living, served(living) as address:
        async with httpx.AsyncClient(base_url=f"http://{address}") as client:
            for headers in ({}, bearer("garbage")):
                assert (await client.get("/living-map/sources", headers=headers)).json()["access"] is None
        async with connect(f"ws://{address}/living-map/stream") as socket:
            await first(socket)
            await socket.send(json.dumps({"kind": "auth", "token": "whatever"}))
            assert (await first(socket)) == {"kind": "authenticated", "expires_at": None}
