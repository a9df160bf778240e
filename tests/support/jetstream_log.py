"""A process on a log in JetStream, without the rest of a map, and notes of what it read."""

import asyncio
import contextlib
import json
import time
from functools import partial

from livingmap.log.backbone import backbone
from livingmap.log.local import utc_now
from livingmap.supervision import stop
from livingmap.transport.settings import NatsSettings


class Notes:
    """A mirror that keeps what it was handed."""

    def __init__(self, progress):
        self.seen = []
        self.restored = []
        self.times_live = 0
        self.unsettled = None
        progress.when_live(self.live)

    def take(self, event):
        self.seen.append((event.type, event.payload))

    def states(self):
        yield "seen", [list(one) for one in self.seen]

    def restore(self, states):
        self.restored.append(dict(states))
        self.seen = [tuple(one) for one in states.get("seen", [])]

    def live(self):
        self.times_live += 1

    def oldest_unsettled(self):
        return self.unsettled


@contextlib.asynccontextmanager
async def reading(
    server, *patterns, duties=None, sources=("a",), shape=b"", killed=False, slow=0.0, restore=None, **settings
):
    """Run a log; lend it and the notes of what it read.

    One that is ``killed`` loses its connection first, and so says nothing at its end. A ``slow`` one takes so many
    seconds for each entry. ``restore`` takes the place of how notes are restored.
    """
    given = {"url": server.url, "ping_seconds": 1, **settings}
    log = backbone(NatsSettings(**given), patterns or ["a.*"], sources, shape, utc_now, longest_pause_seconds=0.3)
    notes = Notes(log.log.progress)
    if restore is not None:
        notes.restore = partial(restore, notes)
    log.log.subscribe(notes.take)
    log.log.subscribe(lambda _: time.sleep(slow))
    log.keep(notes, notes.oldest_unsettled)
    running = [asyncio.create_task(log.intakes[0].run())]
    if duties is not None:
        running.append(asyncio.create_task(log.cluster.lead(duties)))
    try:
        yield Reading(log), notes
        assert not any(task.done() for task in running)
    finally:
        for task in running if killed else reversed(running):
            await stop([task])


class Reading:
    """One process on the log."""

    def __init__(self, made):
        self.log, self.cluster = made.log, made.cluster
        self.progress = made.log.progress
        self.append, self.subscribe = made.log.append, made.log.subscribe
        self.before_reading = made.before_reading
        self.status = made.intakes[0].status

    @property
    def position(self):
        return self.log.position

    @property
    def checkpoints(self):
        return self.cluster._checkpoints


async def publish(server, *messages, **how):
    async with server.publisher(**how) as client:
        for subject, payload in messages:
            await client.publish(subject, payload if isinstance(payload, bytes) else json.dumps(payload).encode())


def numbered(first, last, *subjects):
    return [(subjects[number % len(subjects)], {"number": number}) for number in range(first, last)]


async def attached(log):
    async with asyncio.timeout(120):
        await log.progress.live()


async def idle():
    await asyncio.Event().wait()
