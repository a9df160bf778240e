"""A curve: what a moment costs that is asked of an ever longer history, in CPU time of the map."""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final

import asyncpg
import httpx
import orjson

from livingmap.app import LivingMap
from livingmap.core.model import Event, Position
from livingmap.history import Entry, entry_of, partitions
from livingmap.history.capture import Capture, Still
from livingmap.history.embedded import embedded
from livingmap.history.postgres import PostgresHistory
from livingmap.history.recorder import STATE_ENTRIES
from scripts.bench.network import living_map, messages
from scripts.bench.table import Scale, Table
from scripts.bench.week import BATCH, EPOCH, PER_SECOND, SPARE

_ASKED: Final = 20
_AGENTS: Final = 1000


def bench(scale: Scale, table: Table) -> None:
    """Write a history, and ask for moments whenever it has grown tenfold."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server is another account when this is root
        asyncio.run(_bench(scale, table, folder / "postgres"))


async def _bench(scale: Scale, table: Table, folder: Path) -> None:
    async with embedded(folder) as url:
        history = PostgresHistory(url)
        await history.open()
        connection = await asyncpg.connect(url)
        await partitions.make_states(
            connection, SPARE.date()
        )  # before its first state, which comes before entries
        await connection.close()
        async with living_map(_AGENTS) as writing, living_map(_AGENTS, history) as living:
            entries, written = _entries(writing), 0
            for size in (scale.agents // 10, scale.agents, scale.agents * 10):
                await _write(history, writing, islice(entries, size - written))
                written = size
                table.row(
                    f"a moment among {size:,} entries, {_AGENTS:,} agents: CPU ms of the map",
                    await _asked(living, size),
                )
        await history.close()


def _entries(living: LivingMap) -> Iterator[Entry]:
    for number, (subject, data) in enumerate(messages(living.config), 1):
        event = Event(Position(EPOCH, number), subject, orjson.loads(data), _time_of(number))
        yield entry_of(living.fold.apply(event), living.fold.scene, number - 1)


def _time_of(number: int) -> datetime:
    return SPARE + timedelta(seconds=(number - 1) / PER_SECOND)


async def _write(history: PostgresHistory, living: LivingMap, entries: Iterator[Entry]) -> None:
    batch: list[Entry] = []
    for entry in entries:
        batch.append(entry)
        if entry.position.seq % STATE_ENTRIES == 1:
            scene = Still(living.fold.scene)
            await history.write_state(Capture(entry.position, entry.received_at, scene, ()).state())
        if len(batch) == BATCH:
            await history.write(batch)
            batch = []
    await history.write(batch)


async def _asked(living: LivingMap, size: int) -> list[float]:
    """Return what moments cost that were not asked for before."""
    chance, taken = random.Random(size), []  # noqa: S311 - the same moments each time
    transport = httpx.ASGITransport(living.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://map", timeout=60) as client:
        for _ in range(_ASKED + 1):
            at = _time_of(chance.randrange(1, size))
            began = time.process_time()
            answer = await client.get("/living-map/snapshot", params={"at": at.isoformat()})
            taken.append(1000 * (time.process_time() - began))
            answer.raise_for_status()
    return taken[1:]  # the first opens connections
