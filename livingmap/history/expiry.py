"""Expiry: deletes what is older than the retention allows, whole days by dropping their partitions.

Example: entries are kept for 30 days, those of the type ``node.metrics.update`` for 2. Every day the partition of
31 days ago is dropped; it no longer has any metrics, which were deleted a thousand at a time when they were 2 days
old.
"""

import asyncio
import math
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Final

import asyncpg
import structlog

from livingmap.history import HistoryUnavailable, Mark, PruningRefused, Retention, before, partitions, states
from livingmap.history.days import Span, day_of, span
from livingmap.history.row_writer import Ask
from livingmap.history.rows import Rows

_AT_ONCE: Final = 1000
_TRIES: Final = 30
_PAUSE_SECONDS: Final = 0.2

_DAYS: Final = "SELECT day, sum(entries)::bigint FROM living_map_days GROUP BY day ORDER BY day"

_IN_SPAN: Final = (
    "($1::timestamptz IS NULL OR timestamp >= $1) AND ($2::timestamptz IS NULL OR timestamp < $2) "
    "AND kind = ANY($3::integer[])"
)

_COUNT: Final = f"SELECT count(*) FROM living_map_entries WHERE {_IN_SPAN}"  # noqa: S608

# By ctid, because a DELETE has no LIMIT: short transactions let the writer and autovacuum through. A day is in one
# partition, so that a ctid is of one row.
_DELETE: Final = f"""
WITH deleted AS (
  DELETE FROM living_map_entries WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM living_map_entries WHERE {_IN_SPAN} LIMIT {_AT_ONCE}
  )) AND {_IN_SPAN} RETURNING epoch
), counted AS (
  UPDATE living_map_days AS stored SET entries = stored.entries - deleted.entries
  FROM (SELECT epoch, count(*) AS entries FROM deleted GROUP BY epoch) AS deleted
  WHERE stored.day = $4 AND stored.epoch = deleted.epoch
)
SELECT count(*) FROM deleted"""  # noqa: S608

_FORGET_DAY: Final = "DELETE FROM living_map_days WHERE day = $1 AND entries <= 0"

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Old:
    """Entries of one day that are too old: those of ``kinds`` in ``span``."""

    day: date
    span: Span
    kinds: Sequence[int]
    entries: int


class Expiry:
    """Deletes old entries from the database that ``ask`` reaches."""

    def __init__(self, ask: Ask, rows: Rows) -> None:
        self._ask = ask
        self._rows = rows

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows, a little at a time; return how many entries.

        Raises PruningRefused, and deletes nothing, if that is a larger share of all than it allows.
        """
        await self._ask(self._rows.kinds.read)
        days = dict(await self._ask(lambda connection: connection.fetch(_DAYS)))
        cutoffs = self._cutoffs(now, retention)
        whole = {day: entries for day, entries in days.items() if _is_over(day, min(cutoffs, default=None))}
        old = [one for day in days if day not in whole for one in await self._old(day, cutoffs)]
        former = await self._former(now, retention)
        if retention.most_share < 1:
            count = (
                sum(whole.values())
                + sum(one.entries for one in old)
                + sum(entries for _, entries in former.values())
            )
            await self._check_share(count, sum(days.values()), retention.most_share)
        deleted = await self._prune_former(former)
        for one in old:
            deleted += await self._delete(one)
        for day, entries in whole.items():
            deleted += await self._drop(day, entries, cutoffs)
        await self._drop_empty(now)
        return deleted

    def _cutoffs(self, now: datetime, retention: Retention) -> dict[datetime, list[int]]:
        """Return the kinds by the time before which their entries are too old."""
        cutoffs: dict[datetime, list[int]] = defaultdict(list)
        for number, kind in self._rows.kinds.by_number.items():
            cutoffs[retention.cutoff(kind.event_type, now)].append(number)
        return cutoffs

    async def _old(self, day: date, cutoffs: Mapping[datetime, Sequence[int]]) -> list[_Old]:
        old = []
        for cutoff, kinds in cutoffs.items():
            if (part := span(day).cut(None, cutoff)) is not None:
                values = part.start, part.end, kinds
                if entries := await self._ask(partial(_fetchval, statement=_COUNT, values=values)):
                    old.append(_Old(day, part, kinds, entries))
        return old

    async def _check_share(self, old: int, total: int, most_share: float) -> None:
        """Raise PruningRefused if more than a share of all entries is old."""
        if old > most_share * total and await self._ask(before.is_there):
            enough = math.ceil(old / most_share)  # so many entries are enough to know: never all are counted
            total += await self._ask(lambda connection: before.count_up_to(connection, enough))
        if old > most_share * total:
            raise PruningRefused(old, total, most_share)

    async def _former(self, now: datetime, retention: Retention) -> dict[str, tuple[datetime, int]]:
        """Return the types that an earlier version wrote: cutoff, and how many entries are older."""
        if not await self._ask(before.is_there):
            return {}
        cutoffs = {one: retention.cutoff(one, now) for one in await self._ask(before.types)}
        return {
            one: (cutoff, await self._ask(partial(before.count_old, event_type=one, cutoff=cutoff)))
            for one, cutoff in cutoffs.items()
        }

    async def _prune_former(self, former: Mapping[str, tuple[datetime, int]]) -> int:
        total = 0
        for event_type, (cutoff, entries) in former.items():
            deleted = before.AT_ONCE if entries else 0
            while deleted == before.AT_ONCE:  # the connection is given back each time: others wait for it, too
                deleted = await self._ask(partial(before.prune, event_type=event_type, cutoff=cutoff))
                total += deleted
        return total

    async def _delete(self, old: _Old) -> int:
        total, deleted = 0, _AT_ONCE
        values = old.span.start, old.span.end, old.kinds, old.day
        while deleted == _AT_ONCE:
            deleted = await self._ask(partial(_fetchval, statement=_DELETE, values=values))
            total += deleted
        return total

    async def _drop(self, day: date, entries: int, cutoffs: Mapping[datetime, Sequence[int]]) -> int:
        """Drop the partition of ``day``, or delete its entries if it has none; return how many that were."""
        if await self._is_detached(day, partial(partitions.detach, day=day)):
            return entries
        return sum([await self._delete(one) for one in await self._old(day, cutoffs)])

    async def forget_states(self, oldest_entry: Mark) -> None:
        """Delete the states that no moment since ``oldest_entry`` needs, whole days of them by dropping those."""
        for day in await self._ask(partitions.days_of_states):
            if day < day_of(oldest_entry.time):
                detach = partial(states.detach, day=day, oldest_entry=oldest_entry)
                await self._is_detached(day, detach)
        deleted = states.AT_ONCE
        while deleted == states.AT_ONCE:
            deleted = await self._ask(partial(states.forget, oldest_entry=oldest_entry))

    async def _is_detached(self, day: date, detach: Callable[[Any], Awaitable[bool]]) -> bool:
        """Drop what ``detach`` takes of ``day`` out of the history; return whether it could be."""
        for _ in range(_TRIES):
            try:
                await self._ask(partitions.drop_detached)
                detached = await self._ask(detach)
                await self._ask(partitions.drop_detached)
            except HistoryUnavailable as error:
                if isinstance(error.__cause__, asyncpg.InsufficientPrivilegeError):
                    return False
                if not isinstance(error.__cause__, partitions.LOCKED):
                    raise
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return detached
        _logger.warning("a day of the history is in use; it is dropped later", day=str(day))
        return False

    async def _drop_empty(self, now: datetime) -> None:
        """Drop the partitions of former days from which all was deleted."""
        for day, entries in await self._ask(lambda connection: connection.fetch(_DAYS)):
            if entries <= 0 and _is_over(day, now):
                await self._is_detached(day, partial(partitions.detach, day=day, if_empty=True))
                await self._ask(partial(_fetchval, statement=_FORGET_DAY, values=(day,)))


def _is_over(day: date, moment: datetime | None) -> bool:
    """Tell whether ``day`` ended at ``moment`` or before, and may have a partition of its own."""
    days = span(day)
    return moment is not None and days.start is not None and days.end is not None and days.end <= moment


async def _fetchval(connection: Any, statement: str, values: Sequence[Any]) -> int:
    return int(await connection.fetchval(statement, *values) or 0)
