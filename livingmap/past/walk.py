"""Walk: what a play comes by in the history: entries, what is missing, and where the map is suddenly another.

Entries follow one another by their ``previous``. Where one does not, as those between were lost or deleted, nobody
knows what these changed, until the next state that the history keeps shows it. Example: 7, 8 and 11 are kept, and
a state at 11. The walk yields 7, 8, a gap, and a `Jump` to 11, whose scene has to be rebuilt. Without that state
it yields 7, 8, a gap and 11, and jumps at the next state.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final, TypeAlias

from livingmap.core.model import Position
from livingmap.history import Entry, Gap, History

_PAGE: Final = 200
DELETED: Final = "the history does not hold them any more"
UNKEPT: Final = "what an entry changed was too much to be kept"
ANEW: Final = "the map had another log from here on, or did not run"


@dataclass(frozen=True, slots=True)
class Jump:
    """The map is that of the entry, whatever it was before."""

    entry: Entry


Step: TypeAlias = Entry | Gap | Jump


def time_of(step: Step) -> datetime:
    """Return when a step is to be shown."""
    match step:
        case Gap():
            return step.from_time
        case Jump():
            return step.entry.mark.time
        case _:
            return step.mark.time


class Walk:
    """Goes through ``history`` from the place of ``start`` up to the moment ``to``; None for all that there is.

    ``is_torn`` says whether something may be missing in the scene of ``start`` already.
    """

    def __init__(self, history: History, start: Entry, to: datetime | None, *, is_torn: bool = False) -> None:
        self._history = history
        self._start = self._last = start
        self._to = to
        self._noted: set[Gap] = set()
        self._is_torn = is_torn
        """Whether something is missing since the last state: the next one counts."""
        self._is_lost = False
        """Whether nothing can be shown before the next jump."""
        self._next_state: int | None = None
        """While it is torn, where the next state of this page is."""

    def lose(self, ahead: Iterable[Step]) -> list[Step]:
        """Note that the scene of the last jump cannot be rebuilt; return what can be shown of what is ``ahead``.

        Before the next jump that is only what is missing.
        """
        steps = list(ahead)
        jump = next((index for index, step in enumerate(steps) if isinstance(step, Jump)), len(steps))
        if jump == len(steps):
            self._is_lost = self._is_torn = True
        return [*(step for step in steps[:jump] if isinstance(step, Gap)), *steps[jump:]]

    async def page(self) -> list[Step]:
        """Return what comes next; nothing if there is no more now. Raises HistoryUnavailable."""
        entries = await self._history.entries_from(self._last.mark, _PAGE)
        entries = list(takewhile(lambda entry: self._to is None or entry.mark.time <= self._to, entries))
        if not entries:
            return []
        gaps = await self._gaps(entries[-1].mark.time)
        if self._is_torn:
            self._next_state = await self._state_between(entries[0], entries)
        steps: list[Step] = []
        for entry in entries:
            recorded = _taken(gaps, entry)
            steps += recorded
            steps += [step async for step in self._steps(entry, entries, is_explained=bool(recorded))]
            self._last = entry
        return steps

    async def _gaps(self, until: datetime) -> deque[Gap]:
        """Return the gaps up to a moment that were not returned yet, the oldest first."""
        gaps = await self._history.gaps_in(self._last.mark.time, until)
        new = [gap for gap in gaps if gap not in self._noted and self._is_ahead(gap)]
        self._noted.update(new)
        return deque(sorted(new, key=lambda gap: (gap.from_time, gap.epoch, gap.first_seq)))

    def _is_ahead(self, gap: Gap) -> bool:
        epoch, seq = self._start.position.epoch, self._start.position.seq
        return gap.from_time > self._start.mark.time or (gap.epoch == epoch and gap.first_seq > seq)

    async def _steps(self, entry: Entry, page: list[Entry], *, is_explained: bool) -> AsyncIterator[Step]:
        gap = _gap_before(entry, self._last)
        if gap is not None:
            if not is_explained:
                yield gap
            is_anew = entry.position.epoch != self._last.position.epoch
            if is_anew or not self._is_torn:
                self._next_state = await self._state_between(entry, page)
            self._is_torn, self._is_lost = True, self._is_lost or is_anew
        if self._is_torn and self._next_state is not None and entry.position.seq >= self._next_state:
            self._is_torn = self._is_lost = False
            yield Jump(entry)
        elif not self._is_lost:
            yield entry

    async def _state_between(self, first: Entry, page: list[Entry]) -> int | None:
        """Return where the first state is that is at ``first`` or after it, and not beyond the page."""
        epoch, next_state = first.position.epoch, None
        seq = max(entry.position.seq for entry in page if entry.position.epoch == epoch)
        while state := await self._history.state_before(Position(epoch, seq)):
            if state.position.seq < first.position.seq:
                break
            next_state, seq = state.position.seq, state.position.seq - 1
        return next_state


def _taken(gaps: deque[Gap], entry: Entry) -> list[Gap]:
    """Take the gaps that began before an entry, or with it."""
    taken = list[Gap]()
    while gaps and gaps[0].from_time <= entry.mark.time:
        taken.append(gaps.popleft())
    return taken


def _gap_before(entry: Entry, last: Entry) -> Gap | None:
    """Return what is missing between two entries as far as they themselves say; None if nothing is."""
    (epoch, seq), before = (last.position.epoch, last.position.seq), entry.previous
    since, until = last.mark.time, entry.mark.time
    if entry.position.epoch != epoch:
        return Gap(epoch, seq + 1, seq + 1, since, until, ANEW, 0)
    if before != seq:
        first, end = seq + 1, before if before is not None and before > seq else entry.position.seq - 1
        return Gap(epoch, first, max(first, end), since, until, DELETED, None if end >= first else 0)
    return (
        Gap(epoch, entry.position.seq, entry.position.seq, until, until, UNKEPT, 0)
        if entry.changes is None
        else None
    )
