"""Writing a backup: every table as of one instant, while the map goes on.

All is read in one transaction (REPEATABLE READ), whose locks keep nobody from writing. A day whose retention is
over meanwhile is dropped after it.
"""

from datetime import UTC, date, datetime
from typing import Any, Final

import asyncpg

from livingmap import __version__
from livingmap.backup import BackupError
from livingmap.backup.copying import Begun, lift_limits, watched
from livingmap.backup.file import PART_BYTES, BackupWriter
from livingmap.backup.manifest import FORMAT, KEY, PARTITIONED, SEQUENCES, TABLES, Manifest, Part, Sequence, Table
from livingmap.history import before
from livingmap.history.migrate import applied, migrate

_TRIES: Final = 5

_OF_DAYS: Final = """
SELECT relname, to_date(right(relname, 8), 'YYYYMMDD') AS day
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = ANY(SELECT to_regclass(one) FROM unnest($1::text[]) AS one) AND relname ~ '_\\d{8}$'
ORDER BY relname"""

_COLUMNS: Final = """
SELECT attname FROM pg_attribute
WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""

_HELD: Final = """
SELECT coalesce(sum(entries), 0)::bigint AS entries,
  (SELECT max(timestamp) FROM living_map_entries) AS newest FROM living_map_days"""


async def back_up(connection: Any, file: BackupWriter, key: bytes | None, on_table: Begun) -> Manifest:
    """Write all that a database has of a history into ``file``, and the ``key`` of cursors, if there is one.

    Raises BackupError, OSError and what asyncpg raises.
    """
    for _ in range(_TRIES):
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await lift_limits(connection)
            await _check(connection)
            days = await _locked(connection)
            if days is not None:
                return await _written(connection, file, key, days, on_table)
    raise BackupError("the tables of the history change all the time; try again in a moment")


async def _check(connection: Any) -> None:
    if not (present := await applied(connection)):
        raise BackupError("the database holds no history yet")
    if pending := await migrate(connection, dry_run=True):
        raise BackupError(
            f"the tables are of an earlier version ({pending[0].name} is pending of {len(present)} applied); "
            "livingmap migrate brings them up to date"
        )
    if await before.is_there(connection):
        raise BackupError(
            f"{await before.count(connection)} entries are still being moved from the table of an earlier "
            "version; try again when livingmap_history_to_move is 0"
        )


async def _locked(connection: Any) -> dict[str, date] | None:
    """Keep all tables from being dropped; return those of days. None if one was, since the transaction began."""
    rows = await connection.fetch(_OF_DAYS, list(PARTITIONED))
    days = {row["relname"]: row["day"] for row in rows}
    try:
        await connection.execute(f"LOCK TABLE ONLY {', ONLY '.join((*TABLES, *days))} IN ACCESS SHARE MODE")
    except asyncpg.UndefinedTableError:
        return None
    return days


async def _written(
    connection: Any, file: BackupWriter, key: bytes | None, days: dict[str, date], on_table: Begun
) -> Manifest:
    key_part = file.add(KEY, key) if key else None
    names = [*TABLES, *days]
    tables = []
    for number, name in enumerate(names):
        on_table(name, number, len(names))
        tables.append(await _table(connection, file, name, days.get(name)))
    version = connection.get_server_version()
    held = await connection.fetchrow(_HELD)
    manifest = Manifest(
        FORMAT,
        __version__,
        datetime.now(UTC),
        f"{version.major}.{version.minor}",
        await applied(connection),
        tuple(tables),
        tuple([await _sequence(connection, name) for name in SEQUENCES]),
        held["entries"],
        held["newest"],
        dict(await connection.fetch("SELECT epoch, last_seq FROM living_map_epochs ORDER BY until")),
        key_part,
    )
    file.finish(manifest)
    return manifest


async def _table(connection: Any, file: BackupWriter, name: str, day: date | None) -> Table:
    columns = tuple(row[0] for row in await connection.fetch(_COLUMNS, name))
    pieces = _Pieces(file, name)
    async with watched(name) as progress:

        async def take(data: bytes) -> None:
            progress()
            pieces.take(data)

        status = await connection.copy_from_table(name, columns=columns, output=take, format="binary")
    return Table(name, columns, int(status.rpartition(" ")[2]), pieces.finished(), day)


class _Pieces:
    """Cuts the content of a table into parts that fit into memory."""

    def __init__(self, file: BackupWriter, name: str) -> None:
        self._file = file
        self._name = name
        self._waiting = bytearray()
        self._parts: list[Part] = []

    def take(self, data: bytes) -> None:
        self._waiting += data
        if len(self._waiting) >= PART_BYTES:
            self._write()

    def finished(self) -> tuple[Part, ...]:
        """Write what is left; return all parts."""
        self._write()
        return tuple(self._parts)

    def _write(self) -> None:
        name = f"{self._name}/{len(self._parts):06}.copy"
        self._parts.append(self._file.add(name, bytes(self._waiting)))
        self._waiting.clear()


async def _sequence(connection: Any, name: str) -> Sequence:
    row = await connection.fetchrow(f"SELECT last_value, is_called FROM {name}")  # noqa: S608 - one of SEQUENCES
    return Sequence(name, *row)
