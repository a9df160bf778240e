"""Statements about the table in which earlier versions kept the history, until all of it is moved."""

from dataclasses import dataclass, field
from typing import Any, Final

from livingmap.core.fold import TOUCHED
from livingmap.core.route import matches
from livingmap.history import Query

_MOST_BRANCHES: Final = 32
"""Up to so many event types, the newest of each are looked up; beyond, one scan by time meets enough of them."""

_COLUMNS: Final = (
    "epoch, seq, event_type, payload, timestamp, occurred_at, source, entity_ids, previous, changes, place"
)

_ORDER: Final = "ORDER BY coalesce(place, timestamp) DESC, epoch DESC, seq DESC"

ENTRIES_AFTER: Final = (
    f"SELECT {_COLUMNS} FROM living_map_history_before WHERE epoch = $1 AND seq > $2 ORDER BY seq LIMIT $3"  # noqa: S608
)

ENTRIES_FROM: Final = f"""
SELECT {_COLUMNS} FROM (
  (
    SELECT {_COLUMNS} FROM living_map_history_before
    WHERE num_nulls(place) > 0 AND (timestamp, epoch, seq) > ($1::timestamptz, $2::text, $3::bigint)
    ORDER BY timestamp, epoch, seq LIMIT $4
  )
  UNION ALL
  (
    SELECT {_COLUMNS} FROM living_map_history_before
    WHERE place IS NOT NULL AND (place, epoch, seq) > ($1::timestamptz, $2::text, $3::bigint)
    ORDER BY place, epoch, seq LIMIT $4
  )
) AS next ORDER BY coalesce(place, timestamp), epoch, seq LIMIT $4"""  # noqa: S608

OLDEST: Final = "SELECT timestamp FROM living_map_history_before ORDER BY timestamp LIMIT 1"

# Jumps from type to type along the index: as many probes as there are types, however many rows.
TYPES: Final = """
WITH RECURSIVE types AS (
  (SELECT event_type FROM living_map_history_before ORDER BY event_type LIMIT 1)
  UNION ALL
  SELECT (
    SELECT event_type FROM living_map_history_before
    WHERE event_type > types.event_type ORDER BY event_type LIMIT 1
  )
  FROM types WHERE types.event_type IS NOT NULL
)
SELECT event_type FROM types WHERE event_type IS NOT NULL"""

# By ctid, because a DELETE has no LIMIT: short transactions let the writer and autovacuum through.
PRUNE: Final = """
DELETE FROM living_map_history_before WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM living_map_history_before WHERE event_type = $1 AND timestamp < $2 ORDER BY timestamp LIMIT $3
))"""

COUNT_OLD: Final = "SELECT count(*) FROM living_map_history_before WHERE event_type = $1 AND timestamp < $2"

COUNT_UP_TO: Final = "SELECT count(*) FROM (SELECT FROM living_map_history_before LIMIT $1) AS first"

TAKE: Final = f"SELECT id, {_COLUMNS} FROM living_map_history_before ORDER BY timestamp DESC LIMIT $1"  # noqa: S608

DROP: Final = """
DELETE FROM living_map_history_before
WHERE (epoch, seq) IN (SELECT * FROM unnest($1::text[], $2::bigint[])) RETURNING epoch, seq"""

ANY_OF: Final = """
SELECT epoch, seq FROM living_map_history_before
WHERE (epoch, seq) IN (SELECT * FROM unnest($1::text[], $2::bigint[]))"""

COUNT: Final = """
SELECT CASE
  WHEN reltuples > 0 THEN reltuples::bigint
  ELSE (SELECT count(*) FROM living_map_history_before)
END FROM pg_class WHERE oid = to_regclass('living_map_history_before')"""


@dataclass(slots=True)
class _Where:
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition whose ``{}`` stand for ``values``."""
        places = [f"${len(self.values) + number}" for number in range(1, len(values) + 1)]
        self.conditions.append(condition.format(*places))
        self.values.extend(values)

    def copy(self) -> "_Where":
        """Return the same conditions, to which others can be added; the values are those of one statement."""
        return _Where([*self.conditions], self.values)

    def __str__(self) -> str:
        return f"WHERE {' AND '.join(self.conditions)}" if self.conditions else ""


def wild(query: Query) -> bool:
    """Tell whether `page` has to know which event types there are."""
    return not _asks_for_all_types(query) and any("*" in one or ">" in one for one in query.event_types)


def page(query: Query, types: list[str], rows: int) -> tuple[str, list[Any]] | None:
    """Return the statement for the newest ``rows`` and its values; None if nothing can match.

    ``types`` are the event types in the history, if `wild` asks for them: patterns become the types that they
    match, by the same function that routes messages.
    """
    where = _where(query)
    if not query.event_types or _asks_for_all_types(query):
        return _newest_of([_in_time(query, where, rows), _placed(query, where, rows)], rows), where.values
    wanted = sorted({*query.event_types} if not wild(query) else _matching(query, types))
    if not wanted:
        return None
    if len(wanted) > _MOST_BRANCHES:
        where.add("event_type = ANY({}::text[])", wanted)
        return _newest_of([_in_time(query, where, rows), _placed(query, where, rows)], rows), where.values
    # Each type is a parameter of its own, so that the planner knows how frequent it is: rare types cost no scan.
    branches = []
    for event_type in wanted:
        one = where.copy()
        one.add("event_type = {}::text", event_type)
        branches += [_in_time(query, one, rows), _placed(query, one, rows)]
    return _newest_of(branches, rows), where.values


def _asks_for_all_types(query: Query) -> bool:
    return ">" in query.event_types


def _matching(query: Query, types: list[str]) -> set[str]:
    return {name for name in types if any(matches(pattern, name) for pattern in query.event_types)}


def _where(query: Query) -> _Where:
    where = _Where()
    if query.from_time is not None:
        where.add("timestamp >= {}::timestamptz", query.from_time)
    if query.until is not None:
        where.add("timestamp < {}::timestamptz", query.until)
    if query.source is not None:
        where.add("source = {}::text", query.source)
    if query.entity_ids:
        where.add("entity_ids && {}::text[]", list(query.entity_ids))
    if query.quiet:
        where.add("event_type <> {}::text", TOUCHED)
    return where


def _in_time(query: Query, where: _Where, rows: int) -> str:
    """Select the newest of the entries that stand where their time says: almost all."""
    # not IS NULL, which the planner takes for rare, and sorts the whole table, until that was analyzed
    return _scan(query, where, "timestamp", "num_nulls(place) > 0", rows)


def _placed(query: Query, where: _Where, rows: int) -> str:
    """Select the newest of the others. Their indexes are small: usually there are none."""
    return _scan(query, where, "place", "place IS NOT NULL", rows)


def _scan(query: Query, where: _Where, key: str, condition: str, rows: int) -> str:
    one = where.copy()
    one.add(condition)
    if (mark := query.before) is not None:
        before = f"({key}, epoch, seq) < ({{}}::timestamptz, {{}}::text, {{}}::bigint)"
        one.add(before, mark.time, mark.epoch, mark.seq)
    order = f"ORDER BY {key} DESC, epoch DESC, seq DESC LIMIT {rows}"
    return f"(SELECT {_COLUMNS} FROM living_map_history_before {one} {order})"  # noqa: S608


def _newest_of(branches: list[str], rows: int) -> str:
    return f"SELECT {_COLUMNS} FROM ({' UNION ALL '.join(branches)}) AS newest {_ORDER} LIMIT {rows}"  # noqa: S608
