"""What a stream does not take of what is published is reported, and nothing else is."""

import asyncio
import contextlib
import dataclasses
import json
from collections import Counter
from types import SimpleNamespace

import pytest
import structlog

from livingmap.core.fold import POSSIBLE_LOSS
from livingmap.core.model import Message, Position
from livingmap.core.progress import Progress
from livingmap.log.backbone import backbone
from livingmap.log.decoding import Decoder
from livingmap.log.ear import Ear
from livingmap.log.local import utc_now
from livingmap.log.unmatched import Unmatched
from livingmap.supervision import stop
from livingmap.transport.connection import NatsClient
from livingmap.transport.settings import NatsSettings
from tests.support.nats_server import NatsServer, jetstream_server, until

STREAM = "LIVINGMAP"


@pytest.fixture
async def server(tmp_path, monkeypatch):
    monkeypatch.setattr("livingmap.log.losses._UNDER_WAY_SECONDS", 1.0)
    monkeypatch.setattr("livingmap.log.losses._LOOK_SECONDS", 0.1)
    async with jetstream_server(tmp_path) as one:
        yield one


@contextlib.asynccontextmanager
async def process(server, *, leads=True, **settings):
    """Run one process on the log; lend it and the entries that it reads, once it compares."""
    given = NatsSettings(url=server.url, ping_seconds=1, **settings)
    made = backbone(given, ["a.*"], ["a"], b"", utc_now, longest_pause_seconds=0.3)
    entries = []
    made.log.subscribe(entries.append)
    tasks = [asyncio.create_task(one) for one in (made.intakes[0].run(), made.ear.run())]
    if leads:
        tasks.append(asyncio.create_task(made.cluster.lead(made.losses.report)))
    try:
        await until(lambda: made.ear.listens, 60)
        yield made, entries
        assert not any(task.done() for task in tasks)
    finally:
        for task in reversed(tasks):
            await stop([task])


@contextlib.asynccontextmanager
async def deaf_stream(server):
    """Have the stream take nothing of what is published, as if it had no leader."""
    async with server.publisher() as client:
        js = client.jetstream()
        config = (await js.stream_info(STREAM)).config
        await js.update_stream(dataclasses.replace(config, subjects=[f"livingmap.{STREAM}.>"]))
        yield client
        await client.flush()
        await js.update_stream(config)


def losses(entries):
    return [one.payload for one in entries if one.type == POSSIBLE_LOSS]


def numbers(entries):
    return [one.payload["number"] for one in entries if one.type != POSSIBLE_LOSS]


def missed(entries):
    return sum(one["messages"] for one in losses(entries))


async def publish(client, first, last, **how):
    for number in range(first, last):
        await client.publish(f"a.{number % 2}", json.dumps({"number": number}).encode(), **how)


async def test_what_the_stream_did_not_take_is_one_entry(server):
    with structlog.testing.capture_logs() as logs:
        async with process(server) as (made, entries), server.publisher() as client:
            await publish(client, 0, 10)
            await until(lambda: len(entries) == 10)
            async with deaf_stream(server) as other:
                await publish(other, 10, 31)
            await publish(client, 31, 40)
            await until(lambda: missed(entries) == 21)
    assert numbers(entries) == [*range(10), *range(31, 40)]
    reported = losses(entries)  # one, unless publishing was held up for longer than what is under way may take
    assert sum((Counter(one["subjects"]) for one in reported), Counter()) == {"a.0": 11, "a.1": 10}
    times = [one[name] for one in reported for name in ("from", "until")]
    assert times == sorted(times)
    assert entries[0].received_at.isoformat() < times[0] <= times[-1] < utc_now().isoformat()
    assert not any(one["at_least"] for one in reported)
    assert (made.intakes[0].status.missed, made.intakes[0].status.missed_until.isoformat()) == (21, times[-1])
    lines = [line for line in logs if line["event"] == "the stream missed messages"]
    assert [(line["messages"], line["log_level"]) for line in lines] == [
        (one["messages"], "warning") for one in reported
    ]


async def test_a_loss_is_reported_by_the_process_that_leads_and_forgotten_by_the_others(server):
    async with process(server) as (leader, entries), process(server, leads=False) as (other, others):
        async with deaf_stream(server) as client:
            await publish(client, 0, 5)
        await until(lambda: missed(entries) == missed(others) == 5)
        await until(lambda: [one.intakes[0].status.missed for one in (leader, other)] == [5, 5])
        await until(lambda: len(leader.ear.unmatched) == len(other.ear.unmatched) == 0)


async def test_the_next_leader_reports_what_was_missed_before_it_led(server):
    async with process(server, leads=False) as (made, entries):
        async with deaf_stream(server) as client:
            await publish(client, 0, 5)
        await until(lambda: len(made.ear.unmatched) == 5)
        leading = asyncio.create_task(made.cluster.lead(made.losses.report))
        await until(lambda: missed(entries) == 5)
        await stop([leading])


async def test_what_was_stored_is_never_reported_whatever_it_was(server):
    async with process(server) as (made, entries), server.publisher() as client:
        for _ in range(3):
            await client.publish("a.same", b'{"number": 1}')
        await client.publish("a.dead", b"no JSON")
        await client.publish("a.x", b'{"number": 1}', headers={"traceparent": "00-1-2-01"})
        for _ in range(2):  # the stream keeps the first
            await client.publish("a.y", b'{"number": 1}', headers={"Nats-Msg-Id": "once"})
        await made.log.append(Message("a.z", {"number": 2}))
        await until(lambda: made.intakes[0].status.logged == 6)
        async with deaf_stream(server) as other:  # what is reported afterwards is this alone
            await publish(other, 10, 11)
        await until(lambda: losses(entries))
        assert [(one["messages"], one["subjects"]) for one in losses(entries)] == [(1, {"a.0": 1})]


async def test_a_subscription_that_seems_to_fail_and_does_not_is_no_loss(server, monkeypatch):
    take, failures = NatsClient.take, []

    async def take_late(self, on_arrival, *patterns):
        await take(self, on_arrival, *patterns)
        if isinstance(getattr(on_arrival, "__self__", None), Ear) and not failures:
            failures.append(patterns)
            raise TimeoutError

    monkeypatch.setattr(NatsClient, "take", take_late)
    async with process(server) as (made, entries), server.publisher() as client:
        assert len(failures) == 1
        await publish(client, 0, 10)
        await until(lambda: len(entries) == 10)
        await publish(client, 10, 11)  # by then all before it came both ways
        await until(lambda: len(entries) == 11 and len(made.ear.unmatched) == 0)


class Looked(Unmatched):
    """Counts how often the ear looked whether it listens."""

    looks = 0

    def forget_brought(self, before):
        self.looks += 1
        super().forget_brought(before)


class SlowClient:
    """A client whose subscriptions take until they are let go on."""

    is_connected = False

    def __init__(self):
        self.takes = 0
        self.goes_on = asyncio.Event()

    async def take(self, *_):
        self.takes += 1
        await self.goes_on.wait()


class Idle:
    """A connection that a test attaches to itself."""

    def add(self, participant):
        pass

    async def run(self):
        await asyncio.Event().wait()


async def test_a_subscription_that_takes_long_is_not_begun_again(monkeypatch):
    monkeypatch.setattr("livingmap.log.ear._LOOK_SECONDS", 0.001)
    settings, progress = NatsSettings(url="nats://127.0.0.1:9"), Progress(Position("e", 0))
    progress.aim(0)
    stream = SimpleNamespace(info=SimpleNamespace(config=SimpleNamespace(subjects=["a.*"])))
    ear = Ear(Idle(), stream, ["a.*"], Decoder(settings, ["a.*"]), progress)
    for client in (SlowClient(), SlowClient()):
        ear.unmatched = unmatched = Looked(100)
        tasks = [asyncio.create_task(one) for one in (ear.attach(client), ear.run())]
        await until(lambda client=client, unmatched=unmatched: client.takes > 1 or unmatched.looks > 5)
        ear.check()
        assert (client.takes, ear.listens) == (1, False)
        client.goes_on.set()
        await until(lambda: ear.listens)
        await stop(tasks)
        ear.detach()


async def test_what_another_stream_owns_is_not_listened_to(server):
    async with server.publisher() as client:
        await client.jetstream().add_stream(name="OTHER", subjects=["a.*"])
        async with process(server) as (made, entries):
            await publish(client, 0, 3)
            await until(lambda: len(entries) == 3)
            assert len(made.ear.unmatched) <= 3  # brought, and not carried
            assert made.ear.unmatched.carried(made.ear.seconds()) == []


async def test_an_account_that_may_not_subscribe_is_told_that_nothing_is_noticed(tmp_path):
    one = NatsServer(
        tmp_path,
        """
authorization { users: [
  { user: map, password: map, permissions: { publish: [">"], subscribe: ["_INBOX.>", "_livingmap.>"] } }
] }
""",
    )
    one.use_jetstream()
    await one.start()
    try:
        with structlog.testing.capture_logs() as logs:
            url = one.url.replace("//", "//map:map@")
            given = type("Server", (), {"url": url})
            async with process(given):
                await until(lambda: any("is not noticed" in line["event"] for line in logs))
    finally:
        await one.kill()
