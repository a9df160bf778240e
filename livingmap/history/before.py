"""What earlier versions wrote: entries in one table without partitions, until all of it is moved.

Rows only ever go from there into the partitions, each in one transaction. So whoever reads there first, and then
in the partitions, misses none; what was moved in between is in both answers.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from livingmap.core.model import Position
from livingmap.history import Entry, Mark, Query, before_sql, utc
from livingmap.history.jsonb import text

AT_ONCE: Final = 1000
_IS_THERE: Final = "SELECT to_regclass('living_map_history_before') IS NOT NULL"
_END: Final = "SELECT living_map_end_move()"
_END_WAIT: Final = "SET LOCAL lock_timeout = '500ms'"


async def is_there(connection: Any) -> bool:
    """Tell whether there still is such a table."""
    return bool(await connection.fetchval(_IS_THERE))


async def newest(connection: Any, query: Query, limit: int) -> list[Entry]:
    """Return the newest entries that ``query`` covers, ``limit`` at most."""
    known = await types(connection) if before_sql.wild(query) else []
    statement = before_sql.page(query, known, limit)
    return list(map(_entry, await connection.fetch(statement[0], *statement[1]))) if statement else []


async def after(connection: Any, position: Position, limit: int) -> list[Entry]:
    """Return the entries after ``position`` in the same epoch, oldest first."""
    values = text(position.epoch), position.seq, limit
    return list(map(_entry, await connection.fetch(before_sql.ENTRIES_AFTER, *values)))


async def since(connection: Any, mark: Mark | None, limit: int) -> list[Entry]:
    """Return the entries after a place, of whatever epoch, oldest first."""
    first = mark or Mark(datetime.min.replace(tzinfo=UTC), "", 0)
    values = first.time, first.epoch, first.seq, limit
    return list(map(_entry, await connection.fetch(before_sql.ENTRIES_FROM, *values)))


async def oldest(connection: Any) -> datetime | None:
    """Return when the oldest entry was received."""
    moment: datetime | None = await connection.fetchval(before_sql.OLDEST)
    return utc(moment) if moment else None


async def positions(connection: Any, entries: Iterable[Entry]) -> set[Position]:
    """Return the positions of those of ``entries`` that are there."""
    return await _positions(connection, before_sql.ANY_OF, [entry.position for entry in entries])


async def some(connection: Any, limit: int) -> list[tuple[Any, Entry]]:
    """Return some of the newest entries, each with the id of its row."""
    return [(row["id"], _entry(row)) for row in await connection.fetch(before_sql.TAKE, limit)]


async def drop(connection: Any, entries: Iterable[Entry]) -> set[Position]:
    """Delete ``entries``; return the positions of those that were there."""
    return await _positions(connection, before_sql.DROP, [entry.position for entry in entries])


async def types(connection: Any) -> list[str]:
    """Return the event types that are there."""
    return [row[0] for row in await connection.fetch(before_sql.TYPES)]


async def count_old(connection: Any, event_type: str, cutoff: datetime) -> int:
    """Return how many entries of a type are older than ``cutoff``."""
    return int(await connection.fetchval(before_sql.COUNT_OLD, event_type, cutoff))


async def count_up_to(connection: Any, most: int) -> int:
    """Return how many entries are there, or ``most``."""
    return int(await connection.fetchval(before_sql.COUNT_UP_TO, most))


async def prune(connection: Any, event_type: str, cutoff: datetime) -> int:
    """Delete some entries of a type that are older than ``cutoff``, `AT_ONCE` at most; return how many."""
    tag: str = await connection.execute(before_sql.PRUNE, event_type, cutoff, AT_ONCE)
    return int(tag.rpartition(" ")[2])


async def count(connection: Any) -> int:
    """Return about how many entries are there."""
    return int(await connection.fetchval(before_sql.COUNT) or 0)


async def end(connection: Any) -> bool:
    """Remove the table if it is empty; return whether it is removed."""
    async with connection.transaction():
        await connection.execute(_END_WAIT)
        return bool(await connection.fetchval(_END))


async def _positions(connection: Any, statement: str, positions: Sequence[Position]) -> set[Position]:
    values = [text(one.epoch) for one in positions], [one.seq for one in positions]
    return {Position(*row) for row in await connection.fetch(statement, *values)}


def _entry(row: Any) -> Entry:
    return Entry(
        Position(row["epoch"], row["seq"]),
        row["event_type"],
        row["payload"],
        utc(row["timestamp"]),  # asyncpg gives the end of time without a zone
        utc(row["occurred_at"]) if row["occurred_at"] else None,
        row["source"],
        tuple(row["entity_ids"]),
        row["previous"],
        row["changes"],
        place=utc(row["place"]) if row["place"] else None,
    )
