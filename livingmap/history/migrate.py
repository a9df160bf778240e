"""Migrations: plain SQL files, applied once each, in order of name, forward only."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from livingmap.history import HistoryError
from livingmap.history.database import connect

LOCK: Final = 7017_010
"""The advisory lock that two migrators meet at."""

_LOOK_SECONDS: Final = 0.5
"""So often a migrator looks whether another one is ready: a wait for the lock itself would outlive its client."""
_STEP_SECONDS: Final = 3600.0

_FILE: Final = re.compile(r"\d{3}_\w+\.sql")

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS living_map_migrations (
  name TEXT PRIMARY KEY,
  checksum TEXT NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
)"""


class MigrationError(HistoryError):
    """The files and the database do not belong together, or a file does not run. Fatal; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration file."""

    name: str
    checksum: str
    """SHA-256 of its text, whatever the line ends."""
    sql: str

    @classmethod
    def read(cls, file: Path) -> "Step":
        """Read a migration."""
        sql = file.read_text(encoding="utf-8")
        return cls(file.name, hashlib.sha256(sql.encode()).hexdigest(), sql)


def migrations_folder() -> Path:
    """Return where the files are: inside an installed package, or at the top of the repository."""
    package = Path(__file__).parents[1]
    folders = (package / "_migrations", package.parent / "migrations")
    for folder in folders:
        if any(folder.glob("010_*.sql")):
            return folder
    raise MigrationError(f"migrations: not found in {' nor in '.join(map(str, folders))}; reinstall livingmap")


async def migrate(
    target: str | asyncpg.Connection,
    folder: Path | None = None,
    *,
    dry_run: bool = False,
    connecting: Mapping[str, Any] | None = None,
    only: Collection[str] | None = None,
) -> list[Step]:
    """Apply what is pending and return it; with ``dry_run`` only return it. Safe to be run by many at once.

    ``connecting`` is what asyncpg's ``connect`` is given besides ``target``, if that is an address. With ``only``
    the files of these names are all that there are.

    Raises MigrationError if a file that was applied has been edited, is gone, or now comes after a new one.
    """
    steps = [step for step in steps_in(folder) if only is None or step.name in only]
    done: list[Step] = []
    async with _connection(target, connecting) as connection:
        while True:
            async with connection.transaction():  # a pooler keeps a connection, and a lock, for that long only
                if dry_run:
                    return _pending(steps, await applied(connection))
                if await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", LOCK):
                    pending = _pending(steps, await applied(connection))
                    if not pending:
                        return done
                    await _apply(connection, pending[0])
                    done.append(pending[0])
                    continue
            await asyncio.sleep(_LOOK_SECONDS)


@asynccontextmanager
async def _connection(
    target: str | asyncpg.Connection, connecting: Mapping[str, Any] | None
) -> AsyncIterator[asyncpg.Connection]:
    if not isinstance(target, str):
        yield target
        return
    connection = await connect(target, connecting or {})
    try:
        yield connection
    finally:
        await connection.close()


def steps_in(folder: Path | None = None) -> list[Step]:
    """Return all migrations in order: those of ``folder``, or those of the program."""
    files = sorted((folder or migrations_folder()).iterdir())
    return [Step.read(file) for file in files if _FILE.fullmatch(file.name)]


async def applied(connection: asyncpg.Connection) -> dict[str, str]:
    """Return the checksums of the migrations that a database has, by name."""
    if await connection.fetchval("SELECT to_regclass('living_map_migrations')") is None:
        return {}
    rows = await connection.fetch("SELECT name, checksum FROM living_map_migrations")
    return {row["name"]: row["checksum"] for row in rows}


def _pending(steps: Sequence[Step], present: Mapping[str, str]) -> list[Step]:
    for name in sorted(present.keys() - {step.name for step in steps}):
        raise MigrationError(
            f"migrations: {name} was applied to this database but is not among the files; "
            "restore it, or run the version of livingmap that brought it"
        )
    for step in steps:
        if present.get(step.name, step.checksum) != step.checksum:
            raise MigrationError(
                f"migrations: {step.name} was edited after it had been applied to this database; "
                "restore it and put the change into a new file"
            )
    pending = [step for step in steps if step.name not in present]
    newest = max(present, default="")
    for step in pending:
        if step.name < newest:
            raise MigrationError(
                f"migrations: this database has {newest}, but not {step.name}, which comes before it: another "
                "version of livingmap made it. Run that one, or use another history.url (of an embedded history, "
                "move its folder away); a file of your own needs a higher number"
            )
    return pending


async def _apply(connection: asyncpg.Connection, step: Step) -> None:
    try:
        await connection.execute(_TABLE)
        await connection.execute(step.sql, timeout=_STEP_SECONDS)
        await connection.execute(
            "INSERT INTO living_map_migrations (name, checksum) VALUES ($1, $2)", step.name, step.checksum
        )
    except asyncpg.InsufficientPrivilegeError as error:
        raise MigrationError(
            f"migrations: {step.name}: {error}; GRANT CREATE ON SCHEMA public to the account of history.url, "
            "or run livingmap migrate as the owner of the database"
        ) from error
    except (asyncpg.SyntaxOrAccessError, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise MigrationError(f"migrations: {step.name}: {error}") from error
