"""Partitions: a table a day for entries and one for states, made before it is needed, and dropped as a whole.

A partition is made as a table and then attached, which keeps neither writers nor readers waiting. To drop one it
is detached first, which needs the whole table for an instant: the lock is waited for shortly, and tried again.
What is detached has another name, so that the next process that prunes drops what a killed one left.
"""

from datetime import date, timedelta
from typing import Any, Final

import asyncpg

from livingmap.history.days import span

LOCK: Final = 7017_017
"""The advisory lock that two makers of a partition meet at."""

LOCKED: Final = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)

_WAIT: Final = "SET LOCAL lock_timeout = '{}ms'"
_MAKE_WAIT_MS: Final = 500
_DETACH_WAIT_MS: Final = 100

_MAKE: Final = """
CREATE TABLE {table} (LIKE living_map_entries INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
CREATE UNIQUE INDEX idx_{table}_position ON {table} (epoch, seq);
LOCK TABLE living_map_entries_odd IN ACCESS EXCLUSIVE MODE;
WITH moved AS (DELETE FROM living_map_entries_odd WHERE timestamp >= '{start}' AND timestamp < '{end}' RETURNING *)
INSERT INTO {table} SELECT * FROM moved;
ALTER TABLE living_map_entries ATTACH PARTITION {table} FOR VALUES FROM ('{start}') TO ('{end}')"""

# Not where the odd one has states of that day already: they would have to be moved. There they are deleted in the
# end, as in any other partition that is not dropped.
_HAS_ODD_STATES: Final = """
SELECT EXISTS (SELECT FROM living_map_states_odd WHERE mark_time >= $1 AND mark_time < $2)"""

_MAKE_STATES: Final = """
CREATE TABLE {table} (LIKE living_map_states INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
CREATE UNIQUE INDEX idx_{table}_position ON {table} (epoch, seq);
ALTER TABLE living_map_states ATTACH PARTITION {table} FOR VALUES FROM ('{start}') TO ('{end}')"""

_DETACH: Final = """
ALTER TABLE living_map_entries DETACH PARTITION {table};
ALTER TABLE {table} RENAME TO {dropped};
DELETE FROM living_map_days WHERE day = '{day}'"""

_DETACH_STATES: Final = """
ALTER TABLE living_map_states DETACH PARTITION {table};
ALTER TABLE {table} RENAME TO {dropped}"""

_DAYS_OF_STATES: Final = """
SELECT to_date(right(relname, 8), 'YYYYMMDD') AS day
FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent = 'living_map_states'::regclass AND relname ~ '_\\d{8}$' ORDER BY 1"""

_LEFT: Final = """
SELECT relname FROM pg_class
WHERE relname LIKE 'living\\_map\\_dropped\\_%' AND relkind = 'r' AND pg_table_is_visible(oid)"""


def table_of(day: date) -> str:
    """Return the name of the partition of ``day``."""
    return f"living_map_entries_{day:%Y%m%d}"


def states_of(day: date) -> str:
    """Return the name of the partition of the states of ``day``."""
    return f"living_map_states_{day:%Y%m%d}"


async def make(connection: Any, day: date) -> None:
    """Make the partitions of ``day``, with what the odd one has of its entries.

    Raises one of `LOCKED` rather than wait.
    """
    table, days = table_of(day), span(day)
    async with connection.transaction():
        await _begin_to_make(connection)
        if not await _exists(connection, table):
            await connection.execute(_MAKE.format(table=table, start=days.start, end=days.end))
    await make_states(connection, day)


async def make_states(connection: Any, day: date) -> None:
    """Make the partition of the states of ``day``, unless the odd one has some of that day.

    Raises one of `LOCKED` rather than wait.
    """
    table, days = states_of(day), span(day)
    async with connection.transaction():
        await _begin_to_make(connection)
        if await _exists(connection, table):
            return
        await connection.execute("LOCK TABLE living_map_states_odd IN ACCESS EXCLUSIVE MODE")
        if not await connection.fetchval(_HAS_ODD_STATES, days.start, days.end):
            await connection.execute(_MAKE_STATES.format(table=table, start=days.start, end=days.end))


async def detach(connection: Any, day: date, *, if_empty: bool = False) -> bool:
    """Take the partition of ``day`` out of the history; return whether that is done.

    With ``if_empty`` only an empty one is. Raises one of `LOCKED` rather than wait.
    """
    table = table_of(day)
    async with connection.transaction():
        await connection.execute(_WAIT.format(_DETACH_WAIT_MS))
        if not await _exists(connection, table):
            return False
        if if_empty:
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608
                return False
        dropped = table.replace("_entries_", "_dropped_")
        await connection.execute(_DETACH.format(table=table, dropped=dropped, day=day))
    return True


async def days_of_states(connection: Any) -> list[date]:
    """Return the days whose states have a partition."""
    return [row["day"] for row in await connection.fetch(_DAYS_OF_STATES)]


async def lock_states(connection: Any) -> None:
    """Let nobody else read or write states until the transaction ends. Raises one of `LOCKED` rather than wait."""
    await connection.execute(_WAIT.format(_DETACH_WAIT_MS))
    await connection.execute("LOCK TABLE ONLY living_map_states IN ACCESS EXCLUSIVE MODE")


async def detach_states(connection: Any, day: date) -> str | None:
    """Take the partition of the states of ``day`` out of the others; return what it is called now.

    To be called within a transaction, after `lock_states`. None if there is no such partition.
    """
    table = states_of(day)
    if not await _exists(connection, table):
        return None
    dropped = table.replace("_states_", "_dropped_states_")
    await connection.execute(_DETACH_STATES.format(table=table, dropped=dropped))
    return dropped


async def drop_detached(connection: Any) -> None:
    """Drop what `detach` left, maybe that of another process."""
    for (table,) in await connection.fetch(_LEFT):
        await connection.execute(f"DROP TABLE IF EXISTS {table}")


def next_day(day: date) -> date:
    """Return the day after ``day``."""
    return day + timedelta(days=1)


async def _begin_to_make(connection: Any) -> None:
    await connection.execute(_WAIT.format(_MAKE_WAIT_MS))
    await connection.execute(f"SELECT pg_advisory_xact_lock({LOCK})")


async def _exists(connection: Any, table: str) -> bool:
    return bool(await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", table))
