"""The fold of what a large network publishes, and the hub without viewers, beside decoding the JSON alone."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Final

import orjson

from livingmap.app import LivingMap
from livingmap.core.model import Event, Position
from scripts.bench.network import living_map, messages
from scripts.bench.table import Scale, Table

_FLUSH_SECONDS: Final = 0.1


def bench(scale: Scale, table: Table) -> None:
    """Fold block after block of new events."""
    asyncio.run(_bench(scale, table))


async def _bench(scale: Scale, table: Table) -> None:
    folding: list[float] = []
    decoding: list[float] = []
    async with living_map(scale.agents) as living:
        published = messages(living.config)
        for _ in range(scale.rounds):
            block = list(islice(published, scale.events))
            decoding.append(scale.events / _seconds(partial(_decode, block)))
            folding.append(scale.events / _seconds(partial(_fold, living, list(_events(living, block)))))
            await asyncio.sleep(_FLUSH_SECONDS)  # the hub's flush is not the fold's time
    table.row(
        f"fold and publish, {scale.agents:,} agents, no viewers: events per CPU second",
        folding,
        {"orjson alone": decoding},
    )


def _events(living: LivingMap, block: list[tuple[str, bytes]]) -> Iterator[Event]:
    now, here = datetime.now(UTC), living.log.position
    for number, (subject, data) in enumerate(block, 1):
        yield Event(Position(here.epoch, here.seq + number), subject, orjson.loads(data), now)


def _decode(block: list[tuple[str, bytes]]) -> None:
    for _, data in block:
        orjson.loads(data)


def _fold(living: LivingMap, events: list[Event]) -> None:
    for event in events:
        living.hub.publish(living.fold.apply(event))


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
