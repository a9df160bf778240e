"""States in PostgreSQL: kept as long as an entry is that may need them.

Example: the oldest entry is of 00:00:01 of 3 March. The partition of the states of 2 March is dropped, but that of
23:59 is moved into the odd partition before: the first moments of 3 March are made from it.
"""

from datetime import date, timedelta
from typing import Any, Final

from livingmap.core.model import Position
from livingmap.history import Mark, State, partitions, utc
from livingmap.history.days import EVE, MORROW, span
from livingmap.history.jsonb import text

_WRITE: Final = """
INSERT INTO living_map_states (epoch, seq, received_at, mark_time, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING"""

_COLUMNS: Final = "epoch, seq, received_at, mark_time, body"

_BEFORE: Final = (
    f"SELECT {_COLUMNS} FROM living_map_states WHERE epoch = $1 AND seq <= $2 {{}} ORDER BY seq DESC LIMIT 1"  # noqa: S608
)

_OLDEST: Final = f"SELECT {_COLUMNS} FROM living_map_states {{}} ORDER BY mark_time, epoch, seq LIMIT 1"  # noqa: S608

# The partitions in which a state is, almost always: of a year there are too many to lock them all each time.
_DAY: Final = """
SELECT CASE WHEN first_place IS NULL THEN day END FROM living_map_days
WHERE epoch = $1 AND first_seq <= $2 AND last_seq >= $2 ORDER BY first_seq DESC LIMIT 1"""
_OLDEST_DAY: Final = "SELECT min(day) FROM living_map_days"

AT_ONCE: Final = 20
"""So many states are deleted at once, in a transaction of a fraction of a second."""

# The newest before the oldest entry, from which the moments after it are made; if any is, of its own epoch.
# A row is compared as a whole; the time alone leaves out the partitions of later days.
_KEPT: Final = """
SELECT mark_time, epoch, seq FROM living_map_states
WHERE mark_time <= $1::timestamptz AND (mark_time, epoch, seq) < ($1::timestamptz, $2::text, $3::bigint)
ORDER BY epoch = $2::text DESC, mark_time DESC, epoch DESC, seq DESC LIMIT 1"""

_FORGET: Final = f"""
DELETE FROM living_map_states WHERE mark_time <= $1::timestamptz AND (mark_time, epoch, seq) IN (
  SELECT old.mark_time, old.epoch, old.seq FROM living_map_states AS old, ({_KEPT}) AS kept
  WHERE old.mark_time <= $1::timestamptz
    AND (old.mark_time, old.epoch, old.seq) < (kept.mark_time, kept.epoch, kept.seq)
  LIMIT {AT_ONCE}
)"""  # noqa: S608


async def write(connection: Any, state: State) -> None:
    """Keep ``state``; one of a position that is kept already stays as it is."""
    position = state.position
    await connection.execute(
        _WRITE, text(position.epoch), position.seq, state.received_at, state.mark_time, state.body
    )


async def before(connection: Any, position: Position) -> State | None:
    """Return the newest state of the epoch that is at ``position`` or before it."""
    place = text(position.epoch), position.seq
    row, day = None, await connection.fetchval(_DAY, *place)
    if day not in (None, EVE, MORROW):
        near = span(day - timedelta(days=1), day)
        row = await connection.fetchrow(
            _BEFORE.format("AND mark_time >= $3 AND mark_time < $4"), *place, near.start, near.end
        )
    return _state(row or await connection.fetchrow(_BEFORE.format(""), *place))


async def oldest(connection: Any) -> State | None:
    """Return the oldest state by its place."""
    row, day = None, await connection.fetchval(_OLDEST_DAY)
    if day not in (None, MORROW):
        row = await connection.fetchrow(_OLDEST.format("WHERE mark_time < $1"), span(day).end)
    return _state(row or await connection.fetchrow(_OLDEST.format("")))


async def detach(connection: Any, day: date, oldest_entry: Mark) -> bool:
    """Take the states of a ``day`` before ``oldest_entry`` out of the history, but for the one that it needs.

    Returns whether they had a partition, so that they could be.
    Raises one of `partitions.LOCKED` rather than wait.
    """
    async with connection.transaction():
        await partitions.lock_states(connection)
        kept = await connection.fetchrow(_KEPT, oldest_entry.time, oldest_entry.epoch, oldest_entry.seq)
        dropped = await partitions.detach_states(connection, day)
        if dropped and kept:
            back = f"INSERT INTO living_map_states SELECT * FROM {dropped} WHERE epoch = $1 AND seq = $2"  # noqa: S608
            await connection.execute(back, kept["epoch"], kept["seq"])
    return dropped is not None


async def forget(connection: Any, oldest_entry: Mark) -> int:
    """Delete at most `AT_ONCE` of the states that no moment since ``oldest_entry`` needs; return how many."""
    values = oldest_entry.time, oldest_entry.epoch, oldest_entry.seq
    tag: str = await connection.execute(_FORGET, *values)
    return int(tag.rpartition(" ")[2])


def _state(row: Any) -> State | None:
    if row is None:
        return None
    position = Position(row["epoch"], row["seq"])
    return State(position, utc(row["received_at"]), utc(row["mark_time"]), row["body"])
