"""Every bound of the history at its edge: what just fits is kept, and what does not is a gap or left out."""

from datetime import timedelta

import orjson
import pytest

from livingmap.core.fold import Folded
from livingmap.core.model import Event, Position, Put, change_to_json
from livingmap.history import (
    MOST_CHANGES_BYTES,
    MOST_GAPS,
    Gap,
    HistoryUnavailable,
    Query,
    entry_of,
)
from livingmap.history.memory import MemoryHistory
from livingmap.history.writer import HistoryWriter
from tests.history.making import NOON, entry, seqs

MIB = 1024 * 1024


class Recording(MemoryHistory):
    """A history that counts what it is asked to keep, and fails as often as it is told to."""

    def __init__(self, failures=0):
        super().__init__(capacity=100_000)
        self.failures = failures
        self.gaps = []

    async def record_gap(self, gap):
        self.gaps.append((gap.first_seq, gap.last_seq))
        if self.failures:
            self.failures -= 1
            raise HistoryUnavailable("switched off")
        await super().record_gap(gap)


async def gaps_of(history):
    return [(gap.first_seq, gap.last_seq) for gap in (await history.read(Query(limit=1000))).gaps]


async def test_fifty_thousand_entries_wait_and_one_more_makes_a_gap_of_the_oldest():
    history = Recording()
    writer = HistoryWriter(history)
    for seq in range(1, 50_001):
        writer.add(entry(seq, payload={}))
    assert (writer.buffered, writer.lost) == (50_000, 0)
    writer.add(entry(50_001, payload={}))
    assert (writer.buffered, writer.lost) == (50_000, 1)
    assert await writer.drain(60) == 0
    assert history.gaps == [(1, 1)]


async def test_256_mebibytes_wait_and_one_more_byte_makes_a_gap_of_the_oldest():
    writer = HistoryWriter(history := Recording())
    for seq in range(1, 257):
        writer.add(entry(seq, size=MIB))
    assert (writer.buffered, writer.lost) == (256, 0)
    writer.add(entry(257, size=1))
    assert (writer.buffered, writer.lost) == (256, 1)
    assert await writer.drain(60) == 0
    assert history.gaps == [(1, 1)]


async def test_an_entry_that_is_larger_than_all_that_may_wait_is_written_all_the_same():
    writer = HistoryWriter(history := Recording(), most_bytes=100)
    writer.add(entry(1, size=50))
    writer.add(entry(2, size=1000))
    assert await writer.drain(10) == 0
    assert (seqs((await history.read(Query())).entries), history.gaps) == ([2], [(1, 1)])


async def test_a_gap_is_recorded_once():
    writer = HistoryWriter(history := Recording(), capacity=10)
    for seq in range(1, 31):
        writer.add(entry(seq))
    assert await writer.drain(10) == 0
    for seq in range(31, 36):
        writer.add(entry(seq))
    assert await writer.drain(10) == 0
    assert history.gaps == [(1, 20)]
    assert await gaps_of(history) == [(1, 20)]


async def test_a_gap_that_could_not_be_recorded_is_recorded_when_the_database_is_back():
    writer = HistoryWriter(history := Recording(failures=1), capacity=10)
    for seq in range(1, 31):
        writer.add(entry(seq))
    assert await writer.drain(10) == 0
    assert await gaps_of(history) == []
    assert await writer.drain(10) == 0
    assert await gaps_of(history) == [(1, 20)]
    assert seqs((await history.read(Query())).entries) == list(range(30, 20, -1))


async def test_losses_with_kept_entries_between_them_are_gaps_of_their_own():
    writer = HistoryWriter(history := Recording(), capacity=2)
    for seq in (1, 2, 3, 10, 11):
        writer.add(entry(seq))
    for seq in (1, 2):
        writer.add(entry(seq, epoch="e2", received_at=NOON + timedelta(minutes=1)))
    assert await writer.drain(10) == 0
    assert history.gaps == [(1, 3), (10, 11)]


async def test_a_hole_between_positions_is_no_gap_while_the_chain_of_entries_is_whole():
    history = Recording()
    await history.write([entry(3, previous=2)])
    writer = HistoryWriter(history)
    writer.add(entry(9, previous=3))
    writer.add(entry(12, previous=9))
    assert await writer.drain(10) == 0
    assert history.gaps == []
    links = [(one.previous, one.position.seq) for one in await history.entries_after(Position("e1", 2), 10)]
    assert links == [(2, 3), (3, 9), (9, 12)]


async def test_a_chain_that_is_broken_in_the_buffer_shows_in_previous():
    writer = HistoryWriter(history := Recording(), capacity=2)
    for seq in range(1, 6):
        writer.add(entry(seq, previous=seq - 1))
    assert await writer.drain(10) == 0
    first = (await history.entries_after(Position("e1", 0), 10))[0]
    assert (first.position.seq, first.previous, history.gaps) == (4, 3, [(1, 3)])


def folded(*changes):
    return Folded(Event(Position("e", 1), "agent.event.status", {}, NOON), changes)


@pytest.mark.parametrize(("more", "kept"), [(0, True), (1, False)])
def test_changes_of_a_mebibyte_are_kept_and_not_a_byte_more(more, kept):
    def put(letters):
        return Put("agents", "agent:sofia", {"story": "x" * letters})

    envelope = len(orjson.dumps([change_to_json(put(0))]))
    changes = entry_of(folded(put(MOST_CHANGES_BYTES - envelope + more))).changes
    assert (changes is not None) is kept


async def test_an_entry_is_sought_by_everything_that_it_changed_however_much(history):
    changes = [Put("agents", f"agent:{number}", {"story": "x" * 1000}) for number in range(2000)]
    large = entry_of(folded(*changes))
    assert (large.changes, list(large.entity_ids)) == (None, [change.id for change in changes])
    await history.write([large])
    assert seqs((await history.read(Query(entity_ids=("agent:1999",)))).entries) == [1]
    assert seqs((await history.read(Query(entity_ids=("agent:2000",)))).entries) == []


@pytest.mark.parametrize("count", [MOST_GAPS, MOST_GAPS + 1])
async def test_a_page_lists_the_newest_hundred_gaps(history, count):
    for number in range(count):
        moment = NOON + timedelta(seconds=number)
        await history.record_gap(Gap("e1", 10 * number, 10 * number + 1, moment, moment, "for a test"))
    gaps = (await history.read(Query())).gaps
    assert [gap.first_seq // 10 for gap in gaps] == list(range(count - 1, count - 1 - MOST_GAPS, -1))
