"""The open connections of the server: how many there may be, of one address and in all, and which make room.

Connections that wait for a request make room for new ones, those that have waited for longest first. So a client
that opens many and says nothing takes no place from anybody who asks at once.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from livingmap.access.limits import network_of
from livingmap.api.proxies import Proxies
from livingmap.config.server import ServerSettings

_MOST: Final = 32_768
"""Without a setting; each connection costs some KiB."""
_LEAST_RESERVED: Final = 96
_RESERVED_SHARE: Final = 8
_STREAMS_SHARE: Final = 7 / 8
_RECENT_SECONDS: Final = 1.0


def capacity(settings: ServerSettings) -> int:
    """Return how many connections may be open, so that descriptors are left for services, log and history."""
    files = descriptors()
    allowed = max(files - max(_LEAST_RESERVED, files // _RESERVED_SHARE), 1)
    return min(settings.connections or _MOST, allowed)


def descriptors() -> int:
    """Return how many files this process may open."""
    try:
        import resource  # noqa: PLC0415 - Windows has no such limit
    except ImportError:
        return _MOST * 2
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST * 2 if soft == resource.RLIM_INFINITY else soft


def stream_capacity(settings: ServerSettings) -> int:
    """Return how many streams may be open, so that places are left for requests."""
    return max(int(capacity(settings) * _STREAMS_SHARE), 1)


class Waiting(Protocol):
    """A connection that may be closed to make room while it waits for a request."""

    @property
    def used_at(self) -> float:
        """When a request was last answered on it; 0 if never."""

    def make_room(self) -> None:
        """Close it."""


@dataclass(slots=True, eq=False)
class Place:
    """The place of one connection."""

    connections: "Connections"
    network: str | None
    """What its address counts as; None for a trusted proxy."""

    def wait(self, holder: Waiting) -> None:
        """Note that ``holder`` waits for a request, and may be closed to make room."""
        self.connections.waiting[self] = holder

    def work(self) -> None:
        """Note that the connection is being answered, and stays. Who holds it is not remembered meanwhile."""
        self.connections.waiting.pop(self, None)

    def leave(self) -> None:
        """Give the place back. May be called again."""
        self.connections.leave(self)


class Connections:
    """Counts the open connections. At most ``most`` in all, ``per_address`` of an address that is not a proxy."""

    def __init__(self, most: int, per_address: int, proxies: Proxies, clock: Callable[[], float]) -> None:
        self._most = most
        self._per_address = max(min(per_address, most // 2), 1)
        self._proxies = proxies
        self._clock = clock
        self._places: set[Place] = set()
        self._networks: Counter[str] = Counter()
        self.waiting: OrderedDict[Place, Waiting] = OrderedDict()
        """The connections that wait for a request, by their places, the longest first."""

    def enter(self, holder: Waiting, address: str) -> Place | None:
        """Return a place for a connection from ``address``; None if those that it could have are in use."""
        network = None if self._proxies.trust(address) else network_of(address)
        if network is not None and self._networks[network] >= self._per_address:
            if not self._evict(self._oldest_of(network)):
                return None
        elif len(self._places) >= self._most and not self._evict(self._oldest()):
            return None
        place = Place(self, network)
        self._places.add(place)
        if network is not None:
            self._networks[network] += 1
        place.wait(holder)
        return place

    def leave(self, place: Place) -> None:
        """Take a place back."""
        place.work()
        if place not in self._places:
            return
        self._places.remove(place)
        if place.network is not None:
            self._networks[place.network] -= 1
            if not self._networks[place.network]:
                del self._networks[place.network]

    def _evict(self, place: Place | None) -> bool:
        """Close the connection of ``place`` to make room; return whether there is one."""
        if place is None:
            return False
        holder = self.waiting[place]
        self.leave(place)
        holder.make_room()
        return True

    def _oldest_of(self, network: str) -> Place | None:
        return next((place for place in self.waiting if place.network == network), None)

    def _oldest(self) -> Place | None:
        """Return the place that has waited for longest; those that were used a moment ago wait anew."""
        recently = self._clock() - _RECENT_SECONDS
        for _ in range(len(self.waiting)):
            place, holder = next(iter(self.waiting.items()))
            if holder.used_at <= recently:
                return place
            self.waiting.move_to_end(place)
        return next(iter(self.waiting), None)
