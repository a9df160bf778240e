"""Backoff: growing pauses between attempts at something that fails."""

import random
from collections.abc import Callable


class Backoff:
    """Pauses between attempts, each ``factor`` times the one before it, up to ``longest_seconds``.

    ``jitter`` is the largest part by which chance shortens a pause, so that processes that failed together do not
    try again together: with 0.5, a pause of 4 s lasts 2 to 4 s.

    >>> backoff = Backoff(1, 5)
    >>> [backoff.pause_seconds() for _ in range(4)]
    [1, 2, 4, 5]
    >>> backoff.reset()
    >>> backoff.pause_seconds()
    1
    """

    def __init__(
        self,
        first_seconds: float,
        longest_seconds: float,
        *,
        factor: float = 2,
        jitter: float = 0,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = min(first_seconds, longest_seconds)
        self._longest = longest_seconds
        self._factor = factor
        self._jitter = jitter
        self._chance = chance
        self._next = self._first

    def pause_seconds(self) -> float:
        """Return how long to wait before the next attempt; the pause after that is longer."""
        pause = self._next
        self._next = min(self._longest, pause * self._factor)
        return pause * (1 - self._jitter * self._chance()) if self._jitter else pause

    def reset(self) -> None:
        """Begin again with the first pause: an attempt succeeded."""
        self._next = self._first
