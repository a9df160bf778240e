"""Refill: what is read from a real stream a second time is what the log made of it the first time."""

import asyncio
import contextlib
import json

import pytest

from livingmap.core.fold import Fold
from livingmap.core.model import Position, Put
from livingmap.history import HistoryUnavailable, Query
from livingmap.history.memory import MemoryHistory
from livingmap.history.recorder import Recorder
from livingmap.history.writer import HistoryWriter
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.plugin import Layer, Source, SourceSettings
from livingmap.state.projector import Projector
from livingmap.state.refill import Refill
from livingmap.supervision import stop
from livingmap.transport.settings import NatsSettings
from tests.support.nats_server import jetstream_server, until


def on_a(event, part):
    return [Put("agents", f"agent:{event.payload['agent']}", {"times": event.payload["number"]})]


SOURCES = [Source("agents", "agents-service", SourceSettings, (Layer("agents"),), {"a.*": on_a})]


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


class Switched(MemoryHistory):
    away = False

    async def write(self, entries):
        if self.away:
            raise HistoryUnavailable("switched off")
        await super().write(entries)

    async def last_seq(self, epoch):
        if self.away:
            raise HistoryUnavailable("switched off")
        return await super().last_seq(epoch)


class Process:
    """The part of a map that keeps a history: log, fold and writer."""

    def __init__(self, url, history, capacity=50, **settings):
        made = backbone(NatsSettings(url=url, ping_seconds=1, **settings), ["a.*"], ["agents"], b"", utc_now, 0.3)
        self.log, self.made, self.history = made.log, made, history
        self.fold = Fold(SOURCES)
        self.projector = Projector(self.fold, made.log.progress)
        self.refill = Refill(made.rereadings[0], lambda: Fold(SOURCES))
        self.writer = HistoryWriter(history, capacity=capacity, longest_pause_seconds=0.05, refill=self.refill)
        self.projector.add(Recorder(self.writer, self.fold.scene, made.log.progress))
        made.log.subscribe(self.projector.take)
        made.keep(self.projector, self.writer.oldest_position)
        self.checkpoints = made.cluster._checkpoints

    async def read(self, seq):
        await until(lambda: self.log.position.seq >= seq)

    async def done(self):
        await until(lambda: not self.writer.buffered and not self.writer.behind)


@contextlib.asynccontextmanager
async def process(server, history, **how):
    one = Process(server.url, history, **how)
    tasks = [asyncio.create_task(task) for task in (one.made.intakes[0].run(), one.writer.run())]
    try:
        await asyncio.wait_for(one.log.progress.live(), 20)
        yield one
        assert not any(task.done() for task in tasks)
    finally:
        await stop(tasks)


async def publish(server, first, last):
    async with server.publisher() as client:
        for number in range(first, last + 1):
            payload = {"agent": f"{number % 7}", "number": number}
            await client.publish("a.x" if number % 10 else "a.y", json.dumps(payload).encode())


async def entries(history):
    return (await history.read(Query(limit=100_000))).entries[::-1]


async def test_what_is_made_again_is_equal_in_everything(server):
    reference = MemoryHistory()
    async with (
        process(server, Switched()) as one,
        process(server, reference, capacity=100_000) as other,
    ):
        await publish(server, 1, 200)
        await one.read(200)
        await one.done()
        await one.checkpoints.keep()
        one.history.away = True
        await publish(server, 201, 2000)
        await one.read(2000)
        assert one.writer.buffered < 100
        one.history.away = False
        await one.done()
        await other.read(2000)
        await other.done()
        assert await entries(one.history) == await entries(reference)
    assert len(await entries(reference)) == 2000


async def test_without_a_checkpoint_a_stream_that_is_whole_is_folded_from_its_start(server):
    history = Switched()
    history.away = True
    async with process(server, history) as one:
        await publish(server, 1, 300)
        await one.read(300)
        await until(lambda: one.writer.error is not None)
        history.away = False
        await one.done()
    rows = await entries(history)
    assert [row.position.seq for row in rows] == list(range(1, 301))
    assert all(row.changes is not None for row in rows)


async def test_a_restart_while_the_database_is_away_changes_nothing(server):
    history = Switched()
    async with process(server, history) as one:
        await publish(server, 1, 100)
        await one.read(100)
        await one.done()
        await one.checkpoints.keep()
        history.away = True
        await publish(server, 101, 400)
        await one.read(400)
    async with process(server, history) as one:
        await publish(server, 401, 600)
        await one.read(600)
        history.away = False
        await one.done()
    rows = await entries(history)
    assert [row.position.seq for row in rows] == list(range(1, 601))
    assert [row.previous for row in rows] == list(range(600))
    assert all(row.changes is not None for row in rows)


async def test_what_the_stream_lost_is_a_gap_and_what_follows_has_no_changes(server):
    history = Switched()
    async with process(server, history) as one:
        await publish(server, 1, 100)
        await one.read(100)
        await one.done()
        history.away = True
        await publish(server, 101, 400)
        await one.read(400)
        async with server.publisher() as client:
            await client.jetstream().purge_stream("LIVINGMAP", seq=201)
        history.away = False
        await one.done()
        await publish(server, 401, 410)
        await one.read(410)
        await one.done()
    rows = {row.position.seq: row for row in await entries(history)}
    (gap,) = (await history.read(Query())).gaps
    # one batch was on its way when the database went: it is not lost
    assert [*range(1, gap.first_seq), *range(201, 411)] == sorted(rows)
    assert gap.last_seq == 200
    assert 100 < gap.first_seq <= 200
    lacking = [seq for seq, row in rows.items() if row.changes is None]
    assert lacking
    assert lacking == list(range(201, lacking[-1] + 1))
    assert (rows[201].previous, rows[201].payload["number"]) == (None, 201)


async def test_while_nats_is_away_the_history_waits_and_says_why(server):
    history = Switched()
    async with process(server, history) as one:
        await publish(server, 1, 10)
        await one.read(10)
        await one.done()
        history.away = True
        await publish(server, 11, 300)
        await one.read(300)
        await server.kill()
        await until(lambda: one.made.intakes[0].status.connected is False)
        history.away = False
        await until(lambda: "stream cannot be read again" in (one.writer.error or ""))
        await server.start()
        await one.done()
    assert [row.position.seq for row in await entries(history)] == list(range(1, 301))


async def test_an_epoch_that_has_ended_cannot_be_made_again(server):
    async with process(server, MemoryHistory()) as one:
        assert await one.refill.begin(Position("other", 5)) is None


async def test_what_no_process_lived_long_enough_to_write_is_written_by_the_next(server):
    away = Switched()
    away.away = True
    async with process(server, away) as one:
        await publish(server, 1, 300)
        await one.read(300)
        await one.checkpoints.keep()
    async with process(server, history := MemoryHistory()) as one:
        assert one.log.status.received == 0
        await publish(server, 301, 310)
        await one.read(310)
        await one.done()
    assert [row.position.seq for row in await entries(history)] == list(range(1, 311))
    assert [row.previous for row in await entries(history)] == list(range(310))
