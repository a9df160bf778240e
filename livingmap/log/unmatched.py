"""Unmatched messages: what came by one of two ways and not yet by the other, as a multiset. Pure.

Example: ``a.b`` with ``{}`` is published three times. Core NATS carried it three times and the stream has brought
it twice: one is unmatched, and nobody can say which. It counts as lost when at least one was unmatched for longer
than any message is under way.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Surplus:
    """Equal messages of which core NATS carried more than the stream has brought, or fewer."""

    subject: str
    count: int
    """How many more; below zero if fewer."""
    since: float
    lowest: int
    """How many more at least, all the time since then."""


class Unmatched:
    """Compares messages by subject and content, ``most`` different ones at a time."""

    def __init__(self, most: int) -> None:
        self.has_overflowed = False
        """Whether there were more than it can compare."""
        self._most = most
        self._by_key: dict[int, Surplus] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def carry(self, subject: str, data: bytes, now: float) -> None:
        """Note that core NATS carried a message."""
        self._count(subject, data, 1, now)

    def bring(self, subject: str, data: bytes, now: float) -> None:
        """Note that the stream brought a message."""
        self._count(subject, data, -1, now)

    def _count(self, subject: str, data: bytes, step: int, now: float) -> None:
        key = hash((subject, data))
        one = self._by_key.get(key)
        if one is not None:
            one.count += step
            if one.count:
                one.lowest = min(one.lowest, one.count)
            else:
                del self._by_key[key]
        elif len(self._by_key) < self._most:
            self._by_key[key] = Surplus(subject, step, now, step)
        else:
            self.has_overflowed = True

    def carried(self, until: float, after: float = -math.inf) -> list[Surplus]:
        """Return what core NATS alone has carried since a time up to ``until`` and later than ``after``."""
        return [one for one in self._by_key.values() if one.lowest > 0 and after < one.since <= until]

    def forget(self, carried: Sequence[Surplus], now: float) -> None:
        """Take ``carried`` as accounted for; what came on top of it may be under way."""
        for one in carried:
            one.count -= one.lowest
            one.since, one.lowest = now, one.count
        self._keep()

    def forget_brought(self, until: float) -> None:
        """Forget what only the stream has brought: nobody listened when core NATS carried it."""
        for one in self._by_key.values():
            if one.count < 0 and one.since <= until:
                one.count = 0
        self._keep()

    def _keep(self) -> None:
        self._by_key = {key: one for key, one in self._by_key.items() if one.count}
