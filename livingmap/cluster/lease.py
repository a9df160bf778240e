"""The lease: one of the processes that read a log holds it, and does what must be done only once."""

import asyncio
import contextlib
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from livingmap.cluster import Duties
from livingmap.supervision import stop
from livingmap.transport.connection import call

_KEY: Final = "leader"
_LEASE_SECONDS: Final = 10.0
_RELEASE_SECONDS: Final = 2.0
_END_SECONDS: Final = 7.0
"""Duties may take so long to end; a history that is shared is written to its end meanwhile."""

_logger = structlog.get_logger(__name__)


class Lease:
    """A key that its holder keeps writing; a process that sees it unchanged for ``seconds`` takes it over.

    No clock of another machine is compared with ours: each measures with its own how long nothing changed.
    """

    def __init__(self, holder: str, seconds: float = _LEASE_SECONDS) -> None:
        self.held = False
        """Whether this process leads."""
        self._me = holder.encode()
        self._seconds = seconds
        self._call_seconds = seconds / 4  # together they must be over before another process takes over
        self._bucket: KeyValue | None = None
        self._revision = 0
        self._changed_at = 0.0

    def attach(self, bucket: KeyValue | None) -> None:
        """Use ``bucket`` from now on; None while there is no connection."""
        self._bucket = bucket

    async def hold(self, duties: Duties) -> None:
        """Run ``duties`` while the lease is ours, until cancelled. Raises what they raise."""
        doing: asyncio.Task[None] | None = None
        try:
            while True:
                self.held = await self._beat()
                if self.held and doing is None:
                    _logger.info("this process leads")
                    doing = asyncio.create_task(_run(duties), name="duties")
                elif not self.held and doing is not None:
                    _logger.warning("another process may lead now")
                    await _end(doing)
                    doing = None
                await _wait(doing, self._seconds / 4)
        finally:
            if doing is not None:
                await _end(doing)
            await self._release()

    async def _beat(self) -> bool:
        """Take the lease or keep it; tell whether it is ours now."""
        now = asyncio.get_running_loop().time()
        try:
            return await self._write(now)
        except KeyWrongLastSequenceError:  # somebody was quicker
            return False
        except (NatsError, TimeoutError, OSError):
            return self.held and now - self._changed_at < self._seconds

    async def _write(self, now: float) -> bool:
        if self._bucket is None:
            raise ConnectionError("no connection")
        try:
            found = await call(self._bucket.get(_KEY), "reading the lease", self._call_seconds)
        except KeyNotFoundError:
            self._revision = await call(
                self._bucket.create(_KEY, self._me), "taking the lease", self._call_seconds
            )
        else:
            revision = found.revision or 0
            if revision != self._revision:
                self._changed_at, self._revision = now, revision
            if found.value != self._me and now - self._changed_at < self._seconds:
                return False
            renewal = self._bucket.update(_KEY, self._me, last=revision)
            self._revision = await call(renewal, "renewing the lease", self._call_seconds)
        self._changed_at = now
        return True

    async def _release(self) -> None:
        """Let another process lead at once."""
        if self.held and self._bucket is not None:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                await call(self._bucket.delete(_KEY, last=self._revision), "releasing the lease", _RELEASE_SECONDS)
        self.held = False


async def _run(duties: Duties) -> None:
    await duties()


async def _wait(doing: asyncio.Task[None] | None, seconds: float) -> None:
    """Return after ``seconds``; raise at once what ``doing`` raises."""
    if doing is None:
        await asyncio.sleep(seconds)
        return
    done, _ = await asyncio.wait([doing], timeout=seconds)
    for one in done:
        one.result()
        await asyncio.sleep(seconds)  # duties that end have no more to do


async def _end(doing: asyncio.Task[None]) -> None:
    await stop([doing], _END_SECONDS)
    if doing.done() and not doing.cancelled() and (error := doing.exception()) is not None:
        raise error
