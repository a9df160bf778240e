"""The least that people write for nginx: HTTP/1.0, buffering, and the map's own address as the host."""

import asyncio

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.edge.conftest import get
from tests.support.ports import free_port
from tests.support.reverse_proxy import nginx, running

LEAST = """
server {{
  listen 127.0.0.1:{port};
  gzip on;
  gzip_types application/json;
  location / {{ proxy_pass http://{upstream}; }}
  location /living-map/stream {{
    proxy_pass http://{upstream};
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "upgrade";
  }}
}}
"""


@pytest.fixture
async def address(built, tmp_path):
    port = free_port()
    async with built() as upstream, running(nginx(tmp_path, port, LEAST.format(port=port, upstream=upstream))):
        yield f"127.0.0.1:{port}"


async def test_the_page_opens_its_stream(address):
    """The map sees its own address as the host; a browser says besides that the page is of the same origin."""
    headers = {"Sec-Fetch-Site": "same-origin"}
    url = f"ws://{address}/living-map/stream"
    async with connect(url, origin=f"http://{address}", additional_headers=headers, max_size=None) as socket:
        assert '"snapshot"' in await socket.recv()


async def test_events_are_not_held_back(address):
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(get(b"/living-map/events"))
    async with asyncio.timeout(20):
        await reader.readuntil(b'"snapshot"')
    writer.close()


async def test_an_answer_that_nginx_compresses_is_recognised_again(address):
    async with httpx.AsyncClient(base_url=f"http://{address}", headers={"Accept-Encoding": "gzip"}) as browser:
        path = "/living-map/snapshot?layers=agents"
        first = await browser.get(path)
        again = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.headers["content-encoding"], again.status_code) == ("gzip", 304)
