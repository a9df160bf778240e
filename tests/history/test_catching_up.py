"""Catching up: with a log that keeps what it had, the writer forgets and the history lacks nothing."""

import contextlib

import structlog

from livingmap.history import HistoryUnavailable, Query
from livingmap.history.writer import HistoryWriter
from tests.history.making import entry, seqs, until
from tests.history.test_writer import Switched, everything, running


def numbered(first, last, epoch="e1"):
    return [entry(seq, epoch=epoch, previous=seq - 1) for seq in range(first, last + 1)]


class Stream:
    """A log that keeps what it had: what the writer refills from."""

    def __init__(self, epoch="e1"):
        self.epoch = epoch
        self.entries_ = []
        self.away = False
        self.begun = []
        self.first_seq = 1
        self.recorded = 0
        self._next = None

    def __call__(self, *entries):
        self.entries_ += entries
        return entries

    async def begins_after(self, epoch):
        if self.away:
            raise HistoryUnavailable("the stream is away")
        return self.recorded if epoch == self.epoch else None

    async def begin(self, after):
        if self.away:
            raise HistoryUnavailable("the stream is away")
        self.begun.append(after.seq)
        if after.epoch != self.epoch:
            return None
        self._next = max(after.seq + 1, self.first_seq)
        return self.first_seq

    async def entries(self):
        if self.away:
            raise HistoryUnavailable("the stream is away")
        found = [one for one in self.entries_ if one.position.epoch == self.epoch]
        found = [one for one in found if one.position.seq >= self._next][:100]
        if found:
            self._next = found[-1].position.seq + 1
        return found

    async def end(self):
        self._next = None


class Rig:
    def __init__(self, capacity=50):
        self.history, self.stream = Switched(), Stream()
        self.writer = HistoryWriter(
            self.history, capacity=capacity, longest_pause_seconds=0.01, refill=self.stream
        )

    def add(self, first, last, epoch="e1"):
        for one in self.stream(*numbered(first, last, epoch)):
            self.writer.add(one)

    async def fail(self):
        """Switch the database off; return when the writer has noticed."""
        self.history.away = True
        last = self.stream.entries_[-1].position.seq if self.stream.entries_ else 0
        self.add(last + 1, last + 1)
        await until(lambda: self.writer.error is not None)

    async def done(self):
        await until(lambda: self.writer.buffered == 0 and self.writer.behind == 0)


@contextlib.asynccontextmanager
async def rig(**how):
    one = Rig(**how)
    async with running(one.writer):
        yield one


async def gaps(history):
    found = (await history.read(Query(limit=100_000))).gaps
    return sorted((gap.epoch, gap.first_seq, gap.last_seq) for gap in found)


async def whole(history, last):
    """Assert that everything is there, each linked to the one before it."""
    entries = (await history.read(Query(limit=100_000))).entries[::-1]
    assert seqs(entries) == list(range(1, last + 1))
    assert [one.previous for one in entries] == list(range(last))
    assert await gaps(history) == []


async def test_what_had_no_room_is_written_from_the_log():
    async with rig() as one:
        one.add(1, 20)
        await one.done()
        await one.fail()
        one.add(22, 2000)
        assert (one.writer.buffered, one.writer.behind, one.writer.lost) == (51, 1929, 0)
        one.history.away = False
        await one.done()
        one.add(2001, 2010)
        await one.done()
    await whole(one.history, 2010)
    assert (one.writer.written, one.writer.lost, one.writer.state) == (2010, 0, "written")


async def test_a_database_that_was_never_there_gets_everything_that_the_process_read():
    one = Rig()
    one.history.away = True
    one.add(1, 500)
    async with running(one.writer):
        await until(lambda: one.writer.error is not None)
        one.history.away = False
        await one.done()
    await whole(one.history, 500)


async def test_what_comes_while_it_catches_up_is_written_once_and_in_order():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        await one.fail()
        one.add(12, 1000)
        one.history.away = False
        for number in range(1001, 3001, 10):
            one.add(number, number + 9)
            await until(lambda: one.writer.written > 10 or one.writer.error is None)
        await one.done()
    await whole(one.history, 3000)
    assert one.writer.written == 3000


async def test_a_database_that_goes_again_while_it_catches_up_costs_nothing():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        await one.fail()
        one.add(12, 1000)
        for goal in (200, 500, 800):
            one.history.away = False
            await until(lambda goal=goal: one.writer.written >= goal)
            one.history.away = True
            await until(lambda: one.writer.error is not None)
            last = one.stream.entries_[-1].position.seq
            one.add(last + 1, last + 300)
        one.history.away = False
        await one.done()
    await whole(one.history, 1900)


async def test_a_log_that_goes_while_it_catches_up_is_waited_for():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        await one.fail()
        one.add(12, 500)
        one.stream.away = True
        one.history.away = False
        await until(lambda: one.writer.error == "the stream is away")
        assert one.writer.state == "waiting"
        one.stream.away = False
        await one.done()
    await whole(one.history, 500)


async def test_only_what_the_log_lost_is_a_gap_with_exact_bounds():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        await one.fail()
        one.add(12, 500)
        one.stream.first_seq = 101
        with structlog.testing.capture_logs() as logs:
            one.history.away = False
            await one.done()
    assert await everything(one.history) == [*range(1, 12), *range(101, 501)]
    assert await gaps(one.history) == [("e1", 12, 100)]
    assert one.writer.lost == 89
    assert [line["event"] for line in logs] == [
        "the history is written again",
        "the history catches up from the stream",
        "the history has a gap",
        "the history has caught up with the stream",
    ]


async def test_what_waits_is_written_even_if_the_log_has_lost_more_than_that():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        await one.fail()
        one.add(12, 500)
        one.stream.first_seq = 490
        one.history.away = False
        await one.done()
    assert await everything(one.history) == [*range(1, 12), *range(451, 501)]
    assert await gaps(one.history) == [("e1", 12, 450)]


async def test_a_log_that_was_made_anew_leaves_a_gap_at_the_end_of_its_epoch():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        await one.fail()
        one.add(12, 500)
        one.stream.epoch = "e2"
        one.add(1, 200, "e2")
        one.history.away = False
        await one.done()
    assert await gaps(one.history) == [("e1", 12, 500)]
    entries = (await one.history.read(Query(limit=1000))).entries
    assert sorted(seqs(one for one in entries if one.position.epoch == "e2")) == list(range(1, 201))


async def test_a_process_that_takes_over_goes_on_where_the_history_ends():
    one = Rig()
    one.writer.follow()
    one.add(1, 1000)
    await one.history.write(numbered(1, 300))
    async with running(one.writer):
        one.writer.take_over()
        await one.done()
    await whole(one.history, 1000)
    assert one.writer.written == 700


async def test_a_process_that_takes_over_before_anything_comes_still_writes_what_is_lacking():
    one = Rig()
    one.stream(*numbered(1, 300))
    await one.history.write(numbered(1, 10))
    async with running(one.writer):
        one.writer.take_over()
        await until(lambda: one.history.opened == 2)  # it has found nothing to write
        one.add(301, 301)
        await one.done()
    await whole(one.history, 301)


async def test_a_process_that_takes_over_leaves_out_what_comes_to_it_late():
    one = Rig()
    one.writer.follow()
    one.add(1, 10)
    await one.history.write(numbered(1, 20))
    async with running(one.writer):
        one.writer.take_over()
        await until(lambda: one.writer.buffered == 0)
        one.add(11, 30)
        await one.done()
    await whole(one.history, 30)
    assert one.writer.written == 10


async def test_the_oldest_position_is_that_of_what_is_still_to_come_from_the_log():
    async with rig() as one:
        one.add(1, 10)
        await one.done()
        assert one.writer.oldest_position() is None
        await one.fail()
        one.add(12, 500)
        assert one.writer.oldest_position().seq <= 12
        one.history.away = False
        await until(lambda: one.writer.written > 10)
        while one.writer.behind:
            oldest = one.writer.oldest_position()
            assert oldest.seq <= await one.history.last_seq("e1") + 1
            await until(lambda written=one.writer.written: one.writer.written > written)
        await one.done()
        assert one.writer.oldest_position() is None


async def test_at_the_end_it_is_left_to_the_next_process_to_catch_up():
    one = Rig()
    one.history.away = True
    one.add(1, 500)
    one.history.away = False
    await one.history.write(numbered(1, 10))
    with structlog.testing.capture_logs() as logs:
        assert await one.writer.drain(10) == 50
    assert [line["event"] for line in logs] == ["the next process writes the end of the history"]
    assert await everything(one.history) == list(range(1, 11))
