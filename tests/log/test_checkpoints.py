"""Checkpoints: however often a process is ended, the next one begins further on, and never with less."""

import asyncio
import contextlib

import pytest
import structlog
from nats.js.errors import NotFoundError

from livingmap.cluster import checkpoints
from livingmap.cluster.checkpoint import encode
from livingmap.cluster.checkpoint_store import CheckpointStore, Encoded, Kind
from livingmap.core.model import Position
from livingmap.supervision import stop
from livingmap.transport import objects
from livingmap.transport.connection import connected
from livingmap.transport.epoch import epoch_of
from livingmap.transport.settings import NatsSettings
from tests.support.jetstream_log import attached, idle, numbered, publish, reading
from tests.support.nats_server import jetstream_server, until


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


@pytest.fixture
async def client(server):
    """Lend a connection to a server that has the stream."""
    async with connected(NatsSettings(url=server.url)) as one:
        await one.jetstream().add_stream(name="LIVINGMAP", subjects=["a.*", "livingmap.LIVINGMAP.>"])
        yield one


@pytest.fixture
def _soon(monkeypatch):
    monkeypatch.setattr(checkpoints, "_EVERY_SECONDS_OF_REPLAY", 0.05)


async def epoch_in(client):
    return epoch_of(await client.jetstream().stream_info("LIVINGMAP"))


def encoded(epoch, seq, text="x"):
    return Encoded(
        Position(epoch, seq), seq, encode(Position(epoch, seq), seq, 0, [("text", b'"%s"' % text.encode())])
    )


async def loaded(client, up_to=None):
    """Return where the checkpoint goes from which a process would begin."""
    kept = await CheckpointStore("LIVINGMAP").load(client.jetstream(), await epoch_in(client), up_to)
    return kept and kept.read_up_to


async def messages(client):
    return (await client.jetstream().stream_info("OBJ_LIVINGMAP")).state.messages


# a process that is ended again and again


@pytest.mark.usefixtures("_soon")
async def test_a_process_that_is_killed_while_it_reads_begins_further_on_and_has_read_all_in_the_end(
    server, client
):
    await publish(server, *numbered(0, 20_000, "a.1"))
    begun = []
    for _ in range(4):
        async with reading(server, duties=idle, killed=True, slow=0.0005) as (log, notes):
            await until(lambda notes=notes: notes.restored, 30)
            begun.append(len(notes.restored[0].get("seen", [])))
            await until(lambda log=log: (log.checkpoints.kept_up_to or 0) > begun[-1], 60)
            assert not log.progress.is_live
    assert begun == sorted(set(begun))
    async with reading(server) as (log, notes):
        await attached(log)
        assert log.status.received < 20_000 - begun[-1]
        assert notes.seen == numbered(0, 20_000, "a.1")


async def test_a_process_that_ends_in_order_keeps_what_it_has_read(server, client):
    await publish(server, *numbered(0, 3000, "a.1"))
    async with reading(server, duties=idle, slow=0.001) as (_, notes):
        await until(lambda: len(notes.seen) >= 1000, 30)
    assert await loaded(client) >= 1000


@pytest.mark.usefixtures("_soon")
async def test_of_what_a_process_without_a_source_reads_no_checkpoint_is_kept(server, client):
    async with reading(server, sources=("a", "b")) as (log, _):
        await attached(log)
    await publish(server, *numbered(0, 1500, "a.1"))
    async with reading(server, duties=idle, slow=0.001) as (log, notes):
        await until(lambda: log.cluster.lacks == ["b"], 30)
        await until(lambda: len(notes.seen) >= 1200, 30)
    with pytest.raises(NotFoundError):
        await messages(client)


async def test_a_checkpoint_does_not_wait_for_the_history_but_is_recorded_only_with_it(server, client):
    await publish(server, *numbered(0, 10, "a.1"))
    async with reading(server, duties=idle) as (log, notes):
        notes.unsettled = Position("", 0)
        await attached(log)
        await until(lambda: log.checkpoints.kept_up_to is not None, 40)
        store = CheckpointStore("LIVINGMAP")
        assert await loaded(client) == 10
        assert await store.recorded_up_to(client.jetstream(), log.position.epoch) == 0
        notes.unsettled = None

        async def is_recorded():
            return await store.recorded_up_to(client.jetstream(), log.position.epoch) == 10

        await until(is_recorded, 30, 0.1)


async def test_what_a_process_began_with_is_not_recorded_because_nothing_waits(server, client):
    await publish(server, *numbered(0, 10, "a.1"))
    async with reading(server) as (log, _):
        await attached(log)
        await log.checkpoints.keep()
    async with reading(server, duties=idle) as (log, _):
        await attached(log)
        await publish(server, ("a.1", b"dead"))  # read, and not an entry: the position stays
        await until(lambda: log.cluster.leads and log.progress.read_up_to == 11, 40)
        log.checkpoints.kept_up_to = None  # the next one is due
        await until(lambda: log.checkpoints.kept_up_to == 11, 40)
        await asyncio.sleep(1.5)
    assert await CheckpointStore("LIVINGMAP").recorded_up_to(client.jetstream(), await epoch_in(client)) == 0


# several that save


async def test_a_checkpoint_never_gives_way_to_one_that_is_behind_it(client):
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    assert await store.save(client, Kind.LAST, encoded(epoch, 20)) == 20
    assert await store.save(client, Kind.LAST, encoded(epoch, 10)) == 20
    assert await loaded(client) == 20


async def test_of_several_that_save_at_once_one_remains_and_nothing_else(client):
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    await store.save(client, Kind.LAST, encoded(epoch, 1))

    async def save(seq):
        with contextlib.suppress(objects.ObjectReplaced):
            await store.save(client, Kind.LAST, encoded(epoch, seq, "x" * 1000))
            return seq

    saved = [one for one in await asyncio.gather(*(save(seq) for seq in range(2, 12))) if one]
    assert saved
    assert await loaded(client) in saved
    assert await messages(client) == 2


async def test_what_was_read_before_another_replaced_it_is_not_replaced(client):
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    await store.save(client, Kind.LAST, encoded(epoch, 5))
    before = await objects.look(client.jetstream(), "LIVINGMAP", Kind.LAST)
    await store.save(client, Kind.LAST, encoded(epoch, 20))
    with pytest.raises(objects.ObjectReplaced):
        await objects.put(client, "LIVINGMAP", Kind.LAST, b"late", before, {})
    assert await loaded(client) == 20
    assert await messages(client) == 2


async def test_what_a_killed_process_had_begun_to_save_is_deleted_with_the_next(client):
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    await store.save(client, Kind.LAST, encoded(epoch, 5))
    await store.save(client, Kind.RECORDED, encoded(epoch, 4))
    for _ in range(3):
        await client.jetstream().publish(f"$O.LIVINGMAP.C.{Kind.LAST}.begun", b"half")
    await store.save(client, Kind.LAST, encoded(epoch, 6))
    assert (await loaded(client), await loaded(client, up_to=5)) == (6, 4)
    assert await messages(client) == 4


async def test_a_process_of_an_epoch_that_has_ended_replaces_nothing(client):
    store, js = CheckpointStore("LIVINGMAP"), client.jetstream()
    old = await epoch_in(client)
    await store.save(client, Kind.LAST, encoded(old, 90))
    await js.delete_stream("LIVINGMAP")
    await js.add_stream(name="LIVINGMAP", subjects=["a.*"])
    await store.save(client, Kind.LAST, encoded(await epoch_in(client), 3))
    with pytest.raises(ConnectionError, match="made anew"):
        await store.save(client, Kind.LAST, encoded(old, 99))
    assert await loaded(client) == 3


# those that cannot be used


async def test_where_the_last_cannot_be_used_the_recorded_one_is_and_the_next_replaces_it(client):
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    await store.save(client, Kind.RECORDED, encoded(epoch, 4))
    await store.save(client, Kind.LAST, Encoded(Position(epoch, 9), 9, b"not what was encoded"))
    with structlog.testing.capture_logs() as logs:
        assert (await store.load(client.jetstream(), epoch)).read_up_to == 4
    assert [line["event"] for line in logs] == ["a checkpoint cannot be used"]
    assert await store.save(client, Kind.LAST, encoded(epoch, 5)) == 5
    assert await loaded(client) == 5


@pytest.mark.parametrize(
    "junk", [b"", b"{", b"[]", b"{}", b'{"name": 1}', b'{"headers": {"read-up-to": ["\xc2\xb2"]}}']
)
async def test_what_is_no_checkpoint_stops_neither_starts_nor_checkpoints(client, junk):
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    await store.save(client, Kind.LAST, encoded(epoch, 5))
    subject = (await client.jetstream().get_last_msg("OBJ_LIVINGMAP", "$O.LIVINGMAP.M.>")).subject
    await client.jetstream().publish(subject, junk, headers={"Nats-Rollup": "sub"})
    assert await store.load(client.jetstream(), epoch) is None
    await store.save(client, Kind.LAST, encoded(epoch, 6))
    assert await loaded(client) == 6


async def test_a_checkpoint_whose_parts_are_gone_does_not_hold_up_a_start(server, client, monkeypatch):
    monkeypatch.setattr(objects, "_CHUNK_SECONDS", 0.2)
    store, epoch = CheckpointStore("LIVINGMAP"), await epoch_in(client)
    await publish(server, *numbered(0, 3, "a.1"))
    await store.save(client, Kind.LAST, encoded(epoch, 2))
    await client.jetstream().purge_stream("OBJ_LIVINGMAP", subject="$O.LIVINGMAP.C.>")
    async with reading(server) as (log, notes):
        await attached(log)
        assert notes.seen == numbered(0, 3, "a.1")


async def test_keeping_ends_with_the_waiting_for_a_replay(server, client):
    """Cancelled while it waits, a process leaves no task behind."""
    async with reading(server) as (log, _):
        leading = asyncio.create_task(log.cluster.lead(idle))
        await stop([leading])
        assert leading.cancelled()
        assert "checkpoints" not in {one.get_name() for one in asyncio.all_tasks()}
