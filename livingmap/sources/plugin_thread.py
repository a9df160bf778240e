"""Plugin thread: an event loop beside that of the map, so that a slow plugin blocks nobody else."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import structlog

from livingmap.supervision import stop

T = TypeVar("T")

_STOP_SECONDS: Final = 0.5
_JOIN_SECONDS: Final = 2.0
"""Longer than `stop` takes at most."""

_logger = structlog.get_logger(__name__)


class PluginThread:
    """Runs coroutines on an event loop in a thread of its own, which starts with the first of them.

    The thread is a daemon: a plugin that never returns cannot keep the process alive.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what ``coroutine`` returns, or raise what it raises.

        Cancelling reaches it, but does not wait for it: what loses the cancellation runs on in the thread.
        """
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self._running()))

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._thread is None or not self._thread.is_alive():
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_run, args=(self._loop,), name="plugins", daemon=True)
            self._thread.start()
        return self._loop

    async def close(self) -> None:
        """Cancel what still runs and end the thread. One that does not end in time is left behind."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is None or thread is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join, _JOIN_SECONDS)
        if thread.is_alive():
            _logger.error("a plugin does not give its thread back; the thread is left behind")


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(stop(asyncio.all_tasks(loop), _STOP_SECONDS))
    finally:
        loop.close()


async def on(home: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run ``coroutine`` on the loop ``home``, whatever loop this is awaited on."""
    if asyncio.get_running_loop() is home:
        return await coroutine
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, home))
