"""The database of the history: reached, and looked at as the map would use it. Nothing is written."""

import ssl
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import asyncpg

from livingmap.doctor.asking import shortened
from livingmap.doctor.clocks import of_clock
from livingmap.doctor.finding import Code, Finding
from livingmap.doctor.reaching import Address, connecting_failed, tls_failed
from livingmap.doctor.schema import of_schema, row_of
from livingmap.history import HistoryError
from livingmap.history.database import connect, is_pooled
from livingmap.history.disk import holdings
from livingmap.history.settings import HistorySettings
from livingmap.log.local import utc_now

_PORT: Final = 5432
_OLDEST: Final = 130_000
"""PostgreSQL 13, as ``server_version_num`` has it."""
_CONNECTIONS: Final = 8
"""What one map takes: five for its pool, and some while it starts."""
_URL: Final = "history.url"


async def of_database(settings: HistorySettings) -> Sequence[Finding]:
    """Return what is wrong with a PostgreSQL of one's own."""
    try:
        connecting = settings.connecting()
        connection = await connect(settings.url.get_secret_value(), connecting)
    except Exception as error:  # noqa: BLE001 - whatever asyncpg raises, it is why
        return [explained(settings, error)]
    try:
        return await _of_connection(connection, settings)
    finally:
        connection.terminate()


async def _of_connection(connection: asyncpg.Connection, settings: HistorySettings) -> Sequence[Finding]:
    try:
        pooled = await is_pooled(connection)
    except asyncpg.PostgresError as error:
        fix = "say `pool_mode = transaction` (or session) in `pgbouncer.ini`: the map needs transactions"
        return [Finding(Code.POOL_MODE, _URL, f"the pooler refuses a transaction ({shortened(error)})", fix)]
    async with connection.transaction():  # on one connection of a pooler
        findings = [*_of_version(connection), *await _of_time(connection)]
        findings += [] if pooled else await _of_connections(connection)
        readonly = await _of_writing(connection)
        findings += readonly or await of_schema(connection)
        return findings or await _of_disk(connection, settings)


async def _of_disk(connection: asyncpg.Connection, settings: HistorySettings) -> list[Finding]:
    """Return that the disk will be full before everything is kept that is to be."""
    if settings.disk_bytes is None or not await connection.fetchval("SELECT to_regclass('living_map_days')"):
        return []
    now, retention = utc_now(), timedelta(days=settings.retention_days)
    held = (await holdings(connection, now)).within(settings.disk_bytes)
    left = held.days_left(now, retention)
    kept = (now.date() - held.oldest_day).days if held.oldest_day else 0
    if left is None or kept + left >= settings.retention_days:
        return []
    growth = held.growth(now, retention) / 1024**2
    what = f"the history grows by {growth:,.0f} MiB a day: `history.disk_bytes` are full in {left:.1f} days"
    fix = f"make room and raise it, or set `history.retention_days: {max(1, int(kept + left))}`"
    return [Finding(Code.DISK, "history.disk_bytes", what, fix)]


def _of_version(connection: asyncpg.Connection) -> list[Finding]:
    version = connection.get_server_version()
    if version.major * 10_000 >= _OLDEST:
        return []
    what = f"PostgreSQL {version.major}.{version.minor} is older than 13"
    return [Finding(Code.VERSION, _URL, what, "upgrade the server: `pg_upgrade` to 13 or later")]


async def _of_time(connection: asyncpg.Connection) -> list[Finding]:
    before = utc_now()
    there = await connection.fetchval("SELECT clock_timestamp()")
    return of_clock(_URL, "PostgreSQL", there, before, utc_now())


async def _of_connections(connection: asyncpg.Connection) -> list[Finding]:
    role, limit, most, used = await row_of(
        connection,
        """SELECT current_user, rolconnlimit, current_setting('max_connections')::int,
                  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int
           FROM pg_roles WHERE rolname = current_user""",
    )
    if 0 <= limit < _CONNECTIONS:
        what = f"{role} may have {limit} connections at once, and a map wants up to {_CONNECTIONS}"
        fix = f'`ALTER ROLE "{role}" CONNECTION LIMIT {_CONNECTIONS * 3}`'
        return [Finding(Code.FEW_CONNECTIONS, _URL, what, fix)]
    if most - used < _CONNECTIONS:
        what = f"{used} of the server's {most} connections are taken"
        fix = f"`ALTER SYSTEM SET max_connections = {most * 2}` and a restart, or a PgBouncer before it"
        return [Finding(Code.FEW_CONNECTIONS, _URL, what, fix)]
    return []


async def _of_writing(connection: asyncpg.Connection) -> list[Finding]:
    """Return why nothing can be written."""
    standby, readonly, database, role, source = await row_of(
        connection,
        """SELECT pg_is_in_recovery(), current_setting('transaction_read_only')::bool, current_database(),
                  current_user, (SELECT source FROM pg_settings WHERE name = 'default_transaction_read_only')""",
    )
    if standby:
        fix = "write the address of the primary, or all of them with `?target_session_attrs=read-write`"
        return [Finding(Code.READ_ONLY, _URL, "the server is a standby, which takes no writes", fix)]
    if not readonly:
        return []
    scopes = {"database": f'ALTER DATABASE "{database}"', "user": f'ALTER ROLE "{role}"'}
    scopes["database user"] = f'ALTER ROLE "{role}" IN DATABASE "{database}"'
    if source in scopes:
        fix = f"`{scopes[source]} RESET default_transaction_read_only`"
    else:
        fix = f'`ALTER DATABASE "{database}" SET default_transaction_read_only = off`'
    return [Finding(Code.READ_ONLY, _URL, f"transactions are read-only ({source})", fix)]


def explained(settings: HistorySettings, error: Exception) -> Finding:
    """Return what an error of connecting means. No text of a driver about the address is shown: it has secrets."""
    parts = urlsplit(settings.url.get_secret_value())
    address = Address(_URL, parts.hostname or "the socket", parts.port or _PORT)
    cause = error.__cause__ if isinstance(error.__cause__, ssl.SSLError) else error
    if isinstance(cause, ssl.SSLError):
        return tls_failed(address, cause)
    if isinstance(cause, HistoryError):
        what, _, fix = str(cause).removeprefix("history.url: ").partition("; ")
        code = Code.ENCODING if "encoding" in what else Code.DATABASE_URL
        return Finding(code, _URL, what, fix or "write `postgresql://user:password@host/database`")
    if isinstance(cause, asyncpg.PostgresError):
        return _refused(parts.path.strip("/"), parts.username, cause)
    if isinstance(cause, OSError) and "history.password_file" in str(cause):
        fix = "write the password into that file, readable by this account"
        return Finding(Code.SECRET_FILE, "history.password_file", shortened(cause), fix)
    if isinstance(cause, ConnectionError) and "SSL" in str(cause):
        what = f"{address.shown} does not encrypt"
        fix = "set `ssl = on` on the server, or connect without `history.ca_file` and `sslmode`"
        return Finding(Code.TLS_NOT_SPOKEN, _URL, what, fix)
    if isinstance(cause, OSError):
        return connecting_failed(address, cause)
    fix = "write `postgresql://user:password@host/database`, special characters percent-encoded"
    return Finding(Code.DATABASE_URL, _URL, f"cannot be used ({type(cause).__name__})", fix)


def _refused(database: str, user: str | None, error: asyncpg.PostgresError) -> Finding:
    what = shortened(error)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        fix = f"`CREATE DATABASE \"{database}\" ENCODING 'UTF8' TEMPLATE template0`"
        return Finding(Code.DATABASE_MISSING, _URL, what, fix)
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):  # a wrong password is one of them
        fix = f"correct user and password in `{_URL}` or `history.password_file`, or the server's `pg_hba.conf`"
        return Finding(Code.SIGN_IN, _URL, what, fix)
    if isinstance(error, asyncpg.TooManyConnectionsError):
        fix = f'end idle connections, or `ALTER ROLE "{user}" CONNECTION LIMIT -1`'
        return Finding(Code.FEW_CONNECTIONS, _URL, what, fix)
    return Finding(Code.DATABASE_FAILS, _URL, what, "see the log of the server, or of the pooler before it")
