"""Freed memory, given back to the system after a long poll: the C library keeps what other threads have freed."""

import asyncio
import ctypes
from typing import Final

LONG_BYTES: Final = 16 * 1024 * 1024
"""From so many bytes of answers on, a poll leaves enough behind."""


async def give_back() -> None:
    """Have glibc give back what it does not use, beside the loop; other C libraries do so themselves."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        await asyncio.to_thread(trim, 0)
