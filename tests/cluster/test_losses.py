"""What core publishers say while the stream elects a leader is accounted for: nothing is lost without a trace."""

import asyncio
import contextlib
import json

import pytest

from livingmap.core.fold import POSSIBLE_LOSS
from livingmap.core.model import Message
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop
from livingmap.transport.settings import NatsSettings
from tests.support.nats_cluster import nats_cluster
from tests.support.nats_server import until
from tests.support.proxy import proxy

STREAM = "LIVINGMAP"
SETTLED = "a.settled"


@pytest.fixture
async def cluster(tmp_path):
    async with nats_cluster(tmp_path) as three:
        yield three


class Process:
    """One process on the log: what it read, and what it says was lost."""

    def __init__(self, url):
        settings = NatsSettings(url=url, stream_replicas=3)
        self.made = backbone(settings, ["a.*"], ["a"], b"", utc_now, longest_pause_seconds=0.3)
        self.numbers, self.losses = [], []
        self.made.log.subscribe(self.take)

    def take(self, event):
        if event.type == POSSIBLE_LOSS:
            self.losses.append(event.payload)
        elif event.type != SETTLED:
            self.numbers.append(event.payload["number"])

    @property
    def missed(self):
        return sum(one["messages"] or 0 for one in self.losses)

    @property
    def status(self):
        return self.made.intakes[0].status

    @contextlib.asynccontextmanager
    async def running(self):
        """Lend it once it compares what is published with what the stream brings."""
        made = self.made
        all_of_it = (made.intakes[0].run(), made.ear.run(), made.cluster.lead(made.losses.report))
        tasks = [asyncio.create_task(one) for one in all_of_it]
        try:
            await until(lambda: made.ear.listens, 120)
            yield self
            assert not any(task.done() for task in tasks)
        finally:
            for task in reversed(tasks):
                await stop([task])


class Publisher:
    """Publishes numbers without waiting for anybody, until it is stopped."""

    def __init__(self, server):
        self._server = server
        self._stopped = False
        self.published = 0

    @contextlib.asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            self._stopped = True
            await task

    async def _run(self):
        async with self._server.publisher(allow_reconnect=False) as client:
            while not self._stopped:
                await client.publish(f"a.{self.published % 3}", json.dumps({"number": self.published}).encode())
                self.published += 1
                await asyncio.sleep(0.005)


async def are_current(server):
    """Tell whether the stream and both buckets are there, and every replica has all of it."""
    async with server.publisher() as client:
        streams = {one.config.name: one.cluster for one in await client.jetstream().streams_info()}
    return streams.keys() == {STREAM, f"KV_{STREAM}", f"OBJ_{STREAM}"} and all(
        one.leader and [peer.current for peer in one.replicas or []] == [True, True] for one in streams.values()
    )


async def settled(process, server):
    """Return once a checkpoint is kept: what gets its replicas while a server is killed may lose its leader."""
    await process.made.log.append(Message(SETTLED, {}))
    await until(lambda: are_current(server), 120, 0.1)


async def led_by_another(cluster, name):
    """Have a server other than ``name`` lead the stream; return which."""
    leader = await cluster.leader(STREAM)
    while leader == name:
        async with cluster.servers[name].publisher() as client:
            await client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", b"", timeout=10)
        await until(lambda: are_current(cluster.servers[name]), 120, 0.1)
        leader = await cluster.leader(STREAM)
    return leader


@pytest.mark.timeout(700)  # each of its waits has a limit of its own
async def test_every_message_is_in_the_stream_or_counted_when_its_leader_is_killed(cluster):
    url = cluster.servers["n0"].url
    async with Process(url).running() as one, Process(url).running() as two:
        await settled(one, cluster.servers["n0"])
        leader = await led_by_another(cluster, "n0")
        async with Publisher(cluster.servers["n0"]).running() as publisher:
            await until(lambda: len(one.numbers) > 100, 120)
            await cluster.servers[leader].kill()
            last = publisher.published
            await until(lambda: one.numbers[-1] > last, 120)  # there is a leader again, after some that were lost
            await until(lambda: one.losses, 120)
        await until(lambda: len(one.numbers) + one.missed == publisher.published, 120)
        await until(lambda: two.numbers == one.numbers and two.losses == one.losses, 120)
    assert one.missed > 0
    assert len(set(one.numbers)) == len(one.numbers)
    for loss in one.losses:  # one, unless the servers changed their minds
        assert sum(loss["subjects"].values()) == loss["messages"]
        assert (loss["from"] < loss["until"], loss["at_least"]) == (True, False)
    assert {name for loss in one.losses for name in loss["subjects"]} == {"a.0", "a.1", "a.2"}
    assert [process.status.missed for process in (one, two)] == [one.missed] * 2
    assert one.status.missed_until.isoformat() == one.losses[-1]["until"]


async def test_what_may_be_missing_is_noted_when_the_process_was_connected_to_that_server(cluster):
    """Then nobody listened for a moment: there may be more than the process can count, and never less."""
    servers = cluster.servers
    async with Process(",".join(one.url for one in servers.values())).running() as one:
        await settled(one, servers["n0"])
        leader = await cluster.leader(STREAM)
        other = next(server for name, server in servers.items() if name != leader)
        async with Publisher(other).running() as publisher:
            await until(lambda: len(one.numbers) > 100, 120)
            await servers[leader].kill()
            last = publisher.published
            await until(lambda: one.numbers[-1] > last, 120)
            await until(lambda: one.losses, 120)
        await until(lambda: one.numbers[-1] == publisher.published - 1, 120)
        some_were_not_counted = any(loss["at_least"] for loss in one.losses)
        if not some_were_not_counted:
            await until(lambda: len(one.numbers) + one.missed == publisher.published, 120)
    assert len(set(one.numbers)) == len(one.numbers)
    assert len(one.numbers) + one.missed <= publisher.published


async def led_again(cluster):
    """Have another server lead the stream, and then the same one again."""
    first = await cluster.leader(STREAM)
    other = next(name for name in cluster.servers if name != first)
    for name in (other, first):
        async with cluster.servers[first].publisher() as client:
            preferred = json.dumps({"placement": {"preferred": name}}).encode()
            await client.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", preferred, timeout=10)
        await until(lambda: are_current(cluster.servers[first]), 120, 0.1)
        assert await cluster.leader(STREAM) == name


@contextlib.asynccontextmanager
async def reached_by_relay(cluster):
    """Lend a process and the relay on its way to NATS."""
    async with (
        proxy(cluster.servers["n0"].port) as relay,
        Process(f"nats://127.0.0.1:{relay.port}").running() as one,
    ):
        yield one, relay


async def test_what_may_be_missing_is_noted_when_the_same_server_leads_again_while_nobody_listened(cluster):
    async with reached_by_relay(cluster) as (one, relay):
        await settled(one, cluster.servers["n0"])
        held_at = utc_now().isoformat()
        relay.hold()
        await until(lambda: not one.made.ear.listens, 60)
        await led_again(cluster)
        relay.let_go()
        await until(lambda: one.losses, 120)
    [loss] = one.losses
    assert (loss["messages"], loss["at_least"]) == (None, True)
    assert loss["from"] < held_at < loss["until"]


async def test_a_connection_that_is_lost_while_the_stream_keeps_its_leader_is_no_loss(cluster):
    async with reached_by_relay(cluster) as (one, relay):
        await settled(one, cluster.servers["n0"])
        relay.hold()
        await until(lambda: not one.made.ear.listens, 60)
        relay.let_go()
        await until(lambda: one.made.ear.deafness is not None, 60)
        await until(lambda: one.made.ear.deafness is None, 60)  # the stream was looked at
        assert one.losses == []
