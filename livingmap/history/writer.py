"""Writer: a bounded buffer between the log, which never waits, and the history, which is written in batches."""

import asyncio
import time
from contextlib import suppress
from typing import Final, Literal, TypeAlias

import structlog

from livingmap.core.backoff import Backoff
from livingmap.core.histogram import SLOW, Histogram
from livingmap.core.model import Position
from livingmap.history import Entry, Gap, History, HistoryUnavailable
from livingmap.history.buffer import NOT_READ, Buffer
from livingmap.history.capture import Capture, Captures
from livingmap.history.catching_up import CatchingUp
from livingmap.history.places import Places
from livingmap.history.refilling import Refill
from livingmap.supervision import within

_BATCH_ROWS: Final = 1000
_BATCH_SECONDS: Final = 0.05
_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 5.0
_FOLLOW_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 1.0
"""So often a history to which nothing is written is looked at, in case its server has ended."""
_SLOW_SECONDS: Final = 5.0
"""The log says so when opening the history takes longer."""
_LAST_OPENING_SECONDS: Final = 1.0
"""At the end a history that has not been opened yet is not waited for any longer."""
ALONE: Final = (50_000, 256 * 1024 * 1024)
"""How many entries, and how many bytes, wait at most."""
REFILLED: Final = (10_000, 32 * 1024 * 1024)
"""The same if the log has those before them."""

WriterState: TypeAlias = Literal["opening", "written", "waiting", "catching_up", "not_pruned"]

_logger = structlog.get_logger(__name__)


class HistoryWriter:
    """Writes entries into a history. While the database is away it keeps the newest, within its bounds.

    The bounds are ``capacity`` entries and ``most_bytes``; what has to make room becomes a gap. With ``refill``
    the log itself is the buffer: what had to make room is written from there when the database is back, and what
    is not written at the end is written by the next process.

    Of several processes that share a log and a database one writes; the others `follow`: they keep what it has
    not written yet, and go on from there when they `take_over`.
    """

    def __init__(
        self,
        history: History,
        *,
        capacity: int | None = None,
        most_bytes: int | None = None,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
        refill: Refill | None = None,
    ) -> None:
        self.written = 0
        """How many entries were written."""
        self.write_seconds = Histogram(SLOW)
        """How long it took to write batches."""
        self.error: str | None = None
        """Why the history cannot be written now."""
        self.retention_error: str | None = None
        """Why nothing old is deleted from it."""
        self.to_move: int | None = None
        """About how many entries an earlier version wrote that this process still has to move; None if none."""
        self._history = history
        self._is_opened = False
        self._recorded_lost = 0
        self._backoff = Backoff(_FIRST_PAUSE_SECONDS, longest_pause_seconds)
        entries, most = REFILLED if refill else ALONE
        self._buffer = Buffer(capacity or entries, most_bytes or most, can_be_refilled=refill is not None)
        self._catching_up = CatchingUp(history, refill, self._buffer) if refill else None
        self._places = Places(history)
        self._captures = Captures(history)
        self._any_waiting = asyncio.Event()
        self._batch_full = asyncio.Event()
        self._writing = asyncio.Lock()
        self._draining = False
        self._follows = False
        self._compared = False
        self._has_followed = False

    @property
    def state(self) -> WriterState:
        """Whether the history is being opened, is written, or cannot be written: then `error` says why.

        One that is written may not be pruned: then `retention_error` says why.
        """
        if self.error is not None:
            return "waiting"
        if self._catching_up is not None and self._catching_up.is_under_way:
            return "catching_up"
        if self.retention_error is not None:
            return "not_pruned"
        return "written" if self._is_opened else "opening"

    @property
    def lost(self) -> int:
        """How many entries had to make room; each is in a recorded gap, or will be.

        What a follower has no room for is not lost: the process that writes has it.
        """
        lost = self._recorded_lost + (self._catching_up.lost if self._catching_up else 0)
        if self._has_followed and (self._follows or not self._compared):
            return lost
        return lost + sum(_dropped(gap) for gap in self._buffer.gaps)

    @property
    def buffered(self) -> int:
        """How many entries wait to be written."""
        return len(self._buffer)

    @property
    def behind(self) -> int:
        """How many positions of the log come before those that wait, and are written from the log."""
        return self._catching_up.behind if self._catching_up else 0

    def oldest_position(self) -> Position | None:
        """The first entry that is not known to be written; None if all are."""
        if self._buffer.batch or self._catching_up is None:
            return self._buffer.oldest
        return self._catching_up.oldest or self._buffer.oldest

    @property
    def follows(self) -> bool:
        """Whether another process writes."""
        return self._follows

    def follow(self) -> None:
        """From now on let another process write."""
        self._follows = self._has_followed = True
        self._captures.clear()

    def take_over(self) -> None:
        """From now on write what no other process has written."""
        self._follows, self._compared = False, False
        self._any_waiting.set()

    def note_retention(self, error: str | None) -> None:
        """Note why nothing old is deleted; None if it is. Called by `livingmap.history.pruning.Pruner`."""
        self.retention_error = error

    def note_move(self, left: int | None) -> None:
        """Note how many entries are left to be moved. Called by `livingmap.history.moving.Mover`."""
        self.to_move = left

    def add(self, entry: Entry) -> None:
        """Keep ``entry`` until it is written. Returns at once; when the buffer is full the oldest makes room."""
        if self._buffer.add(entry) and self._catching_up is not None and not self._catching_up.is_under_way:
            self._compared = False
        self._any_waiting.set()
        if len(self._buffer.waiting) >= _BATCH_ROWS:
            self._batch_full.set()

    def add_capture(self, capture: Capture) -> None:
        """Keep the scene after the last entry until that is written. Returns at once."""
        self._captures.add(capture)

    def add_gap(self, gap: Gap) -> None:
        """Keep ``gap`` until it is recorded. Returns at once."""
        self._buffer.gaps.append(gap)
        self._any_waiting.set()

    @property
    def _is_catching_up(self) -> bool:
        return self._catching_up is not None and self._catching_up.is_under_way

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
        """Find out whether the history could be written, though nothing waits for it."""
        await self._history.last_seq("")
        self._report_success()
        self._backoff.reset()

    async def drain(self, timeout: float) -> int:  # noqa: ASYNC109 - it limits what is written, too
        """Write what waits, for ``timeout`` seconds at most; return how many entries are left.

        Meant for the end: `run` may have been cancelled before, or go on.
        """
        self._draining = True
        self._batch_full.set()
        if not self.buffered and not self._buffer.gaps:
            return 0
        try:
            await within(timeout, self._write_all(), "writing the history")
        except (HistoryUnavailable, TimeoutError) as error:
            self._report_failure(error)
        if self.buffered and self._catching_up and not self._follows:
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
        while not self._follows and (self.buffered or self._buffer.gaps or self._captures.any_due):
            if not self._compared:
                await self._skip_written()
            if self._is_catching_up:
                return
            await self._write()

    async def _gather(self) -> None:
        """Give a batch the time to grow."""
        if len(self._buffer.waiting) < _BATCH_ROWS and not self._buffer.batch and not self._draining:
            self._batch_full.clear()
            try:
                async with asyncio.timeout(_BATCH_SECONDS):
                    await self._batch_full.wait()
            except TimeoutError:
                pass

    async def _skip_written(self) -> None:
        """Discard what the history has already; a writer that takes over also notes what is missing."""
        async with self._writing:
            self._compared = True  # what has to make room from here on is compared again
            try:
                await self._compare()
            except BaseException:
                self._compared = False
                raise

    async def _compare(self) -> None:
        buffer = self._buffer
        if self._catching_up is not None:
            await self._catching_up.abandon()
        buffer.undo_batch()
        self._places.forget()
        last_seq = await self._discard_written()
        if buffer.waiting and not self._follows:
            await self._note_missing(buffer.waiting[0], last_seq)
        if self._is_catching_up:  # what made room meanwhile comes from the log, too
            self._compared = True
        if not buffer.waiting:  # nothing was compared with what the next entry follows
            self._compared = False
            if self._follows:
                self._any_waiting.clear()

    async def _discard_written(self) -> int | None:
        """Discard what the history has; return the last position that it has of the epoch of what is left."""
        buffer, last_seq = self._buffer, None
        for epoch in dict.fromkeys(gap.epoch for gap in buffer.gaps):
            if (written := await self._history.last_seq(epoch)) is not None:
                buffer.discard(Position(epoch, written))
        while buffer.waiting:
            epoch = buffer.waiting[0].position.epoch
            last_seq = await self._history.last_seq(epoch)
            if self._follows:
                self._report_success()
            if last_seq is None:
                break
            self._captures.note_reached(Position(epoch, last_seq))
            if not buffer.discard(Position(epoch, last_seq)):
                break
        return last_seq

    async def _note_missing(self, first: Entry, last_seq: int | None) -> None:
        """Note what the history lacks before ``first``: it is written from the log, or becomes a gap."""
        epoch = first.position.epoch
        if last_seq is None and self._catching_up is not None:
            last_seq = await self._catching_up.start(first)
        if last_seq is None or first.previous is None or first.previous <= last_seq:
            return
        if self._catching_up is not None:
            self._catching_up.begin(Position(epoch, last_seq))
        else:
            moment = first.received_at
            self._buffer.gaps.append(Gap(epoch, last_seq + 1, first.previous, moment, moment, NOT_READ))

    async def _write(self) -> None:
        """Write one batch, and the gaps that come after it. What fails stays where it is."""
        if not self._compared and not self._buffer.batch:  # what failed comes before all that made room since
            await self._skip_written()
        async with self._writing:
            await self._fill_batch()
            if self._buffer.batch:
                batch = await self._places.placed(self._buffer.batch)
                began = time.perf_counter()
                await self._history.write(batch)
                self.write_seconds.observe(time.perf_counter() - began)
                self._places.note_written(batch)
                self._captures.note_written(batch)
                self.written += len(self._buffer.batch)
                self._buffer.forget_batch()
            await self._record_gaps()
            await self._captures.write()
            self._report_success()
            if not self._buffer.waiting:
                self._any_waiting.clear()

    async def _fill_batch(self) -> None:
        if self._catching_up is not None and self._buffer.batch:
            return  # something behind it may have made room: that comes next
        if self._catching_up is None or not self._catching_up.is_under_way:
            self._buffer.fill_batch(_BATCH_ROWS)
            return
        try:
            await self._catching_up.fill_batch()
        except HistoryUnavailable:
            self._compared = False
            raise

    async def _record_gaps(self) -> None:
        gaps = self._buffer.gaps
        while gaps and not self._buffer.has_before(gaps[0]):
            gap = gaps[0]
            await self._history.record_gap(gap)
            if gaps[0] is not gap:  # it grew meanwhile
                continue
            self._recorded_lost += _dropped(gaps.popleft())
            _logger.warning("the history has a gap", first=gap.first_seq, last=gap.last_seq, reason=gap.reason)

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
    return gap.last_seq - gap.first_seq + 1 if gap.reason != NOT_READ else 0
