"""Restoring a backup: all of it in one transaction, into a database whose history is empty.

A process that is killed meanwhile leaves the history as empty as it was. The tables are made by the migrations
that those of the backup came from; later ones are applied when all is there.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final

import asyncpg

from livingmap import __version__
from livingmap.backup import BackupError
from livingmap.backup.copying import Begun, lift_limits, watched
from livingmap.backup.file import Backup
from livingmap.backup.manifest import PARTITIONED, SEQUENCES, TABLES, Manifest, Table
from livingmap.history import partitions
from livingmap.history.migrate import LOCK, applied, migrate, steps_in

_COLUMN: Final = re.compile(r"[a-z_]{1,63}")
_LOCK_WAIT: Final = "SET LOCAL lock_timeout = '10s'"
_ELSEWHERE: Final = (
    "give a database of its own: CREATE DATABASE livingmap_restored ENCODING 'UTF8' TEMPLATE template0, and its "
    "address as history.url or LIVINGMAP_HISTORY__URL"
)


async def restore(connection: Any, backup: Backup, on_table: Begun, folder: Path | None = None) -> None:
    """Make the history of ``backup`` that of the database. Raises BackupError and what asyncpg raises.

    ``folder`` is that of the migrations, if not the program's.
    """
    manifest = backup.manifest
    _check_tables(manifest)
    await _check_migrations(connection, manifest, folder)
    await migrate(connection, folder, only=manifest.migrations)
    with _failures():
        async with connection.transaction():
            await lift_limits(connection)
            await _take_over(connection)
            await _load(connection, backup, on_table)
    await migrate(connection, folder)
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # autovacuum does it, too
        for table in (*TABLES, *PARTITIONED):
            await connection.execute(f"ANALYZE {table}")


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Turn what the database raises into a BackupError that says what has become of the history."""
    try:
        yield
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, OSError) as error:
        raise BackupError(
            f"the connection to the database was lost ({error}); try again: if all was there already, the history "
            "is refused as not empty"
        ) from error
    except asyncpg.PostgresError as error:
        raise BackupError(f"nothing was restored, because the database failed: {error}") from error


def _check_tables(manifest: Manifest) -> None:
    """Raise BackupError if the manifest names what is not of a history: nothing else is ever written to."""
    for table in manifest.tables:
        names = {partitions.table_of(table.day), partitions.states_of(table.day)} if table.day else {*TABLES}
        if table.name not in names or not all(map(_COLUMN.fullmatch, table.columns)):
            raise BackupError(f"damaged: it lists a table {table.name!r} that a history does not have")
    if {one.name for one in manifest.sequences} != {*SEQUENCES}:
        raise BackupError("damaged: it lacks a sequence")


async def _check_migrations(connection: Any, manifest: Manifest, folder: Path | None) -> None:
    own = {step.name: step.checksum for step in steps_in(folder)}
    for name, checksum in manifest.migrations.items():
        if own.get(name) != checksum:
            raise BackupError(
                f"it was written by livingmap {manifest.livingmap}, whose migration {name} this version "
                f"({__version__}) does not have; restore it by that version or a later one"
            )
    if later := sorted((await applied(connection)).keys() - manifest.migrations.keys()):
        raise BackupError(
            f"the tables of this database are newer than the backup ({later[0]} is applied); {_ELSEWHERE}"
        )


async def _take_over(connection: Any) -> None:
    """Keep everybody else away until the transaction ends, and make sure that there is nothing to lose."""
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
        raise BackupError("another restore or migration of this database is at work; try again when it has ended")
    await connection.execute(_LOCK_WAIT)
    every = ", ".join((*TABLES, *PARTITIONED))
    try:
        await connection.execute(f"LOCK TABLE {every} IN ACCESS EXCLUSIVE MODE")
    except asyncpg.LockNotAvailableError:
        raise BackupError("the database is in use; stop the maps whose history it is, and try again") from None
    for table in (*TABLES, *PARTITIONED):
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608 - names of its own
            raise BackupError(f"the history is not empty ({table} has rows), and is not overwritten; {_ELSEWHERE}")
    await connection.execute(f"TRUNCATE {every}")  # so that what is undone leaves no file behind


async def _load(connection: Any, backup: Backup, on_table: Begun) -> None:
    parts = (one for one in backup.parts() if "/" in one[0])  # not the key
    tables = backup.manifest.tables
    for number, table in enumerate(tables):
        on_table(table.name, number, len(tables))
        if table.day is not None:
            await _make_partition(connection, table.name, table.day)
        await _load_table(connection, table, parts)
    for one in backup.manifest.sequences:
        await connection.execute(
            "SELECT setval($1::text::regclass, $2, $3)", one.name, one.last_value, one.is_called
        )


async def _make_partition(connection: Any, name: str, day: date) -> None:
    if name == partitions.states_of(day):
        await partitions.make_states(connection, day)
    else:
        await partitions.make(connection, day)


async def _load_table(connection: Any, table: Table, parts: Iterator[tuple[str, bytes]]) -> None:
    async with watched(table.name) as progress:

        async def content() -> AsyncIterator[bytes]:
            for _ in table.parts:
                yield next(parts)[1]
                progress()

        status = await connection.copy_to_table(
            table.name, columns=table.columns, source=content(), format="binary"
        )
    rows = int(status.rpartition(" ")[2])
    if rows != table.rows:
        raise BackupError(f"{table.name}: {rows} rows came in place of {table.rows}")
