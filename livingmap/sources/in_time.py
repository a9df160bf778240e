"""Details that may be lacking: those that are late or fail cost themselves alone."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from livingmap.errors import SourceError

T = TypeVar("T")

_SECONDS: Final = 1.0
"""Half of what the map waits for all details of an item."""


async def in_time(answer: Awaitable[T], otherwise: T) -> T:
    """Return ``answer``, or ``otherwise`` if it fails or takes longer than a second.

    For what details add to an item's own row: the map waits for two seconds in all, and then does without the row.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            return await answer
    except (SourceError, TimeoutError):
        return otherwise
