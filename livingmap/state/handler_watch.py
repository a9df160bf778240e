"""Handler watch: notices a handler that does not return, which holds up the whole map, and ends its call.

A handler is pure and takes microseconds. One that sleeps, waits for the network or never ends holds up everything
in the process. The watch is called once a second in the middle of whatever the main thread does, by a signal: a
thread would not run while C code such as a regular expression keeps the interpreter. A machine that stood still
counts as one second. What the watch raises there becomes a fault of the source, like anything a handler raises.

In a cluster every process folds the same events by the same handlers, so one that never returns is ended in each
of them. A handler that returns in one process and not in another depends on something else than its event and its
part; then the scenes differ in what that event changed, until the next poll.
"""

import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

import structlog

from livingmap.core.calls import Call, Calls, HandlerOverrun
from livingmap.sources.plugin_code import is_calling, running_code

TICK_SECONDS: Final = 1.0
END_TICKS: Final = 5
"""After so many ticks in one call it is ended."""

_logger = structlog.get_logger(__name__)

OnOverrun = Callable[[Call, str, float], object]
"""Takes a call that held the map, the file and line at which it did, and for about how many seconds."""


class HandlerWatch:
    """Watches over ``calls``; ``on_overrun`` is called for each that was too long, once it is over."""

    def __init__(self, calls: Calls, on_overrun: OnOverrun) -> None:
        self._calls = calls
        self._on_overrun = on_overrun
        self._seen: Call | None = None
        self._ticks = 0
        self._at = ""

    def tick(self, frame: FrameType | None) -> None:
        """Look at the call in progress, of which ``frame`` is the innermost. Raises HandlerOverrun in it."""
        call = self._calls.current
        if call is not self._seen:
            self._note_end()
            self._seen, self._ticks = call, 0
        elif call is not None:
            self._ticks += 1
            if self._ticks == 1:
                self._log_start(call, frame)
            if self._ticks >= END_TICKS and not is_calling(frame):
                self._calls.current = None  # it was ended in the very moment in which it returned
            elif self._ticks >= END_TICKS:
                raise HandlerOverrun(f"it did not return within {END_TICKS * TICK_SECONDS:g} s and was ended")

    def _log_start(self, call: Call, frame: FrameType | None) -> None:
        route, event = call
        code = running_code(frame)
        self._at = code.at
        where = {"source": route.source, "handler": route.pattern, "type": event.type, "at": code.at}
        _log("a plugin's handler holds the map", **where, stack=code.stack)

    def _note_end(self) -> None:
        if self._seen is not None and self._ticks:
            seconds = self._ticks * TICK_SECONDS
            route, _ = self._seen
            where = {"source": route.source, "handler": route.pattern, "at": self._at}
            _log("a plugin's handler has given the map back", **where, seconds=seconds)
            self._on_overrun(self._seen, self._at, seconds)


def _log(what: str, **more: object) -> None:
    # by a thread: what was interrupted may hold the lock of the log
    threading.Thread(target=_logger.warning, args=(what,), kwargs=more, daemon=True).start()
