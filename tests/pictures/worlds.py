"""Worlds to take pictures of: real maps, each in a state of its own."""

import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from tests.browser.conftest import FAMILIES, HARBOUR, LINKS, MOCK, SHIPS
from tests.support.access import SECRET
from tests.support.ports import free_port
from tests.support.running import RunningMap, nats_server, replayed, wait_until

LOGIN = "https://auth.example.org"
SURGING = "microdao:amber-commons"
"""Whose agents use more tokens than usual in the end."""
SHOP = HARBOUR.with_name("shop.py")
STILL = {"city": {"heartbeat_seconds": 86_400}}


class World:
    """A map that is served, and what can be done to it."""

    def __init__(self, url: str, **deeds: Callable[[], object]) -> None:
        self.url = url
        self.deeds = deeds

    def read(self, path: str, language: str = "en"):
        with urlopen(Request(f"{self.url}/living-map/{path}", headers={"Accept-Language": language})) as answer:
            return json.load(answer)


@contextlib.contextmanager
def _running(living: RunningMap, **deeds) -> Iterator[World]:
    living.start()
    try:
        yield World(living.url, stop=living.stop, start=living.start, **deeds)
    finally:
        living.stop()


def _mock(**more):
    return {name: {"mock": True, "links": LINKS.get(name, {}), **more} for name in FAMILIES}


@contextlib.contextmanager
def lively(folder: Path) -> Iterator[World]:
    """A simulated network in which something happens all the time."""
    with _running(
        RunningMap(folder, free_port(), mock={**MOCK, "events_per_second": 3}, sources=_mock())
    ) as world:
        yield world


@contextlib.contextmanager
def still(folder: Path) -> Iterator[World]:
    """The same network, in which nothing happens."""
    sources = {name: {**one, "interval_seconds": 3600, **STILL.get(name, {})} for name, one in _mock().items()}
    with _running(
        RunningMap(folder, free_port(), mock={**MOCK, "events_per_second": 0}, sources=sources)
    ) as world:
        yield world


@contextlib.contextmanager
def troubled(folder: Path) -> Iterator[World]:
    """A network of which one service never answered, and another one no longer does."""
    ships = folder / "ships.json"
    ships.write_text(json.dumps(SHIPS), encoding="utf-8")
    sources = {
        **_mock(interval_seconds=3600),
        "harbour": {"module": str(HARBOUR), "interval_seconds": 0.5, "path": str(ships)},
    }
    living = RunningMap(folder, free_port(), mock={**MOCK, "events_per_second": 1}, sources=sources)
    with _running(living) as world:
        ships.unlink()
        yield world


@contextlib.contextmanager
def unread(folder: Path) -> Iterator[World]:
    """A map of which the only service has never answered."""
    missing = {"module": str(HARBOUR), "interval_seconds": 0.5, "path": str(folder / "missing.json")}
    living = RunningMap(folder, free_port(), sources={"harbour": missing})
    living.launch()
    wait_until(lambda: _is_up(living.url))
    try:
        yield World(living.url)
    finally:
        living.stop()


def _is_up(url: str) -> bool:
    try:
        return urlopen(f"{url}/living-map/health", timeout=5).status == 200
    except OSError:
        return False


@contextlib.contextmanager
def empty(folder: Path) -> Iterator[World]:
    """A map of a harbour without a ship."""
    (folder / "ships.json").write_text("{}", encoding="utf-8")
    own = {"module": str(HARBOUR), "interval_seconds": 1, "path": str(folder / "ships.json")}
    with _running(RunningMap(folder, free_port(), sources={"harbour": own})) as world:
        yield world


@contextlib.contextmanager
def private(folder: Path) -> Iterator[World]:
    """A map that asks who one is."""
    living = RunningMap(
        folder,
        free_port(),
        ui={"login_url": LOGIN},
        auth={"mode": "daarion", "authenticator": {"secret": SECRET}},
        mock={**MOCK, "events_per_second": 1},
        sources=_mock(),
    )
    with _running(living) as world:
        yield world


@contextlib.contextmanager
def cut_off(folder: Path) -> Iterator[World]:
    """A map that has lost its log."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(contextlib.ExitStack())
        url = server.enter_context(nats_server(free_port(), folder / "nats"))
        living = RunningMap(
            folder,
            free_port(),
            nats={"url": url, "detached_seconds": 1, "ping_seconds": 1},
            mock={**MOCK, "events_per_second": 0},
            sources=_mock(interval_seconds=2),
        )
        yield stack.enter_context(_running(living, lose_log=server.close))


@contextlib.contextmanager
def shop(folder: Path) -> Iterator[World]:
    """Another network: a shop, by one plugin."""
    own = {"module": str(SHOP), "interval_seconds": 3600}
    with _running(RunningMap(folder, free_port(), sources={"shop": own})) as world:
        yield world


@contextlib.contextmanager
def week(folder: Path) -> Iterator[World]:
    """A week of the simulated network in a file that is served, in which tokens went up and a node failed."""
    with still(folder) as world:
        lines, end = _week(world)
    file = folder / "week.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with replayed(file, free_port()) as url:
        there = World(url)
        there.end = end.isoformat().replace("+00:00", "Z")
        yield there


def _week(world: World):
    end = datetime.now(UTC).replace(minute=30, second=0, microsecond=0) - timedelta(hours=1)
    start = end - timedelta(days=8)
    types = {language: world.read("types", language) for language in ("en", "uk")}
    snapshot = world.read("snapshot")
    agents = snapshot["layers"]["agents"]["items"]
    header = {"kind": "export", "format": 1, "version": "1", "types": types}
    lines = [
        {**header, "sentences": world.read("sentences")["sentences"]},
        {"kind": "snapshot", "timestamp": start.isoformat(), "payload": snapshot},
    ]
    for hour in range(1, 8 * 24):
        at = start + timedelta(hours=hour)
        lines.append(_usage(at, agents, hour))
    lines.append({"kind": "end", "at": end.isoformat()})
    return lines, end


def _usage(at: datetime, agents, hour: int):
    changes = []
    for number, agent in enumerate(agents):
        usage = agent.get("usage") or {}
        tokens = usage.get("tokens_24h")
        if not tokens or (hour + number) % 3:
            continue
        wave = 1 + 0.25 * ((at.hour + number * 7) % 24 - 12) / 12
        surge = 2.6 if agent["microdao_id"] == SURGING and hour > 8 * 24 - 7 else 1
        changed = {"usage": {**usage, "tokens_24h": int(tokens * wave * surge)}}
        place = {"op": "put", "layer": "agents", "collection": "items", "id": agent["id"], "unset": []}
        changes.append({**place, "set": changed})
    event = {"kind": "event", "event_type": "usage.counted", "timestamp": at.isoformat()}
    return {**event, "payload": {}, "changes": changes}
