"""The memory of a process that serves a map: when garbage is collected, and what goes back to the system.

The C library keeps what other threads have freed, and after the first long block keeps long ones, too.
"""

import asyncio
import ctypes
import gc
from typing import Final

LONG_BYTES: Final = 16 * 1024 * 1024
"""From so many bytes of answers on, a poll leaves enough behind."""

_COLLECTING: Final = (1_000, 4, 6_250)
"""Thresholds of the garbage collector. To look through a map of 10,000 things takes it 0.3 s, in which nothing
else runs, and by default it does so whenever a quarter as much was added, as by rebuilding a moment. What is new
it looks through in steps of 5,000 objects, a few milliseconds each: while a map grows all of it is new."""

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
