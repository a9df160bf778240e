"""The event loop under the map: uvloop where there is one, which does most of what asyncio does in C."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the quickest loop; None for asyncio's own, such as on Windows and PyPy."""
    try:
        import uvloop  # noqa: PLC0415 - it is not there on every platform
    except ImportError:
        return None
    return uvloop.new_event_loop


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end, as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=factory()) as runner:
        return runner.run(main)
