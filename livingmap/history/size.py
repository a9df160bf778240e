"""Size: what disk a history takes, from what was measured, or from what a database really has for each entry."""

from dataclasses import dataclass
from typing import Any, Final

from livingmap.history.recorder import STATE_ENTRIES, STATE_TIME

DAY_SECONDS: Final = 86_400

_MEASURED: Final = """
SELECT
  (SELECT coalesce(sum(entries), 0) FROM living_map_days)::bigint AS entries,
  (
    SELECT coalesce(sum(pg_total_relation_size(relid)), 0)
    FROM pg_partition_tree('living_map_entries') WHERE isleaf
  )::bigint AS entry_bytes,
  (SELECT count(*) FROM living_map_states) AS states,
  (SELECT coalesce(avg(length(body)), 0) FROM living_map_states)::bigint AS state_bytes"""

_FEW: Final = 10_000
"""What fewer entries take says nothing: most of it is pages that are not full yet."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What is kept takes so many bytes on disk, indexes included."""

    entry: float = 520
    """An entry, in a simulated network of 10,000 agents; see docs/performance.md."""
    entity: float = 48
    """An entity in a state."""
    state: float | None = None
    """A state, where that is known; else it follows from the number of entities."""


@dataclass(frozen=True, slots=True)
class Size:
    """What a history takes in the end."""

    entries: int
    entry_bytes: int
    states: int
    state_bytes: int

    @property
    def total_bytes(self) -> int:
        """All of it."""
        return self.entry_bytes + self.state_bytes


def size(per_second: float, days: float, entities: int, costs: Costs = Costs()) -> Size:
    """Return what ``per_second`` events on a map of ``entities`` take when they are kept for ``days``."""
    seconds = days * DAY_SECONDS
    entries = round(per_second * seconds)
    by_time = min(entries, seconds / STATE_TIME.total_seconds())
    states = round(max(entries / STATE_ENTRIES, by_time))
    each = costs.entity * entities if costs.state is None else costs.state
    return Size(entries, round(entries * costs.entry), states, round(states * each))


async def measured(connection: Any) -> Costs | None:
    """Return what a database really has for each entry and state; None if it has too few."""
    row = await connection.fetchrow(_MEASURED)
    if row["entries"] < _FEW:
        return None
    return Costs(row["entry_bytes"] / row["entries"], state=row["state_bytes"] if row["states"] else None)
