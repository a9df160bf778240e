"""A handler that does not return is named while it holds the map, and its call is ended."""

import asyncio
import sys
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from livingmap.core.calls import Calls
from livingmap.core.fold import Fold
from livingmap.core.freshness import SourceHealth
from livingmap.core.model import Event, Position, Put
from livingmap.core.progress import Progress
from livingmap.core.source import Layer, Source
from livingmap.sources.settings import SourceSettings
from livingmap.state.handler_watch import END_TICKS, HandlerWatch
from livingmap.state.projector import Projector
from tests.support.map_process import MapProcess
from tests.support.nats_server import until

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class Map:
    """A map with one source whose handler lets as many seconds pass as its message says, and its watch."""

    def __init__(self):
        self.calls = Calls()
        source = Source("slow", "s", SourceSettings, (Layer("things"),), {"slow.*": self.on_event})
        other = Source("other", "s", SourceSettings, (Layer("things"),), {">": on_other})
        self.fold = Fold([source, other], calls=self.calls)
        self.projector = Projector(self.fold, Progress(Position("e", 0)))
        self.health = SourceHealth("slow", "s")
        self.projector.watch([self.health])
        self.watch = HandlerWatch(self.calls, self.projector.note_overrun)
        self.seq = 0

    def on_event(self, event, part):
        for _ in range(event.payload["ticks"]):
            self.tick()
        return [Put("things", f"thing:{event.payload['ticks']}")]

    def tick(self):
        self.watch.tick(sys._getframe(1))

    def send(self, ticks):
        self.seq += 1
        self.projector.take(Event(Position("e", self.seq), "slow.down", {"ticks": ticks}, NOON))
        self.tick()
        return list(self.fold.scene.items("things", "items"))


def on_other(event, part):
    return [Put("things", f"thing:other-{event.position.seq}")]


async def test_a_handler_that_holds_the_map_is_named_while_it_does_and_counted_when_it_has_ended():
    made = Map()
    with capture_logs() as lines:
        assert made.send(ticks=4) == ["thing:4", "thing:other-1"]
        await until(lambda: len(lines) == 2)
    start, end = sorted(lines, key=lambda line: line["event"], reverse=True)
    at = f"{__file__}:{Map.on_event.__code__.co_firstlineno + 2}"
    assert (start["event"], start["source"], start["handler"], start["type"], start["at"]) == (
        "a plugin's handler holds the map",
        "slow",
        "slow.*",
        "slow.down",
        at,
    )
    assert "self.tick()" in start["stack"]
    assert (end["event"], end["seconds"], end["at"]) == ("a plugin's handler has given the map back", 3.0, at)
    assert (made.health.overruns, made.health.held_seconds) == (1, 3.0)
    assert made.health.last_overruns == [f"the map was held by handler 'slow.*' at e-1 ({at}) for 3 s"]


@pytest.mark.parametrize("ticks", [0, 1])
def test_a_handler_that_returns_within_a_second_is_left_alone(ticks):
    made = Map()
    with capture_logs() as lines:
        made.send(ticks)
    assert (lines, made.health.overruns) == ([], 0)


def test_a_handler_that_does_not_return_is_ended_and_its_message_is_a_fault_of_its_source_alone():
    made = Map()
    assert made.send(ticks=1_000_000) == ["thing:other-1"]
    assert made.health.faults == 1
    assert "HandlerOverrun: it did not return within 5 s and was ended" in made.health.last_faults[0]
    assert (made.health.overruns, made.health.held_seconds) == (1, float(END_TICKS))
    assert made.send(ticks=0) == ["thing:other-1", "thing:0", "thing:other-2"]


def test_a_call_that_returns_in_the_moment_in_which_it_would_be_ended_harms_nobody():
    made = Map()
    route = made.fold.routes.of("slow.down")[0]
    made.calls.current = route, Event(Position("e", 1), "slow.down", {}, NOON)
    for _ in range(END_TICKS * 3):
        made.tick()
    assert made.calls.current is None


HANGING = """
import re, sys, time
from datetime import UTC, datetime
from livingmap.core.calls import Calls
from livingmap.core.fold import Fold
from livingmap.core.model import Event, Position
from livingmap.core.source import Layer, Source
from livingmap.state.handler_watch import HandlerWatch
from livingmap.supervision import ticking

def sleep(event, part):
    time.sleep(3600)

def compute(event, part):
    while True:
        pass

def backtrack(event, part):
    re.match(r"(a+)+$", "a" * 64 + "b")

def careless(event, part):
    while True:
        try:
            time.sleep(3600)
        except Exception:
            pass

calls = Calls()
watch = HandlerWatch(calls, lambda *_: None)
source = Source("s", "s", object, (Layer("things"),), {"x": globals()[sys.argv[1]]})
with ticking(0.02, watch.tick):
    folded = Fold([source], calls=calls).apply(Event(Position("e", 1), "x", {}, datetime.now(UTC)))
print(folded.faults[0].error.partition(":")[0])
"""


@pytest.mark.parametrize("handler", ["sleep", "compute", "backtrack", "careless"])
async def test_whatever_a_handler_hangs_in_it_is_ended(handler):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HANGING, handler, stdout=asyncio.subprocess.PIPE
    )
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), 120)
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, printed.splitlines()[-1]) == (0, b"HandlerOverrun")


BLOCKING = """
import time
from livingmap.plugin import Layer, Source, SourceSettings, hookimpl

class Settings(SourceSettings):
    base_url: str = "http://127.0.0.1:1"

async def fetch(client):
    return await client.get("/")

def on_anything(event, part):
    time.sleep(3600)

@hookimpl
def livingmap_source():
    return Source("blocking", "s", Settings, (Layer("things", fetch=fetch),), {">": on_anything})
"""


async def test_a_map_with_a_handler_that_hangs_answers_again_and_stops_when_it_is_asked_to(tmp_path):
    (tmp_path / "blocking.py").write_text(BLOCKING)
    sources = {"blocking": {"module": "./blocking.py", "retries": 0, "interval_seconds": 3600}}
    process = MapProcess(tmp_path, sources=sources)
    await process.start(until_ready=False)

    def has_ended():
        return "a plugin's handler has given the map back" in [line["event"] for line in process.said()]

    try:
        await until(has_ended, 120)
        (source,) = (await process.get("sources"))["items"]
    finally:
        status = await process.terminate()
    assert status == 0
    assert "blocking.py:12" in source["last_overruns"][0]
    assert "HandlerOverrun" in source["last_faults"][0]
