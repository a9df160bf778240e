"""Limits of one address or one actor: refused credentials, open streams, messages."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from livingmap.core.bounded import LRU

_WINDOW_SECONDS: Final = 60.0
MOST_ADDRESSES: Final = 10_000
"""Of how many addresses refused credentials are counted; the one that was not used for longest makes room."""
_PREFIX: Final = 64


def network_of(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address, or the /64 that an IPv6 address is from."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or ""
    if parsed.version == 4:  # noqa: PLR2004
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, _PREFIX), strict=False))


@dataclass(slots=True)
class _Window:
    began: float
    count: int = 0


class Failures:
    """Counts the refused credentials of each address, minute by minute."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._windows: LRU[str, _Window] = LRU(MOST_ADDRESSES)

    def wait_seconds(self, address: str) -> float:
        """Return for how long credentials of ``address`` are not looked at; 0 if they are."""
        window = self._windows.get(network_of(address))
        if window is None or window.count < self._most:
            return 0.0
        return max(window.began + _WINDOW_SECONDS - self._clock(), 0.0)

    def note(self, address: str) -> None:
        """Count a refused credential."""
        key, now = network_of(address), self._clock()
        window = self._windows.get(key)
        if window is None or now - window.began >= _WINDOW_SECONDS:
            window = _Window(now)
        window.count += 1
        self._windows.put(key, window)


class Pace:
    """Limits how many things somebody may do within some seconds."""

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._times: list[float] = []  # most never do anything, and an empty deque is not small

    def keeps(self) -> bool:
        """Note one thing more; return whether that is not too much."""
        now = self._clock()
        full = len(self._times) >= self._most and now - self._times[-self._most] < self._seconds
        self._times = [*self._times, now][-self._most :]
        return not full


class Streams:
    """Counts the open streams of each actor, of each address, and in all.

    Without an actor a stream counts as anonymous. Those never take the last places, neither of their address
    nor in all, so that callers with a credential find one.
    """

    def __init__(self, per_actor: int, per_address: int, most: int, anonymous_share: float = 0.75) -> None:
        self._per_actor = per_actor
        self._per_address = per_address
        self._most = most
        self._anonymous_share = anonymous_share
        self._actors: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._open = 0

    def full(self, actor: str | None, address: str) -> str | None:
        """Return what has too many streams for another, or None. Without ``actor`` the stream is anonymous."""
        if actor is not None and self._actors[actor] >= self._per_actor:
            return f"{self._per_actor} streams of this actor are open"
        share = 1.0 if actor is not None else self._anonymous_share
        if (count := self._addresses[network_of(address)]) >= max(int(self._per_address * share), 1):
            return f"{count} streams from this address are open"
        if self._open >= max(int(self._most * share), 1):
            return f"{self._open} streams are open"
        return None

    def open(self, actor: str | None, address: str) -> Callable[[], None]:
        """Count a stream; return what to call, once, when it ends."""
        counted = [(self._addresses, network_of(address))] + ([(self._actors, actor)] if actor is not None else [])
        self._open += 1
        for counter, key in counted:
            counter[key] += 1

        def close() -> None:
            self._open -= 1
            for counter, key in counted:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]

        return close
