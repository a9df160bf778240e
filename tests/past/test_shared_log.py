"""The great law on a log that processes share: whoever wrote the history, and however late."""

import asyncio
import contextlib
import json
import random

from livingmap.core.fold import Fold
from livingmap.core.layers import layer, layer_names
from livingmap.core.model import Drop, Position, Put
from livingmap.core.redaction import Redaction
from livingmap.history import HistoryUnavailable
from livingmap.history.memory import MemoryHistory
from livingmap.history.recorder import Recorder
from livingmap.history.writer import HistoryWriter
from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.past.past_scene import PastScene
from livingmap.past.rebuilding import Rebuilding, Turns
from livingmap.plugin import Layer, Source, SourceSettings
from livingmap.state.projector import Projector
from livingmap.state.refill import Refill
from livingmap.supervision import stop
from livingmap.transport.settings import NatsSettings
from tests.past.life import canonical
from tests.support.nats_server import jetstream_server, until


def on_a(event, part):
    entity_id = f"agent:{event.payload['agent']}"
    if event.payload["number"] % 11 == 0:
        return [Drop("agents", entity_id)]
    return [Put("agents", entity_id, {"times": event.payload["number"]})]


SOURCES = [Source("agents", "agents-service", SourceSettings, (Layer("agents"),), {"a.*": on_a})]


class Switched(MemoryHistory):
    """A history whose database can be away."""

    away = False

    async def write(self, entries):
        if self.away:
            raise HistoryUnavailable("away")
        await super().write(entries)

    async def write_state(self, state):
        if self.away:
            raise HistoryUnavailable("away")
        await super().write_state(state)

    async def last_seq(self, epoch):
        if self.away:
            raise HistoryUnavailable("away")
        return await super().last_seq(epoch)


def shown(scene):
    return canonical({name: layer(scene, name) for name in layer_names(scene)})


class Process:
    """The part of a map that keeps a history; what it showed is remembered by position."""

    def __init__(self, url, history, watched):
        settings = NatsSettings(url=url, ping_seconds=1)
        made = backbone(settings, ["a.*"], ["agents"], b"", utc_now, 0.3)
        self.made, self.fold, self._watched = made, Fold(SOURCES), watched
        projector = Projector(self.fold, made.log.progress)
        refill = Refill(made.rereadings[0], lambda: Fold(SOURCES))
        self.writer = HistoryWriter(history, capacity=50, longest_pause_seconds=0.05, refill=refill)
        projector.add(self)
        projector.add(Recorder(self.writer, self.fold.scene, made.log.progress))
        made.log.subscribe(projector.take)
        made.keep(projector, self.writer.oldest_position)

    def on_entry(self, folded, previous):
        self._watched[folded.event.position] = shown(self.fold.scene)

    def on_restored(self):
        pass

    async def written(self, seq):
        await until(lambda: self.made.log.position.seq >= seq)
        await until(lambda: not self.writer.buffered and not self.writer.behind)


@contextlib.asynccontextmanager
async def process(server, history, watched, *, follows=False):
    one = Process(server.url, history, watched)
    if follows:
        one.writer.follow()
    tasks = [asyncio.create_task(task) for task in (one.made.intakes[0].run(), one.writer.run())]
    try:
        await asyncio.wait_for(one.made.log.progress.live(), 30)
        yield one
    finally:
        await stop(tasks)


async def publish(server, first, last):
    async with server.publisher() as client:
        for number in range(first, last + 1):
            await client.publish("a.x", json.dumps({"agent": f"{number % 7}", "number": number}).encode())


async def test_any_moment_is_as_every_process_showed_it(tmp_path):
    history, watched = Switched(), {}
    async with jetstream_server(tmp_path) as server:
        async with process(server, history, watched) as first:
            await publish(server, 1, 60)
            await first.written(60)
            async with process(server, history, watched, follows=True) as second:
                await publish(server, 61, 100)
                await first.written(100)
                await until(lambda: second.made.log.position.seq >= 100)
                first.writer.follow()  # it does not lead any more
                second.writer.take_over()
                await publish(server, 101, 150)
                await second.written(150)
                history.away = True  # for longer than what waits has room
                await publish(server, 151, 400)
                await until(lambda: second.writer.error and second.made.log.position.seq >= 400)
                history.away = False
                await publish(server, 401, 410)
                await second.written(410)
        async with process(server, history, watched) as third:  # which goes on where they were
            await publish(server, 411, 430)
            await third.written(430)
    now, redaction = third.fold.scene, Redaction()
    rebuilding = Rebuilding(history, lambda content: PastScene.of(now, redaction, content), Turns())
    (epoch,) = {position.epoch for position in watched}
    for seq in random.Random(1).sample(range(2, 431), 60):
        position = Position(epoch, seq)
        rebuilt = await rebuilding.at(position)
        assert (rebuilt.position, rebuilt.missing) == (position, ())
        assert shown(rebuilt.scene) == watched[position]
