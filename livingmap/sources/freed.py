"""Freed memory, given back to the system: long blocks at once, the rest after a long poll.

The C library keeps what other threads have freed, and after the first long block keeps long ones, too.
"""

import asyncio
import ctypes
from typing import Final

LONG_BYTES: Final = 16 * 1024 * 1024
"""From so many bytes of answers on, a poll leaves enough behind."""

_MMAP_THRESHOLD: Final = -3
"""Number of the parameter M_MMAP_THRESHOLD of mallopt(3)."""
_MAPPED_BYTES: Final = 1024 * 1024


def map_long_blocks() -> None:
    """Have glibc map each long block by itself: one that grows, as an answer that comes, is not copied then."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _MAPPED_BYTES)


async def give_back() -> None:
    """Have glibc give back what it does not use, beside the loop; other C libraries do so themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        await asyncio.to_thread(trim, 0)
