"""The events of the fan-out, how they are published, and the tally by which both ends know how far they are."""

import asyncio
import mmap
import re
import struct
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

MARK: Final = b"one event of the benchmark"
"""Stands once in each event: whoever counts it need not understand the rest."""
EVENT: Final = re.compile(rb'"number":(\d+),"at":(\d+),')
SUBJECT: Final = "bench.event"
_PADDING: Final = "x" * 210
_WINDOW: Final = 400
"""So many events are on their way at once when the stream is saturated."""
_LOOK_SECONDS: Final = 0.001

Publish: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Publishes the event of this number, due at this time of the monotonic clock in nanoseconds."""


def event(number: int, at: int, text: str = _PADDING) -> dict[str, Any]:
    """Return an event that says when it was due: who falls behind does not look quick. By default 300 bytes."""
    return {"mark": MARK.decode(), "number": number, "at": at, "text": text}


class Tally:
    """Two numbers in a file that several processes share."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            self._memory = mmap.mmap(opened.fileno(), 16)

    @classmethod
    def make(cls, file: Path) -> "Tally":
        """Return a new one."""
        file.write_bytes(bytes(16))
        return cls(file)

    @property
    def delivered(self) -> int:
        """How many events the viewers have, all together."""
        return int(struct.unpack_from("Q", self._memory, 0)[0])

    @delivered.setter
    def delivered(self, value: int) -> None:
        struct.pack_into("Q", self._memory, 0, value)

    @property
    def expected(self) -> int:
        """How many that will be; 0 while nobody knows."""
        return int(struct.unpack_from("Q", self._memory, 8)[0])

    @expected.setter
    def expected(self, value: int) -> None:
        struct.pack_into("Q", self._memory, 8, value)


async def publish_as_told(what: dict[str, Any], publish: Publish, tally: Tally) -> dict[str, Any]:
    """Publish at a rate, or as fast as the viewers can take it; return how many, and since when."""
    began = time.monotonic_ns()
    if what["rate"]:
        sent = await _paced(publish, what["rate"], what["seconds"])
    else:
        sent = await _saturated(publish, tally, what["viewers"], what["seconds"])
    return {"sent": sent, "began": began}


async def _paced(publish: Publish, rate: float, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    began, count = loop.time(), round(rate * seconds)
    for number in range(count):
        await asyncio.sleep(began + number / rate - loop.time())
        await publish(number, int((began + number / rate) * 1e9))
    return count


async def _saturated(publish: Publish, tally: Tally, viewers: int, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    until, sent = loop.time() + seconds, 0
    while loop.time() < until:
        while sent < tally.delivered // viewers + _WINDOW and loop.time() < until:
            await publish(sent, time.monotonic_ns())
            sent += 1
        await asyncio.sleep(_LOOK_SECONDS)
    return sent
