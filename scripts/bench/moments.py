"""Any moment of a long history: asked over HTTP without a network, in the embedded PostgreSQL.

What is measured is the whole answer of the map, as it sends it to a browser, but for the network: found, rebuilt,
compared, written as JSON and compressed. Nothing of a moment was asked for before.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import asyncpg
import httpx

from livingmap.app import LivingMap
from livingmap.core.model import Position
from livingmap.history import Entry, Query, Retention, partitions
from livingmap.history.embedded import embedded
from livingmap.history.postgres import PostgresHistory
from scripts.bench.network import living_map
from scripts.bench.table import Scale, Table
from scripts.bench.week import BATCH, DAY, EPOCH, PER_SECOND, SPARE, START, end, fill

_ASKED: Final = 100
_FRESH: Final = 10_000
_SECOND: Final = timedelta(seconds=1)

_SIZES: Final = """
SELECT
  pg_relation_size(oid) + coalesce(pg_total_relation_size(nullif(reltoastrelid, 0)), 0) AS rows,
  pg_indexes_size(oid) AS indexes
FROM pg_class WHERE oid = $1::text::regclass"""

_SIZE_OF_STATES: Final = """
SELECT
  (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('living_map_states') WHERE isleaf)::bigint,
  count(*)
FROM living_map_states"""


def bench(scale: Scale, table: Table) -> None:
    """Fill a history with ``scale.days``, unless ``scale.keep`` holds one, and ask it for moments."""
    with tempfile.TemporaryDirectory() as name:
        folder = scale.keep or Path(name)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # the server is another account when this is root
        asyncio.run(_bench(scale, table, folder / "postgres"))


async def _bench(scale: Scale, table: Table, folder: Path) -> None:
    await fill(folder, scale.days, scale.agents)
    async with embedded(folder) as url:
        history = PostgresHistory(url)
        await history.open()
        async with living_map(scale.agents, history) as living:
            await _note_sizes(scale, table, url)
            await _ask(scale, table, living)
            await _read(scale, table, history)
            await _write_more(scale, table, history)
            await _forget(scale, table, history)
        await history.close()


async def _note_sizes(scale: Scale, table: Table, url: str) -> None:
    connection: Any = await asyncpg.connect(url)
    rows, indexes = await connection.fetchrow(_SIZES, partitions.table_of(SPARE.date()))
    states, number = await connection.fetchrow(_SIZE_OF_STATES)
    await connection.close()
    table.note(
        f"moments: {scale.days * DAY:,} entries, {scale.days} days at {PER_SECOND}/s; for each entry "
        f"{rows / DAY:.0f} bytes of rows, {indexes / DAY:.0f} of indexes and "
        f"{states / DAY / (scale.days + 1):.0f} of states, {number:,} of {states / number / 1024:.0f} KiB"
    )


async def _ask(scale: Scale, table: Table, living: LivingMap) -> None:
    chance = random.Random(7)  # noqa: S311 - the same moments each time
    size, day = f"{scale.days * DAY / 1e6:.1f} M entries", timedelta(days=1)
    path = "/living-map"
    async with _asking(living) as ask:
        await ask(f"{path}/diff", from_=START, to=START + _SECOND)  # a map that runs has followed its roll-ups
        moments = [await ask(f"{path}/snapshot", at=_random(scale, chance)) for _ in range(_ASKED)]
        ends = [_random(scale, chance, 1) for _ in range(20)]
        differences = [await ask(f"{path}/diff", from_=one - day, to=one) for one in ends[:10]]
        stories = [await ask(f"{path}/diff", from_=one - day, to=one, summary="true") for one in ends[10:]]
        nodes = [f"node:{chance.randint(1, 500)}" for _ in range(10)]
        span = {"from_": START, "to": end(scale.days) - _SECOND}
        weeks = [
            await ask(f"{path}/series", entity_id=one, field="field1", points="1000", **span) for one in nodes
        ]
    table.row(f"a moment among {size}: ms, median", moments)
    table.row("the same, 95 of 100 sooner", [quantiles(moments, n=20)[-1]])
    table.row("difference of a day: ms, median", differences)
    table.row("the same, the longest", [max(differences)])
    table.row("what happened in a day, in words: ms, median", stories)
    table.row(f"series of {scale.days} days: ms, median", weeks)
    table.row("the same, the longest", [max(weeks)])


@asynccontextmanager
async def _asking(living: LivingMap) -> AsyncIterator[Callable[..., Awaitable[float]]]:
    """Give a function that asks the map, and returns how many milliseconds the answer took."""
    transport = httpx.ASGITransport(living.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://map", timeout=60) as client:

        async def ask(path: str, **values: Any) -> float:
            query = {name.removesuffix("_"): _text(value) for name, value in values.items()}
            began = time.perf_counter()
            async with client.stream("GET", path, params=query, headers={"accept-encoding": "zstd"}) as answer:
                _ = [part async for part in answer.aiter_raw()]
                answer.raise_for_status()
            return 1000 * (time.perf_counter() - began)

        yield ask


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


async def _read(scale: Scale, table: Table, history: PostgresHistory) -> None:
    for what, query in (
        ("latest 200", Query()),
        ("200 of a frequent type", Query(event_types=("usage.llm",))),
        ("200 of a rare type", Query(event_types=("microdao.event.deleted",))),
        ("200 of a source", Query(source="dao")),
        ("200 of an entity", Query(entity_ids=("city:tea-garden",))),
        ("latest 200 in the middle", Query(until=START + timedelta(days=scale.days / 2))),
    ):
        times = [await _milliseconds(partial(history.read, query)) for _ in range(30)]
        table.row(f"page: {what}: ms", times)


async def _write_more(scale: Scale, table: Table, history: PostgresHistory) -> None:
    """Write what is at the end of the history once more, as what comes now."""
    rates, seq = [], (scale.days + 1) * DAY
    last = await history.entries_after(Position(EPOCH, seq - _FRESH), _FRESH)
    entries = [
        replace(
            one, position=Position(EPOCH, seq + number), received_at=end(scale.days), previous=seq + number - 1
        )
        for number, one in enumerate(last, 1)
    ]
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        rates.append(1000 * len(batch) / await _milliseconds(partial(history.write, batch)))
    table.row(f"batches of {BATCH:,}: rows/s", rates)


async def _forget(scale: Scale, table: Table, history: PostgresHistory) -> None:
    """Drop the oldest day while another writes, and a third waits for it to be gone."""
    now = end(scale.days)
    retention = Retention(scale.days)
    waits: list[float] = []

    async def write() -> None:
        for number in count(1):
            seq = (scale.days + 1) * DAY + 1_000_000 + number
            one = Entry(Position(EPOCH, seq), "bench.written", {"number": number}, now)
            waits.append(await _milliseconds(partial(history.write, [one])))

    async def gone() -> None:
        while await history.newest_at(START - _SECOND) is not None:  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    writing = asyncio.create_task(write())
    leaving = asyncio.create_task(_milliseconds(gone))
    dropped = await _milliseconds(lambda: history.prune(now, retention))
    writing.cancel()
    await asyncio.wait([writing])
    table.row(f"until a day of {DAY:,} is out of the history: ms", [await leaving])
    table.row("until its files are deleted, too: ms", [dropped])
    table.row("longest wait of a writer meanwhile: ms", [max(waits)])


def _random(scale: Scale, chance: random.Random, after_days: int = 0) -> datetime:
    """Return a moment that has an entry after it, those of the first ``after_days`` left out."""
    since = START + timedelta(days=after_days) - _SECOND
    return since + chance.random() * (end(scale.days) - _SECOND - since)


async def _milliseconds(ask: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await ask()
    return 1000 * (time.perf_counter() - began)
