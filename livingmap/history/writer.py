"""Writer: a bounded buffer between the log, which never waits, and the history, which is written in batches."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal

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
_LOOK_SECONDS: Final = 1.0
"""So often a history to which nothing is written is opened again, in case its server has ended."""
_SLOW_SECONDS: Final = 5.0
"""The log says so when opening the history takes longer."""
_LAST_OPENING_SECONDS: Final = 1.0
"""At the end a history that has not been opened yet is not waited for any longer."""
_MOST_BYTES: Final = 256 * 1024 * 1024
_LOST: Final = "the database was away for longer than the buffer lasts"
_NOT_READ: Final = "the log no longer had them when the map came back"

_logger = structlog.get_logger(__name__)


class HistoryWriter:
    """Writes entries into a history. While the database is away it keeps the newest, within its bounds.

    The bounds are ``capacity`` entries and ``most_bytes``; what has to make room becomes a gap.

    Of several processes that share a log and a database one writes; the others `follow`: they keep what it has
    not written yet, and go on from there when they `take_over`. With ``log_lasts`` the log outlives the process:
    what is not written at the end is written from there by the next one.
    """

    def __init__(
        self,
        history: History,
        *,
        capacity: int = 50_000,
        most_bytes: int = _MOST_BYTES,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
        log_lasts: bool = False,
    ) -> None:
        self.written = 0
        """How many entries were written."""
        self.error: str | None = None
        """Why the history cannot be written now."""
        self._history = history
        self._log_lasts = log_lasts
        self._is_opened = False
        self._recorded_lost = 0
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
        self._has_followed = False

    @property
    def state(self) -> Literal["opening", "written", "waiting"]:
        """Whether the history is being opened, is written, or cannot be written: then `error` says why."""
        if self.error is not None:
            return "waiting"
        return "written" if self._is_opened else "opening"

    @property
    def lost(self) -> int:
        """How many entries had to make room; each is in a recorded gap, or will be.

        What a follower has no room for is not lost: the process that writes has it.
        """
        if self._has_followed and (self._follows or not self._compared):
            return self._recorded_lost
        return self._recorded_lost + sum(_dropped(gap) for gap in self._gaps)

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
        self._follows = self._has_followed = True

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

    def add_gap(self, gap: Gap) -> None:
        """Keep ``gap`` until it is recorded. Returns at once."""
        self._gaps.append(gap)
        self._any_waiting.set()

    async def run(self) -> None:
        """Write until cancelled; try again for as long as the database is away.

        Raises MigrationError and the like: what no waiting would mend.
        """
        while True:
            try:
                await self._open()
                if not await self._is_anything_waiting():
                    await self._look()
                    continue
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

    async def _open(self) -> None:
        notice = asyncio.get_running_loop().call_later(_SLOW_SECONDS, self._report_opening)
        try:
            await self._history.open()
        finally:
            notice.cancel()
        self._is_opened = True

    def _report_opening(self) -> None:
        _logger.warning("the history is still being opened; entries wait", buffered=self.buffered)

    async def _is_anything_waiting(self) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._any_waiting.wait()
        return self._any_waiting.is_set()

    async def _look(self) -> None:
        """Find out whether a history that could not be written can be again, though nothing waits for it."""
        if self.error is not None:
            await self._history.last_seq("")
            self._report_success()
            self._backoff.reset()

    async def drain(self, timeout: float) -> int:  # noqa: ASYNC109 - it limits what is written, too
        """Write what waits, for ``timeout`` seconds at most; return how many entries are left.

        Meant for the end: `run` may have been cancelled before, or go on.
        """
        self._draining = True
        self._batch_full.set()
        if not self.buffered and not self._gaps:
            return 0
        try:
            await within(timeout, self._write_all(), "writing the history")
        except (HistoryUnavailable, TimeoutError) as error:
            self._report_failure(error)
        if self.buffered and self._log_lasts and not self._follows:
            _logger.info("the next process writes the end of the history", entries=self.buffered, error=self.error)
        elif self.buffered and not self._follows:
            _logger.error("the history ends early", entries_lost=self.buffered, error=self.error)
        return self.buffered

    async def _write_all(self) -> None:
        if self._is_opened:
            await self._open()
        else:
            await within(_LAST_OPENING_SECONDS, self._open(), "opening the history")
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
                if self._follows:
                    self._report_success()
                if last_seq is None or not self._discard_written(Position(epoch, last_seq)):
                    break
            if not self._follows and self._waiting and last_seq is not None:
                self._note_missing(self._waiting[0], last_seq)
            if self._follows and not self._waiting:
                self._any_waiting.clear()
        self._compared = True

    def _discard_written(self, written: Position) -> bool:
        """Discard entries up to ``written``; return whether those of another epoch come next."""
        epoch, seq = written.epoch, written.seq
        left = (gap for gap in self._gaps if gap.epoch != epoch or gap.last_seq > seq)
        self._gaps = deque(
            replace(gap, first_seq=max(gap.first_seq, seq + 1)) if gap.epoch == epoch else gap for gap in left
        )
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
                self._recorded_lost += _dropped(self._gaps.popleft())
                _logger.warning("the history has a gap", first=gap.first_seq, last=gap.last_seq, reason=gap.reason)
            self._report_success()
            if not self._waiting:
                self._any_waiting.clear()

    def _drop(self, entry: Entry) -> None:
        """Give ``entry`` up, and make it part of a gap."""
        self._bytes -= entry.size
        epoch, seq = entry.position.epoch, entry.position.seq
        gap = self._gaps[-1] if self._gaps else None
        if gap and gap.epoch == epoch and gap.last_seq + 1 == seq:
            self._gaps[-1] = replace(gap, last_seq=seq, until=entry.received_at)
        else:
            self._gaps.append(Gap(epoch, seq, seq, entry.received_at, entry.received_at, _LOST))

    def _report_success(self) -> None:
        if self.error is not None:
            self.error = None
            _logger.info("the history is written again", buffered=self.buffered)

    def _report_failure(self, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        if self.error is None:
            _logger.error("the history cannot be written; entries wait", error=reason, buffered=self.buffered)
        self.error = reason


def _dropped(gap: Gap) -> int:
    """Return how many entries a gap has for which there was no room."""
    return gap.last_seq - gap.first_seq + 1 if gap.reason == _LOST else 0
