"""nginx set up in other ways than by the recipe: the least that people write, and what DAARION has.

The least is HTTP/1.0, buffering, and the map's own address as the host.
"""

import asyncio
import json
import re
from pathlib import Path

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


DAARION = Path(__file__).parents[2] / "docs" / "daarion.md"


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
    async with asyncio.timeout(120):
        await reader.readuntil(b'"snapshot"')
    writer.close()


async def test_an_answer_that_nginx_compresses_is_recognised_again(address):
    async with httpx.AsyncClient(base_url=f"http://{address}", headers={"Accept-Encoding": "gzip"}) as browser:
        path = "/living-map/snapshot?layers=agents"
        first = await browser.get(path)
        again = await browser.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (first.headers["content-encoding"], again.status_code) == ("gzip", 304)


async def test_the_paths_of_daarion_lead_to_the_map(built, tmp_path):
    (locations,) = re.findall(r"^```nginx [^\n]+\n(.+?)^```", DAARION.read_text(), re.DOTALL | re.MULTILINE)
    port = free_port()
    site = f"127.0.0.1:{port}"
    async with built() as upstream:
        servers = f"server {{ listen {site};\n{locations.replace('living-map-service:7017', upstream)} }}"
        async with (
            running(nginx(tmp_path, port, servers)),
            httpx.AsyncClient(base_url=f"http://{site}") as browser,
        ):
            snapshot = (await browser.get("/api/living-map/snapshot")).raise_for_status().json()
            url = f"ws://{site}/ws/living-map/"
            async with connect(url, origin=f"http://{site}", max_size=None) as socket:
                message = json.loads(await socket.recv())
    assert message["payload"]["layers"] == snapshot["layers"]
