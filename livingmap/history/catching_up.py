"""Catching up: what a writer had no room for, while the database was away, is written from the log.

Example: the history holds the log up to 500, and what waits begins with 90,001. The entries from 501 on are made
again from the log, batch by batch, and written; what waits comes when 90,000 is written. If the log has lost what
comes before 700, that becomes a gap from 501 to 699.
"""

import asyncio
from datetime import datetime
from typing import Final

import structlog

from livingmap.core.model import Position
from livingmap.history import Gap, History, HistoryUnavailable
from livingmap.history.buffer import MADE_ANEW, Buffer
from livingmap.history.entry import Entry
from livingmap.history.refilling import Refill

STREAM_LOST: Final = "the stream no longer had them when the database was back"
_REPORT_SECONDS: Final = 10.0

_logger = structlog.get_logger(__name__)


class CatchingUp:
    """Fills the batches of ``buffer`` by ``refill`` while ``history`` is behind what waits."""

    def __init__(self, history: History, refill: Refill, buffer: Buffer) -> None:
        self.lost = 0
        """How many positions the log had lost; they are in recorded gaps."""
        self._history = history
        self._refill = refill
        self._buffer = buffer
        self._reached: Position | None = None
        self._begun = False
        self._written = 0
        self._reported_at = 0.0

    @property
    def is_under_way(self) -> bool:
        """Whether the history is known to be behind."""
        return self._reached is not None

    @property
    def behind(self) -> int:
        """How many positions lie between what is written and what waits."""
        evicted, waiting = self._buffer.evicted, self._buffer.waiting
        if self._reached is not None and waiting:
            return max(0, waiting[0].position.seq - 1 - self._reached.seq)
        return evicted.last_seq - evicted.first_seq + 1 if evicted else 0

    @property
    def oldest(self) -> Position | None:
        """The first position that is not known to be written; None if it is not under way."""
        return Position(self._reached.epoch, self._reached.seq + 1) if self._reached else None

    async def start(self, first: Entry) -> int | None:
        """Return after which ``seq`` a history that holds nothing of the epoch of ``first`` begins.

        A process that was here before may have read what this one began after, and not have written it.
        """
        epoch, began = first.position.epoch, self._buffer.began_after
        if began is None or began.epoch != epoch:
            return None
        begins_after = await self._refill.begins_after(epoch) if began.seq else None
        return began.seq if begins_after is None else min(began.seq, begins_after)

    def begin(self, after: Position) -> None:
        """Note that the history ends at ``after``, before what waits."""
        self._reached, self._begun, self._written = after, False, 0

    async def fill_batch(self) -> None:
        """Put the next entries into the batch, maybe none. After HistoryUnavailable it has to begin again."""
        try:
            await self._fill_batch()
        except HistoryUnavailable:
            await self.abandon()
            raise

    async def abandon(self) -> None:
        """Break off; the history is compared with what waits before it is caught up again."""
        if self._reached is not None:
            self._reached = None
            await self._refill.end()

    async def _fill_batch(self) -> None:
        if not self._begun and not await self._begin():
            return
        entries = await self._refill.entries()
        if self._reached is None or not self._buffer.waiting:  # meanwhile another process has begun to write
            return
        # No await from here on: whatever makes room for others now is noticed as the next thing to catch up with.
        first = self._buffer.waiting[0].position
        batch = [entry for entry in entries if entry.position.epoch != first.epoch or entry.position < first]
        self._buffer.refill_batch(batch)
        self._written += len(batch)
        if batch:
            self._reached = batch[-1].position
        self._report()
        if len(batch) < len(entries):
            await self._finish()

    async def _begin(self) -> bool:
        """Begin to read the log again; return whether there is anything to read."""
        assert self._reached is not None  # noqa: S101 - `begin` was called
        after, self._reported_at = self._reached, asyncio.get_running_loop().time()
        _logger.info("the history catches up from the stream", after=after.seq, behind=self.behind)
        first_seq = await self._refill.begin(after)
        self._begun = True
        end = self._end(after)
        last_lost = end if first_seq is None else min(first_seq - 1, end)
        if last_lost > after.seq:
            await self._record_gap(after, last_lost, STREAM_LOST if first_seq else MADE_ANEW)
        if last_lost < end:
            return True
        await self._finish()
        return False

    def _end(self, after: Position) -> int:
        """Return the last position before what waits."""
        first, evicted = self._buffer.waiting[0], self._buffer.evicted
        if first.position.epoch == after.epoch:
            return first.position.seq - 1 if first.previous is None else first.previous
        return evicted.last_seq if evicted and evicted.epoch == after.epoch else after.seq

    async def _record_gap(self, after: Position, last_seq: int, reason: str) -> None:
        from_time, until = self._times()
        gap = Gap(after.epoch, after.seq + 1, last_seq, from_time, until, reason)
        await self._history.record_gap(gap)
        self.lost += last_seq - after.seq
        self._reached = Position(after.epoch, last_seq)
        _logger.warning("the history has a gap", first=gap.first_seq, last=gap.last_seq, reason=reason)

    def _times(self) -> tuple[datetime, datetime]:
        """Return between when what is lost was received, as closely as that is known."""
        evicted, until = self._buffer.evicted, self._buffer.waiting[0].received_at
        return (evicted.from_time if evicted else until), until

    async def _finish(self) -> None:
        self._reached, self._buffer.evicted = None, None
        await self._refill.end()
        _logger.info("the history has caught up with the stream", entries=self._written)

    def _report(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._reported_at >= _REPORT_SECONDS:
            self._reported_at = now
            _logger.info("the history is catching up", written=self._written, behind=self.behind)
