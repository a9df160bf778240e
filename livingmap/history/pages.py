"""Pages: reads entries in the order of the history, partition by partition, until enough are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from livingmap.core.fold import TOUCHED
from livingmap.core.model import Position
from livingmap.core.route import matches
from livingmap.history import Effect, Entry, Mark, Query, utc
from livingmap.history.days import Day, Span, placed_in, span, windows
from livingmap.history.jsonb import text
from livingmap.history.kinds import Kind
from livingmap.history.rows import Rows, entity_text

_MOST_BRANCHES: Final = 32
"""Up to so many kinds, the newest of each are looked up; beyond, one scan by time meets enough of them."""
_INSTANT: Final = timedelta(microseconds=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC)

_COLUMNS: Final = "timestamp, seq, occurred_at, place, kind, step, epoch, entities, payload, changes"

_DAYS: Final = """
SELECT day, min(first_place) AS first_place, max(last_place) AS last_place
FROM living_map_days GROUP BY day ORDER BY day"""

_OLDEST: Final = """
SELECT min(timestamp) FROM living_map_entries
WHERE ($1::timestamptz IS NULL OR timestamp >= $1) AND ($2::timestamptz IS NULL OR timestamp < $2)"""

_DAYS_AFTER: Final = """
SELECT day, first_seq, last_seq FROM living_map_days WHERE epoch = $1 AND last_seq > $2 ORDER BY first_seq"""


@dataclass(slots=True)
class _Where:
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition whose ``{}`` stand for ``values``."""
        places = [f"${len(self.values) + number}" for number in range(1, len(values) + 1)]
        self.conditions.append(condition.format(*places))
        self.values.extend(values)

    def within(self, column: str, span: Span) -> None:
        """Add the bounds of a span of time."""
        if span.start is not None:
            self.add(f"{column} >= {{}}::timestamptz", span.start)
        if span.end is not None:
            self.add(f"{column} < {{}}::timestamptz", span.end)

    def copy(self) -> "_Where":
        """Return the same conditions, to which others can be added; the values are those of one statement."""
        return _Where([*self.conditions], self.values)

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


@dataclass(frozen=True, slots=True)
class _Walk:
    """What is read, and in which direction."""

    query: Query
    days: Sequence[Day]
    kinds: Sequence[int] | None = None
    """The kinds to look up one by one; None to scan by time."""
    among: Sequence[int] | None = None
    """Then: only of these kinds."""
    but: Sequence[int] = ()
    """And: of none of these."""
    newest_first: bool = True

    def statement(self, marks: Span, edge: Mark | None, rows: int) -> tuple[str, list[Any]] | None:
        """Return the statement for the next ``rows`` in ``marks`` beyond ``edge``; None if there are none."""
        query, values = self.query, list[Any]()
        parts = []
        in_time, placed = marks.cut(query.from_time, query.until), placed_in(self.days, marks)
        placed = placed.cut(query.from_time, query.until) if placed else None
        for kind in [None] if self.kinds is None else self.kinds:
            where = _Where([], values)
            if kind is not None:
                where.add("kind = {}::integer", kind)  # a parameter each: the planner knows how frequent it is
            if self.among is not None:
                where.add("kind = ANY({}::integer[])", self.among)
            if self.but:
                where.add("kind <> ALL({}::integer[])", self.but)
            if query.entity_ids:
                ids = [entity_text(one) for one in query.entity_ids]
                where.add("string_to_array(entities, E'\\x1f') && {}::text[]", ids)
            if in_time is not None:
                one = where.copy()
                one.within("timestamp", in_time)
                # not IS NULL, which the planner takes for rare, and sorts all, until the table was analyzed
                one.add("num_nulls(place) > 0")
                parts.append(self._scan(one, "timestamp", edge, rows))
            if placed is not None:
                one = where.copy()
                one.within("timestamp", placed)
                one.within("place", marks)
                one.add("place IS NOT NULL")
                parts.append(self._scan(one, "place", edge, rows))
        if not parts:
            return None
        # With no place among them the branches are merged as they are sorted, no further than is needed.
        order = self._order("timestamp" if placed is None else "coalesce(place, timestamp)", rows)
        return f"SELECT {_COLUMNS} FROM ({' UNION ALL '.join(parts)}) AS found {order}", values  # noqa: S608

    def _scan(self, where: _Where, key: str, edge: Mark | None, rows: int) -> str:
        if edge is not None:
            beyond = "<" if self.newest_first else ">"
            condition = f"({key}, epoch, seq) {beyond} ({{}}::timestamptz, {{}}::text, {{}}::bigint)"
            where.add(condition, edge.time, text(edge.epoch), edge.seq)
        return f"(SELECT {_COLUMNS} FROM living_map_entries WHERE {where} {self._order(key, rows)})"  # noqa: S608

    def _order(self, key: str, rows: int) -> str:
        turn = " DESC" if self.newest_first else ""
        return f"ORDER BY {key}{turn}, epoch{turn}, seq{turn} LIMIT {rows}"


async def days(connection: Any) -> list[Day]:
    """Return the days that have entries."""
    return [Day(*row) for row in await connection.fetch(_DAYS)]


async def newest(
    connection: Any, rows: Rows, query: Query, limit: int, known: Sequence[Day] | None = None
) -> list[Entry]:
    """Return the newest entries that ``query`` covers, ``limit`` at most; ``known`` are the days, if read."""
    await rows.kinds.read(connection)
    walk = _walk(query, await days(connection) if known is None else known, rows.kinds.by_number)
    return await _walked(connection, rows, walk, query.before, limit) if walk else []


async def since(connection: Any, rows: Rows, after: Mark | None, limit: int) -> list[Entry]:
    """Return the entries after a place, of whatever epoch, oldest first."""
    walk = _Walk(Query(), await days(connection), None, newest_first=False)
    return await _walked(connection, rows, walk, after, limit)


async def after(connection: Any, rows: Rows, position: Position, limit: int) -> list[Entry]:
    """Return the entries after ``position`` in the same epoch, oldest first."""
    return await rows.unpacked(connection, await _after(connection, position, limit))


async def effects_after(connection: Any, rows: Rows, position: Position, limit: int) -> list[Effect]:
    """Return how the entries after ``position`` in the same epoch changed the map, oldest first."""
    return await rows.effects(connection, await _after(connection, position, limit))


async def _after(connection: Any, position: Position, limit: int) -> list[Any]:
    epoch, seq, records = text(position.epoch), position.seq, list[Any]()
    left = await connection.fetch(_DAYS_AFTER, epoch, seq)
    while left and len(records) < limit:
        end = left[0]["last_seq"]
        among = [row["day"] for row in left if row["first_seq"] <= end]
        where = _Where()
        where.add("epoch = {} AND seq > {} AND seq <= {}", epoch, seq, end)
        where.within("timestamp", span(min(among), max(among)))
        records += await connection.fetch(
            f"SELECT {_COLUMNS} FROM living_map_entries WHERE {where} "  # noqa: S608
            f"ORDER BY seq LIMIT {limit - len(records)}",
            *where.values,
        )
        seq, left = end, [row for row in left if row["last_seq"] > end]
    return records


async def oldest(connection: Any, known: Iterable[Day]) -> datetime | None:
    """Return when the oldest entry was received."""
    for day in known:
        moment: datetime | None = await connection.fetchval(_OLDEST, day.span.start, day.span.end)
        if moment is not None:
            return utc(moment)
    return None


def _walk(query: Query, known: Sequence[Day], kinds: Mapping[int, Kind]) -> _Walk | None:
    """Return how to read what ``query`` covers; None if nothing of its kinds is there."""
    if query.source is None and (not query.event_types or ">" in query.event_types):
        touched = [number for number, kind in kinds.items() if kind.event_type == TOUCHED]
        return _Walk(query, known, but=touched if query.quiet else ())
    wanted = [number for number, kind in kinds.items() if _asks_for(query, kind)]
    if not wanted:
        return None
    if len(wanted) > _MOST_BRANCHES:
        return _Walk(query, known, among=wanted)
    return _Walk(query, known, wanted)


def _asks_for(query: Query, kind: Kind) -> bool:
    return (
        query.source in (None, kind.source)
        and not (query.quiet and kind.event_type == TOUCHED)
        and (not query.event_types or any(matches(pattern, kind.event_type) for pattern in query.event_types))
    )


async def _walked(connection: Any, rows: Rows, walk: _Walk, edge: Mark | None, limit: int) -> list[Entry]:
    """Return the first ``limit`` entries beyond ``edge``."""
    entries: list[Entry] = []
    for marks in windows(walk.days, newest_first=walk.newest_first):
        rest = _beyond(marks, edge, newest_first=walk.newest_first)
        statement = walk.statement(rest, edge, limit - len(entries)) if rest else None
        if statement is not None:
            entries += await rows.unpacked(connection, await connection.fetch(statement[0], *statement[1]))
        if len(entries) >= limit:
            break
    return entries


def _beyond(marks: Span, edge: Mark | None, *, newest_first: bool) -> Span | None:
    """Return the part of ``marks`` that lies beyond ``edge``, the instant of which is in it."""
    if edge is None:
        return marks
    if newest_first:
        return marks.cut(None, edge.time + _INSTANT if edge.time < _LAST else None)
    return marks.cut(edge.time, None)
