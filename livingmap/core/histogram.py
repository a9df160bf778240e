"""Histograms: how long something takes, counted in buckets, at the cost of a few lookups."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final

QUICK: Final = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0)
"""Bounds in seconds for what is computed."""
SLOW: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds in seconds for what waits for others."""


class Histogram:
    """How many values were at most each of ``bounds``, which grow; and their sum."""

    __slots__ = ("_counts", "bounds", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.sum = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self._counts)

    def buckets(self) -> list[int]:
        """Return how many values were at most each bound; the last number is that of all."""
        return list(accumulate(self._counts))
