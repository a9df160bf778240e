"""Reverse proxies: whom the map believes, and what it then takes for the client, the protocol and the site."""

import re

import httpx
import pytest
import structlog
from pydantic import ValidationError

from livingmap.api.proxies import Forwarded, Proxies, parse_address
from livingmap.api.rare_log import RareLog
from livingmap.config.server import ServerSettings

PROXIES = Proxies(ServerSettings(trusted_proxies=("10.0.0.0/8", "2001:db8::7", "127.0.0.1")).proxies)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.9, 10.0.0.7", "10.0.0.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:DB8::1]:443, 2001:db8::7", "2001:db8::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("nonsense, 10.0.0.7", "10.0.0.7"),
        ("203.0.113.9, unknown", None),
        ("1.2.3.4\nforged", None),
        ("9" * 100, None),
        ("", None),
    ],
)
def test_the_client_is_the_last_address_that_no_proxy_has(forwarded, client):
    assert PROXIES.client(forwarded) == client


@pytest.mark.parametrize(
    ("address", "is_trusted"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("2001:db8::7", True), ("192.0.2.1", False), ("", False)],
)
def test_proxies_are_trusted_by_address_and_network(address, is_trusted):
    assert PROXIES.trust(address) == is_trusted


def test_what_is_no_address_is_none():
    assert parse_address("city.example.org") is None


async def seen(headers, peer="10.0.0.7", public_url=None, kind="http", path="/living-map/snapshot"):
    """Return the scope that the application sees."""
    scopes = []

    async def app(scope, receive, send):
        scopes.append(scope)

    scope = {
        "type": kind,
        "path": path,
        "root_path": "",
        "client": (peer, 5),
        "scheme": "http" if kind == "http" else "ws",
        "headers": [(b"host", b"127.0.0.1:7017"), *headers],
    }
    await Forwarded(app, PROXIES, public_url, RareLog())(scope, None, None)
    return scopes[0]


HEADERS = [
    (b"x-forwarded-for", b"203.0.113.9"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"city.example.org"),
]


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
async def test_a_trusted_proxy_says_who_asks_for_which_site(kind, scheme):
    scope = await seen(HEADERS, kind=kind)
    assert (scope["client"], scope["scheme"]) == (("203.0.113.9", 0), scheme)
    assert dict(scope["headers"])[b"host"] == b"city.example.org"


async def test_anybody_else_is_not_believed_and_that_is_logged_once():
    with structlog.testing.capture_logs() as lines:
        scope = await seen(HEADERS, peer="192.0.2.1")
    assert (scope["client"], scope["scheme"]) == (("192.0.2.1", 5), "http")
    assert dict(scope["headers"])[b"host"] == b"127.0.0.1:7017"
    assert [(line["event"], line["address"]) for line in lines] == [
        ("a proxy that is not in server.trusted_proxies passes on requests", "192.0.2.1")
    ]


async def test_the_path_of_the_public_url_may_be_passed_on_or_taken_off():
    url = "https://city.example.org/map"
    whole = await seen([], public_url=url, path="/map/living-map/snapshot")
    assert (whole["root_path"], whole["path"]) == ("/map", "/map/living-map/snapshot")
    assert (await seen([], public_url=url))["root_path"] == ""


async def test_the_map_works_below_its_public_path(built):
    async with (
        built(public_url="https://city.example.org/map") as address,
        httpx.AsyncClient(base_url=f"http://{address}") as browser,
    ):
        for prefix in ("", "/map"):
            for path in ("/", "/docs", "/openapi.json", "/living-map/snapshot", "/living-map/snapshot/", "/docs/"):
                assert (await browser.get(prefix + path)).status_code == 200, prefix + path
            assert (await browser.get(prefix + "/living-map/nothing/")).status_code == 404
        answer = await browser.get("/map")
        assert answer.headers["location"] == "https://city.example.org/map/"
        schema = (await browser.get("/openapi.json")).json()
        assert schema["servers"] == [{"url": "https://city.example.org/map"}]


async def test_all_addresses_of_the_documentation_are_relative(built):
    async with built() as address, httpx.AsyncClient(base_url=f"http://{address}") as browser:
        page = (await browser.get("/docs")).text
        names = re.findall(r'(?:src|href)="([^"]+)"', page) + re.findall(r"url: '([^']+)'", page)
        assert len(names) == 4
        for name in names:
            assert not name.startswith(("/", "http"))
            assert (await browser.get(f"/{name}")).status_code == 200


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"public_url": "city.example.org"}, "is not an address; write it like"),
        ({"public_url": "https://city.example.org/?a=b"}, "is not an address"),
        ({"public_url": "https://user@city.example.org"}, "is not an address"),
        ({"public_url": "javascript:alert(1)"}, "is not an address"),
        ({"trusted_proxies": ["proxy"]}, "is neither an address nor a network"),
        ({"trusted_proxies": ["10.0.0.7/8"]}, "is neither an address nor a network"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, problem):
    with pytest.raises(ValidationError, match=problem):
        ServerSettings(**settings)


def test_a_line_about_what_anybody_may_cause_is_written_once_a_minute():
    now = 0.0
    log = RareLog(lambda: now)
    with structlog.testing.capture_logs() as lines:
        for _ in range(50):
            log.write("a request was refused", "not HTTP/1.1", address="192.0.2.1")
        log.write("a request was refused", "URI Too Long", address="192.0.2.1")
        now = 61.0
        log.write("a request was refused", "not HTTP/1.1", address="192.0.2.9")
    assert [(line["reason"], line["address"], line.get("left_out")) for line in lines] == [
        ("not HTTP/1.1", "192.0.2.1", None),
        ("URI Too Long", "192.0.2.1", None),
        ("not HTTP/1.1", "192.0.2.9", 49),
    ]
