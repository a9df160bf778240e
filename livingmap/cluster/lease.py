"""The lease: one of the processes that read a log holds it, and does what must be done only once."""

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

from livingmap.cluster import Duties
from livingmap.supervision import stop
from livingmap.transport.connection import call, reason_of

_KEY: Final = "leader"
LEASE_SECONDS: Final = 10.0
_RELEASE_SECONDS: Final = 2.0
_END_SECONDS: Final = 7.0
"""How long duties may take to end; a shared history is written to its end meanwhile."""

_LAST_RESORT: Final = 3
"""A process whose configuration lacks something waits so many times as long as others."""

_logger = structlog.get_logger(__name__)


class Standing(StrEnum):
    """How good a leader this process would be."""

    FIT = "fit"
    """As good as any."""
    LAST_RESORT = "last_resort"
    """Its configuration lacks something: it takes over only when no other process has led for a while."""
    UNFIT = "unfit"
    """It cannot do the duties and another process can: it gives the lease away."""


class Lease:
    """A key that its holder keeps writing; a process that sees it unchanged for ``seconds`` takes it over.

    No clock of another machine is compared with ours: each measures with its own how long nothing changed.
    ``newest_term`` returns the newest term that was seen in the log, ``standing`` what this process is good for.
    """

    def __init__(
        self,
        holder: str,
        seconds: float = LEASE_SECONDS,
        *,
        newest_term: Callable[[], int],
        standing: Callable[[], Standing],
    ) -> None:
        self.held = False
        """Whether this process leads."""
        self.term = 0
        """Grows whenever another process begins to lead: messages of leaders of older terms do not count."""
        self.failure: str | None = None
        """Why the lease could not be read or written last; None if it could."""
        self._me = holder.encode()
        self._seconds = seconds
        self._call_seconds = seconds / 4  # together they must be over before another process takes over
        self._newest_term = newest_term
        self._standing = standing
        self._bucket: KeyValue | None = None
        self._revision = 0
        self._changed_at: float | None = None
        self._renewed_at: float | None = None

    def unrenewed_seconds(self) -> float | None:
        """Return for how long nobody was seen to renew the lease; None if this process has not looked."""
        renewed_at = self._renewed_at
        return None if renewed_at is None else asyncio.get_running_loop().time() - renewed_at

    def attach(self, bucket: KeyValue | None) -> None:
        """Use ``bucket`` from now on; None while there is no connection."""
        self._bucket = bucket

    async def hold(self, duties: Duties) -> None:
        """Run ``duties`` while this process holds the lease, until cancelled. Raises what they raise."""
        doing: asyncio.Task[None] | None = None
        try:
            while True:
                self.held = await self._beat()
                if self.held and doing is None:
                    _logger.info("this process leads", term=self.term)
                    doing = asyncio.create_task(_run(duties), name="duties")
                elif not self.held and doing is not None:
                    _logger.warning("another process may lead now")
                    await _end(doing)
                    doing = None
                await _wait(doing, self._seconds / 4)
        finally:
            if doing is not None:
                await _end(doing)
            if self.held:
                await self._release()

    async def _beat(self) -> bool:
        """Take or renew the lease; return whether this process holds it now."""
        now = asyncio.get_running_loop().time()
        if self._changed_at is None:
            self._changed_at = now
        try:
            if self._standing() is Standing.UNFIT:
                self._renewed_at = None  # it does not look
                if self.held:
                    _logger.warning("this process gives the lead away: it cannot do what has to be done")
                    await self._release()
                return False
            self._renewed_at = self._renewed_at or now
            holds = await self._write(now)
        except KeyWrongLastSequenceError:  # somebody was quicker
            return False
        except (NatsError, TimeoutError, OSError) as error:
            self.failure = reason_of(error)
            return self.held and now - self._changed_at < self._seconds
        self.failure = None
        return holds

    async def _write(self, now: float) -> bool:
        if self._bucket is None:
            raise ConnectionError("no connection")
        try:
            entry = await call(self._bucket.get(_KEY), "reading the lease", self._call_seconds)
        except KeyNotFoundError:
            if self._has_to_wait(now, 0):
                return False
            taking = self._bucket.create(_KEY, self._me)
            self._begin_term(await call(taking, "taking the lease", self._call_seconds))
        else:
            revision, is_ours = entry.revision or 0, entry.value == self._me
            if revision != self._revision:
                self._changed_at = self._renewed_at = now
                self._revision = revision
            if not is_ours and self._has_to_wait(now, self._seconds):
                return False
            renewal = self._bucket.update(_KEY, self._me, last=revision)
            self._revision = await call(renewal, "renewing the lease", self._call_seconds)
            if not is_ours:
                self._begin_term(self._revision)
        self._changed_at = self._renewed_at = now
        return True

    def _has_to_wait(self, now: float, seconds: float) -> bool:
        """Tell whether the lease has been unchanged for too short a time for this process to take it."""
        if self._standing() is Standing.LAST_RESORT:
            seconds = _LAST_RESORT * self._seconds
        return now - (self._changed_at or 0.0) < seconds

    def _begin_term(self, revision: int) -> None:
        self._revision = revision
        self.term = max(revision, self._newest_term() + 1)  # a bucket that was made anew counts from 1 again

    async def _release(self) -> None:
        """Let another process lead at once."""
        if self._bucket is not None:
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
