"""Which pages may open the WebSocket: those of the map's own site, however a proxy spells it."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from livingmap.stream.handshake import site

CITY = "https://city.example.org"


@pytest.mark.parametrize(
    ("origin", "same"),
    [
        ("https://City.Example.org", ("https", "city.example.org", None)),
        ("https://city.example.org:443", ("https", "city.example.org", None)),
        ("http://city.example.org.:80", ("http", "city.example.org", None)),
        ("http://[::1]:7017", ("http", "::1", 7017)),
        ("null", None),
        ("https://", None),
        ("https://city.example.org:port", None),
        ("https://[broken", None),
        ("file:///etc/passwd", None),
    ],
)
def test_a_site_has_one_spelling(origin, same):
    assert site(origin) == same


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({"Origin": CITY}, False),
        ({"Origin": CITY, "X-Forwarded-Host": "city.example.org"}, True),
        ({"Origin": CITY, "X-Forwarded-Host": "City.example.org:443"}, True),
        ({"Origin": CITY, "X-Forwarded-Host": "elsewhere.example.org"}, False),
        ({"Origin": CITY + ":8443", "X-Forwarded-Host": "city.example.org"}, False),
        ({"Origin": "null", "X-Forwarded-Host": "city.example.org"}, False),
        ({"Origin": "https://map.example.org:443"}, True),
        ({"Origin": CITY, "Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": CITY, "Sec-Fetch-Site": "cross-site"}, False),
        ({"Origin": "http://localhost:8080"}, True),
        ({}, True),
    ],
)
async def test_a_page_of_the_map_opens_its_stream_through_a_proxy(built, headers, is_let_in):
    async with built(public_url="https://Map.example.org/map") as address:
        try:
            async with connect(f"ws://{address}/living-map/stream", additional_headers=headers, max_size=None):
                let_in = True
        except InvalidStatus:
            let_in = False
    assert let_in == is_let_in
