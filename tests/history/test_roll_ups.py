"""Roll-ups: how much happened, troubles and numbers, minute by minute, in memory and in PostgreSQL."""

import asyncio
import contextlib
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from livingmap.history.memory import MemoryHistory
from livingmap.history.rollups import Activity, Reading, Silence, packed, unpacked
from livingmap.past.rollups import RollUps
from livingmap.past.things import Things
from tests.past.stories import MIDNIGHT, VOCABULARY, Story, at, drop, put

ROOT = Path(__file__).parents[2]
MINUTE, DAY = timedelta(minutes=1), (MIDNIGHT, MIDNIGHT + timedelta(days=1))
HAZEL = {"id": "node:hazel-15", "name": "Hazel-15", "status": "online", "metrics": {"cpu": 0.25}}
OAK = {"id": "dao:oak", "name": "Oak", "holdings": {"RIPPLE": "100.50"}, "treasury": "120"}


def roll_ups(history, days=400):
    return RollUps(history, lambda: VOCABULARY, days)


async def begun(history, *items):
    story = Story(history)
    await story.tell(at("02:00"))
    await story.keep_state(at("02:00"), *(items or (HAZEL, OAK)))
    return story


async def episodes(rolled):
    every = await rolled.episodes(*DAY, 100)
    return [(one.label, one.status, one.severity, one.began, one.ended) for one in reversed(every)]


@pytest.fixture(params=["written", "followed"])
def rolled(request):
    """Roll-ups that were written as far as minutes are over, and others that were only followed."""

    async def rolled(history):
        made = roll_ups(history)
        await (made.write() if request.param == "written" else made.follow())
        return made

    return rolled


async def test_an_empty_history_has_no_roll_ups(history, rolled):
    made = await rolled(history)
    assert await made.oldest() is None
    assert await made.activity(*DAY, MINUTE, None) == []
    assert (await episodes(made), await made.silences(*DAY)) == ([], [])


async def test_how_much_happened_is_counted_by_minute_and_by_layer(history, rolled):
    story = await begun(history)
    await story.tell(at("02:01", 10), put("node:hazel-15", x=1), put("node:hazel-15", x=2), put("agent:a"))
    await story.tell(at("02:01", 20), put("agent:a", x=1))
    await story.tell(at("02:09"), put("node:hazel-15", x=3))
    made = await rolled(history)
    assert await made.activity(*DAY, MINUTE, None) == [
        Activity(at("02:00"), 1, 0),
        Activity(at("02:01"), 2, 4),
        Activity(at("02:09"), 1, 1),
    ]
    nodes = await made.activity(at("02:00"), at("02:30"), 5 * MINUTE, ["nodes"])
    assert nodes == [Activity(at("02:00"), 1, 2), Activity(at("02:05"), 1, 1)]
    assert await made.oldest() == at("02:00")


async def test_a_trouble_lasts_from_the_change_that_began_it_to_the_one_that_ended_it(history, rolled):
    story = await begun(history)
    await story.tell(at("02:10"), put("node:hazel-15", status="degraded"))
    await story.tell(at("02:12"), put("node:hazel-15", status="offline"))
    await story.tell(at("02:44"), put("node:hazel-15", status="online"))
    await story.tell(at("03:00"), put("node:hazel-15", metrics={"cpu": 0.95}))
    await story.tell(at("03:05"), put("node:hazel-15", metrics={"cpu": 0.97}))
    await story.tell(at("03:10"))
    assert await episodes(await rolled(history)) == [
        ("Hazel-15", "degraded", "warning", at("02:10"), at("02:12")),
        ("Hazel-15", "offline", "critical", at("02:12"), at("02:44")),
        ("Hazel-15", "0.95", "critical", at("03:00"), None),
    ]


async def test_a_change_that_names_only_the_status_leaves_the_alert_in_force(history, rolled):
    story = await begun(history)
    disk = [{"severity": "critical", "message": "disk full"}]
    await story.tell(at("02:10"), put("node:hazel-15", status="degraded", alerts=disk))
    await story.tell(at("02:20"), put("node:hazel-15", status="online"))
    await story.tell(at("02:30"), put("node:hazel-15", unset=["alerts"]))
    await story.tell(at("02:40"))
    assert await episodes(await rolled(history)) == [
        ("Hazel-15", "disk full", "critical", at("02:10"), at("02:30"))
    ]


async def test_what_is_gone_is_in_trouble_no_more(history, rolled):
    story = await begun(history, HAZEL | {"status": "offline"})
    await story.tell(at("02:10"), drop("node:hazel-15"))
    assert await episodes(await rolled(history)) == [("Hazel-15", "offline", "critical", at("02:00"), at("02:10"))]


async def test_a_trouble_that_was_over_when_the_map_started_again_ends_then_and_not_before(history, rolled):
    story = await begun(history, HAZEL | {"status": "offline"}, OAK | {"status": "error"})
    await story.tell(at("02:10"))
    story.restart()
    await story.tell(at("03:00"), put("node:hazel-15", status="online"))
    await story.keep_state(at("03:00"), HAZEL, OAK | {"status": "error"})
    await story.tell(at("03:05"))
    made = await rolled(history)
    assert await episodes(made) == [
        ("Oak", "error", "critical", at("02:00"), None),
        ("Hazel-15", "offline", "critical", at("02:00"), at("03:00")),
    ]
    assert await made.silences(*DAY) == [Silence(at("02:10"), at("03:00"))]


async def test_a_trouble_goes_on_if_what_was_not_there_at_the_start_comes_back_with_it(history, rolled):
    story = await begun(history, HAZEL | {"status": "offline"}, OAK | {"status": "error"})
    story.restart()
    await story.tell(at("03:00"))
    await story.keep_state(at("03:00"), {"id": "agent:a"})
    await story.tell(at("03:01"), put("node:hazel-15", name="Hazel-15", status="offline"))
    await story.tell(at("03:05"))
    both = [
        ("Oak", "error", "critical", at("02:00"), None),
        ("Hazel-15", "offline", "critical", at("02:00"), None),
    ]
    made = await rolled(history)
    assert await episodes(made) == both
    await story.tell(at("03:20"), put("node:hazel-15", status="online"))
    await story.tell(at("03:21"))
    await made.write()
    assert await episodes(made) == [
        ("Oak", "error", "critical", at("02:00"), at("03:00")),
        ("Hazel-15", "offline", "critical", at("02:00"), at("03:20")),
    ]


@pytest.mark.parametrize("loss", ["an entry", "the changes of one"])
async def test_after_a_loss_nothing_is_claimed_until_there_is_a_state(history, rolled, loss):
    story = await begun(history, HAZEL | {"status": "offline"})
    if loss == "an entry":
        story.skip()
    await story.tell(at("02:10"), put("agent:a", status="error"), kept=loss == "an entry")
    await story.tell(at("02:20"), put("node:hazel-15", status="online"))
    made = await rolled(history)
    assert await episodes(made) == [("Hazel-15", "offline", "critical", at("02:00"), None)]
    await story.tell(at("02:30"), put("agent:b", status="online"))
    await story.keep_state(at("02:30"), HAZEL, {"id": "agent:a", "name": "A", "status": "error"})
    await story.tell(at("02:40"))
    again = await rolled(history)
    assert await episodes(again) == [
        ("Hazel-15", "offline", "critical", at("02:00"), at("02:30")),
        ("A", "error", "critical", at("02:30"), None),
    ]


async def test_numbers_are_kept_by_minute_with_their_lowest_mean_highest_and_last(history, rolled):
    story = await begun(history)
    for second, cpu in enumerate((0.5, 0.125, 0.25)):
        await story.tell(at("02:10", second), put("node:hazel-15", metrics={"cpu": cpu}))
    await story.tell(at("04:00"), put("dao:oak", holdings={"RIPPLE": "1.50"}))
    await story.tell(at("04:01"), drop("node:hazel-15"))
    await story.tell(at("04:02"))
    made = await rolled(history)
    mean = pytest.approx((0.5 + 0.125 + 0.25) / 3)
    assert await made.readings("node:hazel-15", "metrics.cpu", *DAY) == [
        Reading(at("02:00"), 0.25, 0.25, 0.25, 0.25),
        Reading(at("02:10"), 0.125, mean, 0.5, 0.25),
        Reading(at("04:01")),
    ]
    treasury = await made.readings("dao:oak", "treasury", at("08:00"), at("09:00"))
    assert treasury == [Reading(at("02:00"), 120, 120, 120, 120)]
    ripples = await made.readings("dao:oak", "holdings.RIPPLE", *DAY)
    assert [(one.minute, one.last) for one in ripples] == [(at("02:00"), 100.5), (at("04:00"), 1.5)]
    assert await made.readings("dao:oak", "none", *DAY) == []


async def test_numbers_come_by_the_hour_too(history):
    story = await begun(history)
    await story.tell(at("02:10"), put("node:hazel-15", metrics={"cpu": 0.75}))
    await story.tell(at("02:11"), put("node:hazel-15", metrics={"cpu": 0.5}))
    await story.tell(at("03:00"))
    made = roll_ups(history)
    await made.write()
    readings = await made.readings("node:hazel-15", "metrics.cpu", *DAY, by_hour=True)
    assert readings == [Reading(at("02:00"), 0.25, 0.5, 0.75, 0.5)]


async def test_writing_goes_on_where_another_process_was_killed_and_comes_to_the_same(history):
    twin = MemoryHistory()
    for one in (history, twin):
        story = await begun(one)
        for minute in range(1, 50):
            status = "offline" if minute % 7 == 3 else "online"
            change = put("node:hazel-15", status=status, metrics={"cpu": minute / 100})
            await story.tell(at(f"02:{minute:02}"), change, put(f"agent:{minute}", n=minute))
            if one is history and minute % 10 == 0:
                await roll_ups(one).write()  # a process of its own, which ends after that
    survivor, undisturbed = roll_ups(history), roll_ups(twin)
    await survivor.write()
    await undisturbed.write()
    assert await survivor.activity(*DAY, MINUTE, None) == await undisturbed.activity(*DAY, MINUTE, None)
    assert await episodes(survivor) == await episodes(undisturbed)
    loads = [await one.readings("node:hazel-15", "metrics.cpu", *DAY) for one in (survivor, undisturbed)]
    assert loads[0] == loads[1]
    assert len(loads[0]) == 50


async def test_of_two_processes_that_write_one_gives_way(history):
    story = await begun(history)
    await story.tell(at("02:10"), put("node:hazel-15", status="offline"))
    first, second = roll_ups(history), roll_ups(history)
    await first.follow()
    await second.write()
    await story.tell(at("02:20"), put("node:hazel-15", status="online"))
    await story.tell(at("02:30"))
    await first.write()
    await second.write()
    for one in (first, second):
        assert await episodes(one) == [("Hazel-15", "offline", "critical", at("02:10"), at("02:20"))]
        assert [each.entries for each in await one.activity(*DAY, MINUTE, None)] == [1, 1, 1, 1]


async def test_a_minute_is_written_by_one_process_only(history):
    story = await begun(history)
    await story.tell(at("02:10"))
    made = roll_ups(history)
    await made.follow()
    minutes = [replace(one, mark=one.mark) for one in made._rolling.finished]
    assert await history.roll_ups.write(None, minutes)
    assert not await history.roll_ups.write(None, minutes)
    assert await history.roll_ups.write(minutes[-1].mark, minutes)


async def test_what_is_too_old_is_deleted_but_not_what_goes_on(history):
    story = await begun(history, HAZEL | {"status": "offline"}, OAK | {"status": "error"})
    await story.tell(at("02:10"), put("node:hazel-15", status="online"))
    await story.tell(at("04:00"), put("dao:oak", treasury="130"))
    await story.tell(at("05:00"))
    made = roll_ups(history)
    await made.write()
    await history.roll_ups.prune(at("03:00"))
    assert await episodes(made) == [("Oak", "error", "critical", at("02:00"), None)]
    assert await made.oldest() == at("04:00")
    assert [one.minute for one in await made.readings("dao:oak", "treasury", *DAY)] == [at("04:00")]


@pytest.mark.parametrize("last", [0.1, 1e300, -12345678.25, None])
@pytest.mark.parametrize("spread", [0, 1.5])
def test_a_packed_reading_comes_back(last, spread):
    if last is None:
        reading = Reading(at("02:59"))
    else:
        reading = Reading(at("02:59"), last - spread, last, last + spread, last)
    (one,) = unpacked(at("02:00"), packed(reading))
    assert (one.minute, one.last) == (reading.minute, reading.last)
    if last is not None and abs(last) < 1e38:
        assert (one.low, one.high) == pytest.approx((reading.low, reading.high), rel=1e-6)


ROLLING = """
import asyncio, sys
from livingmap.history.postgres import PostgresHistory
from livingmap.past import rollups
from tests.past.stories import VOCABULARY

rollups._AT_ONCE, rollups._MOST_BATCHES = 3, 1  # so that it takes its time

async def main():
    history = PostgresHistory(sys.argv[1])
    await history.open()
    await rollups.RollUps(history, lambda: VOCABULARY, 400, every_seconds=0).run()

asyncio.run(main())
"""


async def test_a_process_that_is_killed_has_written_whole_minutes_and_another_goes_on(postgres, database):
    twin = MemoryHistory()
    for one in (postgres, twin):
        story = await begun(one)
        for minute in range(1, 200):
            time = at(f"{2 + minute // 60:02}:{minute % 60:02}")
            status = "offline" if minute % 7 == 3 else "online"
            await story.tell(time, put("node:hazel-15", status=status, metrics={"cpu": minute / 1000}))
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ROLLING, database, cwd=ROOT)
    try:
        async with asyncio.timeout(60):
            while await postgres.roll_ups.rolled_up_to() is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        process.kill()
        await process.wait()
    survivor, undisturbed = roll_ups(postgres), roll_ups(twin)
    for one in (survivor, undisturbed):
        await one.write()
    assert await survivor.activity(*DAY, MINUTE, None) == await undisturbed.activity(*DAY, MINUTE, None)
    assert await episodes(survivor) == await episodes(undisturbed)
    loads = [await one.readings("node:hazel-15", "metrics.cpu", *DAY) for one in (survivor, undisturbed)]
    assert loads[0] == loads[1]
    assert len(loads[0]) == 200


async def test_what_breaks_off_is_begun_anew(history):
    story = await begun(history)
    await story.tell(at("02:10"), put("node:hazel-15", status="offline"))
    made = roll_ups(history)
    following = asyncio.create_task(made.follow())
    await asyncio.sleep(0)
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following
    await made.write()
    assert await episodes(made) == [("Hazel-15", "offline", "critical", at("02:10"), None)]
    assert [one.entries for one in await made.activity(*DAY, MINUTE, None)] == [1, 1]


@pytest.mark.parametrize("value", [0.21, 0.1, 1234.5, 16777215.0, 0.0, -3.25e30])
def test_a_packed_number_comes_back_as_a_person_would_write_it(value):
    (one,) = unpacked(at("02:00"), packed(Reading(at("02:00"), value, value, value, 7.0)))
    assert (one.low, one.mean, one.high) == (value, value, value)


def test_things_that_are_cleared_are_not_there_and_may_come_again():
    hazel, oak = ((("nodes", "items"), HAZEL), (("dao", "items"), OAK))
    things = Things(VOCABULARY, [(place, item["id"], item) for place, item in (hazel, oak)])
    before = {one.id: dict(one.numbers) for one in things.all()}
    things.clear()
    assert list(things.all()) == []
    for (layer, collection), item in (hazel, oak):
        things.take(
            {"op": "put", "layer": layer, "collection": collection, "id": item["id"], "set": item, "unset": ()}
        )
    assert {one.id: dict(one.numbers) for one in things.all()} == before
