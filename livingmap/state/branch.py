"""The branch: what a process shows while its log is away. It polls for itself, and keeps apart what it finds.

The scene stands at position 40 of the log when the connection is lost. After ``detached_seconds`` the process
keeps a copy of the scene, leaves the log for an epoch of its own and polls. What the polls find is folded and sent
to viewers, but not written into the history. When the log is back, the copy takes the scene's place again, at
position 40, and the log is read on from there: nothing of the branch is left. Viewers are sent that scene as soon
as everything that was in the log by then has been read.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Final

import structlog

from livingmap.core.model import Event, Json, Message, Position
from livingmap.core.progress import Progress
from livingmap.log import Log, Subscriber
from livingmap.log.local import LocalLog
from livingmap.state.projector import Projector
from livingmap.supervision import stop

_LOOK_SECONDS: Final = 0.25
_STOP_SECONDS: Final = 2.0

_logger = structlog.get_logger(__name__)


class Branch:
    """A `livingmap.log.Log` that appends to ``log``, or to a branch while `run` has left it."""

    def __init__(self, log: Log, projector: Projector, now: Callable[[], datetime]) -> None:
        self._log = log
        self._projector = projector
        self._now = now
        self._own: LocalLog | None = None
        self._states: Mapping[str, Json] = {}
        self._polling: asyncio.Task[None] | None = None

    @property
    def progress(self) -> Progress:
        """How far the log was read, and where the branch stands."""
        return self._log.progress

    @property
    def position(self) -> Position:
        """The position of the last entry that was folded."""
        return self._log.progress.position

    async def append(self, message: Message) -> None:
        """Add ``message`` to the branch, or to the log."""
        await (self._own or self._log).append(message)

    async def append_once(self, message: Message, name: str) -> bool:
        """Add ``message`` to the branch, or to the log, unless one of this ``name`` was lately."""
        return await (self._own or self._log).append_once(message, name)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry of the log, and none of a branch, to ``subscriber``."""
        self._log.subscribe(subscriber)

    async def run(self, is_away: Callable[[], bool], poll: Callable[[], Awaitable[None]]) -> None:
        """Leave the log whenever it ``is_away``, and ``poll`` until it is back. Runs until cancelled."""
        try:
            while True:
                if self._own is None and is_away():
                    self._leave(poll)
                if self._polling is not None and self._polling.done():
                    self._polling.result()  # polls raise nothing: this would be a fault of the program
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await self._stop_polling()

    def _leave(self, poll: Callable[[], Awaitable[None]]) -> None:
        self._states = dict(self._projector.states())
        start = self.progress.branch_off(f"own-{secrets.token_hex(6)}")
        own = LocalLog(start.epoch, self._now)
        own.progress.position = start
        own.subscribe(self._take)
        self._own = own
        self._polling = asyncio.create_task(_run(poll), name="polls on its own")
        _logger.warning("the log is away; this process shows what it polls itself", left_at=start.seq)
        self._projector.announce()

    def _take(self, event: Event) -> None:
        self.progress.position = event.position
        self._projector.take(event)

    async def return_to_log(self) -> None:
        """Put the scene of the log back in its place. To be called before the log is read on."""
        if self._own is None:
            return
        await self._stop_polling()
        self._own = None
        self.progress.return_to_log()
        self._projector.restore(self._states)
        self._states = {}
        _logger.info("the log is back", at=self.position.seq)

    async def _stop_polling(self) -> None:
        polling, self._polling = self._polling, None
        if polling is not None:
            await stop([polling], _STOP_SECONDS)


async def _run(poll: Callable[[], Awaitable[None]]) -> None:
    await poll()
