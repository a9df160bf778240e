"""The writer: nothing waits for it, nothing is lost in silence."""

import asyncio
import contextlib
from datetime import timedelta

import asyncpg
import pytest
import structlog

from livingmap.core.fold import POSSIBLE_LOSS, Folded
from livingmap.core.model import Event, Position
from livingmap.core.progress import Progress
from livingmap.core.scene import Scene
from livingmap.history import Gap, HistoryUnavailable, Query
from livingmap.history.embedded import embedded
from livingmap.history.memory import MemoryHistory
from livingmap.history.migrate import MigrationError
from livingmap.history.postgres import PostgresHistory
from livingmap.history.query import MISSED, MORE_MISSED
from livingmap.history.recorder import Recorder
from livingmap.history.writer import HistoryWriter
from livingmap.supervision import stop
from tests.history.making import NOON, entry, seqs, until


@contextlib.asynccontextmanager
async def running(writer):
    task = asyncio.create_task(writer.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Switched(MemoryHistory):
    """A history whose database can be switched off, or made to hang."""

    def __init__(self):
        super().__init__()
        self.away = False
        self.free = asyncio.Event()
        self.free.set()
        self.recordable = asyncio.Event()
        self.recordable.set()
        self.batches = []
        self.opened = 0

    async def open(self):
        self.opened += 1
        await super().open()

    async def write(self, entries):
        await self.free.wait()
        if self.away:
            raise HistoryUnavailable("switched off")
        self.batches.append(len(entries))
        await super().write(entries)

    async def record_gap(self, gap):
        await self.recordable.wait()
        await super().record_gap(gap)


class Unreachable(Switched):
    """A history that cannot be opened or asked either."""

    async def open(self):
        await self.free.wait()
        if self.away:
            raise HistoryUnavailable("switched off")

    async def last_seq(self, epoch):
        if self.away:
            raise HistoryUnavailable("switched off")
        return await super().last_seq(epoch)


class Unread:
    """A log that lasts, and of which nothing has to be read again."""

    async def begins_after(self, epoch):
        return None

    async def begin(self, after):
        raise AssertionError("nothing is lacking")

    async def entries(self):
        return []

    async def end(self):
        pass


async def everything(history):
    return seqs((await history.read(Query(limit=100_000))).entries)[::-1]


async def test_what_is_offered_is_written(history):
    writer = HistoryWriter(history)
    async with running(writer):
        for number in range(1, 3001):
            writer.add(entry(number))
        await until(lambda: writer.buffered == 0)
    assert await history.last_seq("e1") == 3000
    assert (writer.written, writer.lost, writer.error) == (3000, 0, None)


async def test_entries_are_written_in_batches():
    history = Switched()
    writer = HistoryWriter(history)
    for number in range(2500):
        writer.add(entry(number))
    async with running(writer):
        await until(lambda: writer.buffered == 0)
    assert history.batches == [1000, 1000, 500]


async def test_while_the_database_is_away_entries_wait():
    history = Switched()
    writer = HistoryWriter(history, longest_pause_seconds=0.01)
    with structlog.testing.capture_logs() as logs:
        async with running(writer):
            history.away = True
            for number in range(1, 1501):
                writer.add(entry(number))
            await until(lambda: writer.error is not None)
            assert (writer.error, writer.buffered, writer.written) == ("switched off", 1500, 0)
            history.away = False
            await until(lambda: writer.buffered == 0)
    assert await everything(history) == list(range(1, 1501))
    assert (writer.error, writer.written) == (None, 1500)
    assert [line["event"] for line in logs] == [
        "the history cannot be written; entries wait",
        "the history is written again",
    ]


async def test_what_the_buffer_cannot_hold_becomes_a_gap():
    history = Switched()
    writer = HistoryWriter(history, capacity=100, longest_pause_seconds=0.01)
    async with running(writer):
        history.away = True
        writer.add(entry(1))
        await until(lambda: writer.error is not None)
        for number in range(2, 202):
            writer.add(entry(number))
        assert (writer.lost, writer.buffered) == (100, 101)
        history.away = False
        assert await writer.drain(10) == 0
    assert await everything(history) == [1, *range(102, 202)]
    (gap,) = (await history.read(Query())).gaps
    assert (gap.epoch, gap.first_seq, gap.last_seq) == ("e1", 2, 101)
    assert (gap.from_time, gap.until) == (entry(2).received_at, entry(101).received_at)


async def test_a_gap_that_grows_while_it_is_recorded_is_recorded_whole():
    history = Switched()
    writer = HistoryWriter(history, capacity=1000, longest_pause_seconds=0.01)
    async with running(writer):
        history.away = True
        for number in range(1, 1001):
            writer.add(entry(number))
        await until(lambda: writer.error is not None)
        for number in range(1001, 2002):
            writer.add(entry(number))
        history.recordable.clear()
        history.away = False
        await until(lambda: writer.written == 1000)
        writer.add(entry(2002))
        history.recordable.set()
        assert await writer.drain(10) == 0
    assert await everything(history) == [*range(1, 1001), *range(1003, 2003)]
    gaps = (await history.read(Query(limit=10_000))).gaps
    assert [(one.first_seq, one.last_seq) for one in gaps] == [(1001, 1002)]


async def test_a_cancelled_write_is_written_by_the_drain():
    history = Switched()
    writer = HistoryWriter(history)
    history.free.clear()
    async with running(writer):
        writer.add(entry(1))
        await until(lambda: writer._buffer.batch != [])
    history.free.set()
    writer.add(entry(2))
    assert await writer.drain(10) == 0
    assert await everything(history) == [1, 2]


async def test_a_drain_ends_in_time_and_says_what_is_lost():
    history = Switched()
    history.free.clear()
    writer = HistoryWriter(history)
    writer.add(entry(1))
    with structlog.testing.capture_logs() as logs:
        assert await writer.drain(0.01) == 1
    assert [line["event"] for line in logs][-1] == "the history ends early"


async def test_of_two_writers_of_one_log_one_writes_and_the_other_goes_on_where_it_ended():
    history = Switched()
    leader, follower = HistoryWriter(history), HistoryWriter(history)
    follower.follow()
    async with running(follower):
        async with running(leader):
            for number in range(1, 101):
                for writer in (leader, follower):
                    writer.add(entry(number, previous=number - 1))
            await until(lambda: follower.buffered == 0)
        assert (leader.written, follower.written) == (100, 0)
        for number in range(101, 151):
            for writer in (leader, follower):
                writer.add(entry(number, previous=number - 1))
        assert follower.oldest_position() == Position("e1", 101)
        follower.take_over()
        await until(lambda: follower.buffered == 0)
    assert follower.oldest_position() is None
    assert await everything(history) == list(range(1, 151))
    assert (await history.read(Query())).gaps == ()


async def test_a_follower_that_ends_loses_nothing_and_says_nothing():
    history = Switched()
    follower = HistoryWriter(history)
    follower.follow()
    follower.add(entry(1))
    with structlog.testing.capture_logs() as logs:
        await follower.drain(10)
    assert logs == []
    assert await everything(history) == []


async def test_it_says_that_the_history_is_being_opened_and_then_how_it_fares(monkeypatch):
    monkeypatch.setattr("livingmap.history.writer._SLOW_SECONDS", 0.01)
    history = Unreachable()
    writer = HistoryWriter(history, longest_pause_seconds=0.01)
    history.free.clear()
    with structlog.testing.capture_logs() as logs:
        async with running(writer):
            await until(lambda: logs)
            assert (writer.state, writer.error) == ("opening", None)
            history.away = True
            history.free.set()
            await until(lambda: writer.state == "waiting")
            assert writer.error == "switched off"
            history.away = False
            await until(lambda: writer.state == "written")
    assert [line["event"] for line in logs] == [
        "the history is still being opened; entries wait",
        "the history cannot be written; entries wait",
        "the history is written again",
    ]


async def test_a_follower_fails_only_for_as_long_as_the_database_does():
    history = Unreachable()
    follower = HistoryWriter(history, longest_pause_seconds=0.01)
    follower.follow()
    async with running(follower):
        history.away = True
        follower.add(entry(1))
        await until(lambda: follower.error is not None)
        history.away = False
        await until(lambda: follower.error is None)
    assert follower.buffered == 1


async def test_what_a_follower_has_no_room_for_is_lost_only_if_nobody_wrote_it():
    history = Switched()
    follower = HistoryWriter(history, capacity=2)
    follower.follow()
    for number in range(1, 6):
        follower.add(entry(number, previous=number - 1))
    assert follower.lost == 0
    await history.write([entry(1), entry(2, previous=1)])
    follower.take_over()
    assert follower.lost == 0
    async with running(follower):
        await until(lambda: follower.buffered == 0)
    assert follower.lost == 1
    page = await history.read(Query())
    assert seqs(page.entries) == [5, 4, 2, 1]
    assert [(gap.first_seq, gap.last_seq) for gap in page.gaps] == [(3, 3)]


async def test_what_a_log_that_lasts_still_has_is_not_lost_at_the_end():
    history = Switched()
    history.away = True
    writer = HistoryWriter(history, refill=Unread())
    writer.add(entry(1))
    with structlog.testing.capture_logs() as logs:
        assert await writer.drain(1) == 1
    assert [(line["log_level"], line["event"]) for line in logs][1:] == [
        ("info", "the next process writes the end of the history")
    ]


async def test_what_the_log_no_longer_has_is_a_gap_before_the_first_entry_after_it():
    history = Switched()
    await history.write([entry(3, previous=2)])
    writer = HistoryWriter(history)
    async with running(writer):
        writer.add(entry(9, previous=7))
        await until(lambda: writer.buffered == 0)
        await writer.drain(10)
    (gap,) = (await history.read(Query())).gaps
    assert (gap.first_seq, gap.last_seq, gap.from_time) == (4, 7, entry(9).received_at)


async def test_what_waiting_does_not_mend_ends_the_writer(database, tmp_path):
    (tmp_path / "010_wrong.sql").write_text("nonsense")
    writer = HistoryWriter(PostgresHistory(database, migrations=tmp_path))
    with pytest.raises(MigrationError, match=r"010_wrong\.sql"):
        await writer.run()


async def test_a_stopped_server_is_caught_up_with_when_it_is_back(open_folder):
    async with contextlib.AsyncExitStack() as stack:
        async with embedded(open_folder / "pg") as url:
            history = PostgresHistory(url)
            stack.push_async_callback(history.close)
            writer = HistoryWriter(history, longest_pause_seconds=0.05)
            await stack.enter_async_context(running(writer))
            for number in range(1, 1501):
                writer.add(entry(number))
            await until(lambda: writer.buffered == 0)
        for number in range(1501, 4001):
            writer.add(entry(number))
        await until(lambda: writer.error is not None)
        with pytest.raises(HistoryUnavailable):
            await history.read(Query())
        async with embedded(open_folder / "pg") as again:
            assert again == url
            for number in range(4001, 4501):
                writer.add(entry(number))
            await until(lambda: writer.buffered == 0)
            assert await everything(history) == list(range(1, 4501))
            assert (writer.lost, writer.error) == (0, None)
            await stack.aclose()


async def test_a_server_that_comes_later_than_the_map_gets_everything(open_folder):
    async with embedded(open_folder / "pg") as url:
        pass
    history = PostgresHistory(url)
    writer = HistoryWriter(history, longest_pause_seconds=0.05)
    async with running(writer):
        writer.add(entry(1))
        await until(lambda: writer.error is not None)
        assert "FileNotFoundError" in writer.error
        async with embedded(open_folder / "pg"):
            await until(lambda: writer.buffered == 0)
            assert await everything(history) == [1]
            await history.close()


async def test_what_waits_is_bounded_in_bytes_too():
    history = Switched()
    history.away = True
    writer = HistoryWriter(history, most_bytes=1000, longest_pause_seconds=0.01)
    async with running(writer):
        for seq in range(1, 31):
            writer.add(entry(seq, size=100))
        assert (writer.buffered, writer.lost) == (10, 20)
        history.away = False
        await until(lambda: writer.buffered == 0)
        writer.add(entry(31, size=900))
        await until(lambda: writer.buffered == 0)
        assert writer.lost == 20
    assert await everything(history) == list(range(21, 32))


async def test_where_one_log_ended_and_another_began_is_a_gap():
    history, scene, progress = MemoryHistory(), Scene(()), Progress(Position("e1", 0))
    writer = HistoryWriter(history)
    recorder = Recorder(writer, scene, progress)
    for epoch, seq in (("e1", 7), ("e2", 1)):
        event = Event(Position(epoch, seq), "a.b", {}, NOON)
        recorder.on_entry(Folded(event, (), ()), seq - 1)
    assert await writer.drain(5) == 0
    page = await history.read(Query())
    assert [(one.epoch, one.first_seq, one.last_seq, one.from_time) for one in page.gaps] == [("e1", 8, 8, NOON)]
    assert "the stream was deleted" in page.gaps[0].reason


def loss(seq, **fields):
    payload = {"from": "2025-11-24T12:00:01Z", "until": "2025-11-24T12:00:07Z", "messages": 9, "at_least": False}
    return entry(seq, POSSIBLE_LOSS, payload={**payload, **fields})


@pytest.mark.parametrize(
    ("fields", "events", "reason", "seconds"),
    [
        ({}, 9, MISSED, (1, 7)),
        ({"at_least": True, "messages": None}, 0, MORE_MISSED, (1, 7)),
        ({"from": "[redacted]"}, 0, MORE_MISSED, (2, 2)),
    ],
)
async def test_an_entry_about_a_loss_is_a_gap_too(history, fields, events, reason, seconds):
    writer = HistoryWriter(history)
    for one in (entry(1), loss(2, **fields), entry(3)):
        writer.add(one)
    assert await writer.drain(10) == 0
    page = await history.read(Query())
    assert seqs(page.entries) == [3, 2, 1]
    since, until_ = (NOON + timedelta(seconds=second) for second in seconds)
    assert page.gaps == (Gap("e1", 2, 2, since, until_, reason, events),)
    assert (page.gaps[0].size, writer.lost) == (events, 0)


async def test_a_gap_of_a_loss_that_cannot_be_recorded_is_recorded_later():
    history = Switched()
    history.recordable.clear()
    writer = HistoryWriter(history, longest_pause_seconds=0.01)
    async with running(writer):
        for one in (entry(1), loss(2), entry(3)):
            writer.add(one)
        await until(lambda: history.batches == [3])
        history.recordable.set()
        await until(lambda: writer.buffered == 0)
    assert [gap.size for gap in (await history.read(Query())).gaps] == [9]
    assert await everything(history) == [1, 2, 3]


WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid
WHERE datname = current_database() AND NOT granted"""


@pytest.mark.parametrize("copied_from", [1, 100])
async def test_a_writer_that_ends_before_the_gap_of_a_loss_is_recorded_has_not_written_the_entry(
    postgres, database, monkeypatch, copied_from
):
    monkeypatch.setattr("livingmap.history.row_writer._COPIED_FROM", copied_from)
    connection = await asyncpg.connect(database)
    async with connection.transaction():
        await connection.execute("LOCK TABLE living_map_gaps IN EXCLUSIVE MODE")
        writer = HistoryWriter(postgres)
        writer.add(loss(2))
        writing = asyncio.create_task(writer.drain(30))
        async with asyncio.timeout(120):
            while not await connection.fetchval(WAITING):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await stop([writing])
    page = await postgres.read(Query())
    assert (page.entries, page.gaps, await postgres.last_seq("e1")) == ((), (), None)
    writer = HistoryWriter(postgres)
    writer.add(loss(2))
    assert await writer.drain(30) == 0
    page = await postgres.read(Query())
    assert (seqs(page.entries), [gap.size for gap in page.gaps]) == ([2], [9])
    await connection.close()
