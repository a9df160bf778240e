"""Refill: the entries that the history lacks, made again from the log.

An entry holds what the fold made of a message, and a process that has moved on does not have that any more. So the
messages are folded a second time, into a scene of their own, from a checkpoint before the first that is lacking:
the fold is a pure function, and makes the same of them.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from livingmap.core.fold import Fold, Folded
from livingmap.core.model import Position
from livingmap.history import Entry, HistoryUnavailable, entry_of
from livingmap.log.rereading import Rereading
from livingmap.state.projector import Projector

_MOST_ENTRIES: Final = 1000
_MOST_BYTES: Final = 8 * 1024 * 1024

_logger = structlog.get_logger(__name__)


class Refill:
    """A `livingmap.history.refilling.Refill` by ``rereading``; ``new_fold`` makes a fold of nothing."""

    def __init__(self, rereading: Rereading, new_fold: Callable[[], Fold]) -> None:
        self._rereading = rereading
        self._new_fold = new_fold
        self._after = Position("", 0)
        self._is_exact = False
        self._fold = new_fold()
        self._projector = Projector(self._fold, rereading.progress)
        self._entries: list[Entry] = []

    async def begins_after(self, epoch: str) -> int | None:
        """Return after which ``seq`` a history begins that has nothing of ``epoch``; None if that has ended."""
        try:
            return await self._rereading.begins_after(epoch)
        except ConnectionError as error:
            raise _unavailable(error) from error

    async def begin(self, after: Position) -> int | None:
        """Begin after ``after``; return the first ``seq`` that the log has, None if it has ended."""
        self._after, self._entries = after, []
        try:
            beginning = await self._rereading.begin(after)
        except ConnectionError as error:
            raise _unavailable(error) from error
        if beginning is None:
            return None
        self._is_exact = beginning.is_exact
        if not beginning.is_exact:
            _logger.warning(
                "the history is caught up without changes: the stream has lost what they follow from",
                after=after.seq,
            )
        self._fold = self._new_fold()
        self._projector = Projector(self._fold, self._rereading.progress)
        self._projector.restore(beginning.states)
        self._projector.add(self)
        return beginning.first_seq

    async def entries(self) -> list[Entry]:
        """Return the next entries, maybe none. Leaves half of the time to whatever else runs."""
        loop, self._entries = asyncio.get_running_loop(), []
        left = _MOST_BYTES
        while len(self._entries) < _MOST_ENTRIES and left > 0:
            try:
                events = await self._rereading.events()
            except ConnectionError as error:
                raise _unavailable(error) from error
            if not events:
                break
            began = loop.time()
            for event in events:
                self._projector.take(event)
                left -= event.size
            await asyncio.sleep(loop.time() - began)
        return self._entries

    async def end(self) -> None:
        """Let go of the log and of the scene."""
        self._fold = self._new_fold()
        self._entries = []
        await self._rereading.end()

    # as a follower of its own projector

    def on_entry(self, folded: Folded, previous: int) -> None:
        """Keep the entry of an event that is lacking."""
        seq = folded.event.position.seq
        if seq <= self._after.seq:
            return
        if self._is_exact:
            self._entries.append(entry_of(folded, self._fold.scene, previous))
        else:  # the scene may be another than it was: what changed in it is not what viewers were sent
            entry = entry_of(folded, self._fold.scene)
            self._entries.append(replace(entry, changes=None))

    def on_restored(self) -> None:
        """Do nothing: the scene is that of the checkpoint."""


def _unavailable(error: ConnectionError) -> HistoryUnavailable:
    return HistoryUnavailable(f"the stream cannot be read again: {error}")
