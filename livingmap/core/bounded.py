"""Bounded containers: a cache that drops the least recently used value, a queue that drops the oldest item."""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")


class LRU(Generic[K, V]):
    """A cache of at most ``most`` values, none of them None. The least recently used makes room for a new one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the value of ``key``, which counts as used now; None if there is none."""
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Set the value of ``key``, which counts as used now."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def pop(self, key: K) -> V | None:
        """Remove ``key`` and return its value; None if there is none."""
        return self._values.pop(key, None)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(slots=True)
class Limit(Generic[T]):
    """At most ``most`` of a weight, such as bytes, over all items of one queue. No item's weight ever changes."""

    most: int
    weigh: Callable[[T], int]
    total: int = 0
    """What the items weigh now; kept by the queue."""


class FIFO(Generic[T]):
    """A queue of at most ``most`` items, within ``limits`` too. The oldest items make room for a new one."""

    def __init__(self, most: int, *limits: Limit[T]) -> None:
        self._most = most
        self._limits = limits
        self._items: deque[T] = deque()

    def put(self, item: T) -> Sequence[T]:
        """Append ``item`` and return what had to go, oldest first; ``item`` too, if it alone is above a limit."""
        self._items.append(item)
        for limit in self._limits:
            limit.total += limit.weigh(item)
        if not self._is_above():
            return ()
        evicted = [self.pop()]
        while self._is_above():
            evicted.append(self.pop())
        return evicted

    def _is_above(self) -> bool:
        if len(self._items) > self._most:
            return True
        for limit in self._limits:  # noqa: SIM110 - any() takes twice as long, and every event comes by here
            if limit.total > limit.most:
                return True
        return False

    def pop(self) -> T:
        """Remove and return the oldest item. Raises IndexError if there is none."""
        item = self._items.popleft()
        for limit in self._limits:
            limit.total -= limit.weigh(item)
        return item

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._items)
