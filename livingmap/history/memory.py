"""The history in memory: for tests, and for a map that stores nothing."""

import asyncio
import bisect
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from livingmap.core.model import Position
from livingmap.history import (
    MOST_GAPS,
    Effect,
    Entry,
    Gap,
    Mark,
    Page,
    PruningRefused,
    Query,
    Retention,
    State,
    time_span,
)
from livingmap.history.jsonb import decode, encode, text
from livingmap.history.memory_rollups import MemoryRollUps
from livingmap.history.query import losses_in

_WRITTEN_AT_ONCE: Final = 50


class MemoryHistory:
    """A `livingmap.history.History` of at most ``capacity`` entries; the oldest make room."""

    def __init__(self, capacity: int = 10_000) -> None:
        self.roll_ups = MemoryRollUps()
        self._capacity = capacity
        self._entries: list[Entry] = []
        self._ids: set[uuid.UUID] = set()
        self._gaps: dict[tuple[str, int], Gap] = {}
        self._last: dict[str, int] = {}
        self._states: dict[Position, State] = {}

    async def open(self) -> None:
        """Do nothing: memory is always there."""

    async def close(self) -> None:
        """Do nothing; what was written stays readable."""

    async def write(self, entries: Sequence[Entry]) -> None:
        """Keep ``entries``; those that are there already stay as they are."""
        for number, entry in enumerate(map(storable, entries), 1):
            self._reach(entry.position)
            if (row := entry.id) not in self._ids:
                self._ids.add(row)
                bisect.insort(self._entries, entry, key=_mark)
            if number % _WRITTEN_AT_ONCE == 0:
                await asyncio.sleep(0)
        excess = max(0, len(self._entries) - self._capacity)
        self._ids.difference_update(entry.id for entry in self._entries[:excess])
        del self._entries[:excess]
        self._forget_states()
        for gap in losses_in(entries):
            await self.record_gap(gap)

    async def read(self, query: Query) -> Page:
        """Return a page of the entries that ``query`` covers."""
        covered = (entry for entry in reversed(self._entries) if query.covers(entry))
        entries = list(islice(covered, query.limit + 1))
        oldest = min((entry.received_at for entry in self._entries), default=None)
        return Page.of(query, entries, oldest, await self.gaps_in(*time_span(query, entries)))

    async def entries_after(self, position: Position, limit: int) -> list[Entry]:
        """Return the entries after ``position`` in the same epoch, oldest first."""
        same_epoch = [entry for entry in self._entries if entry.position.epoch == position.epoch]
        later = [entry for entry in same_epoch if entry.position > position]
        return sorted(later, key=lambda entry: entry.position)[:limit]

    async def effects_after(self, position: Position, limit: int) -> list[Effect]:
        """Return what `entries_after` does, but only how each changed the map."""
        return list(map(Effect.of, await self.entries_after(position, limit)))

    async def entries_from(self, after: Mark | None, limit: int) -> list[Entry]:
        """Return the entries after a place, of whatever epoch, oldest first."""
        index = 0 if after is None else bisect.bisect_right(self._entries, after, key=_mark)
        return self._entries[index : index + limit]

    async def newest_at(self, time: datetime) -> Entry | None:
        """Return the newest entry whose place in the history is at ``time`` or before it."""
        index = bisect.bisect_right(self._entries, time, key=lambda entry: entry.mark.time)
        return self._entries[index - 1] if index else None

    async def write_state(self, state: State) -> None:
        """Keep ``state``; one of a position that is kept already stays as it is."""
        self._states.setdefault(state.position, state)
        self._forget_states()

    async def state_before(self, position: Position) -> State | None:
        """Return the newest state of the epoch that is at ``position`` or before it."""
        same_epoch = [state for state in self._states.values() if state.position.epoch == position.epoch]
        before = [state for state in same_epoch if state.position <= position]
        return max(before, key=lambda state: state.position, default=None)

    async def oldest_state(self) -> State | None:
        """Return the oldest state by its place."""
        return min(self._states.values(), key=_place, default=None)

    async def last_seq(self, epoch: str) -> int | None:
        """Return the last ``seq`` of ``epoch`` that was ever written or recorded as lost."""
        return self._last.get(text(epoch))

    async def record_gap(self, gap: Gap) -> None:
        """Keep ``gap``; recorded again, it can only grow."""
        recorded = self._gaps.get((gap.epoch, gap.first_seq))
        if recorded is None or recorded.last_seq < gap.last_seq:
            self._gaps[gap.epoch, gap.first_seq] = gap
        self._reach(Position(gap.epoch, gap.last_seq))

    async def prune(self, now: datetime, retention: Retention) -> int:
        """Delete what is older than ``retention`` allows; return how many entries that were."""
        old = [entry for entry in self._entries if entry.received_at < retention.cutoff(entry.event_type, now)]
        total = len(self._entries)
        if len(old) > retention.most_share * total:
            raise PruningRefused(len(old), total, retention.most_share)
        self._forget(old)
        oldest = retention.gap_cutoff(now)
        self._gaps = {key: gap for key, gap in self._gaps.items() if gap.until >= oldest}
        return len(old)

    async def holdings(self, _: datetime) -> None:
        """Return None: nothing is on disk."""

    async def move(self) -> None:
        """Return None: no earlier version wrote anything."""

    def _forget(self, entries: Sequence[Entry]) -> None:
        if entries:
            ids = {entry.id for entry in entries}
            self._ids -= ids
            self._entries = [entry for entry in self._entries if entry.id not in ids]
            self._forget_states()

    def _forget_states(self) -> None:
        """Let go of the states before the newest, of its epoch if any is, with which the oldest entry begins."""
        if not self._entries:
            return
        oldest = self._entries[0].mark
        before = [place for place in map(_place, self._states.values()) if place < oldest]
        kept = max(before, key=lambda place: (place.epoch == oldest.epoch, place), default=oldest)
        for place in before:
            if place < kept:
                del self._states[Position(place.epoch, place.seq)]

    def _reach(self, position: Position) -> None:
        self._last[position.epoch] = max(position.seq, self._last.get(position.epoch, position.seq))

    async def gaps_in(self, start: datetime | None, end: datetime | None) -> list[Gap]:
        """Return the newest gaps that overlap a span of time, newest first."""
        overlapping = [
            gap
            for gap in self._gaps.values()
            if (start is None or gap.until >= start) and (end is None or gap.from_time <= end)
        ]
        return sorted(overlapping, key=lambda gap: (gap.from_time, gap.epoch, gap.first_seq), reverse=True)[
            :MOST_GAPS
        ]


def storable(entry: Entry) -> Entry:
    """Return ``entry`` as a database would give it back."""
    return replace(
        entry,
        position=Position(text(entry.position.epoch), entry.position.seq),
        event_type=text(entry.event_type),
        payload=decode(encode(entry.payload)),
        source=None if entry.source is None else text(entry.source),
        entity_ids=tuple(map(text, entry.entity_ids)),
    )


def _mark(entry: Entry) -> Mark:
    return entry.mark


def _place(state: State) -> Mark:
    return Mark(state.mark_time, state.position.epoch, state.position.seq)
