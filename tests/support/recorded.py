"""A map whose history is written, and whose time passes only when a test lets it."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

import yaml

from livingmap.app import LivingMap
from livingmap.config.loading import load
from livingmap.history.memory import MemoryHistory
from tests.support.maps import poll

SMALL = {"microdaos": 3, "agents": 20, "nodes": 4, "daos": 2, "events_per_second": 0}


class Time:
    """The clock of a map, which stands still until a test lets time pass."""

    def __init__(self):
        self.now = datetime(2026, 1, 2, tzinfo=UTC)

    def __call__(self):
        return self.now

    def pass_(self, **span):
        self.now += timedelta(**span)


@contextlib.asynccontextmanager
async def recorded_map(folder, time, history=None):
    """Build a map of simulated agents and places that goes by ``time``, and was asked once."""
    file = folder / "map.yaml"
    sources = {name: {"mock": True} for name in ("agents", "city")}
    file.write_text(yaml.safe_dump({"sources": sources, "mock": SMALL}))
    living = LivingMap(load(file), history or MemoryHistory(), now=time)
    writing = asyncio.create_task(living.writer.run())
    await poll(living)
    try:
        yield living
    finally:
        writing.cancel()
        await asyncio.wait([writing])
        await living.close()


async def written(living):
    """Return once everything that happened is in the history, and every state of it."""
    async with asyncio.timeout(120):
        while living.writer.buffered or living.writer._captures.any_due:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
