"""Plugin thread: an event loop beside that of the map for the code of one plugin, which blocks only itself."""

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

from livingmap.sources.plugin_code import RunningCode, running_code
from livingmap.supervision import loop_factory, stop

T = TypeVar("T")

MOST_HELD_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 0.5
_JOIN_SECONDS: Final = 2.0
"""Longer than `stop` takes at most."""

_logger = structlog.get_logger(__name__)


OnOverrun = Callable[[str, float], object]
"""Takes what held a thread, with file and line, and for how many seconds."""


class PluginThread:
    """Runs coroutines of the source ``name`` on an event loop in a thread of its own, which starts with the first.

    The thread is a daemon: a plugin that never returns cannot keep the process alive. Code that holds the thread
    for longer than `MOST_HELD_SECONDS`, so that nothing else of the source can run, is logged while it does, and
    passed to ``on_overrun`` when it has ended.
    """

    def __init__(self, name: str = "plugins", on_overrun: OnOverrun | None = None) -> None:
        self._name = name
        self._on_overrun = on_overrun
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._asked_at: float | None = None
        """When the thread was asked for a sign of life that it has not given yet."""
        self._lived_at = 0.0
        """When it gave the last one."""
        self._held_at = ""
        """The code that was logged because of that."""
        self._last_seen_at = ""
        """The code that ran when a caller gave up."""

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what ``coroutine`` returns, or raise what it raises: at worst an Exception.

        Cancelling reaches it, but does not wait for it: what loses the cancellation runs on in the thread.
        """
        running = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(contained(coroutine), self._running()))
        try:
            while True:
                self._look()
                done, _ = await asyncio.wait([running], timeout=LOOK_SECONDS)
                if done:
                    return running.result()
        finally:
            if not running.done():  # nobody may look again before whatever holds the thread has ended
                self._look()
                self._last_seen_at = self._code().at
            running.cancel()

    def _code(self) -> RunningCode:
        frames = sys._current_frames()  # noqa: SLF001 - documented, in spite of its name
        return running_code(frames.get(self._thread.ident or 0) if self._thread else None)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            self._loop, self._asked_at, self._held_at = (loop_factory() or asyncio.new_event_loop)(), None, ""
            self._last_seen_at = ""
            name = f"plugin {self._name}"
            self._thread = threading.Thread(target=_run, args=(self._loop, self._name), name=name, daemon=True)
            self._thread.start()
        return self._loop

    def _look(self) -> None:
        """Ask the thread for a sign of life; log what holds it if the last one has not come for too long."""
        if self._loop is None or self._thread is None:
            return
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            home = asyncio.get_running_loop()
            self._loop.call_soon_threadsafe(self._give_sign, self._asked_at, home)
            return
        if self._lived_at >= self._asked_at:
            return  # the sign is there; the loop of the map has been too busy to note it
        seconds = time.monotonic() - self._asked_at
        if seconds > MOST_HELD_SECONDS and not self._held_at:
            code = self._code()
            self._held_at = code.at or "unknown code"
            _logger.warning(
                "a plugin holds its thread",
                source=self._name,
                seconds=round(seconds),
                at=code.at,
                stack=code.stack,
            )

    def _give_sign(self, asked_at: float, home: asyncio.AbstractEventLoop) -> None:
        """Say that the thread lives. Runs there, so that the time is its own."""
        lived_at = time.monotonic()
        if self._asked_at == asked_at:
            self._lived_at = lived_at
        with contextlib.suppress(RuntimeError):  # the map has ended meanwhile
            home.call_soon_threadsafe(self._note_life, asked_at, lived_at)

    def _note_life(self, asked_at: float, lived_at: float) -> None:
        if self._asked_at != asked_at:
            return  # of a thread that was left behind
        seconds, at = lived_at - asked_at, self._held_at or self._last_seen_at
        was_logged, self._asked_at, self._held_at, self._last_seen_at = bool(self._held_at), None, "", ""
        if was_logged or seconds > MOST_HELD_SECONDS:
            _logger.warning("a plugin has given its thread back", source=self._name, seconds=round(seconds), at=at)
            if self._on_overrun is not None:
                self._on_overrun(at or "unknown code", seconds)

    async def close(self) -> None:
        """Cancel what still runs and end the thread. One that does not end in time is left behind."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join, _JOIN_SECONDS)
        if thread.is_alive():
            _logger.error("a plugin does not give its thread back; the thread is left behind", source=self._name)


def _run(loop: asyncio.AbstractEventLoop, name: str) -> None:
    try:
        while _is_interrupted(loop, name):
            pass
        loop.run_until_complete(stop(asyncio.all_tasks(loop), _STOP_SECONDS))
        loop.run_until_complete(asyncio.sleep(0))  # what was closed last still has to let go of its socket
    finally:
        loop.close()


def _is_interrupted(loop: asyncio.AbstractEventLoop, name: str) -> bool:
    """Run ``loop`` until it is stopped; True if a task or callback that a plugin began itself broke it off."""
    try:
        loop.run_forever()
    except BaseException as error:  # SystemExit and the like end whatever loop they are raised on
        _logger.warning("a task of a plugin raised", source=name, exc_info=error)
        return True
    return False


async def contained(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what a plugin's ``coroutine`` returns. What would end the process is raised as a RuntimeError."""
    try:
        return await coroutine
    except (Exception, asyncio.CancelledError, GeneratorExit):
        raise
    except BaseException as error:
        raise RuntimeError(f"it raised {error!r}") from error


async def on(home: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run ``coroutine`` on the loop ``home``, whatever loop this is awaited on."""
    if asyncio.get_running_loop() is home:
        return await coroutine
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, home))
