"""Database: connections to PostgreSQL, straight or through a pooler such as PgBouncer."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import asyncpg

from livingmap.history import HistoryError, HistoryUnavailable
from livingmap.history.account import check_name, leave_closed_home
from livingmap.supervision import within

T = TypeVar("T")

_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 30.0
"""For one statement."""
_OPERATION_SECONDS: Final = 120.0
"""For all statements of an operation, with the connection for them."""
_OPEN_SECONDS: Final = 3600.0
"""Connecting is quick, but a migration of a large table is not."""
_CLOSE_SECONDS: Final = 3.0
_STATEMENTS: Final = 100
_NAME: Final = "livingmap"
_NOT_UNDERSTOOD: Final = "history.url: not understood; write postgresql://user:password@host/database"
_ENCODINGS: Final = ("UTF8", "SQL_ASCII")

_USELESS: Final = (
    OSError,
    asyncpg.InternalClientError,  # what a connection may say of itself that was cut off
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.ReadOnlySQLTransactionError,
)
"""After these all connections are made anew: they lead to a server that is gone, or is the primary no more."""


class Database:
    """The database at ``url``; ``connecting`` is what asyncpg's ``connect`` is given besides.

    A pooler hands each transaction to any of its connections. So through one every operation is a transaction, and
    no statement stays prepared. Straight connections keep their statements.
    """

    def __init__(
        self,
        url: str,
        connecting: Mapping[str, Any],
        connections: int,
        prepare: Callable[[Any], Awaitable[None]],
    ) -> None:
        self._url = url
        self._connecting = connecting
        self._connections = connections
        self._prepare = prepare
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._is_pooled = False
        self._opening = asyncio.Lock()

    async def open(self, set_up: Callable[[Any], Awaitable[object]]) -> None:
        """Connect and let ``set_up`` have the first connection, unless that is done.

        Raises HistoryUnavailable, or HistoryError if no waiting would help.
        """
        async with self._opening:
            if self._pool is None:
                with _configured(), _reaching():
                    self._pool = await within(_OPEN_SECONDS, self._opened(set_up), "opening the database")

    async def _opened(self, set_up: Callable[[Any], Awaitable[object]]) -> "asyncpg.Pool[asyncpg.Record]":
        connection = await connect(self._url, self._connecting)
        try:
            self._is_pooled = await is_pooled(connection)
            await set_up(connection)
            await connection.close(timeout=_CLOSE_SECONDS)
        finally:
            connection.terminate()  # does nothing once it is closed
        own = {"application_name": _NAME}
        if not self._is_pooled:  # a generic plan would not know how frequent this very type or entity is
            own["plan_cache_mode"] = "force_custom_plan"  # PgBouncer refuses it; unnamed statements need it less
        return await asyncpg.create_pool(
            self._url,
            min_size=0,  # or the pool itself would try to reach a database that is away, and complain
            max_size=self._connections,
            init=self._init,
            timeout=_CONNECT_SECONDS,
            command_timeout=_ANSWER_SECONDS,
            server_settings=own,
            statement_cache_size=0 if self._is_pooled else _STATEMENTS,
            **self._connecting,
        )

    async def _init(self, connection: Any) -> None:
        async with self._together(connection):
            await self._prepare(connection)

    def _together(self, connection: Any) -> "contextlib.AbstractAsyncContextManager[object]":
        """Return what keeps statements on one connection of the pooler, if there is one."""
        if self._is_pooled:
            transaction: contextlib.AbstractAsyncContextManager[object] = connection.transaction()
            return transaction
        return contextlib.nullcontext()

    async def close(self) -> None:
        """Close every connection, by force if that takes longer than a moment."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            await within(_CLOSE_SECONDS, pool.close(), "closing the database")
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
            pool.terminate()

    async def ask(self, work: Callable[[Any], Awaitable[T]]) -> T:
        """Return what ``work`` makes of a connection, within `_OPERATION_SECONDS`; at once if cancelled."""
        pool = self._pool
        if pool is None:
            raise HistoryUnavailable("history: not connected to the database yet")
        with _reaching():
            try:
                return await within(_OPERATION_SECONDS, self._asked(pool, work), "asking the database")
            except _USELESS:
                await pool.expire_connections()  # only marks them
                raise

    async def _asked(self, pool: "asyncpg.Pool[asyncpg.Record]", work: Callable[[Any], Awaitable[T]]) -> T:
        async with pool.acquire(timeout=_CONNECT_SECONDS) as connection, self._together(connection):
            try:
                return await work(connection)
            except asyncio.CancelledError:
                connection.terminate()  # given back it would wait for an answer
                raise


async def connect(
    url: str, connecting: Mapping[str, Any], answer_seconds: float = _ANSWER_SECONDS
) -> asyncpg.Connection:
    """Return a connection for one purpose. It prepares nothing, so a pooler may stand between.

    A statement may take ``answer_seconds``.
    Raises HistoryError if the database cannot hold what a history consists of, or would ask for a name.
    """
    check_name(url)
    leave_closed_home()
    connection: asyncpg.Connection = await asyncpg.connect(
        url,
        timeout=_CONNECT_SECONDS,
        command_timeout=answer_seconds,
        statement_cache_size=0,
        server_settings={"application_name": _NAME},
        **connecting,
    )
    encoding = connection.get_settings().server_encoding
    if encoding not in _ENCODINGS:
        connection.terminate()
        raise HistoryError(
            f"history.url: the database has the encoding {encoding}, which lacks most characters; create one with "
            "CREATE DATABASE livingmap ENCODING 'UTF8' TEMPLATE template0"
        )
    return connection


async def is_pooled(connection: asyncpg.Connection) -> bool:
    """Tell whether a pooler answers: it makes up the process number that a connection begins with."""
    async with connection.transaction():
        pid = await connection.fetchval("SELECT pg_backend_pid()")
    return bool(pid != connection.get_server_pid())


@contextlib.contextmanager
def _configured() -> Iterator[None]:
    """Turn errors about an address that can never work into HistoryError, without showing its password."""
    try:
        yield
    except HistoryUnavailable as error:
        if isinstance(error.__cause__, asyncpg.ClientConfigurationError):
            raise HistoryError(_NOT_UNDERSTOOD) from None
        raise
    except ValueError:
        raise HistoryError(_NOT_UNDERSTOOD) from None


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    """Turn every error that means that the database cannot be used now into HistoryUnavailable."""
    try:
        yield
    except HistoryError:
        raise
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        # A server that does not like our certificate says so as it closes, and asyncpg only that it closed.
        said = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
        reason = f"{type(said).__name__}: {said}".rstrip(": ")
        raise HistoryUnavailable(f"history: the database does not answer: {reason}") from error
