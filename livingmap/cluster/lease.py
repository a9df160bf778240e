"""The lease: of all processes that read a log, one does what must be done once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError
from nats.js.kv import KeyValue

_KEY: Final = "leader"
_LEASE_SECONDS: Final = 10.0

_logger = structlog.get_logger(__name__)


class Lease:
    """A key that its holder keeps writing. Who sees it unchanged for ``seconds`` takes it over.

    No clock of another machine is compared with ours: each measures with its own how long nothing changed.
    """

    def __init__(self, holder: str, seconds: float = _LEASE_SECONDS) -> None:
        self.held = False
        """Whether this process leads."""
        self._me = holder.encode()
        self._seconds = seconds
        self._bucket: KeyValue | None = None
        self._revision = 0
        self._changed_at = 0.0

    def attach(self, bucket: KeyValue | None) -> None:
        """Use ``bucket`` from now on; None while there is no connection."""
        self._bucket = bucket

    async def hold(self, duties: Callable[[], Awaitable[None]]) -> None:
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
            found = await self._bucket.get(_KEY)
        except KeyNotFoundError:
            self._revision = await self._bucket.create(_KEY, self._me)
        else:
            revision = found.revision or 0
            if revision != self._revision:
                self._changed_at, self._revision = now, revision
            if found.value != self._me and now - self._changed_at < self._seconds:
                return False
            self._revision = await self._bucket.update(_KEY, self._me, last=revision)
        self._changed_at = now
        return True

    async def _release(self) -> None:
        """Let another process lead at once."""
        if self.held and self._bucket is not None:
            with contextlib.suppress(NatsError, TimeoutError, OSError):
                await self._bucket.delete(_KEY, last=self._revision)
        self.held = False


async def _run(duties: Callable[[], Awaitable[None]]) -> None:
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
    doing.cancel()
    await asyncio.wait([doing])  # awaiting it would not tell whose cancelling it is that ends the waiting
    if not doing.cancelled() and (error := doing.exception()) is not None:
        raise error
