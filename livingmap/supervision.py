"""Supervision: each task has a name, one that dies ends the process, and whatever is stopped ends within a bound.

Nothing here depends on cancelling somebody else's coroutine. A library may lose a cancellation (`asyncio.wait_for`
of Python 3.11 does, and all that is built on it): then the task is left behind, and the log says which.
"""

import asyncio
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator
from itertools import count
from types import FrameType
from typing import Any, Final, TypeVar

import structlog

T = TypeVar("T")

MOST_EXTENSIONS: Final = 10
"""So many times the limit is the longest that anything may take which goes on."""
_STOP_SECONDS: Final = 5.0
_INSIST_SECONDS: Final = 1.0

_HANGUP: Final = "SIGHUP is ignored: the map does not run yet, or no more"

_logger = structlog.get_logger(__name__)
_abandoned: set[asyncio.Task[Any]] = set()


async def within(
    seconds: float, coroutine: Coroutine[Any, Any, T], what: str, progress: Callable[[], int] = int
) -> T:
    """Return what ``coroutine`` returns within ``seconds``; after that raise TimeoutError, which names ``what``.

    While ``progress`` returns another number each time that they have passed, it gets as many seconds again, up to
    `MOST_EXTENSIONS` times: what is large and comes in is not cut off.

    It runs in a task of its own. When it is late, or the caller is cancelled, it is cancelled and left behind: the
    caller goes on at once, even if a library in it loses the cancellation.
    """
    task = asyncio.create_task(coroutine, name=what)
    try:
        for _ in range(MOST_EXTENSIONS):
            before = progress()
            await asyncio.wait([task], timeout=seconds)
            if task.done() or progress() == before:
                break
    finally:
        if not task.done():
            abandon(task)
    if not task.done():
        raise TimeoutError(f"{what}: not done within {seconds:g} s")
    if task.cancelled():  # raised here it would pass for a cancellation of the caller
        raise ConnectionError(f"{what}: broken off")
    return task.result()


def abandon(task: asyncio.Task[Any]) -> None:
    """Cancel ``task`` and never look at it again, whatever becomes of it."""
    _abandoned.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_forget)
    task.cancel()


def _forget(task: asyncio.Task[Any]) -> None:
    _abandoned.discard(task)
    if not task.cancelled():
        task.exception()  # retrieved, so that asyncio does not report it


async def stop(tasks: Iterable[asyncio.Task[Any]], seconds: float = _STOP_SECONDS) -> None:
    """Cancel ``tasks`` and return when they have ended, after ``seconds`` and a little at the latest.

    Their exceptions are left in them. The caller's own cancellation waits until then, and is raised at the end.
    """
    waiting = list(tasks)
    cancelled = False
    for limit in (seconds, _INSIST_SECONDS):
        for task in waiting:
            task.cancel()
        waiting, interrupted = await _ended(waiting, limit)
        cancelled |= interrupted
    for task in waiting:
        _logger.error("a task does not end and is left behind", task=task.get_name())
        abandon(task)
    if cancelled:
        raise asyncio.CancelledError


async def _ended(tasks: list[asyncio.Task[Any]], seconds: float) -> tuple[list[asyncio.Task[Any]], bool]:
    """Wait for ``tasks``; return those that still run, and whether the caller was cancelled meanwhile."""
    loop = asyncio.get_running_loop()
    until, cancelled = loop.time() + seconds, False
    while (running := [task for task in tasks if not task.done()]) and loop.time() < until:
        try:
            await asyncio.wait(running, timeout=until - loop.time())
        except asyncio.CancelledError:
            cancelled = True
    return running, cancelled


async def run_together(
    coroutines: Iterable[tuple[str, Coroutine[Any, Any, None]]], seconds: float = _STOP_SECONDS
) -> None:
    """Run named coroutines side by side until all have ended, one has failed, or the caller is cancelled.

    Those that still run are then stopped, within ``seconds``. Raises what the first failed one raised.
    """
    tasks = [asyncio.create_task(one, name=name) for name, one in coroutines]
    try:
        if tasks:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        ended = [task for task in tasks if task.done()]
        await stop([task for task in tasks if not task.done()], seconds)
    for task in ended:
        task.result()


@contextlib.contextmanager
def stop_signals(
    *callbacks: Callable[[], object], on_hangup: Callable[[], object] | None = None
) -> Iterator[None]:
    """Have SIGINT and SIGTERM call ``callbacks``, at once, even where the event loop is blocked by Python code.

    SIGHUP, which a closed terminal sends too, calls ``on_hangup``, or is logged and ignored.

    They are called in the middle of whatever runs: they may start a `Deadline`, or use ``call_soon_threadsafe``. A
    second signal ends the process without further ado, with status 1.
    """
    arrivals = count()

    def handle(_: int, __: object) -> None:
        if next(arrivals):  # counted in one step: another signal may interrupt this
            _say(b"stopped at once by a second signal\n")
            os._exit(1)
        for callback in callbacks:
            callback()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    if hangup := getattr(signal, "SIGHUP", None):  # not on Windows
        before[hangup] = signal.signal(hangup, lambda *_: (on_hangup or _ignore_hangup)())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_hangup() -> None:
    # by a thread: what was interrupted may hold the lock of the log
    threading.Thread(target=_logger.info, args=(_HANGUP,), daemon=True).start()


@contextlib.contextmanager
def ticking(seconds: float, tick: Callable[[FrameType | None], object]) -> Iterator[None]:
    """Have ``tick`` called every so often in the main thread, in the middle of whatever that runs.

    It gets the innermost frame of that, and may raise there. It is never called on a platform without such timers.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda _, frame: tick(frame))
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _say(line: bytes) -> None:
    """Write ``line`` to standard error if that is possible without waiting."""
    with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, broken, or not there at all
        number = sys.stderr.fileno()
        if select.select([], [number], [], 0)[1]:
            os.write(number, line)


class Deadline:
    """Ends the process with status 1, by a thread, if it has not ended by itself some seconds after `start`.

    It holds even when the event loop is blocked, or when something keeps the interpreter from ending.
    """

    def __init__(self, seconds: float, end: Callable[[int], object] = os._exit) -> None:
        self._seconds = seconds
        self._end = end
        self._timer: threading.Timer | None = None

    def start(self) -> None:
        """Begin to count; again does nothing."""
        if self._timer is None:
            self._timer = threading.Timer(self._seconds, self._expire)
            self._timer.daemon = True
            self._timer.start()

    def cancel(self) -> None:
        """Stop counting: the process lives on."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        _logger.critical("the process does not end by itself", after_seconds=self._seconds)
        self._end(1)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the fastest event loop: uvloop's; None for asyncio's own, as on Windows and PyPy."""
    try:
        import uvloop  # noqa: PLC0415 - it is not there on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a new event loop, as `asyncio.run` does; what is left over cannot hold up the end.

    SIGINT raises KeyboardInterrupt here, once ``main`` was stopped.
    """
    loop = (loop_factory() or asyncio.new_event_loop)()
    asyncio.set_event_loop(loop)
    try:
        task, interrupted = loop.create_task(main, name="main"), loop.create_future()
        with _interruption(lambda: loop.call_soon_threadsafe(interrupted.cancel)):
            loop.run_until_complete(asyncio.wait([task, interrupted], return_when=asyncio.FIRST_COMPLETED))
            if not task.done():
                raise KeyboardInterrupt
        return task.result()
    finally:
        try:  # `asyncio.Runner` would wait for ever for a task that has lost its cancellation
            loop.run_until_complete(_wind_down(loop))
        finally:
            asyncio.set_event_loop(None)
            loop.close()


@contextlib.contextmanager
def _interruption(interrupt: Callable[[], object]) -> Iterator[None]:
    """Have SIGINT call ``interrupt``; a second one raises KeyboardInterrupt at once.

    Python's own handler raises it wherever it is: in a callback that C code calls, as uvloop does, it may be lost.
    """
    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def handle(_: int, __: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        interrupt()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


async def _wind_down(loop: asyncio.AbstractEventLoop) -> None:
    await stop(asyncio.all_tasks() - {asyncio.current_task()} - _abandoned)
    with contextlib.suppress(TimeoutError):
        await within(_INSIST_SECONDS, loop.shutdown_asyncgens(), "asynchronous generators")
