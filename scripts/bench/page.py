"""The page in a browser without graphics hardware: how busy it is, how soon there, whether its memory stays."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from playwright.sync_api import CDPSession, Page, sync_playwright

from scripts.bench.network import FAMILIES
from scripts.bench.process import Process, wait_for
from scripts.bench.table import Scale, Table

_PORT: Final = 7314
_URL: Final = f"http://127.0.0.1:{_PORT}/"
_LARGE: Final = {"agents": 9000, "nodes": 800, "microdaos": 150, "daos": 20, "events_per_second": 500}
_SMALL: Final = {"agents": 1750, "nodes": 170, "microdaos": 30, "daos": 6, "events_per_second": 20}
_DRAWN: Final = "performance.getEntriesByName('livingmap:drawn')[0]?.startTime"
_TASK: Final = "ThreadControllerImpl::RunTask"
_COUNT_FRAMES: Final = """() => {
  window.counted = 0;
  const count = () => { window.counted += 1; requestAnimationFrame(count); };
  count();
}"""
_DRAG_SECONDS: Final = 20
_WARM_SECONDS: Final = 15
_SPELL_SECONDS: Final = 30
_WAIT_MS: Final = 120_000


@dataclass
class _Spell:
    """What the page did in some seconds."""

    computed: float
    """Share of a core that the main thread needed; waiting for the processor is not counted."""
    longest_ms: float
    """The task for which the main thread computed longest; waiting for the processor is not counted."""
    heap_bytes: float
    """After a collection at their end."""


def bench(scale: Scale, table: Table) -> None:
    """Measure a large network in motion, then how soon a small one is there."""
    chromium = shutil.which("chromium")
    if chromium is None:
        table.note("page: chromium is not on PATH, so nothing was measured")
        return
    with _served(_LARGE), _opened(chromium) as page:
        entities = _entities()
        page.goto(_URL)
        _watch(page, scale, table, entities)
    with _served(_SMALL), _opened(chromium) as page:
        entities = _entities()
        soon = [_drawn(page) for _ in range(scale.rounds + 1)][1:]
        table.row(f"page, {entities:,} entities: ms from navigation until the map is drawn and takes keys", soon)


def _watch(page: Page, scale: Scale, table: Table, entities: int) -> None:
    page.wait_for_function(_DRAWN, timeout=_WAIT_MS)
    page.keyboard.press("Escape")
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    time.sleep(_WARM_SECONDS)
    spells, until = [_spell(page, session, scale)], time.monotonic() + scale.page_seconds
    while time.monotonic() < until:
        spells.append(_spell(page, session, scale))
    what = f"page, {entities:,} entities, 500 ev/s"
    table.row(f"{what}: % of a core that the main thread needs", [100 * one.computed for one in spells])
    longest = [one.longest_ms for one in spells]
    table.row(f"{what}: CPU ms of the longest task in {scale.page_seconds:.0f} s", [max(longest)])
    table.row(f"{what}: CPU ms of the longest task in each {_SPELL_SECONDS} s, median", longest)
    heaps = [one.heap_bytes / 1e6 for one in spells]
    table.row(f"{what}: heap MB, at first", heaps[:1])
    table.row(f"{what}: heap MB, {scale.page_seconds:.0f} s later", heaps[-1:])
    table.note(f"page: heap MB every {_SPELL_SECONDS} s: {', '.join(f'{heap:.0f}' for heap in heaps)}")
    table.row(f"{what}: CPU ms of the main thread for a frame while the map is dragged", [_dragged(page, session)])
    table.note(f"page: {_entities():,} entities in the end")
    table.note(f"page: {page.evaluate('navigator.userAgent')}, without graphics hardware")


def _spell(page: Page, session: CDPSession, scale: Scale) -> _Spell:
    browser = page.context.browser
    assert browser  # noqa: S101 - the page was opened in one
    browser.start_tracing(categories=["toplevel"])
    before, began = _tasks(session), time.monotonic()
    time.sleep(min(_SPELL_SECONDS, scale.page_seconds))
    computed = (_tasks(session) - before) / (time.monotonic() - began)
    longest = _longest(json.loads(browser.stop_tracing())["traceEvents"])
    session.send("HeapProfiler.collectGarbage")
    return _Spell(computed, longest, session.send("Runtime.getHeapUsage")["usedSize"])


def _dragged(page: Page, session: CDPSession) -> float:
    """Drag the map about; return for how many ms of processor time the main thread works on a frame meanwhile."""
    page.evaluate(_COUNT_FRAMES)
    before, until = _tasks(session), time.monotonic() + _DRAG_SECONDS
    while time.monotonic() < until:
        page.mouse.move(700, 300)
        page.mouse.down()
        page.mouse.move(1000, 500, steps=60)
        page.mouse.up()
    return 1000 * (_tasks(session) - before) / float(page.evaluate("window.counted"))


def _longest(events: list[dict[str, Any]]) -> float:
    """Return for how many ms of processor time the longest task of the main thread lasted."""
    named = (one for one in events if one["name"] == "thread_name")
    main = {(one["pid"], one["tid"]) for one in named if one["args"]["name"] == "CrRendererMain"}
    tasks = (one for one in events if one["name"] == _TASK and (one["pid"], one["tid"]) in main)
    return max(float(one.get("tdur", 0)) for one in tasks) / 1000


def _tasks(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def _drawn(page: Page) -> float:
    """Navigate, and return when the map was drawn and had moved by a key, in ms since the navigation began."""
    page.goto(_URL, wait_until="commit")
    page.wait_for_function(_DRAWN, timeout=_WAIT_MS)
    page.keyboard.press("Escape")
    page.focus("[role=application]")
    page.keyboard.press("+")
    moved = page.evaluate("new Promise(done => requestAnimationFrame(() => done(performance.now())))")
    return float(moved)


@contextmanager
def _served(sizes: dict[str, int]) -> Iterator[None]:
    """Serve a simulated network of a size, with a history in memory."""
    mocked = {"mock": True, "timeout_seconds": 60, "max_bytes": 256 * 1024 * 1024}
    config: dict[str, Any] = {
        "server": {"port": _PORT, "access_log": False},
        "history": {"url": "memory:"},
        "logging": {"level": "error"},
        "mock": sizes,
        "sources": dict.fromkeys(FAMILIES, mocked),
    }
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        json.dump(config, file)  # JSON is YAML
        file.flush()
        program = Path(sys.executable).with_name("livingmap")
        with Process(program, "serve", "--config", file.name, quiet=True):
            wait_for(_PORT)
            while _entities() < sizes["agents"]:
                time.sleep(1)
            yield


def _entities() -> int:
    with urlopen(f"{_URL}living-map/snapshot") as answer:  # noqa: S310 - a map of our own
        layers = json.load(answer)["layers"]
    homes = (("city", "items"), ("city", "rooms"), ("space", "planets"), ("nodes", "items"), ("agents", "items"))
    return sum(len(layers[layer].get(name, ())) for layer, name in (*homes, ("messaging", "channels")))


@contextmanager
def _opened(chromium: str) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        # what playwright waits for is evaluated, which the page itself may not do
        yield browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
        browser.close()
