"""Drift: what polls find that events had not said, and what events said that polls do not confirm.

Example: a member joins and the service publishes it; the next poll finds the same number, and nothing is counted.
Then the publisher falls silent. Another member joins, and the poll finds one more than the map has: ``changed``. A
number that grows although nobody touched the service's data shows a publisher that no longer publishes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from livingmap.core.model import Change, CollectionKey, Drop, Put, Total
from livingmap.core.part import Part
from livingmap.core.record import NEVER, Record

KINDS: Final = ("appeared", "gone", "changed", "unconfirmed")


@dataclass(slots=True)
class Drift:
    """Counts the items of one source that its polls find otherwise than its events left them."""

    part: Part
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    _previous: dict[CollectionKey, int] = field(default_factory=dict)
    """By collection, the position at which its previous usable poll began."""

    def note(self, key: CollectionKey, changes: Iterable[Change], began: int) -> None:
        """Count some ``changes`` of a poll that ``began`` at a position. The first is only the starting point."""
        previous = self._previous.get(key)
        if previous is None:
            return
        for change in changes:
            kind = None if isinstance(change, Total) else self._kind(key, change, previous, began)
            if kind is not None:
                self.counts[kind] += 1

    def end(self, key: CollectionKey, began: int) -> None:
        """Note that all changes of a usable poll were counted."""
        self._previous[key] = began

    def _kind(self, key: CollectionKey, change: Put | Drop, previous: int, began: int) -> str | None:
        record = self.part.record(key, self.part.renamed.get(change.id, change.id))
        if isinstance(change, Drop):
            return _of_drop(record, began)
        if record is None or not (record.creates or record.polled_fields):
            dropped = self.part.dropped_at(key, change.id)
            return "appeared" if dropped is None else "unconfirmed" if dropped <= began else None
        return _of_put(record, change, previous, began)


def _of_drop(record: Record | None, began: int) -> str | None:
    """Return what it means that a poll lacks an item: nothing, if an event after its beginning made it."""
    if record is None or record.last_event_seq() > began:
        return None
    return "gone" if record.polled_fields else "unconfirmed" if record.creates else None


def _of_put(record: Record, change: Put, previous: int, began: int) -> str | None:
    """Return what it means that a poll gives other values: less than a later event, more than an earlier one."""
    names = [name for name, value in change.set.items() if name in record.fields and record.fields[name] != value]
    seqs = [record.event_seqs.get(name, NEVER) for name in (*names, *change.unset)]
    if any(previous < seq <= began for seq in seqs):
        return "unconfirmed"
    return "changed" if any(seq <= began for seq in seqs) else None
