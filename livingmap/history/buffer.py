"""Buffer: the entries that are to be written into the history, and what had to make room for them."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from livingmap.core.model import Position
from livingmap.history.entry import Entry
from livingmap.history.query import Gap

LOST: Final = "the database was away for longer than the buffer lasts"
NOT_READ: Final = "the log no longer had them when the map came back"
MADE_ANEW: Final = "the stream was made anew before they were written"


class Buffer:
    """Entries that wait, ``capacity`` of them and ``most_bytes`` at most; the oldest make room for new ones.

    What made room becomes a gap; unless it ``can_be_refilled``, which means that the log still has it.
    """

    def __init__(self, capacity: int, most_bytes: int, *, can_be_refilled: bool) -> None:
        self.waiting: deque[Entry] = deque()
        self.batch: list[Entry] = []
        """What is being written now; it comes before what waits."""
        self.gaps: deque[Gap] = deque()
        """What is lost, and not recorded yet."""
        self.evicted: Gap | None = None
        """What made room, and the log still has."""
        self.began_after: Position | None = None
        """Where the log stood before the first entry of its epoch that ever came."""
        self._capacity = capacity
        self._most_bytes = most_bytes
        self._can_be_refilled = can_be_refilled
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.waiting) + len(self.batch)

    @property
    def oldest(self) -> Position | None:
        """The first entry that is not known to be written; None if all are."""
        if self.evicted is not None and not self.batch:
            return Position(self.evicted.epoch, self.evicted.first_seq)
        first = self.batch or self.waiting
        return first[0].position if first else None

    def add(self, entry: Entry) -> bool:
        """Keep ``entry``; return whether another had to make room."""
        epoch = entry.position.epoch
        if (self.began_after is None or self.began_after.epoch != epoch) and entry.previous is not None:
            self.began_after = Position(epoch, entry.previous)
        self._bytes += entry.size
        has_dropped = False
        while self.waiting and (len(self.waiting) >= self._capacity or self._bytes > self._most_bytes):
            self._drop(self.waiting.popleft())
            has_dropped = True
        self.waiting.append(entry)
        return has_dropped

    def fill_batch(self, rows: int) -> None:
        """Move what waits into the batch, up to ``rows``."""
        while self.waiting and len(self.batch) < rows:
            self.batch.append(self.waiting.popleft())

    def refill_batch(self, entries: Sequence[Entry]) -> None:
        """Make a batch of entries that come from the log."""
        self.batch = list(entries)
        self._bytes += sum(entry.size for entry in entries)

    def forget_batch(self) -> None:
        """Let go of the batch: it is written, or the log has it."""
        self._bytes -= sum(entry.size for entry in self.batch)
        self.batch = []

    def undo_batch(self) -> None:
        """Put the batch back, before what waits; if something in between made room, the log has it all."""
        if self._can_be_refilled and self.batch and self.waiting:
            last, first = self.batch[-1].position, self.waiting[0]
            if last.epoch == first.position.epoch and last.seq != first.previous:
                self.forget_batch()
        self.waiting.extendleft(reversed(self.batch))
        self.batch = []

    def has_before(self, gap: Gap) -> bool:
        """Tell whether entries wait that come before ``gap``: recorded now, they would pass for written."""
        first = self.waiting[0].position if self.waiting else None
        return first is not None and first.epoch == gap.epoch and first.seq < gap.first_seq

    def discard(self, written: Position) -> bool:
        """Discard what is written; return whether entries of another epoch come next."""
        epoch, seq = written.epoch, written.seq
        left = (gap for gap in self.gaps if gap.epoch != epoch or gap.last_seq > seq)
        self.gaps = deque(
            replace(gap, first_seq=max(gap.first_seq, seq + 1)) if gap.epoch == epoch else gap for gap in left
        )
        if self.evicted is not None and self.evicted.epoch == epoch and self.evicted.last_seq <= seq:
            self.evicted = None
        while self.waiting and self.waiting[0].position <= written and self.waiting[0].position.epoch == epoch:
            self._bytes -= self.waiting.popleft().size
        return bool(self.waiting) and self.waiting[0].position.epoch != epoch

    def _drop(self, entry: Entry) -> None:
        self._bytes -= entry.size
        (epoch, seq), received_at = (entry.position.epoch, entry.position.seq), entry.received_at
        if not self._can_be_refilled:
            gap = self.gaps[-1] if self.gaps else None
            if gap and gap.epoch == epoch and gap.last_seq + 1 == seq:
                self.gaps[-1] = replace(gap, last_seq=seq, until=received_at)
            else:
                self.gaps.append(Gap(epoch, seq, seq, received_at, received_at, LOST))
            return
        evicted = self.evicted
        if evicted is not None and evicted.epoch == epoch:
            self.evicted = replace(evicted, last_seq=seq, until=received_at)
            return
        if evicted is not None:
            self.gaps.append(evicted)
        self.evicted = Gap(epoch, seq, seq, received_at, received_at, MADE_ANEW)
