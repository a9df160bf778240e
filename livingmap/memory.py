"""The memory of a process that serves a map: when garbage is collected, and what goes back to the system.

While the collector looks through objects, nothing else runs. By itself it begins once so many more objects were
made than freed, which is too late in two ways if the map is large. While a full buffer lets go of as much as it
takes in, tens of thousands of new objects wait: these took 50 ms at once. And whenever enough was added it looks
through all there is, which took 1.5 s with 100,000 agents.

The C library keeps what other threads have freed, and after the first long block keeps long ones, too.
"""

import asyncio
import ctypes
import gc
import itertools
from collections.abc import Callable
from typing import Final

LONG_BYTES: Final = 16 * 1024 * 1024
"""From so many bytes of answers on, a poll leaves enough behind."""

_COLLECTING: Final = (1_000, 4, 6_250)
"""Thresholds of the garbage collector. To look through a map of 10,000 things takes it 0.3 s, in which nothing
else runs, and by default it does so whenever a quarter as much was added, as by rebuilding a moment. What is new
it looks through in steps of 5,000 objects, a few milliseconds each: while a map grows all of it is new."""

_STEP_SECONDS: Final = 0.02
_MIDDLE: Final = 4
"""Each so many steps what outlasted one is looked through as well."""
_LOOK: Final = 50
"""Each so many steps it is asked how large the map has become."""
_SMALL: Final = 5_000
_GROWTH: Final = 1.1

_MMAP_THRESHOLD: Final = -3
"""Number of the parameter M_MMAP_THRESHOLD of mallopt(3)."""
_MAPPED_BYTES: Final = 1024 * 1024


def set_up() -> None:
    """Set how this process manages memory: as one should in which a map lives for days."""
    gc.set_threshold(*_COLLECTING)
    _map_long_blocks()


def settle() -> None:
    """Leave all that is there now, such as the code that is imported, out of each collection to come."""
    gc.freeze()


async def collect_in_steps(size: Callable[[], int]) -> None:
    """Have what is new looked through often, and what lasts never again, until cancelled.

    ``size`` returns how many items the map has. Whenever they are a tenth more, all objects that there are then
    are taken to last. Like others they are freed when nothing refers to them any more. Only those that refer to
    one another in a circle, and become garbage later, stay: some of the requests and viewers of such a moment, of
    which there are 25 at most while a map grows from 10,000 items to 100,000.
    """
    lasting = _SMALL
    for step in itertools.count(1):
        await asyncio.sleep(_STEP_SECONDS)
        gc.collect(1 if step % _MIDDLE == 0 else 0)
        if step % _LOOK == 0 and (items := size()) > lasting * _GROWTH:
            lasting = items
            gc.collect(1)
            settle()


def _map_long_blocks() -> None:
    """Have glibc map each long block by itself: one that grows, as an answer that comes, is not copied then."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _MAPPED_BYTES)


async def give_back() -> None:
    """Have glibc give back what it does not use, beside the loop; other C libraries do so themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        await asyncio.to_thread(trim, 0)
