"""The recipes of deploy/proxies, run by the real proxies: TLS and a path before a map with access control."""

import asyncio
import contextlib
import re
import socket
from urllib.parse import urljoin

import httpx
import pytest
from websockets.asyncio.client import connect

from livingmap.client import follow
from livingmap.core.model import Message
from livingmap.stream.heartbeats import Heartbeats
from tests.stream.conftest import served
from tests.support.access import SECRET, token
from tests.support.maps import living_map
from tests.support.reverse_proxy import SITE, recipe

URL = f"https://{SITE}/map"
GUESSES = 40
"""More bad credentials than one address may show."""
MOCK = {"microdaos": 1, "agents": 2, "nodes": 1, "daos": 1, "events_per_second": 0}
TIMEOUT_SECONDS = 4
SHORT = {
    "nginx": {"proxy_read_timeout 60s": f"proxy_read_timeout {TIMEOUT_SECONDS}s"},
    "haproxy": {
        f"timeout {one} 60s": f"timeout {one} {TIMEOUT_SECONDS}s" for one in ("client", "server", "tunnel")
    },
}
"""How long a stream may be silent, in place of what the recipes say; Caddy waits without limit."""


class Site:
    """A map behind a proxy."""

    def __init__(self, living, proxy):
        self.living = living
        self.proxy = proxy
        self.url = f"https://{SITE}:{proxy.port}/map"
        self.agent = next(iter(living.fold.scene.items("agents", "items")))

    def browser(self, of="127.0.0.1", **headers):
        """Return a client that asks from the address ``of``; without other word it has signed in."""
        transport = httpx.AsyncHTTPTransport(verify=self.proxy.trusted, local_address=of)
        headers = {"Authorization": f"Bearer {token()}", **headers}
        return httpx.AsyncClient(transport=transport, base_url=self.url, headers=headers, timeout=20)

    def stream(self):
        """Return the WebSocket of the page, with its token as browsers send it."""
        protocols = ["livingmap.v1", f"bearer.{token()}"]
        url = f"{self.url.replace('https', 'wss')}/living-map/stream"
        return connect(
            url, ssl=self.proxy.trusted, origin=f"https://{SITE}", subprotocols=protocols, max_size=None
        )

    async def handshake(self, **headers):
        """Return the status of a WebSocket that is opened with these headers."""
        lines = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Authorization": f"Bearer {token()}",
            **headers,
        }
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        reader, writer = await asyncio.open_connection(SITE, self.proxy.port, ssl=self.proxy.trusted)
        writer.write(f"GET /map/living-map/stream HTTP/1.1\r\n{text}\r\n".encode())
        async with asyncio.timeout(120):
            status = int((await reader.readline()).split()[1])
        writer.transport.abort()
        return status

    async def happen(self, number):
        payload = {"agent_id": self.agent, "status": ["busy", "offline"][number % 2], "number": number}
        await self.living.log.append(Message("agent.event.status", payload))


@pytest.fixture
async def behind(tmp_path, monkeypatch):
    """Put the proxy of a kind in front of one map."""
    resolve = socket.getaddrinfo
    here = {SITE: "127.0.0.1", SITE.encode(): "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **named: resolve(here.get(host, host), *rest, **named)
    )
    auth = {"mode": "daarion", "authenticator": {"secret": SECRET}}
    server = {"public_url": f"https://{SITE}/map", "trusted_proxies": ["127.0.0.1"]}
    sources = {"agents": {"mock": True}}
    async with contextlib.AsyncExitStack() as stack:
        living = await stack.enter_async_context(
            living_map(tmp_path, sources, mock=MOCK, auth=auth, server=server)
        )
        address = await stack.enter_async_context(served(living))

        async def build(kind, options=None):
            return Site(living, await stack.enter_async_context(recipe(kind, tmp_path, address, options=options)))

        yield build


@pytest.fixture(params=["nginx", "haproxy", "caddy"])
async def site(request, behind):
    return await behind(request.param)


async def test_page_api_and_documentation_are_found_below_the_path(site):
    async with site.browser(Authorization=f"Bearer {token(roles=('admin',))}") as browser:
        moved = await browser.get(site.url)
        assert moved.is_redirect
        assert re.fullmatch(rf"(https://{SITE}(:\d+)?)?/map/", moved.headers["location"])
        for page in ("/", "/docs"):
            text = (await browser.get(page)).raise_for_status().text
            names = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', text) + re.findall(r"url: '([^']+)'", text)
            assert names
            for name in names:
                assert (await browser.get(urljoin(site.url + page, name))).status_code == 200, name
        for path in ("/living-map/snapshot", "/living-map/snapshot/", "/living-map/health/ready"):
            assert (await browser.get(path)).status_code == 200, path
        assert (await browser.head("/living-map/events")).status_code == 200
        schema = (await browser.get("/openapi.json")).json()
        assert schema["servers"] == [{"url": URL}]


async def test_what_is_compressed_is_sent_and_remembered_through_it(site):
    async with site.browser(**{"Accept-Encoding": "gzip"}) as browser:
        first = await browser.get("/living-map/snapshot")
        again = await browser.get("/living-map/snapshot", headers={"If-None-Match": first.headers["etag"]})
    assert (first.headers["content-encoding"], again.status_code) == ("gzip", 304)


@pytest.mark.parametrize("stream", ["/living-map/stream", "/living-map/events"])
async def test_a_stream_opens_and_what_happens_comes_at_once(site, stream):
    if stream == "/living-map/stream":
        async with site.stream() as socket:
            assert '"snapshot"' in await socket.recv()
            await site.happen(1)
            assert '"number":1' in await socket.recv()
        return
    async with site.browser() as browser, browser.stream("GET", stream) as answer, asyncio.timeout(120):
        lines = answer.aiter_lines()
        await anext(line async for line in lines if '"snapshot"' in line)
        await site.happen(1)
        await anext(line async for line in lines if '"number":1' in line)


ELSEWHERE = "elsewhere.example.org"
HANDSHAKES = [
    (101, {"Host": SITE, "Origin": f"https://{SITE}"}),
    (101, {"Host": f"{SITE.upper()}:443", "Origin": f"https://{SITE.title()}:443"}),
    (403, {"Host": SITE, "Origin": f"https://{ELSEWHERE}"}),
    (403, {"Host": SITE, "Origin": f"https://{ELSEWHERE}", "X-Forwarded-Host": ELSEWHERE}),
]


async def test_only_pages_of_the_site_open_the_stream_however_it_is_spelt(site):
    statuses = [await site.handshake(**headers) for _, headers in HANDSHAKES]
    assert statuses == [status for status, _ in HANDSHAKES]


async def test_a_guesser_locks_out_nobody_else_whatever_it_says_of_itself(site):
    async with site.browser("127.0.0.2") as guesser:
        statuses = set()
        for number in range(GUESSES):
            headers = {"Authorization": f"Bearer x.y.{number}", "X-Forwarded-For": f"203.0.113.{number}"}
            statuses.add((await guesser.get("/living-map/snapshot", headers=headers)).status_code)
    assert statuses == {401, 429}
    async with site.browser("127.0.0.3") as reader:
        assert (await reader.get("/living-map/snapshot")).status_code == 200
        del reader.headers["Authorization"]
        assert (await reader.get("/living-map/snapshot")).status_code == 401


async def test_a_viewer_goes_on_where_it_was_when_the_proxy_has_restarted(site):
    async with follow(site.url, token=token(), ssl=site.proxy.trusted) as live, asyncio.timeout(60):
        numbers = []
        async for message in live:
            if message["kind"] == "snapshot":
                assert not numbers
                await site.happen(1)
            elif message["kind"] == "disconnected":
                live.retry()
            elif message["kind"] == "event":
                numbers.append(message["payload"]["number"])
                if numbers[-1] == 3:
                    break
                await site.proxy.stop()
                await site.happen(2)
                await site.happen(3)
                await site.proxy.start()
    assert numbers == [1, 2, 3]


async def test_a_stream_on_which_nothing_happens_outlives_the_timeouts_of_the_proxy(behind, monkeypatch):
    monkeypatch.setattr("livingmap.stream.heartbeats.HEARTBEAT_SECONDS", 0.5)
    sites = [await behind(kind, options) for kind, options in SHORT.items()]
    living = sites[0].living
    beating = asyncio.create_task(Heartbeats(living.hub).run())
    idle = asyncio.Barrier(2 * len(sites))
    ends = asyncio.get_running_loop().time() + TIMEOUT_SECONDS + 1

    async def watch(lines):
        async for line in lines:
            if "heartbeat" in line and asyncio.get_running_loop().time() >= ends:
                break
        if await idle.wait() == 0:
            await sites[0].happen(1)
        await anext(line async for line in lines if '"number":1' in line)

    async def events(site):
        async with site.browser() as browser, browser.stream("GET", "/living-map/events") as answer:
            await watch(answer.aiter_lines())

    async def messages(site):
        async with site.stream() as socket:
            await watch(aiter(socket))

    async with asyncio.timeout(60):
        await asyncio.gather(*(way(site) for way in (events, messages) for site in sites))
    beating.cancel()
