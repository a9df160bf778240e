"""The page at / as browsers get it: complete, cached, compressed, and with a policy that lets nothing else in."""

import re

import pytest

from livingmap.api.ui import FOLDER, content_policy
from livingmap.config.loading import load
from livingmap.config.page import UiSettings
from livingmap.errors import ConfigError
from tests.support.maps import browser, living_map


@pytest.fixture
async def client(tmp_path):
    ui = {"login_url": "https://auth.example.org", "embedders": ["https://city.example.org"]}
    async with (
        living_map(tmp_path, {"agents": {"mock": True}}, ui=ui, polled=False) as living,
        browser(living) as made,
    ):
        yield made


async def test_the_page_names_files_that_are_there_and_never_change(client):
    page = await client.get("/")
    named = re.findall(r'(?:src|href)="\./([^"]+)"', page.text)
    assert {name.rpartition(".")[2] for name in named} >= {"js", "css", "svg"}
    for name in named:
        answer = await client.get(f"/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].split(";")[0] in {"text/javascript", "text/css", "image/svg+xml"}
        if name.startswith("assets/"):
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


async def test_every_file_of_the_build_is_served_as_it_is(client):
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.name != "index.html"]
    assert files
    for path in files:
        answer = await client.get(f"/{path.relative_to(FOLDER).as_posix()}")
        assert answer.content == path.read_bytes(), path


async def test_the_page_is_asked_for_again_and_then_costs_nothing(client):
    page = await client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    again = await client.get("/", headers={"If-None-Match": page.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
async def test_scripts_travel_compressed(client, encoding):
    name = re.search(r'src="\./(assets/[^"]+\.js)"', (await client.get("/")).text)[1]
    answer = await client.get(f"/{name}", headers={"Accept-Encoding": encoding})
    assert answer.headers["content-encoding"] == encoding
    assert answer.content == (FOLDER / name).read_bytes()


async def test_the_page_knows_where_to_log_in_and_who_may_frame_it(client):
    page = await client.get("/")
    assert '<meta name="livingmap-login" content="https://auth.example.org" />' in page.text
    assert '<meta name="livingmap-embedders" content="https://city.example.org" />' in page.text
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self' data: blob: https://auth.example.org/;" in policy
    assert policy.endswith("frame-ancestors 'self' https://city.example.org")


def test_the_policy_lets_no_inline_script_in():
    policy = content_policy(UiSettings())
    assert "unsafe" not in policy
    assert "https://" not in policy


async def test_the_page_says_something_without_javascript(client):
    page = (await client.get("/")).text
    for link in re.findall(r'<a href="([^"]+)"', page):
        assert (await client.get(f"/{link}")).status_code == 200, link
    assert "living-map/snapshot" in page


async def test_a_file_that_is_not_there_is_a_problem(client):
    answer = await client.get("/assets/../../app.py")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("ui", "fault"),
    [
        ({"login_url": "auth-service"}, "not an address; write it like https://auth.example.org"),
        ({"login_url": "https://a.example; script-src *"}, "not an address"),
        ({"embedders": ["https://city.example.org/page"]}, "not an origin; write it without a path"),
    ],
)
def test_addresses_that_are_none_are_refused(tmp_path, ui, fault):
    file = tmp_path / "map.yaml"
    file.write_text(f"ui: {ui}\nsources:\n  agents: {{mock: true}}\n")
    with pytest.raises(ConfigError, match=fault):
        load(file)
