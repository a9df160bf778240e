"""Quarantine: sets a handler aside that holds the map again and again, and tries it again after a pause.

Each process of a cluster measures for itself, and a slow machine measures differently. So what is set aside is an
entry of the log, by the process that leads: all processes leave the handler out from the same position on, and
their scenes stay equal. Until it is tried again, the messages that it would get are faults of its source.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import structlog

from livingmap.core.calls import Call
from livingmap.core.fold import RESUMED, SET_ASIDE, Fold
from livingmap.core.model import Message
from livingmap.log import Log

Key: TypeAlias = tuple[str, str]
"""A source, and the subject pattern of one of its handlers."""

MOST_OVERRUNS: Final = 3
"""So many within `_WINDOW_SECONDS` and a handler is set aside; after a pause, one is enough."""
_WINDOW_SECONDS: Final = 600.0
_FIRST_PAUSE_SECONDS: Final = 300.0
_LONGEST_PAUSE_SECONDS: Final = 3600.0
_LOOK_SECONDS: Final = 0.5

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Record:
    """What is known of a handler that has held the map."""

    overruns: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_OVERRUNS))
    """When the last ones were."""
    pause_seconds: float = 0.0
    """How long it was set aside last; 0 if it was not, or has been good for long enough since."""
    until: float | None = None
    """When it is tried again."""
    tried_at: float = 0.0


class Quarantine:
    """Decides which handlers of ``fold`` are set aside, by entries of ``log``."""

    def __init__(self, fold: Fold, log: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._fold = fold
        self._log = log
        self._clock = clock
        self._records: dict[Key, _Record] = {}

    def note_overrun(self, call: Call) -> None:
        """Note that a handler held the map for too long."""
        route, _ = call
        self._records.setdefault((route.source, route.pattern), _Record()).overruns.append(self._clock())

    async def run(self) -> None:
        """Set aside and try again, until cancelled. For the process that leads."""
        while True:
            await self.decide()
            await asyncio.sleep(_LOOK_SECONDS)

    async def decide(self) -> None:
        """Append what has to change now."""
        for key in self._fold.set_aside:
            self._records.setdefault(key, _Record())
        for key, record in list(self._records.items()):
            if key in self._fold.set_aside:
                await self._try_again(key, record)
            elif self._is_too_slow(record):
                await self._set_aside(key, record)

    def _is_too_slow(self, record: _Record) -> bool:
        now = self._clock()
        if record.pause_seconds and now - record.tried_at > _WINDOW_SECONDS:
            record.pause_seconds = 0.0  # it has been good since
        recent = [at for at in record.overruns if now - at <= _WINDOW_SECONDS]
        return len(recent) >= (1 if record.pause_seconds else MOST_OVERRUNS)

    async def _set_aside(self, key: Key, record: _Record) -> None:
        record.pause_seconds = min(record.pause_seconds * 2 or _FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        record.until = self._clock() + record.pause_seconds
        record.overruns.clear()
        source, handler = key
        _logger.warning(
            "a plugin's handler is set aside", source=source, handler=handler, for_seconds=record.pause_seconds
        )
        await self._log.append(Message(SET_ASIDE, {"source": source, "handler": handler}))

    async def _try_again(self, key: Key, record: _Record) -> None:
        if record.until is None:  # another process set it aside, or this one before it was started
            record.pause_seconds = record.pause_seconds or _FIRST_PAUSE_SECONDS
            record.until = self._clock() + record.pause_seconds
        if self._clock() < record.until:
            return
        record.until, record.tried_at = None, self._clock()
        source, handler = key
        _logger.info("a plugin's handler is tried again", source=source, handler=handler)
        await self._log.append(Message(RESUMED, {"source": source, "handler": handler}))
