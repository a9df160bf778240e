"""Roll-ups: follows the history, minute by minute, and adds what is not written yet to what is.

The leader writes the minutes that are over. Every process can follow: of the entries since the last minute that is
written it makes the rest, in memory and when it is asked.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from livingmap.core.model import Position
from livingmap.core.vocabulary import Vocabulary
from livingmap.history import Entry, History, HistoryUnavailable, Mark, State
from livingmap.history.changes import decoded
from livingmap.history.rollups import Activity, Episode, Reading, RollUp, Silence, hour_of, in_steps, minute_of
from livingmap.past.rolling import Rolling
from livingmap.past.things import Things

_EVERY_SECONDS: Final = 5.0
_PRUNED_SECONDS: Final = 3600.0
_AT_ONCE: Final = 500
_MOST_BATCHES: Final = 20
"""What was followed of a long backlog is written before more of it is read."""
_FRESH_SECONDS: Final = 1.0

_logger = structlog.get_logger(__name__)


class RollUps:
    """The roll-ups of ``history``, by the types of ``vocabulary``, those of the last minutes included.

    They are kept for ``days``. `run` writes them, in one process at a time.
    """

    def __init__(
        self,
        history: History,
        vocabulary: Callable[[], Vocabulary],
        days: float,
        every_seconds: float = _EVERY_SECONDS,
    ) -> None:
        self._history = history
        self._vocabulary = vocabulary
        self._days = days
        self._every_seconds = every_seconds
        self._following = asyncio.Lock()
        self._rolling: Rolling | None = None
        self._types: Vocabulary | None = None
        self._written: Mark | None = None
        self._lost: Mark | None = None
        """Nothing is claimed that follows from a state before this place."""
        self._recent: Sequence[RollUp] = ()
        self._is_behind = False
        self._followed_at = float("-inf")
        self._pruned_at = float("-inf")

    async def run(self) -> None:
        """Write every minute that is over, until cancelled. While the database is away, nothing is lost."""
        while True:
            try:
                await self.write()
                await self._prune()
            except HistoryUnavailable:  # the writer of the history logs that
                self._is_behind = False
            await asyncio.sleep(0 if self._is_behind else self._every_seconds)

    async def write(self) -> None:
        """Write the minutes that are over."""
        async with self._at_it():
            await self._follow()
            finished = list(self._rolling.finished) if self._rolling else []
            if self._rolling is None or not finished:
                return
            if not await self._history.roll_ups.write(self._written, finished):
                _logger.info("another process has rolled up the history")
                self._rolling = None
                return
            self._rolling.finished = self._rolling.finished[len(finished) :]
            self._written = finished[-1].mark
            self._recent = await asyncio.to_thread(self._rolling.roll_ups)

    async def follow(self) -> None:
        """Take in what the history has got, unless that is being done or was done a moment ago."""
        now = time.monotonic()
        if self._following.locked() or now - self._followed_at < _FRESH_SECONDS:
            return
        async with self._at_it():
            await self._follow()

    @contextlib.asynccontextmanager
    async def _at_it(self) -> AsyncIterator[None]:
        """Let one task at a time roll up. What breaks off may leave a thread at work: then another one begins."""
        async with self._following:
            try:
                yield
            except BaseException:
                self._rolling = None
                raise

    # reading

    async def activity(
        self, start: datetime, end: datetime, step: timedelta, layers: Sequence[str] | None
    ) -> list[Activity]:
        """Return how much happened from ``start`` to ``end``, each ``step`` in which anything did."""
        written = await self._history.roll_ups.activity(start, end, step, layers)
        totals = {one.start: one for one in written}
        for one in in_steps(await self._unwritten(), start, end, step, layers):
            before = totals.get(one.start, Activity(one.start, 0, 0))
            totals[one.start] = Activity(one.start, before.entries + one.entries, before.changes + one.changes)
        return [totals[at] for at in sorted(totals)]

    async def episodes(self, start: datetime, end: datetime, limit: int) -> list[Episode]:
        """Return the newest troubles that overlap a span of time, newest first."""
        written = await self._history.roll_ups.episodes(start, end, limit)
        every = {(one.entity_id, one.began): one for one in written}
        every.update(((one.entity_id, one.began), one) for r in await self._unwritten() for one in r.episodes)
        within = (one for one in every.values() if one.began < end and (one.ended is None or one.ended > start))
        return sorted(within, key=lambda one: (one.began, one.entity_id), reverse=True)[:limit]

    async def silences(self, start: datetime, end: datetime) -> list[Silence]:
        """Return the silences that overlap a span of time, in order."""
        written = await self._history.roll_ups.silences(start, end)
        recent = (silence for one in await self._unwritten() for silence in one.silences)
        return [*written, *(one for one in recent if one.since < end and one.until > start)]

    async def readings(
        self, entity_id: str, field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> list[Reading]:
        """Return what a number was within a span and in the last hour before it, in order."""
        written = await self._history.roll_ups.readings(entity_id, field, start, end, by_hour=by_hour)
        recent = (one.readings.get((entity_id, field)) for one in await self._unwritten())
        return [*written, *(one for one in recent if one is not None and one.minute < end)]

    async def readings_of(
        self, entity_ids: Sequence[str], field: str, start: datetime, end: datetime, *, by_hour: bool = False
    ) -> dict[str, list[Reading]]:
        """Return what a number of several things was within a span and in the last hour before it, in order."""
        of = await self._history.roll_ups.readings_of(entity_ids, field, start, end, by_hour=by_hour)
        for one in await self._unwritten():
            for entity_id in entity_ids if one.minute < end else ():
                if (entity_id, field) in one.readings:
                    of.setdefault(entity_id, []).append(one.readings[entity_id, field])
        return of

    async def hours_of(
        self, entity_ids: Sequence[str], field: str, start: datetime, end: datetime
    ) -> dict[str, list[Reading]]:
        """Return the same of the hours that are over at ``end``, and of the minutes after them."""
        hour = hour_of(end)
        of = await self.readings_of(entity_ids, field, start, hour, by_hour=True)
        for entity_id, minutes in (await self.readings_of(entity_ids, field, hour, minute_of(end))).items():
            of.setdefault(entity_id, []).extend(one for one in minutes if one.minute >= hour)
        return of

    async def oldest(self) -> datetime | None:
        """Return the oldest minute that is kept."""
        recent = (one.minute for one in await self._unwritten())
        return await self._history.roll_ups.oldest() or next(recent, None)

    async def _unwritten(self) -> Sequence[RollUp]:
        """Return the minutes that nobody has written yet."""
        written = await self._history.roll_ups.rolled_up_to()
        return [one for one in self._recent if written is None or one.mark > written]

    # following

    async def _follow(self) -> None:
        """Take in the entries that the history has got, or the first of very many."""
        self._is_behind, rolling = False, await self._at_work()
        if rolling is None:
            return
        for _ in range(_MOST_BATCHES):
            entries = await self._history.entries_from(rolling.mark, _AT_ONCE)
            await self._take(rolling, entries)
            if len(entries) < _AT_ONCE:
                break
        else:
            self._is_behind = True
        self._recent = await asyncio.to_thread(rolling.roll_ups)
        self._followed_at = time.monotonic()

    async def _at_work(self) -> Rolling | None:
        """Return what rolls up, from where all is written on if it has to begin; None if there is nothing yet."""
        written, types = await self._history.roll_ups.rolled_up_to(), self._vocabulary()
        rolling = self._rolling
        if rolling is not None and self._types is types and (written is None or written <= rolling.mark):
            rolling.finished = [one for one in rolling.finished if written is None or one.mark > written]
            self._written = written
            return rolling
        self._rolling, self._types = await self._begun(written, types), types
        self._written, self._recent = written, ()
        return self._rolling

    async def _begun(self, written: Mark | None, types: Vocabulary) -> Rolling | None:
        """Return what goes on after what is written, or begins with the oldest state."""
        if written is not None:
            rolling, self._lost = Rolling(written, await self._history.roll_ups.open_episodes()), None
            position = Position(written.epoch, written.seq)
            things = await self._things_at(position, types)
            if things is None:
                self._lost = written
            else:
                await asyncio.to_thread(rolling.begin, things, written.time, knows_numbers=True)
            return rolling
        first = await self._history.oldest_state()
        if first is None:
            return None
        self._lost = _place(first)
        return Rolling(replace(self._lost, seq=self._lost.seq - 1), ())

    async def _take(self, rolling: Rolling, entries: Sequence[Entry]) -> None:
        """Take in entries; from one that does not follow on, only count them until there is a state."""
        rest = list(entries)
        while rest:
            if rolling.things is None:
                rest = await self._counted(rolling, rest)
            else:
                rest = await asyncio.to_thread(_taken, rolling, rest)
                if rest:
                    await asyncio.to_thread(rolling.lose)
                    self._lost = rest[0].mark

    async def _counted(self, rolling: Rolling, entries: list[Entry]) -> list[Entry]:
        """Count entries up to the place of a state, and go on from there; return those that follow it."""
        types = self._types or self._vocabulary()
        for position in dict.fromkeys((entries[0].position, entries[-1].position)):
            state = await self._history.state_before(position)
            if state is None or self._lost is None or _place(state) < self._lost:
                continue
            number = sum(one.mark <= _place(state) for one in entries)
            await asyncio.to_thread(_taken, rolling, entries[:number])
            rolling.mark = max(rolling.mark, _place(state))  # its own entry may be deleted already
            things = await self._things_at(Position(rolling.mark.epoch, rolling.mark.seq), types)
            if things is not None:
                await asyncio.to_thread(rolling.begin, things, rolling.mark.time, knows_numbers=False)
                return entries[number:]
            entries = entries[number:]
            break
        await asyncio.to_thread(_taken, rolling, entries)
        return []

    async def _things_at(self, position: Position, types: Vocabulary) -> Things | None:
        """Return what was on the map at a position; None if that is not known."""
        state = await self._history.state_before(position)
        if state is None or (self._lost is not None and _place(state) < self._lost):
            return None
        following = await self._next_entries(state.position, position)
        if following is None:  # asked before the state is read, which takes a second if the map is large
            return None
        try:
            things = await asyncio.to_thread(lambda: Things(types, state.items()))
        except ValueError as error:
            _logger.warning("a state cannot be read", error=str(error))
            return None
        while following:
            await asyncio.to_thread(_apply, things, following)
            following = await self._next_entries(following[-1].position, position)
        return None if following is None else things

    async def _next_entries(self, reached: Position, position: Position) -> list[Entry] | None:
        """Return the next entries up to a position, none if it is reached; None if they do not follow on."""
        if reached >= position:
            return []
        entries = await self._history.entries_after(reached, _AT_ONCE)
        entries = [one for one in entries if one.position <= position]
        for entry in entries:
            if not follows(entry, Mark(entry.mark.time, reached.epoch, reached.seq)):
                return None
            reached = entry.position
        return entries or None

    async def _prune(self) -> None:
        now = time.monotonic()
        if now - self._pruned_at < _PRUNED_SECONDS or self._written is None:
            return
        self._pruned_at = now
        await self._history.roll_ups.prune(self._written.time - timedelta(days=self._days))


def follows(entry: Entry, mark: Mark) -> bool:
    """Tell whether an entry comes right after a place in the log, and says how it changed the map."""
    same_epoch = entry.position.epoch == mark.epoch
    return same_epoch and entry.previous == mark.seq and entry.changes is not None


def _taken(rolling: Rolling, entries: Sequence[Entry]) -> list[Entry]:
    """Take in entries; return those from the first on that does not follow, if things are known."""
    for number, entry in enumerate(entries):
        if rolling.things is not None and not follows(entry, rolling.mark):
            return list(entries[number:])
        rolling.take(entry, decoded(entry.changes))
    return []


def _place(state: State) -> Mark:
    return Mark(state.mark_time, state.position.epoch, state.position.seq)


def _apply(things: Things, entries: Sequence[Entry]) -> None:
    for entry in entries:
        for change in decoded(entry.changes):
            things.take(change)
