"""A night in which much goes wrong: who is sent what, in which order, how often; and which alerts fire."""

import re
from contextlib import asynccontextmanager
from datetime import date, timedelta

import yaml

from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.config.notify import NotifyRoute
from livingmap.core.fold import Folded
from livingmap.core.freshness import Freshness
from livingmap.core.model import Event, Position
from livingmap.history.holdings import Holdings
from livingmap.history.memory import MemoryHistory
from livingmap.problems.notified import Notified
from livingmap.problems.notifier import Notifier
from tests.problems.test_api import overload
from tests.support.maps import poll
from tests.support.prometheus import check_firing
from tests.support.recorded import Time

STEP_SECONDS = 10
GB = 10**9
CODES = ("source_down", "entity_overloaded", "no_leader", "quorum_lost", "history_disk_fills")
"""What goes wrong, in this order; the simulated world has troubles of its own."""
MAP = {
    "sources": {name: {"mock": True, "interval_seconds": 3600} for name in ("registry", "space")},
    "nats": {"url": "nats://127.0.0.1:9", "jetstream": False},
    "mock": {"nodes": 3, "events_per_second": 0},
}


class Record:
    """The metrics of a night, as Prometheus scrapes them, and the alerts that should fire meanwhile."""

    def __init__(self):
        self.series: dict[str, list[int]] = {}
        self.firing: dict[int, list[str]] = {}
        self.scrapes = 0

    def scrape(self, counts):
        for (code, severity, source, state), number in counts.items():
            if code in CODES:
                labels = {"code": code, "severity": severity, "source": source, "state": state}
                text = ",".join(f'{name}="{value}"' for name, value in labels.items())
                values = self.series.setdefault(
                    f'livingmap_problems{{job="livingmap",instance="a",{text}}}', [0] * self.scrapes
                )
                values.append(number)
        self.scrapes += 1
        for values in self.series.values():
            values.extend([0] * (self.scrapes - len(values)))

    def expect(self, *alerts):
        """Say what fires at the last scrape."""
        self.firing[(self.scrapes - 1) * STEP_SECONDS] = [f"LivingMap{name}" for name in alerts]


class Process:
    """One of the processes that could notify, as it knows from the log what was sent."""

    def __init__(self, night, *, leads):
        self.leads, self.is_alive, self.notified = leads, True, Notified()
        route = NotifyRoute(urls=("a://",), severity="warning", codes=CODES)
        living = night.living
        self.notifier = Notifier(
            (route,),
            living.problems.open,
            living.fold.scene,
            self.notified,
            lambda: self.leads,
            night.append,
            night.send,
            None,
            night.time,
            night.seconds,
        )


class Night:
    """A map, two processes of it that share its log, and what people are sent."""

    def __init__(self, living, time):
        self.living, self.time, self.began = living, time, time.now
        self.sent, self.record, self.log_takes = [], Record(), True
        self.processes = [Process(self, leads=True), Process(self, leads=False)]

    @property
    def passed(self):
        return self.time.now - self.began

    def seconds(self):
        return self.passed.total_seconds()

    async def append(self, message, _):
        if not self.log_takes:
            raise ConnectionError("the log is away")
        event = Event(Position("e", 1), message.type, message.payload, self.time.now)
        for one in self.processes:
            one.notified.on_entry(Folded(event), 0)
        return True

    async def send(self, _, title, text, tone):
        self.sent += text.splitlines()

    async def after(self, **span):
        """Let time pass; return the lines that were sent meanwhile."""
        before, end = len(self.sent), self.time.now + timedelta(**span)
        while self.time.now < end:
            self.time.pass_(seconds=STEP_SECONDS)
            self.record.scrape(self.living.problems.open.counts())
            for one in self.processes:
                if one.is_alive:
                    await one.notifier.look()
        return self.sent[before:]


@asynccontextmanager
async def a_night(folder):
    file, time = folder / "map.yaml", Time()
    file.write_text(yaml.safe_dump(MAP))
    living = LivingMap(load(file), MemoryHistory(), now=time)
    living.cluster.is_shared = True
    for intake in living.intakes:
        intake.status.connected, intake.status.error = True, None
    await poll(living)
    for node in living.fold.scene.items("nodes", "items"):
        await overload(living, 0.1, node)
    try:
        yield Night(living, time)
    finally:
        await living.close()


def holdings(days):
    """Return what a database has whose disk is full in some days."""
    return Holdings(GB, 1, date(2026, 1, 1), 0, GB, 0, free_bytes=int(days * GB))


async def test_a_night_wakes_people_once_for_each_thing_and_says_when_it_is_over(tmp_path):
    async with a_night(tmp_path) as night:
        living, [first, second] = night.living, night.processes
        [intake], source = living.intakes, living.pollers["registry"].state
        assert await night.after(minutes=10) == []
        night.record.expect()

        good, source.status = source.status, Freshness.DOWN
        assert words(await night.after(minutes=10)) == ["CRITICAL Source registry is not responding"]
        night.record.expect("SourceDown")

        node = await overload(living)
        assert [line.startswith("CRITICAL ") for line in await night.after(minutes=10)] == [True]
        night.record.expect("SourceDown", "EntityOverloaded")

        first.is_alive, first.leads = False, False  # killed, and the other one takes a while
        living.cluster.leaderless_seconds = lambda since=night.passed: (night.passed - since).total_seconds()
        assert await night.after(minutes=2) == []
        night.record.expect("SourceDown", "EntityOverloaded", "NoLeader")
        living.cluster.leaderless_seconds, second.leads = lambda: None, True
        assert await night.after(minutes=10) == []  # what the killed one has sent
        night.record.expect("SourceDown", "EntityOverloaded")

        intake.status.refusal, night.log_takes = "no response", False
        assert words(await night.after(minutes=20)) == ["CRITICAL The stream stores nothing"]
        night.record.expect("SourceDown", "EntityOverloaded", "QuorumLost")
        intake.status.refusal, night.log_takes = None, True
        assert words(await night.after(minutes=10)) == ["Over: The stream stores nothing"]
        night.record.expect("SourceDown", "EntityOverloaded")

        living.forecast.holdings = holdings(5)
        assert words(await night.after(minutes=20)) == [
            "WARNING At this rate the disk of the history is full in 5 days"
        ]
        night.record.expect("SourceDown", "EntityOverloaded", "HistoryDiskFills")
        living.forecast.holdings = holdings(0.5)  # graver, and known
        assert await night.after(minutes=10) == []

        first.is_alive = True  # started again: it reads in the log what was sent
        source.status, living.forecast.holdings = good, None
        await overload(living, 0.1, node)
        over = await night.after(minutes=20)
        assert (len(over), {line.partition(":")[0] for line in over}) == (3, {"Over"})
        assert await night.after(hours=1) == []
        night.record.expect()
    check_firing(tmp_path, STEP_SECONDS, night.record.series, night.record.firing)


def words(lines):
    """Return the lines without their times, and without what to do."""
    return [re.split(r" \((?:since )?20", line)[0] for line in lines]
