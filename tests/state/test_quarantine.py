"""A handler that holds the map again and again is set aside by entries of the log, and tried again later."""

import json

import pytest

from livingmap.core.fold import RESUMED, SET_ASIDE, Fold
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.model import Event, Message, Position, Put
from livingmap.core.progress import Progress
from livingmap.core.source import Layer, Source
from livingmap.log.local import LocalLog, utc_now
from livingmap.sources.settings import SourceSettings
from livingmap.state.projector import Projector
from livingmap.state.quarantine import MOST_OVERRUNS, Quarantine


def on_slow(event, part):
    return [Put("things", "thing:slow", {"at": event.position.seq})]


def on_quick(event, part):
    return [Put("things", "thing:quick", {"at": event.position.seq})]


SLOW = Source("slow", "s", SourceSettings, (Layer("things"),), {"slow.*": on_slow, "quick.*": on_quick})
OTHER = Source("other", "s", SourceSettings, (Layer("things"),), {"slow.*": on_quick})


class Map:
    """A map whose handler for ``slow.*`` a test says to be too slow, and a clock that it sets."""

    def __init__(self):
        self.now = 1000.0
        self.log = LocalLog("e")
        self.fold = Fold([SLOW, OTHER])
        self.projector = Projector(self.fold, Progress(Position("e", 0)))
        self.health = SourceHealth("slow", "s", Freshness.FRESH)
        self.projector.watch([self.health])
        self.entries = []
        self.log.subscribe(self.entries.append)
        self.log.subscribe(self.projector.take)
        self.quarantine = Quarantine(self.fold, self.log, lambda: self.now)

    async def hold(self, times):
        for _ in range(times):
            self.quarantine.note_overrun((self.fold.routes.of("slow.x")[0], None))
            await self.quarantine.decide()

    async def pass_seconds(self, seconds):
        self.now += seconds
        await self.quarantine.decide()

    async def send(self, subject):
        """Send a message; return which items it changed."""
        await self.log.append(Message(subject, {}))
        items = self.fold.scene.items("things", "items")
        return {name for name, item in items.items() if item["at"] == self.log.position.seq}

    def said(self):
        return [event.type for event in self.entries if event.type in (SET_ASIDE, RESUMED)]


@pytest.fixture
async def aside():
    made = Map()
    await made.hold(MOST_OVERRUNS)
    return made


async def test_a_handler_that_holds_the_map_once_or_twice_goes_on():
    made = Map()
    await made.hold(MOST_OVERRUNS - 1)
    assert await made.send("slow.x") == {"thing:slow", "thing:quick"}
    await made.pass_seconds(3600)
    await made.hold(MOST_OVERRUNS - 1)
    assert made.said() == []


async def test_one_that_holds_it_again_and_again_is_left_out_and_only_that_one(aside):
    assert aside.said() == [SET_ASIDE]
    assert aside.entries[-1].payload == {"source": "slow", "handler": "slow.*"}
    assert await aside.send("slow.x") == {"thing:quick"}
    assert await aside.send("quick.x") == {"thing:quick"}
    assert aside.health.faults == 1
    assert "its handler for slow.* is set aside" in aside.health.last_faults[0]


async def test_its_source_is_stale_meanwhile_and_says_why(aside):
    now = utc_now()
    assert (aside.health.set_aside, aside.health.status_at(now)) == (["slow.*"], Freshness.STALE)
    assert aside.health.error_at(now) == "its handler for slow.* is set aside: it held up the map"
    await aside.pass_seconds(300)
    assert (aside.health.set_aside, aside.health.status_at(now)) == ([], Freshness.FRESH)


async def test_it_is_tried_again_after_a_pause_that_grows_while_it_does_not_mend(aside):
    for pause in (300, 600, 1200, 2400, 3600, 3600):
        await aside.pass_seconds(pause - 1)
        assert aside.said()[-1] == SET_ASIDE
        await aside.pass_seconds(1)
        assert aside.said()[-1] == RESUMED
        assert await aside.send("slow.x") == {"thing:slow", "thing:quick"}
        await aside.hold(1)
        assert aside.said()[-1] == SET_ASIDE


async def test_one_that_has_mended_is_treated_as_at_first(aside):
    await aside.pass_seconds(300)
    await aside.pass_seconds(3600)
    await aside.hold(MOST_OVERRUNS - 1)
    assert aside.said() == [SET_ASIDE, RESUMED]
    await aside.hold(1)
    assert aside.said() == [SET_ASIDE, RESUMED, SET_ASIDE]


async def test_every_process_that_reads_the_log_leaves_out_the_same_whatever_it_measured_itself(aside):
    await aside.send("slow.x")
    await aside.pass_seconds(300)
    await aside.send("slow.y")
    other = Fold([SLOW, OTHER])
    for event in aside.entries:
        other.apply(event)
    assert dict(other.scene.states()) == dict(aside.fold.scene.states())


async def test_a_checkpoint_has_what_is_set_aside_and_a_new_leader_tries_it_again(aside):
    other = Map()
    other.projector.restore(json.loads(json.dumps(dict(aside.projector.states()))))
    assert other.health.set_aside == ["slow.*"]
    assert await other.send("slow.x") == {"thing:quick"}
    await other.pass_seconds(0)
    await other.pass_seconds(300)
    assert other.said() == [RESUMED]
    assert await other.send("slow.x") == {"thing:slow", "thing:quick"}


async def test_what_is_set_aside_of_a_source_that_went_is_forgotten(aside):
    aside.fold.replace_sources([OTHER])
    assert aside.fold.set_aside == set()
    aside.fold.apply(Event(Position("e", 99), SET_ASIDE, {"source": "slow", "handler": "slow.*"}, utc_now()))
    assert aside.fold.set_aside == set()
