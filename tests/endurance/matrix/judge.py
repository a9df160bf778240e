"""What may not be: an event lost, repeated or out of order, a step back, a state that is not the map's."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from livingmap.client import Replica
from tests.endurance.matrix.viewers import Glance, Messages, Place, Position
from tests.support.clients import flat
from tests.support.viewers import digest, shown


class Order:
    """The numbered messages of a stream in their order: sequence and number of each."""

    def __init__(self, epoch: str, log: Iterable[tuple[int, int]]) -> None:
        pairs = list(log)
        self.epoch = epoch
        self.last = len(pairs) - 1
        self._seqs = [seq for seq, _ in pairs]
        self._places = {number: place for place, (_, number) in enumerate(pairs)}

    def place(self, number: int) -> int:
        """Return which message of the order it is, from 0; -1 if there is no such message."""
        return self._places.get(number, -1)

    def place_at(self, position: Position | None) -> int | None:
        """Return which message was the last one at a position; None if it is of another log."""
        if position is None or position.epoch != self.epoch:
            return None
        return bisect_right(self._seqs, position.seq) - 1


def seen_wrongly(life: Iterable[Glance], order: Order, *, sees_all: bool = True) -> list[str]:
    """Return what a viewer should not have seen in its life.

    One that does not see all need not be sent every message: those about what is hidden from it are left out.
    """
    found: set[str] = set()
    last: int | None = None  # the last message that it has, by itself or within a state; None if that is unknown
    positions: dict[str, int] = {}
    for one in life:
        if one.position is not None:
            if one.position.seq < positions.get(one.position.epoch, 0):
                found.add("went back in positions")
            positions[one.position.epoch] = one.position.seq
        if one.kind in ("snapshot", "changes"):
            last = order.place_at(one.position)
        elif one.number is not None:
            place = order.place(one.number)
            if place < 0:
                found.add("saw a message that is not in the stream")
            elif last is not None and place <= last:
                found.add("saw a message twice or late")
            elif sees_all and last is not None and place > last + 1:
                found.add("missed a message")
            last = place
    return sorted(found)


@dataclass(slots=True)
class Snapshots:
    """What the map itself showed, by position and view."""

    states: dict[Place, int] = field(default_factory=dict)
    contradictions: int = 0
    """How often two snapshots of one place differed."""

    def add(self, snapshot: dict[str, Any]) -> None:
        """Keep a snapshot that was asked for by HTTP."""
        cursor, state = shown(snapshot)
        self.contradictions += self.states.setdefault(Place.of(cursor), state) != state


@dataclass(slots=True)
class Comparison:
    """How the states of viewers, folded message by message, compare with snapshots."""

    same: int = 0
    different: int = 0

    def fold(self, life: Sequence[int], messages: Messages, snapshots: Snapshots) -> None:
        """Fold all that a viewer was sent; look wherever there is a snapshot of its position and view."""
        replica = Replica()
        for number in life:
            replica.take(messages.message(number))
            place = messages.glance(number).place
            if place is None or place not in snapshots.states:
                continue
            if digest(flat(replica.state)) == snapshots.states[place]:
                self.same += 1
            else:
                self.different += 1
