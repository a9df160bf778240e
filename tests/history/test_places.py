"""The order of the history is that of the log, whatever its clock does; times are those of then."""

from datetime import timedelta

import structlog

from livingmap.history import Query
from livingmap.history.writer import HistoryWriter
from tests.history.making import NOON, entry, seqs

YEAR = timedelta(days=365)


async def written(history, *entries):
    """Write as a process of its own, which has no memory of those before it; return what it logged."""
    with structlog.testing.capture_logs() as logs:
        writer = HistoryWriter(history)
        for one in entries:
            writer.add(one)
        assert await writer.drain(10) == 0
    return logs


def at(seq, seconds, **fields):
    return entry(seq, received_at=NOON + timedelta(seconds=seconds), **fields)


async def pages(history, **asked):
    """Return all entries, newest first, read by pages of two."""
    entries, page = [], await history.read(Query(limit=2, **asked))
    entries += page.entries
    while page.next:
        page = await history.read(Query(limit=2, before=page.next, **asked))
        entries += page.entries
    return entries


async def test_a_clock_set_back_does_not_turn_the_order(history):
    await written(history, *(at(number, seconds) for number, seconds in enumerate([5, 3, 9, 1, 9, 10])))
    entries = await pages(history)
    assert seqs(entries) == [5, 4, 3, 2, 1, 0]
    assert [(one.received_at - NOON).seconds for one in entries] == [10, 9, 1, 9, 3, 5]


async def test_a_process_that_starts_after_the_clock_was_set_back_writes_the_newest(history):
    await written(history, *(at(number, number, epoch="e1") for number in range(1, 4)))
    ahead = [entry(number, epoch="e2", received_at=NOON + YEAR) for number in range(1, 4)]
    await written(history, *ahead)
    logs = await written(history, *(at(number, 60 + number, epoch="e0") for number in range(1, 4)))
    entries = await pages(history)
    assert [one.position.epoch for one in entries] == ["e0"] * 3 + ["e2"] * 3 + ["e1"] * 3
    assert seqs(entries) == [3, 2, 1] * 3
    assert entries[0].received_at == NOON + timedelta(seconds=63)
    assert [line["event"] for line in logs] == ["the clock of the log went back; its entries keep their order"]
    assert logs[0]["seconds"] == YEAR.total_seconds() - 61


async def test_a_difference_that_servers_of_one_cluster_may_have_is_not_logged(history):
    assert await written(history, at(1, 1.0), at(2, 0.5), at(3, 0.6), at(4, 1.1)) == []
    assert seqs(await pages(history)) == [4, 3, 2, 1]


async def test_what_comes_after_the_clock_was_set_back_is_sought_by_its_own_time(history):
    types = ["a.b", "dao.event.created"]
    await written(
        history,
        *(at(number, number, event_type=types[number % 2]) for number in range(1, 5)),
        *(at(number, 1000 + number, event_type=types[number % 2]) for number in range(5, 9)),
        *(at(number, number, event_type=types[number % 2]) for number in range(9, 13)),
    )
    now = NOON + timedelta(seconds=9)
    assert seqs(await pages(history, from_time=now, until=NOON + timedelta(seconds=100))) == [12, 11, 10, 9]
    assert seqs(await pages(history, until=now)) == [4, 3, 2, 1]
    assert seqs(await pages(history, event_types=("a.b",))) == [12, 10, 8, 6, 4, 2]
    assert seqs(await pages(history, event_types=("a.*", "dao.>"), from_time=now)) == [12, 11, 10, 9, 8, 7, 6, 5]
    assert seqs(await pages(history)) == [*range(12, 0, -1)]


async def test_entries_that_are_written_again_stay_where_they_are(history):
    await written(history, at(1, 1), at(2, 500), at(3, 2))
    before = await pages(history)
    await history.write([at(1, 1), at(2, 500), at(3, 2)])
    assert await pages(history) == before


async def test_the_oldest_time_of_the_history_is_that_of_its_entries(history):
    await written(history, at(1, 100), at(2, 3), at(3, 200))
    assert (await history.read(Query())).oldest_available == NOON + timedelta(seconds=3)
