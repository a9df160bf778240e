"""The passing of time: an entry of the log whenever something on the map is no longer valid."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from livingmap.core.fold import TIME_PASSED
from livingmap.core.lifetimes import Clock
from livingmap.core.model import Message
from livingmap.log import Log

_LOOK_SECONDS: Final = 1.0


async def pass_time(clock: Callable[[], Clock], log: Log, now: Callable[[], datetime]) -> None:
    """Append an entry that carries the time whenever an item has to be judged again. Runs until cancelled.

    ``clock`` returns the clock of the scene as it is then: a scene that was restored has another.
    """
    while True:
        due = clock().next_due()
        if due is not None and due <= now():
            await log.append(Message(TIME_PASSED, {}))
        await asyncio.sleep(_LOOK_SECONDS)
