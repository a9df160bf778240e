"""Disk: asks a database what it has of the history."""

from datetime import UTC, datetime
from typing import Any, Final

from livingmap.history.holdings import DAY, Holdings
from livingmap.history.partitions import states_of, table_of

_ASKED: Final = """
SELECT
  pg_database_size(current_database()) AS bytes,
  (SELECT count(*) FROM living_map_days)::int AS days,
  (SELECT min(day) FROM living_map_days) AS oldest_day"""
_SIZES: Final = """
SELECT coalesce(sum(pg_total_relation_size(to_regclass(name))), 0)::bigint AS bytes
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS one (entries, states, place),
LATERAL unnest(ARRAY[entries, states]) AS name
GROUP BY place ORDER BY place"""


async def holdings(connection: Any, now: datetime) -> Holdings:
    """Return what the database of ``connection`` has."""
    asked = await connection.fetchrow(_ASKED)
    oldest, today = asked["oldest_day"], now.astimezone(UTC).date()
    days = [oldest or today, today - DAY, today]
    rows = await connection.fetch(_SIZES, [table_of(day) for day in days], [states_of(day) for day in days])
    return Holdings(asked["bytes"], asked["days"], oldest, *(row["bytes"] for row in rows))
