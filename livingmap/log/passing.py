"""Passing time: appends an entry to the log when something on the map is no longer valid, which no source says."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from livingmap.core.backoff import Backoff
from livingmap.core.fold import TIME_PASSED
from livingmap.core.lifetimes import Clock
from livingmap.core.model import Message
from livingmap.log import Log

_LOOK_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0


async def pass_time(clock: Callable[[], Clock], log: Log, now: Callable[[], datetime]) -> None:
    """Append an entry that carries the time whenever an item has to be judged again. Runs until cancelled.

    ``clock`` returns the clock of the scene as it is then: a scene that was restored has another. Where the log's
    own clock is behind ``now``, an entry changes nothing: then the next one waits longer. Where it is ahead, its
    last time and the seconds since then say when something is due. What is left of very many is judged at once.
    """
    backoff, seconds = Backoff(_LOOK_SECONDS, _LONGEST_PAUSE_SECONDS), asyncio.get_running_loop().time
    last, last_at = clock().now, seconds()
    while True:
        due, pause = clock().next_due(), _LOOK_SECONDS
        if clock().now != last:
            last, last_at = clock().now, seconds()
        if due is not None and due <= max(now(), last + timedelta(seconds=seconds() - last_at)):
            reached = clock().reached
            await log.append(Message(TIME_PASSED, {}))
            if has_moved := clock().reached != reached:
                backoff.reset()
            pause = 0 if has_moved and clock().judged else backoff.pause_seconds()
        await asyncio.sleep(pause)
