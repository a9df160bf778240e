"""A real Chromium before the real map, which hears a real nats-server."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support.ports import free_port
from tests.support.running import RunningMap, nats_server

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / ".cache" / "screenshots"
"""Where tests leave what they saw."""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks",  # answers that a test makes up come from no network
]
NETWORK = re.compile(r"WebSocket connection|net::ERR_|Failed to load resource|Failed to fetch dynamically")
FAMILIES = ("agents", "microdao", "dao", "space", "usage", "messaging", "city")
LINKS = {
    "city": {"node": "https://city.example.org/nodes/{id:key}"},
    "dao": {"proposal": "https://vote.example.org/{id:key}"},
}
MOCK = {"seed": 7, "microdaos": 12, "agents": 200, "nodes": 40, "daos": 6}
HARBOUR = Path(__file__).with_name("harbour.py")
SHIPS = {
    "Aurora": {"status": "online", "cargo": 0.4, "crew": 12},
    "Borealis": {"status": "online", "cargo": 0.2, "crew": 9},
    "Tender": {"status": "online", "tug_of": "ship:Aurora"},
}
MORE = {"city": {"heartbeat_seconds": 86_400}}
"""Nodes stay what they are, however long the tests take."""
_WAIT_MS = 60_000

expect.set_options(timeout=_WAIT_MS)


def pytest_addoption(parser):
    parser.addoption("--screenshots", action="store_true", help="leave pictures of the page in .cache/screenshots")


@pytest.fixture(scope="module")
def chromium():
    program = subprocess.run([ROOT / "scripts" / "get_chromium.sh"], check=True, capture_output=True, text=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program.stdout.strip(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def the_map(tmp_path_factory):
    """A world in which nothing happens but what a test publishes."""
    with nats_server(free_port()) as url:
        living = RunningMap(
            tmp_path_factory.mktemp("map"),
            free_port(),
            nats={"url": url, "jetstream": False},
            mock={**MOCK, "events_per_second": 0},
            # asked once: a later poll would say otherwise than what a test has published
            sources={
                name: {"mock": True, "interval_seconds": 3600, "links": LINKS.get(name, {}), **MORE.get(name, {})}
                for name in FAMILIES
            },
        )
        living.start()
        yield living
        living.stop()


class Visitor:
    """Somebody who opens the page, in a browser of their own."""

    def __init__(self, context, url: str, *, takes_pictures: bool = False) -> None:
        self.context = context
        self.url = url
        self._takes_pictures = takes_pictures
        self.page = context.new_page()
        self.page.set_default_timeout(_WAIT_MS)
        self.complaints: list[str] = []
        self.is_cut_off = False
        """Whether a test cuts the line: what the browser says of that is no fault of the page."""
        self.looks_before_the_map = False
        """Whether a test may ask for moments before the map began: the browser calls the 404 for them an error."""
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, message) -> None:
        excused = self.is_cut_off and NETWORK.search(message.text)
        excused = excused or (self.looks_before_the_map and "404 (Not Found)" in message.text)
        if message.type == "error" and not excused:
            self.complaints.append(message.text)

    def visit(self, address: str = "/", *, live: bool = True):
        """Open an address of the map; return the page once it is live."""
        self.page.goto(self.url + address)
        if live:
            expect(self.page.locator(".connection.is-live")).to_be_visible()
        return self.page

    def see(self, name: str) -> None:
        """Keep a picture of the page, if pictures are asked for."""
        if not self._takes_pictures:
            return
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.wait_for_timeout(1200)  # the map moves to where it is told, and draws
        self.page.screenshot(path=SHOTS / f"{name}.png", timeout=_WAIT_MS)

    def faults(self) -> list[str]:
        """Return the serious faults of accessibility that axe finds."""
        assert AXE.exists(), "axe-core is missing: run npm ci in frontend/, as scripts/test.sh does"
        # by evaluation, which the page's policy does not forbid as it does a script element
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        return [
            f"{one['id']}: {one['help']}: {json.dumps([node['target'] for node in one['nodes']][:5])}"
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]


@pytest.fixture
def visitors(chromium, request):
    """Make visitors; their page must not have complained in the end, but of a network that a test cut."""
    made = []
    takes_pictures = request.config.getoption("--screenshots", default=False)

    def visitor(url, *, introduced=True, **context):
        fresh = chromium.new_context(
            **{"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark", **context}
        )
        if introduced:
            fresh.add_init_script(
                "localStorage.getItem('livingmap.preferences') ||"
                " localStorage.setItem('livingmap.preferences', '{\"introduced\": true}')"
            )
        made.append(Visitor(fresh, url, takes_pictures=takes_pictures))
        return made[-1]

    yield visitor
    for one in made:
        one.context.close()
    assert [one.complaints for one in made if one.complaints] == []


@pytest.fixture
def visitor(visitors, the_map):
    return visitors(the_map.url)


class Harbour:
    """A map of ships, and the file that says what they are."""

    def __init__(self, folder) -> None:
        self._ships = folder / "ships.json"
        self.say(SHIPS)
        own = {"module": str(HARBOUR), "interval_seconds": 0.3, "path": str(self._ships)}
        self.map = RunningMap(folder, free_port(), sources={"harbour": own})

    def say(self, ships) -> None:
        fresh = self._ships.with_suffix(".new")
        fresh.write_text(json.dumps(ships), encoding="utf-8")
        fresh.replace(self._ships)

    def fall_silent(self) -> None:
        self._ships.unlink()


@pytest.fixture(scope="module")
def the_harbour(tmp_path_factory):
    harbour = Harbour(tmp_path_factory.mktemp("harbour"))
    harbour.map.start()
    yield harbour
    harbour.map.stop()


@pytest.fixture
def harbour(the_harbour):
    """The map of ships, which say again afterwards what they said at first."""
    yield the_harbour
    the_harbour.say(SHIPS)
