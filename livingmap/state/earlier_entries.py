"""Earlier entries: what a shared log has of sources that a process takes up while it follows the log.

Example: a process at 900 takes up ``weather``, which another process has polled since 500. Polls append only what
is new, so its part would lack everything of 500 to 900. The log is therefore read again, from a checkpoint on,
into a fold of ``weather`` alone; when that has come to where the process is by then, say 903, the part is what
every other process has.
"""

import contextlib
from collections import deque
from collections.abc import AsyncIterator

from livingmap.core.fold import Fold
from livingmap.core.model import Event, Position
from livingmap.core.progress import Progress
from livingmap.log.rereading import Rereading


@contextlib.asynccontextmanager
async def folded(rereading: Rereading, fold: Fold, progress: Progress) -> AsyncIterator[Fold]:
    """Give ``fold`` with all that the log has up to where ``progress`` is, until something is awaited.

    Raises ConnectionError if the log cannot be read again.
    """
    beginning = await rereading.begin(Position(progress.position.epoch, progress.read_up_to))
    if beginning is None or not beginning.is_exact:
        raise ConnectionError("the stream no longer has what it had of new sources; restart the map")
    try:
        fold.scene.restore(beginning.states)
        waiting: deque[Event] = deque()
        while rereading.progress.read_up_to < progress.read_up_to:
            waiting += await rereading.events()
            _apply(fold, waiting, progress.read_up_to)
        yield fold
    finally:
        await rereading.end()


def _apply(fold: Fold, waiting: deque[Event], up_to: int) -> None:
    """Fold what waits up to a position: beyond it the process itself has still to read."""
    while waiting and waiting[0].position.seq <= up_to:
        fold.apply(waiting.popleft())
