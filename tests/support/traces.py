"""A trace of the real map for clients that keep its state: every message of the stream, and the snapshot after it.

``python -m tests.support.traces SEED STEPS FILE`` writes one JSON object a line: ``{"message": …, "layers": …}``.
A mock world lives, and a plugin of its own puts, drops and counts at random; now and then the viewer reads nothing
for a while. ``layers`` is missing where one poll brought several messages at once.
"""

import asyncio
import json
import random
import sys
import tempfile
from pathlib import Path

from livingmap.access.view import WHOLE
from livingmap.core.model import Message
from livingmap.stream.frames import Framing, unframed
from tests.support.maps import living_map, poll, snapshot
from tests.support.nats_server import until

CHAOS = '''
"""Whatever an event says, is done: items come, change and go at random."""
from livingmap.plugin import Drop, Layer, Put, Source, SourceSettings, Total, hookimpl

def on_chaos(event, part):
    makers = {"put": Put, "drop": Drop, "total": Total}
    return [makers[kind](**given) for kind, given in event.payload["said"]]

@hookimpl
def livingmap_source():
    layers = (Layer("agents"), Layer("city"), Layer("city", "rooms"), Layer("sky", "stars"))
    return Source("chaos", "chaos-service", SourceSettings, layers, handlers={"chaos.*": on_chaos})
'''
PLACES = [
    ("agents", "items", "agent"),
    ("city", "items", "microdao"),
    ("city", "rooms", "city"),
    ("sky", "stars", "star"),
]
NAMES = ["a", "b", "ц", "\uff5e", "\U0001f30d", "z:y", "__proto__", "constructor"]
VALUES = [None, 0, -1.5, "", "Київ", True, [], [1, "two"], {"deep": {"er": [None]}}, "x" * 200]
FIELDS = ["name", "status", "load", "tags", "__proto__", "toString", "length"]


def said(rng):
    """Return one random change, as the plugin's handler takes it."""
    layer, collection, kind = rng.choice(PLACES)
    entity_id = f"{kind}:{rng.choice(NAMES)}"
    match rng.randrange(6):
        case 0 | 1:
            return ["drop", {"layer": layer, "id": entity_id, "collection": collection}]
        case 2:
            return ["total", {"layer": layer, "set": {"wind": rng.randrange(3)}, "unset": rng.sample(["gust"], 1)}]
        case _:
            given = {name: rng.choice(VALUES) for name in rng.sample(FIELDS, rng.randint(0, 3))}
            unset = [name for name in FIELDS[:3] if name not in given and rng.random() < 0.3]
            return [
                "put",
                {"layer": layer, "id": entity_id, "set": given, "unset": unset, "collection": collection},
            ]


class Recorder:
    """A viewer that keeps what it is sent, and can stop reading."""

    framing = Framing.WEBSOCKET

    def __init__(self):
        self.messages = []
        self.cursor = None
        self.stuck = False
        self._written = asyncio.Event()

    def write(self, data):
        self.messages += map(json.loads, unframed(data))
        self.cursor = self.messages[-1]["cursor"]
        self._written.set()

    async def reached(self, cursor):
        """Return once the last message is that of ``cursor``."""
        while self.cursor != cursor:
            self._written.clear()
            await self._written.wait()

    def unsent(self):
        return 1 << 30 if self.stuck else 0

    def end(self):
        pass


async def record(seed, steps, folder):
    """Yield the trace of a world of its own."""
    rng = random.Random(seed)
    sources = {
        name: {"mock": True} for name in ("agents", "microdao", "dao", "space", "messaging", "usage", "city")
    }
    mock = {"seed": seed, "microdaos": 3, "agents": 12, "nodes": 4, "daos": 2, "events_per_second": 0}
    (folder / "chaos.py").write_text(CHAOS)
    sources = {"chaos": {"module": "./chaos.py", "base_url": "http://127.0.0.1:9"}, **sources}
    async with living_map(folder, sources, mock=mock) as living:
        recorder = Recorder()
        viewer = living.hub.join(recorder, WHOLE)
        for step in range(steps):
            async for _ in happen(living, rng):
                if 0 <= step - steps // 2 < 5:  # once at least, whatever the seed: then changes are conflated
                    recorder.stuck = True
                elif rng.random() < 0.1:
                    recorder.stuck = not recorder.stuck
                if recorder.stuck:
                    await until(lambda: living.hub.is_idle, 5)
                else:
                    living.hub.drained(viewer)
                    for line in await received_by(living, recorder):
                        yield line


async def happen(living, rng):
    """Let the world live a step, something random be said, or all services be asked again."""
    if rng.random() < 0.4:
        for message in living._simulation._worlds[0].world.step(living._now()):
            yield await living.log.append(message)
    elif rng.random() < 0.95:
        yield await living.log.append(
            Message("chaos.said", {"said": [said(rng) for _ in range(rng.randint(1, 4))]})
        )
    else:
        yield await poll(living)


async def received_by(living, recorder):
    """Return what the viewer has been sent once it is where the map is."""
    here = living.reader.cursor(WHOLE)
    await asyncio.wait_for(recorder.reached(here), 5)
    messages, recorder.messages = recorder.messages, []
    if not messages:  # a poll that found nothing new
        return []
    layers = (await snapshot(living))["layers"]
    return [{"message": one} for one in messages[:-1]] + [{"message": messages[-1], "layers": layers}]


async def main(seed, steps, file):
    """Write a trace."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [json.dumps(line, ensure_ascii=False) async for line in record(seed, steps, Path(folder))]
    file.write_text("\n".join(lines))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
