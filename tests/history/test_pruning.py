"""Pruning: old entries are deleted, and no clock that is wrong deletes the history."""

import asyncio
import contextlib
from datetime import timedelta

import structlog

from livingmap.history import Gap, Query, Retention
from livingmap.history.memory import MemoryHistory
from livingmap.history.pruning import Pruner
from livingmap.history.settings import HistorySettings
from livingmap.history.writer import HistoryWriter
from tests.history.making import NOON, entry, seqs, until

DAY = timedelta(days=1)
CAREFUL = HistorySettings(retention_days=30).retention


@contextlib.asynccontextmanager
async def pruning(history, retention, now):
    """Run a pruner; lend it, all that it reported, and the program's log."""
    reports = []
    with structlog.testing.capture_logs() as logs:
        pruner = Pruner(history, retention, now, reports.append, every_seconds=0.001)
        async with a_term(pruner):
            yield pruner, reports, logs


@contextlib.asynccontextmanager
async def a_term(pruner):
    """Prune again and again, as while the process leads."""
    task = asyncio.create_task(pruner.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def a_day_each(history, days):
    """Write one entry for each of the last ``days``, the newest of today."""
    await history.write([entry(days - age, received_at=NOON - age * DAY) for age in range(days)])


async def seqs_in(history):
    return seqs((await history.read(Query(limit=1000))).entries)[::-1]


async def test_the_pruner_prunes_and_goes_on():
    history = MemoryHistory()
    await a_day_each(history, 32)
    async with pruning(history, CAREFUL, lambda: NOON + 400 * DAY) as (pruner, reports, logs):
        await until(lambda: pruner.deleted == 1)
        await history.write([entry(33, received_at=NOON + DAY)])
        await until(lambda: pruner.deleted == 2)
    assert await seqs_in(history) == [*range(3, 34)]
    assert (set(reports), {line["event"] for line in logs}) == ({None}, {"old history was deleted"})


async def test_a_leader_whose_clock_is_ahead_deletes_nothing_that_is_not_old(history):
    await a_day_each(history, 30)
    async with pruning(history, CAREFUL, lambda: NOON + 40 * DAY) as (pruner, reports, _):
        await until(lambda: len(reports) > 3)
        assert (pruner.deleted, set(reports)) == (0, {None})
    assert await seqs_in(history) == [*range(1, 31)]


async def test_a_leader_whose_clock_is_behind_deletes_less(history):
    await a_day_each(history, 40)
    async with pruning(history, CAREFUL, lambda: NOON - 5 * DAY) as (pruner, _, _):
        await until(lambda: pruner.deleted == 4)
    assert await seqs_in(history) == [*range(5, 41)]


async def test_when_the_clock_of_the_log_is_ahead_nothing_is_deleted_until_it_is_set_right(history):
    await a_day_each(history, 30)
    await history.write([entry(31, received_at=NOON + 40 * DAY)])
    writer = HistoryWriter(history)
    async with pruning(history, CAREFUL, lambda: NOON + 40 * DAY) as (pruner, reports, logs):
        await until(lambda: len(reports) > 3)
        assert "30 of 31 entries are older than the retention allows" in reports[0]
        assert "history.retention_most_share: 1" in reports[0]
        assert await seqs_in(history) == [*range(1, 32)]
        writer.add(entry(32, received_at=NOON + 1.5 * DAY))
        assert await writer.drain(10) == 0
        await until(lambda: reports[-1] is None and pruner.deleted)
    assert await seqs_in(history) == [*range(2, 33)]
    events = [line["event"] for line in logs if line["event"].startswith("old history")]
    assert events == ["old history is not deleted", "old history is deleted again", "old history was deleted"]


async def test_that_nothing_old_is_deleted_is_logged_again_in_the_next_term():
    history, reports = MemoryHistory(), []
    await a_day_each(history, 30)
    await history.write([entry(31, received_at=NOON + 40 * DAY)])
    pruner = Pruner(history, CAREFUL, lambda: NOON + 40 * DAY, reports.append, every_seconds=0.001)
    with structlog.testing.capture_logs() as logs:
        for _ in range(2):
            reports.clear()
            async with a_term(pruner):
                await until(lambda: len(reports) > 1)
            assert reports[-1] is None
    assert [line["event"] for line in logs] == ["old history is not deleted"] * 2


async def test_gaps_of_a_history_without_entries_are_deleted_too(history):
    for seq, age in ((1, 31), (3, 29)):
        await history.record_gap(Gap("e1", seq, seq, NOON - age * DAY, NOON - age * DAY, "for a test"))
    async with pruning(history, CAREFUL, lambda: NOON) as (pruner, reports, logs):
        await until(lambda: len(reports) > 1)
        assert (pruner.deleted, set(reports), logs) == (0, {None}, [])
    assert [gap.first_seq for gap in (await history.read(Query())).gaps] == [3]


async def test_what_is_too_much_at_once_is_deleted_if_the_settings_allow_it(history):
    await a_day_each(history, 30)
    shortened = HistorySettings(retention_days=2.5)
    async with pruning(history, shortened.retention, lambda: NOON) as (pruner, reports, _):
        await until(lambda: len(reports) > 3)
        assert (pruner.deleted, None in reports) == (0, False)
    allowed = HistorySettings(retention_days=2.5, retention_most_share=1)
    async with pruning(history, allowed.retention, lambda: NOON) as (pruner, _, _):
        await until(lambda: pruner.deleted == 27)
    assert await seqs_in(history) == [28, 29, 30]


async def test_half_may_be_deleted_at_once_and_no_more(history):
    await a_day_each(history, 30)
    async with pruning(history, Retention(14.5, most_share=0.5), lambda: NOON) as (pruner, reports, _):
        await until(lambda: pruner.deleted == 15)
    assert set(reports) == {None}
    async with pruning(history, Retention(6.5, most_share=0.5), lambda: NOON) as (pruner, reports, _):
        await until(lambda: len(reports) > 1)
        assert (pruner.deleted, None in reports) == (0, False)
    assert len(await seqs_in(history)) == 15


async def test_the_state_of_the_history_says_that_nothing_old_is_deleted():
    writer = HistoryWriter(MemoryHistory())
    writer.add(entry(1))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(writer.run())
        await until(lambda: writer.written == 1)
        writer.note_retention("too much at once")
        assert (writer.state, writer.retention_error) == ("not_pruned", "too much at once")
        writer.note_retention(None)
        assert writer.state == "written"
        running.cancel()
