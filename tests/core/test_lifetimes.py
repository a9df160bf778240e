import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import orjson
import pytest

from livingmap.core.fold import CLOCK_SET, TIME_PASSED, Fold, refreshed
from livingmap.core.lifetimes import MOST_JUDGED, Clock
from livingmap.core.model import Drop, Event, Message, Position, Put, Total
from livingmap.core.source import Count, Layer, Lifetime, Source, Tally
from livingmap.log.local import LocalLog
from livingmap.log.passing import pass_time

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
NODE = "node:lviv"
SOFIA = "agent:sofia"
AGED = Lifetime(
    "nodes",
    since=("last_heartbeat", "last_report_at"),
    setting="heartbeat_seconds",
    values=frozenset({"online"}),
    becomes="offline",
    seconds=120,
)
BUSY = Lifetime("agents", since=("status_at",), setting="busy_seconds", values=frozenset({"busy"}), seconds=300)


def on_run(event, part):
    at = event.received_at.isoformat()
    return [Put("agents", SOFIA, {"status": "busy", "status_at": at}, creates=False)]


def on_report(event, part):
    return [Put("nodes", NODE, {"last_report_at": event.received_at.isoformat()}, creates=False)]


SOURCES = (
    Source("agents", "s", object, (Layer("agents"),), {"run": on_run}, lifetimes=(BUSY,)),
    Source("registry", "s", object, (Layer("nodes"),), {"report": on_report}, lifetimes=(AGED,)),
    Source(
        "city",
        "s",
        object,
        (Layer("nodes"), Layer("agents", defaults={"status": "active"}), Layer("city")),
        lifetimes=(AGED,),
        tallies=(
            Tally("city", "offline", (Count("nodes", field="status", values=frozenset({"offline"})),)),
            Tally("city", "busy", (Count("agents", field="status", values=frozenset({"busy"})),)),
        ),
    ),
)


class Play:
    """A fold, and the log that led to it."""

    def __init__(self, sources=SOURCES):
        self.fold, self.entries = Fold(sources), []

    def at(self, seconds, message):
        event = Event(
            Position("e", len(self.entries) + 1),
            message.type,
            message.payload,
            NOON + timedelta(seconds=seconds),
        )
        self.entries.append(event)
        return list(self.fold.apply(event).changes)

    def poll(self, seconds, source, *changes):
        return self.at(seconds, refreshed(source, len(self.entries), changes))

    def item(self, entity_id, layer):
        return self.fold.scene.items(layer, "items")[entity_id]

    def rules(self, entity_id, layer="nodes"):
        return self.fold.scene.verdicts((layer, "items"), entity_id)

    def status(self, entity_id, layer="nodes"):
        return self.item(entity_id, layer)["status"]


def heartbeat(seconds):
    beat = (NOON + timedelta(seconds=seconds)).isoformat()
    return Put("nodes", NODE, {"status": "online", "last_heartbeat": beat})


PASSED = Message(TIME_PASSED, {})


def test_a_node_whose_heartbeat_is_old_is_offline_whoever_says_otherwise():
    play = Play()
    play.poll(10, "registry", heartbeat(0))
    play.poll(11, "city", Put("nodes", NODE, {"status": "online"}), Total("city"))
    assert play.status(NODE) == "online"
    assert play.at(120, PASSED) == [Put("nodes", NODE, {"status": "offline"}), Total("city", {"offline": 1})]
    assert play.rules(NODE) == {"status": "livingmap:heartbeat_seconds"}


def test_a_heartbeat_that_is_old_already_is_never_shown_as_online():
    play = Play()
    play.poll(0, "registry", heartbeat(-121))
    assert play.status(NODE) == "offline"


def test_a_new_heartbeat_brings_a_node_back():
    play = Play()
    play.poll(0, "registry", heartbeat(-121))
    play.poll(5, "registry", heartbeat(4))
    assert play.status(NODE) == "online"
    play.at(123, PASSED)
    assert play.status(NODE) == "online"
    play.at(124, PASSED)
    assert play.status(NODE) == "offline"


def test_nothing_is_due_at_the_end_of_a_lifetime_that_was_renewed_or_became_void():
    play = Play()

    def due():
        moment = play.fold.scene.clock.next_due()
        return moment and (moment - NOON).total_seconds()

    for beat in (0, 30, 60):
        play.poll(beat, "registry", heartbeat(beat))
        assert due() == beat + 120
    play.poll(70, "registry", Put("nodes", NODE, {"status": "maintenance"}))
    assert due() is None
    play.poll(80, "registry", Put("nodes", NODE, {"status": "online"}))
    assert due() == 180
    play.poll(90, "registry", Drop("nodes", NODE))
    assert due() is None
    play.poll(100, "registry", heartbeat(100))
    play.poll(101, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    play.at(102, Message("run", {}))
    assert due() == 220
    play.at(220, PASSED)
    assert (play.status(NODE), due()) == ("offline", 402)


def test_any_sign_of_life_counts():
    play = Play()
    play.poll(0, "registry", heartbeat(-121))
    play.at(1, Message("report", {}))
    assert play.status(NODE) == "online"
    assert play.rules(NODE) == {}


def test_a_node_without_any_heartbeat_is_as_its_source_says():
    play = Play()
    play.poll(0, "registry", Put("nodes", NODE, {"status": "online"}))
    play.at(10_000, PASSED)
    assert play.status(NODE) == "online"


@pytest.mark.parametrize("beat", ["2026-01-02T12:00:00", "2026-01-02T14:00:00+02:00"])
def test_a_heartbeat_without_a_zone_is_in_utc(beat):
    play = Play()
    play.poll(0, "registry", Put("nodes", NODE, {"status": "online", "last_heartbeat": beat}))
    play.at(119, PASSED)
    assert play.status(NODE) == "online"
    play.at(120, PASSED)
    assert play.status(NODE) == "offline"


@pytest.mark.parametrize("beat", ["yesterday", 7, "9999-12-31T23:59:59Z"])
def test_a_heartbeat_that_makes_no_sense_judges_nobody(beat):
    play = Play()
    play.poll(0, "registry", Put("nodes", NODE, {"status": "online", "last_heartbeat": beat}))
    play.at(10_000, PASSED)
    assert play.status(NODE) == "online"


def test_an_agent_whose_run_never_ends_is_not_busy_for_ever():
    play = Play()
    play.poll(0, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    play.poll(0, "city", Total("city"))
    play.at(1, Message("run", {}))
    assert play.status(SOFIA, "agents") == "busy"
    assert play.at(301, PASSED) == [Put("agents", SOFIA, {"status": "active"}), Total("city", {"busy": 0})]
    assert play.rules(SOFIA, "agents") == {"status": "livingmap:busy_seconds"}


def test_what_is_over_leaves_the_word_to_the_next_source():
    play = Play()
    play.poll(0, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    play.poll(0, "city", Put("agents", SOFIA, {"status": "online"}))
    play.at(1, Message("run", {}))
    play.at(301, PASSED)
    assert play.status(SOFIA, "agents") == "online"


def test_a_later_run_lasts_anew():
    play = Play()
    play.poll(0, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    play.at(1, Message("run", {}))
    play.at(200, Message("run", {}))
    play.at(301, PASSED)
    assert play.status(SOFIA, "agents") == "busy"
    play.at(500, PASSED)
    assert play.status(SOFIA, "agents") == "active"


def test_processes_at_one_position_show_the_same():
    """Whether a process read the whole log, or went on from a checkpoint at any position of it."""
    play, checkpoints, states = Play(), [], []
    play.poll(0, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    steps = [
        lambda: play.poll(10, "registry", heartbeat(0)),
        lambda: play.at(20, Message("run", {})),
        lambda: play.at(125, Message("report", {})),  # after the end of the heartbeat, before anybody noticed
        lambda: play.at(126, PASSED),
        lambda: play.at(400, Message("run", {})),
        lambda: play.at(401, PASSED),
        lambda: play.poll(500, "registry", heartbeat(-100)),
        lambda: play.at(900, PASSED),
    ]
    for step in steps:
        checkpoints.append(dict(play.fold.scene.states()))
        step()
        states.append({name: dict(play.fold.scene.items(name, "items")) for name in ("nodes", "agents")})
    for number, checkpoint in enumerate(checkpoints):
        other = Fold(SOURCES)
        other.scene.restore(checkpoint)
        for event, expected in zip(play.entries[number + 1 :], states[number:], strict=True):
            other.apply(event)
            assert {name: dict(other.scene.items(name, "items")) for name in ("nodes", "agents")} == expected


def test_the_time_of_the_log_does_not_go_back_by_what_servers_may_differ():
    play = Play()
    play.poll(130, "registry", heartbeat(0))
    play.poll(70, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    assert play.status(NODE) == "offline"
    assert play.fold.scene.clock.now == NOON + timedelta(seconds=130)


def test_what_seemed_too_old_while_the_clock_of_the_log_was_ahead_is_valid_again():
    play, year = Play(), 365 * 86_400
    play.poll(0, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    play.poll(5, "registry", heartbeat(0))
    play.at(6, Message("run", {}))
    play.at(year, PASSED)
    assert (play.status(NODE), play.status(SOFIA, "agents")) == ("offline", "active")
    checkpoint = dict(play.fold.scene.states())
    changes = play.at(20, Message(CLOCK_SET, {"seconds": 20.0 - year}))
    assert (play.status(NODE), play.status(SOFIA, "agents")) == ("online", "busy")
    assert {change.id for change in changes if isinstance(change, Put)} == {NODE, SOFIA}
    other = Fold(SOURCES)
    other.scene.restore(checkpoint)
    assert other.apply(play.entries[-1]).changes == tuple(changes)
    play.at(120, PASSED)
    assert play.status(NODE) == "offline"


def nodes(count):
    at = {"status": "online", "last_heartbeat": NOON.isoformat()}
    return [Put("nodes", f"node:{number:03}", at) for number in range(count)]


def test_of_very_many_lifetimes_that_end_together_each_entry_ends_some_in_every_process_the_same():
    play, others = Play(), []
    play.poll(0, "registry", *nodes(2 * MOST_JUDGED + 7))
    for expected in (MOST_JUDGED, 2 * MOST_JUDGED, 2 * MOST_JUDGED + 7):
        changes = play.at(120, PASSED)
        for other in others:
            assert list(other.apply(play.entries[-1]).changes) == changes
        assert play.fold.scene.totals("city")["offline"] == expected
        other = Fold(SOURCES)
        other.scene.restore(orjson.loads(orjson.dumps(dict(play.fold.scene.states()))))
        assert other.scene.items("nodes", "items") == play.fold.scene.items("nodes", "items")
        assert other.scene.totals("city") == play.fold.scene.totals("city")
        others.append(other)
    assert play.at(121, PASSED) == []
    assert play.fold.scene.clock.next_due() is None


def test_what_a_poll_says_meanwhile_of_one_that_is_not_judged_yet_is_shown_until_it_is():
    play, last = Play(), f"node:{MOST_JUDGED:03}"
    play.poll(0, "registry", *nodes(MOST_JUDGED + 1))
    play.at(120, PASSED)
    assert (play.status("node:000"), play.status(last)) == ("offline", "online")
    assert (play.rules("node:000"), play.rules(last)) == ({"status": "livingmap:heartbeat_seconds"}, {})
    play.at(120, PASSED)
    assert play.status(last) == "offline"


async def test_all_of_very_many_lifetimes_that_end_together_are_over_at_once():
    now, log, fold, pauses = [NOON], LocalLog(now=lambda: now[0]), Fold(SOURCES), []
    log.subscribe(fold.apply)
    await log.append(refreshed("registry", 0, nodes(3 * MOST_JUDGED)))
    now[0] = NOON + timedelta(seconds=120)

    async def sleep(seconds):
        pauses.append(seconds)
        if seconds:
            raise asyncio.CancelledError

    with patch("livingmap.log.passing.asyncio.sleep", sleep), pytest.raises(asyncio.CancelledError):
        await pass_time(lambda: fold.scene.clock, log, lambda: now[0])
    assert pauses == [0, 0, 1]
    assert {node["status"] for node in fold.scene.items("nodes", "items").values()} == {"offline"}


async def test_time_passes_on_the_log_when_something_is_over():
    now, log, fold = [NOON], LocalLog(now=lambda: now[0]), Fold(SOURCES)
    offline = asyncio.Event()

    def take(event):
        fold.apply(event)
        if event.type == TIME_PASSED:
            offline.set()

    log.subscribe(take)
    await log.append(refreshed("registry", 0, [heartbeat(0)]))
    now[0] = NOON + timedelta(seconds=120)
    passing = asyncio.create_task(pass_time(lambda: fold.scene.clock, log, lambda: now[0]))
    await offline.wait()
    passing.cancel()
    assert fold.scene.items("nodes", "items")[NODE]["status"] == "offline"
    assert fold.scene.clock.next_due() is None


async def test_a_log_whose_clock_is_behind_gets_ever_fewer_entries_to_pass_its_time(monkeypatch):
    fold, appended, pauses = Fold(SOURCES), [], []

    class Log:
        async def append(self, message):  # its clock has not come to the end of the lifetime
            appended.append(message)

    async def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 9:
            raise asyncio.CancelledError

    monkeypatch.setattr("livingmap.log.passing.asyncio.sleep", sleep)
    poll = refreshed("registry", 0, [heartbeat(0)])
    fold.apply(Event(Position("e", 1), poll.type, poll.payload, NOON))
    with pytest.raises(asyncio.CancelledError):
        await pass_time(lambda: fold.scene.clock, Log(), lambda: NOON + timedelta(days=40))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert len(appended) == 9


def test_a_rule_speaks_only_where_its_time_is_over_and_its_value_is_shown():
    play = Play()
    play.poll(0, "city", Put("nodes", NODE, {"status": "offline", "last_heartbeat": NOON.isoformat()}))
    assert play.rules(NODE) == {}  # its source says so
    play.poll(60, "city", Put("nodes", NODE, {"status": "maintenance"}))
    play.at(200, Message(TIME_PASSED, {}))
    assert (play.status(NODE), play.rules(NODE)) == ("maintenance", {})
    play.poll(201, "city", Put("nodes", NODE, {"status": "online"}))
    assert (play.status(NODE), play.rules(NODE)) == ("offline", {"status": "livingmap:heartbeat_seconds"})
    assert play.rules("node:none") == {}
    assert play.rules("planet:none", "city") == {}


def test_a_rule_of_one_source_does_not_speak_about_what_another_says():
    play = Play()
    play.poll(0, "city", Put("agents", SOFIA, {"status": "busy", "status_at": NOON.isoformat()}))
    play.at(1000, Message(TIME_PASSED, {}))
    assert (play.status(SOFIA, "agents"), play.rules(SOFIA, "agents")) == ("busy", {})


def test_asking_for_the_rules_changes_nothing_of_what_time_will_bring():
    play = Play()
    play.poll(0, "city", Put("agents", SOFIA, {}))
    play.at(0, Message("run", {}))
    assert play.rules(SOFIA, "agents") == {}
    play.at(301, Message(TIME_PASSED, {}))
    assert (play.status(SOFIA, "agents"), play.rules(SOFIA, "agents")) == (
        "active",
        {"status": "livingmap:busy_seconds"},
    )


async def test_time_passes_though_the_clock_of_the_leader_is_behind_that_of_the_log(monkeypatch):
    fold, appended, loop = Fold(SOURCES), [], asyncio.get_running_loop()
    seconds = [0.0]

    class Log:
        async def append(self, message):
            appended.append((message.type, seconds[0]))
            fold.apply(Event(Position("e", 2), message.type, {}, NOON + timedelta(seconds=seconds[0])))

    async def sleep(pause):
        seconds[0] += pause
        if appended:
            raise asyncio.CancelledError

    monkeypatch.setattr(loop, "time", lambda: seconds[0])
    monkeypatch.setattr("livingmap.log.passing.asyncio.sleep", sleep)
    poll = refreshed("registry", 0, [heartbeat(0)])
    fold.apply(Event(Position("e", 1), poll.type, poll.payload, NOON))
    with pytest.raises(asyncio.CancelledError):
        await pass_time(lambda: fold.scene.clock, Log(), lambda: NOON - timedelta(days=40))
    assert appended == [(TIME_PASSED, 120)]
    assert fold.scene.items("nodes", "items")[NODE]["status"] == "offline"


def test_a_sign_of_life_for_one_field_leaves_the_end_of_another_due():
    load = Lifetime("nodes", ("load_at",), "load_seconds", values=frozenset({"high"}), seconds=60, field="load")
    registry = Source("registry", "s", object, (Layer("nodes"),), {"load": on_load}, lifetimes=(AGED, load))
    play = Play((registry,))
    play.poll(0, "registry", Put("nodes", NODE, {"status": "online", "last_heartbeat": NOON.isoformat()}))
    play.at(90, Message("load", {}))
    assert play.at(121, PASSED) == [Put("nodes", NODE, {"status": "offline"})]
    assert play.at(151, PASSED) == [Put("nodes", NODE, {}, ("load",))]


def on_load(event, part):
    return [Put("nodes", NODE, {"load": "high", "load_at": event.received_at.isoformat()}, creates=False)]


def test_a_clock_judges_each_item_once_at_the_earliest_time_that_was_asked_for():
    clock, items = Clock(), [(("nodes", "items"), f"node:{name}") for name in "abc"]
    for item, rule, seconds in ((0, 0, 20), (0, 0, 10), (0, 0, 30), (1, 0, 5), (1, 1, 10), (2, 0, 40)):
        clock.wait(items[item], rule, NOON + timedelta(seconds=seconds))
    assert clock.next_due() == NOON + timedelta(seconds=5)
    assert clock.advance(NOON + timedelta(seconds=4)) == []
    assert clock.advance(NOON + timedelta(seconds=10)) == [items[1], items[0]]
    assert clock.next_due() == NOON + timedelta(seconds=40)
    assert clock.advance(NOON + timedelta(seconds=30)) == []
    clock.forget(items[2], 1)
    assert clock.next_due() == NOON + timedelta(seconds=40)
    clock.forget(items[2], 0)
    assert clock.next_due() is None
    assert clock.now == NOON + timedelta(seconds=30)


def test_an_item_may_be_judged_by_a_rule_again_after_it_was_forgotten():
    clock, item = Clock(), (("nodes", "items"), "node:a")
    clock.wait(item, 0, NOON)
    clock.forget(item, 0)
    clock.wait(item, 0, NOON + timedelta(seconds=9))
    assert clock.next_due() == NOON + timedelta(seconds=9)
    assert clock.advance(NOON + timedelta(seconds=9)) == [item]
    clock.wait(item, 0, NOON + timedelta(seconds=12))
    assert clock.advance(NOON + timedelta(seconds=12)) == [item]


@pytest.mark.parametrize(("seconds", "is_set"), [(1, False), (0, False), (-60, False), (-61, True)])
def test_a_clock_that_goes_back_by_more_than_a_minute_was_set(seconds, is_set):
    clock = Clock(NOON)
    assert clock.set_back(NOON + timedelta(seconds=seconds)) is is_set
    assert clock.now == (NOON + timedelta(seconds=seconds) if is_set else NOON)


def test_of_several_fields_of_one_source_each_ends_at_its_own_time():
    mood = Lifetime("agents", ("mood_at",), "mood_seconds", seconds=60, field="mood")
    agents = Source(
        "agents", "s", object, (Layer("agents"),), {"mood": on_mood, "run": on_run}, lifetimes=(BUSY, mood)
    )
    play = Play((agents,))
    play.poll(0, "agents", Put("agents", SOFIA, {"name": "Sofia"}))
    play.at(0, Message("run", {}))
    play.at(10, Message("mood", {}))
    assert play.at(70, PASSED) == [Put("agents", SOFIA, {}, ("mood",))]
    play.at(290, Message("mood", {}))
    assert play.at(300, PASSED) == [Put("agents", SOFIA, {}, ("status",))]
    assert play.at(350, PASSED) == [Put("agents", SOFIA, {}, ("mood",))]


def on_mood(event, part):
    return [Put("agents", SOFIA, {"mood": "calm", "mood_at": event.received_at.isoformat()}, creates=False)]
