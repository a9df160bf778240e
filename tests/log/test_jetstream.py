"""The log in a stream of a real nats-server, whatever happens to either."""

import asyncio
import contextlib
import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, RetentionPolicy

from livingmap.core.fold import CLOCK_SET, DOWN, POSSIBLE_LOSS, TIME_PASSED, UP, refreshed
from livingmap.core.model import Message, Put
from livingmap.core.progress import Phase
from livingmap.errors import LogError
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop, within
from livingmap.transport.settings import NatsSettings
from tests.support.jetstream_log import attached, idle, numbered, publish, reading
from tests.support.nats_cluster import nats_cluster
from tests.support.nats_server import NatsServer, jetstream_server, until
from tests.support.proxy import proxy

MIB = 1024**2
LOCKED = """
authorization { users: [
  { user: map, password: map, permissions: { publish: ["a.*"], subscribe: [">"] } }
  { user: all, password: all }
] }
"""


@pytest.fixture
async def server(tmp_path):
    async with jetstream_server(tmp_path) as one:
        yield one


async def _awaited(task):
    return await task


async def test_messages_come_once_and_in_order_with_the_streams_positions(server):
    messages = numbered(0, 3000, "a.1.x", "a.2.y", "a.1.y", "c", "b.1")
    async with reading(server, "a.*.x", "a.1.*", "a.2.y", "c", "b.>", "b.*") as (log, notes):
        await attached(log)
        events = []
        log.subscribe(events.append)
        began = datetime.now(UTC)
        await publish(server, *messages, ("a.3.z", {}), ("b.end", {}))
        await until(lambda: notes.seen[-1:] == [("b.end", {})])
        assert notes.seen[:-1] == messages
        assert [event.position.seq for event in events] == [*range(1, 3001), 3002]
        assert {event.position.epoch for event in events} == {log.position.epoch}
        times = [event.received_at for event in events]
        assert times == sorted(times)
        assert abs(times[0] - began) < timedelta(minutes=1)
        assert (log.status.received, log.status.logged, notes.times_live) == (3001, 3001, 1)


async def test_what_is_published_while_nobody_reads_is_read_afterwards(server):
    async with reading(server) as (log, notes):
        await attached(log)
        await publish(server, *numbered(0, 10, "a.1"))
        await until(lambda: len(notes.seen) == 10)
        epoch = log.position.epoch
    await publish(server, *numbered(10, 20, "a.1"))
    async with reading(server) as (log, notes):
        await attached(log)
        assert notes.seen == numbered(0, 20, "a.1")
        assert (log.position.epoch, log.position.seq) == (epoch, 20)


async def test_what_is_appended_is_read_by_all_before_it_returns_to_who_appended(server):
    async with reading(server) as (one, ones), reading(server) as (two, twos):
        await attached(one)
        await attached(two)
        poll = refreshed("city", 0, [Put("city", "microdao:x", {"name": "X"})])
        for message in (poll, Message(DOWN, {"source": "city", "error": None}), Message("a.b", {"x": 1})):
            await one.append(message)
            assert ones.seen[-1] == (message.type, message.payload)
        await until(lambda: twos.seen == ones.seen)
        assert one.position == two.position
        assert one.cluster.cursor_key() == two.cluster.cursor_key()


async def test_what_nobody_wants_is_published_and_not_waited_for(server):
    async with reading(server) as (log, notes), server.publisher() as client:
        await attached(log)
        heard = await client.subscribe("x.1")
        await client.flush()
        await within(10, log.append(Message("x.1", {"y": 1})), "waiting")
        assert json.loads((await heard.next_msg(timeout=10)).data) == {"y": 1}
        assert notes.seen == []


async def test_a_stream_that_stores_nothing_is_said_until_it_stores_again(server):
    with structlog.testing.capture_logs() as logs:
        async with reading(server) as (log, notes), server.publisher() as client:
            await attached(log)
            js = client.jetstream()
            config = (await js.stream_info("LIVINGMAP")).config
            full = {"discard": DiscardPolicy.NEW, "max_msgs": 1}
            await log.append(Message("a.b", {"number": 1}))
            await js.update_stream(config.evolve(**full))
            appending = asyncio.create_task(log.append(Message("a.b", {"number": 2})))
            await until(lambda: log.status.refusal, 30)
            assert log.status.connected
            assert not appending.done()
            await js.update_stream(config)
            await within(30, _awaited(appending), "appending")
            assert log.status.reported_error is None
            assert [payload["number"] for _, payload in notes.seen] == [1, 2]
    assert refusals(logs) == ["the stream stores nothing", "the stream stores again"]


def refusals(logs):
    return [line["event"] for line in logs if line["event"].startswith("the stream stores")]


async def test_that_the_stream_stores_nothing_is_forgotten_with_the_last_message_that_waits(server, monkeypatch):
    monkeypatch.setattr("livingmap.log.jetstream._CONFIRM_SECONDS", 0.1)
    with structlog.testing.capture_logs() as logs:
        async with reading(server) as (log, _), server.publisher() as client:
            await attached(log)
            js = client.jetstream()
            config = (await js.stream_info("LIVINGMAP")).config
            await js.update_stream(config.evolve(subjects=["livingmap.LIVINGMAP.>"]))
            await client.subscribe("a.*")  # somebody gets it, and nobody answers
            await client.flush()
            for count in (1, 2):
                appending = [asyncio.create_task(log.append(Message("a.b", {"number": n}))) for n in range(2)]
                await until(lambda: log.status.refusal, 30)
                await stop(appending[:1])
                assert log.status.refusal is not None
                await stop(appending[1:])
                assert (log.status.refusal, refusals(logs)) == (None, ["the stream stores nothing"] * count)


async def test_that_the_stream_stores_nothing_is_logged_again_after_a_new_connection(server, monkeypatch):
    monkeypatch.setattr("livingmap.log.jetstream._CONFIRM_SECONDS", 0.1)
    with structlog.testing.capture_logs() as logs:
        async with (
            proxy(server.port) as way,
            reading(server, url=f"nats://127.0.0.1:{way.port}") as (log, _),
            server.publisher() as client,
        ):
            await attached(log)
            js = client.jetstream()
            config = (await js.stream_info("LIVINGMAP")).config
            await log.append(Message("a.b", {"number": 1}))
            await js.update_stream(config.evolve(discard=DiscardPolicy.NEW, max_msgs=1))
            appending = asyncio.create_task(log.append(Message("a.b", {"number": 2})))
            await until(lambda: refusals(logs) == ["the stream stores nothing"], 30)
            way.reset()
            await until(lambda: refusals(logs) == ["the stream stores nothing"] * 2, 30)
            await stop([appending])


@pytest.mark.parametrize(
    "message",
    [
        refreshed("city", 0, []),
        Message(DOWN, {"source": "city", "error": "HTTP 500"}),
        Message(UP, {"source": "city"}),
        Message(TIME_PASSED, {}),
        Message(CLOCK_SET, {"seconds": -60.0}),
        Message(
            POSSIBLE_LOSS, {"from": "2026-01-02T12:00:00Z", "until": "2026-01-02T12:00:00Z", "messages": None}
        ),
        Message(POSSIBLE_LOSS, {"from": "2026-01-02T12:00:00Z", "until": "2026-01-02T12:00:06Z", "messages": 9}),
    ],
    ids=lambda message: message.type,
)
async def test_each_kind_of_entry_of_the_map_itself_is_read_as_it_was_appended(server, message):
    async with reading(server) as (log, notes):
        await attached(log)
        await log.append(message)
        assert notes.seen == [(message.type, message.payload)]
        assert log.status.dead.count == 0


async def test_cursors_of_a_map_of_another_shape_do_not_hold(server):
    async with reading(server) as (one, _), reading(server, shape=b"other") as (two, _):
        await attached(one)
        await attached(two)
        assert one.cluster.cursor_key() != two.cluster.cursor_key()


async def test_a_difference_that_is_too_large_for_one_message_is_divided(server):
    server.config += "\nmax_payload: 100KB\n"
    await server.kill()
    await server.start()
    changes = [Put("city", f"microdao:{number}", {"text": "x" * 10_000}) for number in range(40)]
    async with reading(server) as (log, notes):
        await attached(log)
        await log.append(
            refreshed("city", 0, [*changes, Put("city", "microdao:huge", {"text": ["x" * 9000] * 20})])
        )
    said = [change["id"] for _, payload in notes.seen for change in payload["changes"]]
    assert said == [change.id for change in changes]
    assert len(notes.seen) > 4


async def test_a_server_may_come_later_and_go_and_come_again(tmp_path):
    server = NatsServer(tmp_path)
    server.use_jetstream()
    async with reading(server) as (log, notes):
        await until(lambda: log.status.error != "not connected yet")
        assert log.progress.phase is Phase.REPLAYING
        await server.start()
        await attached(log)
        appending = None
        for number in range(3):
            await until(lambda: log.status.connected)
            await publish(server, ("a.b", {"number": number}))
            await until(lambda number=number: notes.seen[-1:] == [("a.b", {"number": number})])
            await server.kill()
            await until(lambda: not log.status.connected)
            if number == 1:
                appending = asyncio.create_task(log.append(Message("a.own", {})))
            await server.start()
        await within(30, _awaited(appending), "waiting")
        await until(lambda: log.status.connected)
    assert [message for message in notes.seen if message[0] == "a.b"] == numbered(0, 3, "a.b")
    assert notes.seen.count(("a.own", {})) == 1
    await server.kill()


async def test_a_log_that_cannot_be_read_on_has_been_away_since_it_was_lost(server):
    attempts, works = 0, False

    async def before_reading():
        nonlocal attempts
        attempts += 1
        if not works:
            raise ConnectionError("not yet")

    async with reading(server) as (log, _):
        await attached(log)
        log.before_reading(before_reading)
        await server.kill()
        await until(lambda: log.progress.away_since is not None)
        lost_at = log.progress.away_since
        await server.start()
        await until(lambda: attempts >= 2 and log.progress.away_since is not None)
        assert log.progress.away_since == lost_at
        works = True
        await until(lambda: log.status.connected)
        assert log.progress.away_since is None


async def test_a_server_that_only_stays_silent_is_noticed_and_nothing_is_lost(server):
    async with reading(server) as (log, notes):
        await attached(log)
        server.freeze()
        await until(lambda: not log.status.connected)
        server.thaw()
        await publish(server, ("a.1", {}))
        await until(lambda: notes.seen == [("a.1", {})])


async def test_a_consumer_that_the_server_forgot_is_asked_for_again(server):
    async with reading(server) as (log, notes), server.publisher() as client:
        await attached(log)
        js = client.jetstream()
        [consumer] = await js.consumers_info("LIVINGMAP")
        await js.delete_consumer("LIVINGMAP", consumer.name)
        await publish(server, ("a.1", {}))
        await until(lambda: notes.seen == [("a.1", {})], 30)


async def test_bad_messages_are_set_aside_and_harm_nothing(server):
    bad = [
        ("a.1", b"hello"),
        ("a.1", b'{"a": "\\u0000"}'),
        ("a.1", b"x" * 300_000),
        ("livingmap.LIVINGMAP.source.refreshed", b'{"source": "city", "since": 0, "changes": [{"op": "dance"}]}'),
        ("livingmap.LIVINGMAP.source.refreshed", b'{"source": "city", "since": 0, "changes": 7}'),
        ("livingmap.LIVINGMAP.source.died", b'{"source": "city"}'),
        ("livingmap.LIVINGMAP.source.down", b"[]"),
    ]
    async with reading(server) as (log, notes):
        await attached(log)
        for message in bad:
            await publish(server, message, ("a.1", {}))
        await until(lambda: log.status.received == 2 * len(bad))
        assert notes.seen == [("a.1", {})] * len(bad)
        assert log.status.dead.count == len(bad)
        assert log.position.seq == 2 * len(bad)


async def test_of_two_processes_one_leads_and_the_other_follows_when_it_goes(server):
    leading = []

    def duty(name):
        async def run():
            leading.append(name)
            try:
                await idle()
            finally:
                leading.remove(name)

        return run

    async with contextlib.AsyncExitStack() as stack:
        one, _ = await stack.enter_async_context(reading(server, duties=duty("one")))
        await until(lambda: leading == ["one"])
        async with reading(server, duties=duty("two")) as (two, _):
            await attached(two)
            assert (one.cluster.leads, two.cluster.leads) == (True, False)
            await stack.aclose()
            await until(lambda: leading == ["two"])


async def test_duties_that_fail_end_the_leading(server):
    async def broken():
        raise RuntimeError("no more")

    async with reading(server) as (log, _):
        with pytest.raises(RuntimeError, match="no more"):
            await within(20, log.cluster.lead(broken), "leading")


async def test_who_joins_later_begins_with_the_checkpoint(server):
    async with reading(server) as (log, notes):
        await attached(log)
        await publish(server, *numbered(0, 10, "a.1"), ("a.1", b"dead"))
        await until(lambda: log.status.received == 11)
        await log.checkpoints.keep()
        await publish(server, *numbered(10, 15, "a.1"))
        await until(lambda: len(notes.seen) == 15)
        async with reading(server) as (later, laters):
            await attached(later)
            assert laters.restored == [{"seen": [list(one) for one in numbered(0, 10, "a.1")]}]
            assert laters.seen == notes.seen
            assert later.position == log.position
            assert later.status.received == 5


async def test_a_leader_keeps_a_first_checkpoint_at_once(server):
    async with reading(server, duties=idle) as (log, _):
        await publish_when(log, server)
        await until(lambda: log.checkpoints.kept_up_to is not None)


async def publish_when(log, server):
    await attached(log)
    await publish(server, ("a.1", {}))


async def test_a_checkpoint_that_cannot_be_used_is_left_aside(server):
    async with reading(server) as (log, _), server.publisher() as client:
        await attached(log)
        await publish(server, *numbered(0, 3, "a.1"))
        store = await client.jetstream().create_object_store("LIVINGMAP")
        await store.put("checkpoint", b"nonsense")
    with structlog.testing.capture_logs() as logs:
        async with reading(server) as (log, notes):
            await attached(log)
            assert notes.seen == numbered(0, 3, "a.1")
    assert "a checkpoint cannot be used" in [line["event"] for line in logs]


async def test_a_stream_that_is_made_anew_begins_a_new_epoch(server):
    async with reading(server) as (log, notes):
        await attached(log)
        await publish(server, *numbered(0, 3, "a.1"))
        await until(lambda: len(notes.seen) == 3)
        before = log.position
        async with server.publisher() as client:
            await client.jetstream().delete_stream("LIVINGMAP")
        await until(lambda: log.position.epoch != before.epoch, 30)
        await until(lambda: log.status.connected)
        await publish(server, ("a.1", {"number": 9}))
        await until(lambda: notes.seen == [("a.1", {"number": 9})])
        assert log.position.seq == 1


async def test_what_the_stream_dropped_meanwhile_is_told_and_reading_goes_on(server):
    async with reading(server) as (log, notes):
        await attached(log)
        await publish(server, ("a.1", {"number": 0}))
        await until(lambda: len(notes.seen) == 1)
        server.freeze()
        await until(lambda: not log.status.connected)
        server.thaw()
        with structlog.testing.capture_logs() as logs:
            async with server.publisher() as client:
                for number in range(1, 4):
                    await client.publish("a.1", json.dumps({"number": number}).encode())
                await client.flush()
                await client.jetstream().purge_stream("LIVINGMAP")
                await client.publish("a.1", b'{"number": 4}')
            await until(lambda: notes.seen[-1:] == [("a.1", {"number": 4})])
    told = [line["event"] for line in logs]
    assert len(notes.seen) == 5 or "the stream no longer has what was published meanwhile" in told


# declaring the stream


async def test_the_stream_is_bounded_and_answers_no_requests(server):
    async with (
        reading(server, "a.*", "b.>", stream="MAP_2", stream_days=2, stream_bytes=2 * 1024**2) as (log, _),
        server.publisher() as client,
    ):
        await attached(log)
        config = (await client.jetstream().stream_info("MAP_2")).config
        assert sorted(config.subjects) == ["a.*", "b.>", "livingmap.MAP_2.>"]
        assert (config.max_age, config.max_bytes, config.no_ack) == (172_800, 2 * 1024**2, True)

        async def answer(message):
            await message.respond(b"from the service")

        await client.subscribe("a.service", cb=answer)
        assert (await client.request("a.service", b"{}", timeout=5)).data == b"from the service"


async def test_the_stream_grows_with_the_plugins_and_never_shrinks(server):
    steps = [
        ({"patterns": ["a.*"], "stream_bytes": 4 * MIB}, ["a.*"], 4 * MIB, []),
        ({"patterns": ["a.*", "b.*"], "stream_bytes": 8 * MIB}, ["a.*", "b.*"], 8 * MIB, []),
        (
            {"patterns": ["b.*"], "stream_bytes": 5 * MIB, "stream_days": 1},
            ["a.*", "b.*"],
            8 * MIB,
            ["subjects: a.*", "stream_days: 7 there, 1 here", "stream_bytes: 8.38861e+06 there, 5.24288e+06 here"],
        ),
    ]
    for settings, subjects, size, differences in steps:
        patterns = settings.pop("patterns")
        async with reading(server, *patterns, **settings) as (log, _), server.publisher() as client:
            await attached(log)
            config = (await client.jetstream().stream_info("LIVINGMAP")).config
            assert (sorted(config.subjects), config.max_bytes) == ([*subjects, "livingmap.LIVINGMAP.>"], size)
            assert (config.max_age, log.status.differences) == (7 * 86_400, differences)


async def test_what_a_leader_says_after_another_has_taken_over_does_not_count(server):
    def poll(name):
        return refreshed("city", 0, [Put("city", f"microdao:{name}", {"name": name})])

    async with contextlib.AsyncExitStack() as stack:
        one, _ = await stack.enter_async_context(reading(server, duties=idle))
        await until(lambda: one.cluster.leads)
        await one.append(poll("a"))
        old_term = one.cluster.term()
        await stack.aclose()
    async with reading(server, duties=idle) as (two, notes), server.publisher() as client:
        await until(lambda: two.cluster.leads)
        assert two.cluster.term() > old_term
        await two.append(poll("b"))
        late = json.dumps(poll("late").payload).encode()
        await client.publish(
            "livingmap.LIVINGMAP.source.refreshed", late, headers={"Livingmap-Term": str(old_term)}
        )
        await two.append(poll("c"))
        assert [payload["changes"][0]["id"] for _, payload in notes.seen] == [
            "microdao:a",
            "microdao:b",
            "microdao:c",
        ]
        await until(lambda: two.status.dead.letters)  # it was published by another connection
        [letter] = two.status.dead.letters
        assert (
            letter.reason
            == f"of a leader of term {old_term}, which that of term {two.cluster.term()} has replaced"
        )


async def test_a_subject_of_another_stream_is_read_from_there(server):
    async with server.publisher() as client:
        await client.jetstream().add_stream(name="OTHER", subjects=["a.>"])
        async with reading(server, "a.*", "b.*") as (log, notes):
            await attached(log)
            await publish(server, ("a.1", {}), ("b.1", {}), ("a.x.y", {}))
            await until(lambda: len(notes.seen) == 2)
            assert sorted(notes.seen) == [("a.1", {}), ("b.1", {})]


async def test_a_subject_of_which_another_stream_owns_a_part_is_warned_of(server):
    async with server.publisher() as client:
        await client.jetstream().add_stream(name="OTHER", subjects=["a.1", "a.2"])
        with structlog.testing.capture_logs() as logs:
            async with reading(server, "a.*") as (log, notes):
                await attached(log)
                await publish(server, ("a.1", {}), ("a.3", {}), ("a.2", {}))
                await until(lambda: len(notes.seen) == 2)
    warned = [line for line in logs if line["event"].startswith("another stream has a part")]
    assert [(line["subject"], line["streams"]) for line in warned] == [("a.*", ["OTHER: a.1", "OTHER: a.2"])]


async def refusal(log):
    with pytest.raises(LogError) as error:
        await within(20, log.run(), "reading")
    return str(error.value)


def a_log(server, **settings):
    [log] = backbone(NatsSettings(url=server.url, **settings), ["a.*"], ["a"], b"", utc_now).intakes
    return log


async def test_a_work_queue_is_not_read_along(server):
    async with server.publisher() as client:
        await client.jetstream().add_stream(name="JOBS", subjects=["a.>"], retention=RetentionPolicy.WORK_QUEUE)
    said = await refusal(a_log(server))
    assert said.startswith("nats.stream: a.* belongs to the work queue JOBS")


async def test_a_server_without_jetstream_is_told_with_what_would_work(tmp_path):
    server = NatsServer(tmp_path)
    await server.start()
    said = await refusal(a_log(server))
    await server.kill()
    assert said.startswith("nats.jetstream: the server has no JetStream")
    assert "nats.jetstream: false" in said


async def test_an_account_that_may_not_is_told_with_what_would_work(tmp_path):
    server = NatsServer(tmp_path, LOCKED)
    server.use_jetstream()
    await server.start()
    said = await refusal(a_log(server, user="map", password="map"))
    await server.kill()
    assert said.startswith("nats.jetstream: the account may not use JetStream")
    assert "$js.api.info" in said.lower()


async def test_a_stream_that_is_too_large_for_the_server_is_told(tmp_path):
    server = NatsServer(tmp_path)
    server.use_jetstream("max_file_store: 10MB")
    await server.start()
    said = await refusal(a_log(server))
    await server.kill()
    assert said.startswith("nats.stream: the server does not keep LIVINGMAP")
    assert "nats.stream_bytes" in said


async def test_a_limit_that_shrinks_while_a_difference_waits_divides_it_again(server):
    async with reading(server) as (log, notes):
        await attached(log)
        await server.kill()
        changes = [Put("city", f"microdao:{number}", {"text": "x" * 10_000}) for number in range(40)]
        appending = asyncio.create_task(log.append(refreshed("city", 0, changes)))
        server.config += "\nmax_payload: 100KB\n"
        await server.start()
        await within(30, _awaited(appending), "appending")
    ids = [change["id"] for _, payload in notes.seen for change in payload["changes"]]
    assert ids == [change.id for change in changes]
    assert len(notes.seen) > 4


@pytest.fixture
async def three(tmp_path):
    servers = NatsServer.cluster(tmp_path)
    yield servers
    for one in servers:
        await one.kill()


async def started(servers):
    for one in servers:
        await one.start()


def urls(servers):
    return ",".join(one.url for one in servers)


async def test_a_cluster_without_a_majority_is_waited_for(three):
    await three[0].start()
    async with reading(three[0], url=three[0].url) as (log, notes):
        await until(lambda: "JetStream" in (log.status.error or ""))
        assert log.progress.phase is Phase.REPLAYING
        await started(three[1:])
        async with asyncio.timeout(120):
            await log.progress.live()
        await within(20, log.append(Message("a.b", {"number": 1})), "appending")
        assert notes.seen == [("a.b", {"number": 1})]


async def replicas(server):
    async with server.publisher() as client:
        streams = await client.jetstream().streams_info()  # lacks those of which no leader answers at once
    return {one.config.name: one.config.num_replicas for one in streams}


async def have_replicas(server, number):
    return await replicas(server) == dict.fromkeys(["LIVINGMAP", "KV_LIVINGMAP", "OBJ_LIVINGMAP"], number)


async def are_current(server):
    async with server.publisher() as client:
        clusters = [one.cluster for one in await client.jetstream().streams_info()]
    return all(one.leader and [peer.current for peer in one.replicas or []] == [True, True] for one in clusters)


async def test_what_is_kept_beside_the_stream_has_its_replicas_and_outlives_a_server(three):
    async def duties():
        await asyncio.Event().wait()

    await started(three)
    async with reading(three[0], url=urls(three), duties=duties) as (log, _):  # with one replica, as of old
        async with asyncio.timeout(120):
            await log.progress.live()
        await until(lambda: log.checkpoints.kept_up_to is not None or log.cluster.leads)
        await log.append(Message("a.b", {"number": 1}))
        await log.checkpoints.keep()
    async with reading(three[0], url=urls(three), duties=duties, stream_replicas=3) as (log, notes):
        async with asyncio.timeout(120):
            await log.progress.live()
        await until(lambda: log.cluster.leads, 30)
        await until(lambda: have_replicas(three[0], 3), 40, 0.1)
        await until(lambda: are_current(three[0]), 40, 0.1)  # a replica that was only just made holds nothing yet
        async with three[0].publisher() as client:
            leader = (await client.jetstream().stream_info("KV_LIVINGMAP")).cluster.leader
        await three[int(leader.removeprefix("n"))].kill()
        await within(30, log.append(Message("a.b", {"number": 2})), "appending")
        await until(lambda: log.cluster.leads, 30)
        await until(lambda: kept(log), 40, every=0.5)
        assert notes.seen[-1] == ("a.b", {"number": 2})


async def test_a_bucket_whose_only_server_is_away_is_named_until_that_is_back(tmp_path):
    async with nats_cluster(tmp_path) as cluster:
        async with cluster.servers["n0"].publisher() as client:
            js, subjects = client.jetstream(), ["a.*", "livingmap.LIVINGMAP.>"]
            await js.add_stream(name="LIVINGMAP", subjects=subjects, num_replicas=3)
            await js.create_key_value(bucket="LIVINGMAP")
        holder = cluster.servers[await cluster.leader("KV_LIVINGMAP")]
        await holder.kill()
        async with reading(holder, url=urls(cluster.servers.values())) as (log, _):
            await until(lambda: "`nats stream rm KV_LIVINGMAP`" in (log.status.error or ""), 90)
            await holder.start()
            async with asyncio.timeout(90):
                await log.progress.live()


async def kept(log):
    try:
        await log.checkpoints.keep()
    except (NatsError, TimeoutError):  # a leader is being elected
        return False
    return True


async def test_a_cluster_with_too_few_servers_for_the_replicas_is_waited_for(tmp_path):
    two = NatsServer.cluster(tmp_path, 2)
    await started(two)
    async with reading(two[0], stream_replicas=3) as (log, _):
        await until(lambda: "no suitable peers" in (log.status.error or ""), 40)
        assert log.progress.phase is Phase.REPLAYING
    for one in two:
        await one.kill()


async def test_a_checkpoint_is_kept_on_a_server_that_takes_only_small_messages(server):
    await server.kill()
    server.config += "\nmax_payload: 16KB\n"
    await server.start()
    async with reading(server) as (log, _):
        await attached(log)
        for number in range(8):
            await log.append(Message("a.b", {"text": secrets.token_hex(5000), "number": number}))
        await log.checkpoints.keep()
    async with reading(server) as (log, notes):
        await attached(log)
        assert len(notes.restored[0]["seen"]) == 8


async def test_an_entry_that_no_message_holds_is_left_out_and_logged_once(server):
    await server.kill()
    server.config += "\nmax_payload: 16KB\n"
    await server.start()
    large = [Put("city", f"microdao:{number}", {"text": "x" * 20_000}) for number in range(3)]
    async with reading(server) as (log, notes):
        await attached(log)
        with structlog.testing.capture_logs() as logs:
            await log.append(refreshed("city", 0, [*large, Put("city", "microdao:small", {"text": "y"})]))
        assert [change["id"] for _, payload in notes.seen for change in payload["changes"]] == ["microdao:small"]
        assert [line["log_level"] for line in logs if line["event"] == "too large for the stream"].count(
            "warning"
        ) == 1
        assert log.status.oversized == 3


async def test_a_stream_that_is_made_anew_is_logged_and_counted(server):
    async with reading(server) as (log, _):
        await attached(log)
        await log.append(Message("a.b", {"number": 1}))
        last = str(log.position)
        with structlog.testing.capture_logs() as logs:
            async with server.publisher() as client:
                await client.jetstream().delete_stream("LIVINGMAP")
            await until(lambda: log.progress.new_epochs, 30)
        line = next(line for line in logs if line["event"].startswith("the stream was made anew"))
        assert (line["log_level"], line["last"]) == ("warning", last)
        assert line["epoch"] == log.position.epoch
