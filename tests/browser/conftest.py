"""A real Chromium before the real map, which hears a real nats-server."""

import json
import re
import subprocess
import time
from collections import defaultdict
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from tests.support.ports import free_port
from tests.support.running import RunningMap, nats_server

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = ROOT / ".cache" / "screenshots"
"""Where tests leave what they saw."""
UNUSED = (
    "LocalNetworkAccessChecks",  # answers that a test makes up come from no network
    "WebUIOmniboxPopup",  # half a second of CPU in each window, for an address bar that nobody sees
    "WebUIOmniboxAimPopup",
    "SpareRendererForSitePerProcess",
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(UNUSED)}",
]
USUAL = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark", "reduced_motion": "reduce"}
"""What moves takes a tenth of a core for as long as a page is open: it does where that may matter."""
MOVING = {"reduced_motion": "no-preference"}
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
MORE = {"city": {"heartbeat_seconds": 86_400}, "usage": {"prices": {"*": 2}}}
"""Nodes stay what they are, however long the tests take; and a million tokens cost two dollars."""
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


class Contexts:
    """Contexts of the browser, and those that earlier tests left as they were: what one has loaded is compiled."""

    def __init__(self, browser) -> None:
        self._browser = browser
        self._left = defaultdict(list)

    def take(self, url, is_cold, options):
        """Return a context for a map, with its key; one that has loaded nothing yet if it is to be cold."""
        key = json.dumps([url, options])
        if self._left[key] and not is_cold:
            return key, self._left[key].pop()
        return key, self._browser.new_context(**options)

    def leave(self, key, visitor) -> None:
        """Close the pages of a visitor, and keep the context if nothing of them stays in it."""
        if context := visitor.clear():
            self._left[key].append(context)


class Visitor:
    """Somebody who opens the page, in a browser of their own."""

    def __init__(self, context, url: str, *, takes_pictures: bool = False) -> None:
        self._context = context
        self._is_touched = False
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

    @property
    def context(self):
        """The context of the page. What a test does to it would meet the next one: it is not used again."""
        self._is_touched = True
        return self._context

    def clear(self):
        """Close the pages and forget what they have stored; return the context, or None if it had to be closed."""
        try:
            if not self._is_touched:
                self.page.goto(f"{self.url}/icon.svg")  # of the same origin, and runs nothing that stores more
                self.page.evaluate("localStorage.clear()")
                self._context.clear_cookies()
                for page in self._context.pages:
                    page.close()
                return self._context
        except Error:  # the map is gone, or the page has crashed
            pass
        self._context.close()
        return None

    def _hear(self, message) -> None:
        excused = self.is_cut_off and NETWORK.search(message.text)
        excused = excused or (self.looks_before_the_map and "404 (Not Found)" in message.text)
        if message.type == "error" and not excused:
            self.complaints.append(f"{message.text} {message.location['url']}")

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


@pytest.fixture(scope="module")
def contexts(chromium):
    return Contexts(chromium)


@pytest.fixture
def visitors(contexts, request):
    """Make visitors; their page must not have complained in the end, but of a network that a test cut."""
    made = []
    takes_pictures = request.config.getoption("--screenshots", default=False)

    def visitor(url, *, introduced=True, is_cold=False, **options):
        options = {**USUAL, **options}
        key, context = contexts.take(url, is_cold, options)
        fresh = Visitor(context, url, takes_pictures=takes_pictures)
        if introduced:
            fresh.page.add_init_script(
                "localStorage.getItem('livingmap.preferences') ||"
                " localStorage.setItem('livingmap.preferences', '{\"introduced\": true}')"
            )
        made.append((key, fresh))
        return fresh

    yield visitor
    complaints = [one.complaints.copy() for _, one in made if one.complaints]
    for key, one in made:
        contexts.leave(key, one)
    assert complaints == []


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

    def heard(self, name, status) -> None:
        """Wait until the history has it that a ship is in a condition."""
        for _ in range(_WAIT_MS // 100):
            with urlopen(f"{self.map.url}/living-map/history?entity_id=ship:{name}&limit=1", timeout=30) as answer:
                changes = [one for item in json.load(answer)["items"] for one in item["changes"] or ()]
            fields = [field for change in changes for field in change["fields"]]
            if any((one["name"], one["to"]) == ("status", status) for one in fields):
                return
            time.sleep(0.1)
        raise AssertionError(f"the history does not say that {name} is {status}")

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
