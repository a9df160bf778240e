"""Writer: a bounded buffer between the log, which never waits, and the history, which is written in batches."""

import asyncio
from collections import deque
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from livingmap.core.backoff import Backoff
from livingmap.core.model import Position
from livingmap.history import Entry, Gap, History, HistoryUnavailable
from livingmap.supervision import within

_BATCH_ROWS: Final = 1000
_BATCH_SECONDS: Final = 0.05
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0
_FOLLOW_SECONDS: Final = 1.0
_MOST_BYTES: Final = 256 * 1024 * 1024
_LOST: Final = "the database was away for longer than the buffer lasts"
_NOT_READ: Final = "the log no longer had them when the map came back"

_logger = structlog.get_logger(__name__)


class HistoryWriter:
    """Writes entries into a history. While the database is away it keeps the newest, within its bounds.

    The bounds are ``capacity`` entries and ``most_bytes``; what has to make room becomes a gap.

    Of several processes that share a log and a database one writes; the others `follow`: they keep what it has
    not written yet, and go on from there when they `take_over`.
    """

    def __init__(
        self,
        history: History,
        *,
        capacity: int = 50_000,
        most_bytes: int = _MOST_BYTES,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
    ) -> None:
        self.written = 0
        """How many entries were written."""
        self.lost = 0
        """How many entries had to make room; each is in a recorded gap, or will be."""
        self.error: str | None = None
        """Why the history cannot be written now."""
        self._history = history
        self._capacity = capacity
        self._most_bytes = most_bytes
        self._bytes = 0
        self._backoff = Backoff(_FIRST_PAUSE_SECONDS, longest_pause_seconds)
        self._waiting: deque[Entry] = deque()
        self._batch: list[Entry] = []
        self._gaps: deque[Gap] = deque()
        self._newest: datetime | None = None
        self._any_waiting = asyncio.Event()
        self._batch_full = asyncio.Event()
        self._writing = asyncio.Lock()
        self._draining = False
        self._follows = False
        self._compared = False

    @property
    def buffered(self) -> int:
        """How many entries wait to be written."""
        return len(self._waiting) + len(self._batch)

    def oldest_position(self) -> Position | None:
        """The first entry that is not known to be written; None if all are."""
        waiting = self._batch or self._waiting
        return waiting[0].position if waiting else None

    def follow(self) -> None:
        """From now on let another process write."""
        self._follows = True

    def take_over(self) -> None:
        """From now on write what no other process has written."""
        self._follows, self._compared = False, False
        self._any_waiting.set()

    def add(self, entry: Entry) -> None:
        """Keep ``entry`` until it is written. Returns at once; when the buffer is full the oldest makes room."""
        if self._newest is not None and entry.received_at < self._newest:  # the clock was set back
            entry = replace(entry, received_at=self._newest)
        self._newest = entry.received_at
        self._bytes += entry.size
        while self._waiting and (len(self._waiting) >= self._capacity or self._bytes > self._most_bytes):
            self._drop(self._waiting.popleft())
        self._waiting.append(entry)
        self._any_waiting.set()
        if len(self._waiting) >= _BATCH_ROWS:
            self._batch_full.set()

    async def run(self) -> None:
        """Write until cancelled; try again for as long as the database is away.

        Raises MigrationError and the like: what no waiting would mend.
        """
        while True:
            try:
                await self._history.open()
                await self._any_waiting.wait()
                if self._follows:
                    await self._skip_written()
                    await asyncio.sleep(_FOLLOW_SECONDS)
                    continue
                await self._gather()
                await self._write()
                self._backoff.reset()
            except HistoryUnavailable as error:
                self._report_failure(error)
                await asyncio.sleep(self._backoff.pause_seconds())

    async def drain(self, timeout: float) -> int:  # noqa: ASYNC109 - it limits what is written, too
        """Write what waits, for ``timeout`` seconds at most; return how many entries are left, and will be lost.

        Meant for the end: `run` may have been cancelled before, or go on.
        """
        self._draining = True
        self._batch_full.set()
        try:
            await within(timeout, self._write_all(), "writing the history")
        except (HistoryUnavailable, TimeoutError) as error:
            self._report_failure(error)
        if self.buffered and not self._follows:
            _logger.error("the history ends early", entries_lost=self.buffered, error=self.error)
        return self.buffered

    async def _write_all(self) -> None:
        await self._history.open()
        if self._follows:
            await self._skip_written()
        while not self._follows and (self.buffered or self._gaps):
            await self._write()

    async def _gather(self) -> None:
        """Give a batch the time to grow."""
        if len(self._waiting) < _BATCH_ROWS and not self._batch and not self._draining:
            self._batch_full.clear()
            try:
                async with asyncio.timeout(_BATCH_SECONDS):
                    await self._batch_full.wait()
            except TimeoutError:
                pass

    async def _skip_written(self) -> None:
        """Discard what the history has already; a writer that takes over also notes what is missing."""
        async with self._writing:
            self._waiting.extendleft(reversed(self._batch))
            self._batch = []
            while self._waiting:
                epoch = self._waiting[0].position.epoch
                last_seq = await self._history.last_seq(epoch)
                if last_seq is None or not self._discard_written(Position(epoch, last_seq)):
                    break
            if not self._follows and self._waiting and last_seq is not None:
                self._note_missing(self._waiting[0], last_seq)
        self._compared = True

    def _discard_written(self, written: Position) -> bool:
        """Discard entries up to ``written``; return whether those of another epoch come next."""
        epoch, seq = written.epoch, written.seq
        self._gaps = deque(gap for gap in self._gaps if gap.epoch != epoch or gap.last_seq > seq)
        while self._waiting and self._waiting[0].position <= written and self._waiting[0].position.epoch == epoch:
            self._bytes -= self._waiting.popleft().size
        return bool(self._waiting) and self._waiting[0].position.epoch != epoch

    def _note_missing(self, first: Entry, last_seq: int) -> None:
        if first.previous is not None and first.previous > last_seq:
            moment = first.received_at
            gap = Gap(first.position.epoch, last_seq + 1, first.previous, moment, moment, _NOT_READ)
            self._gaps.append(gap)

    async def _write(self) -> None:
        """Write one batch, and the gaps that come after it. What fails stays where it is."""
        if not self._compared:
            await self._skip_written()
        async with self._writing:
            while self._waiting and len(self._batch) < _BATCH_ROWS:
                self._batch.append(self._waiting.popleft())
            if self._batch:
                await self._history.write(self._batch)
                self.written += len(self._batch)
                self._bytes -= sum(entry.size for entry in self._batch)
                self._batch = []
            while self._gaps:
                gap = self._gaps[0]
                await self._history.record_gap(gap)
                if self._gaps[0] is not gap:  # it grew meanwhile
                    continue
                self._gaps.popleft()
                _logger.warning("the history has a gap", first=gap.first_seq, last=gap.last_seq, reason=gap.reason)
            if self.error is not None:
                self.error = None
                _logger.info("the history is written again", buffered=self.buffered)
            if not self._waiting:
                self._any_waiting.clear()

    def _drop(self, entry: Entry) -> None:
        """Give ``entry`` up, and make it part of a gap."""
        self.lost += 1
        self._bytes -= entry.size
        epoch, seq = entry.position.epoch, entry.position.seq
        gap = self._gaps[-1] if self._gaps else None
        if gap and gap.epoch == epoch and gap.last_seq + 1 == seq:
            self._gaps[-1] = replace(gap, last_seq=seq, until=entry.received_at)
        else:
            self._gaps.append(Gap(epoch, seq, seq, entry.received_at, entry.received_at, _LOST))

    def _report_failure(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        if self.error is None:
            _logger.error("the history cannot be written; entries wait", error=reason, buffered=self.buffered)
        self.error = reason
