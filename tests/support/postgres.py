"""A real PostgreSQL for tests, that can be stopped in every way and comes back at the same address."""

import asyncio
import signal
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import asyncpg
import orjson
import psutil

from livingmap.history.embedded import embedded
from tests.support.nats_server import until

_HOLDS = "SELECT 1 FROM living_map_history WHERE (payload ->> 'number')::int >= $1 LIMIT 1"


_furniture = tempfile.TemporaryDirectory(prefix="livingmap-")


async def furnish(folder: Path) -> None:
    """Give a server the data that a new one makes for itself, made once a run.

    It leaves syncing to the system, and what it shares in its folder: one that is killed leaves nothing elsewhere.
    """
    made = Path(_furniture.name, "pg")
    if not _is_made(made):
        async with embedded(made):
            pass
    await asyncio.to_thread(_copy, made / "data", folder / "data")


def _is_made(folder: Path) -> bool:
    folder.parent.chmod(0o755)
    return (folder / "data").exists()


def _copy(made: Path, data: Path) -> None:
    if not data.exists():
        data.parent.mkdir(exist_ok=True)
        subprocess.run(["cp", "-a", made, data], check=True)
        with (data / "postgresql.conf").open("a") as file:
            file.write("fsync = off\ndynamic_shared_memory_type = mmap\n")


class PostgresServer:
    """One server in a folder open to the account that it may have to run as; without other word its own."""

    def __init__(self, folder: Path | None = None) -> None:
        self.url = ""
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="livingmap-")
        self.folder = folder or Path(self._own.name)
        if self._own is not None:
            self.folder.chmod(0o755)
        self._running = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        if self._own is not None:
            self._own.cleanup()

    async def start(self) -> None:
        await furnish(self.folder / "pg")
        self.url = await self._running.enter_async_context(embedded(self.folder / "pg"))

    async def stop(self) -> None:
        """Stop it in order; whoever is connected is thrown out."""
        await self._running.aclose()

    async def crash(self) -> None:
        """End it as if the power went."""
        with suppress(psutil.NoSuchProcess):
            self._postmaster().send_signal(signal.SIGQUIT)  # of its children as well, and without a checkpoint
        await self.stop()

    def freeze(self) -> None:
        """Stop all of its processes where they are."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = self._postmaster()
        for one in (postmaster, *postmaster.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def _postmaster(self) -> psutil.Process:
        pid = int((self.folder / "pg" / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
        return psutil.Process(pid)

    @property
    def socket(self) -> Path:
        """Where it listens."""
        return Path(parse_qs(urlsplit(self.url).query)["host"][0]) / ".s.PGSQL.5432"

    def by_port(self, port: int) -> str:
        """Return the URL for who comes through a proxy."""
        return f"postgresql://postgres@127.0.0.1:{port}/postgres"

    async def fetch(self, statement: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.url)
        try:
            return list(await connection.fetch(statement, *values))
        finally:
            await connection.close()


@dataclass(frozen=True, slots=True)
class Row:
    """One line of ``living_map_history``."""

    epoch: str
    seq: int
    event_type: str
    payload: dict[str, Any]


async def kept(server: PostgresServer) -> list[Row]:
    """Return the whole history in its order; nothing if its table is not made yet."""
    try:
        rows = await server.fetch(
            "SELECT epoch, seq, event_type, payload FROM living_map_history ORDER BY timestamp, epoch, seq"
        )
    except asyncpg.UndefinedTableError:
        return []
    return [Row(row["epoch"], row["seq"], row["event_type"], orjson.loads(row["payload"])) for row in rows]


@dataclass(frozen=True, slots=True)
class Missing:
    """One line of ``living_map_gaps``."""

    first_seq: int
    last_seq: int
    events: int | None
    """How many events never had a position: then the gap stands at that of another entry, which says so."""
    reason: str


_GAP = "first_seq, last_seq, events, reason"


async def gaps(server: PostgresServer) -> list[Missing]:
    """Return all gaps of the history."""
    rows = await server.fetch(f"SELECT {_GAP} FROM living_map_gaps ORDER BY epoch, first_seq")
    return [Missing(*row) for row in rows]


async def written(server: PostgresServer, number: int) -> None:
    """Wait until the history holds a message of this number or a later one."""

    async def holds() -> bool:
        with suppress(asyncpg.UndefinedTableError):
            return bool(await server.fetch(_HOLDS, number))
        return False

    await until(holds, 60, 0.05)


def numbers(rows: Iterable[Row]) -> list[int]:
    """Return the field ``number`` of the payloads that have one."""
    return [row.payload["number"] for row in rows if "number" in row.payload]


def runs(places: Iterable[int]) -> list[tuple[int, int]]:
    """Return the unbroken runs of ``places`` by first and last: one, if nothing lacks or comes twice."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] + 1 == place:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def seqs(rows: Iterable[Row]) -> dict[str, list[tuple[int, int]]]:
    """Return by epoch the runs of positions."""
    by_epoch: dict[str, list[int]] = {}
    for row in rows:
        by_epoch.setdefault(row.epoch, []).append(row.seq)
    return {epoch: runs(places) for epoch, places in by_epoch.items()}
