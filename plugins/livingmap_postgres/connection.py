"""The connection to the database; a module of its own because nothing else knows the driver."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

import asyncpg

from livingmap.plugin import InvalidAnswer, Json, Unreachable
from livingmap_postgres.rows import record_of

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_CLOSE_SECONDS = 2.0


class Database:
    """A connection that only reads."""

    def __init__(self, connection: Connection, timeout_seconds: float, most_rows: int) -> None:
        self._connection = connection
        self._timeout_seconds = timeout_seconds
        self._most_rows = most_rows
        self._notified = asyncio.Event()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Have the queries meanwhile see one state of the database, and change nothing."""
        async with self._connection.transaction(isolation="repeatable_read", readonly=True):
            milliseconds = max(1, round(self._timeout_seconds * 1000))
            await self._connection.execute(f"SET LOCAL statement_timeout = {milliseconds}")
            yield

    async def rows(self, name: str, sql: str) -> list[Json]:
        """Return the rows of a query. Raises InvalidAnswer if the database refuses it or it gives too many."""
        try:
            async with asyncio.timeout(self._timeout_seconds * 2), self._connection.transaction():  # a savepoint
                rows = await (await self._connection.cursor(sql)).fetch(self._most_rows + 1)
        except asyncpg.PostgresConnectionError:
            raise
        except asyncpg.PostgresError as error:
            raise InvalidAnswer(f"queries.{name}: {error}") from None
        if len(rows) > self._most_rows:
            problem = f"gives more than most_rows = {self._most_rows}; add LIMIT or WHERE"
            raise InvalidAnswer(f"queries.{name}: {problem}")
        return [record_of(dict(row)) for row in rows]

    async def listen(self, channels: Sequence[str]) -> None:
        """Have `notified` return when something is sent on a channel, or the connection is lost."""
        self._connection.add_termination_listener(lambda _: self._notified.set())
        for channel in channels:
            await self._connection.add_listener(channel, lambda *_: self._notified.set())

    async def notified(self, most_seconds: float) -> None:
        """Wait for the next notification, for a limited time."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._notified.wait(), most_seconds)
        self._notified.clear()


@asynccontextmanager
async def connected(dsn: str, where: str, timeout_seconds: float, most_rows: int) -> AsyncIterator[Database]:
    """Connect for as long as the context lasts. Raises Unreachable if there is no connection, or it is lost."""
    try:
        connection = await _connect(dsn, timeout_seconds)
        try:
            yield Database(connection, timeout_seconds, most_rows)
        finally:
            await _close(connection)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:  # TimeoutError is an OSError
        raise Unreachable(f"{where}: {str(error) or type(error).__name__}") from None


async def _connect(dsn: str, timeout_seconds: float) -> Connection:
    try:
        connection = await asyncpg.connect(
            dsn, timeout=timeout_seconds, statement_cache_size=0, server_settings={"application_name": "livingmap"}
        )
    except ValueError:  # its text may hold a part of a password
        raise Unreachable(
            "the dsn cannot be read; in a password, @ : / ? # % have to be percent-encoded"
        ) from None
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
    return connection


async def _close(connection: Connection) -> None:
    try:
        await connection.close(timeout=_CLOSE_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
    except asyncio.CancelledError:
        connection.terminate()
        raise
