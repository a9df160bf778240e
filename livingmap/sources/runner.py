"""Running a source that is not asked but says by itself: its run is supervised, and begun again when it ends."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from livingmap.core.backoff import Backoff
from livingmap.core.freshness import Freshness, SourceHealth, shortened
from livingmap.core.source import Client, Run, Source
from livingmap.errors import SourceError, Unreachable
from livingmap.log import Log
from livingmap.sources.announcing import announce
from livingmap.sources.comparison import Comparison
from livingmap.sources.emitter import Emitter
from livingmap.sources.json_client import FAILURES_TO_OPEN
from livingmap.sources.replayed import replayed
from livingmap.sources.source_client import SourceClient

_JITTER: Final = 0.1
_FIRST_PAUSE_SECONDS: Final = 1.0
_LONGEST_PAUSE_SECONDS: Final = 60.0
_STEADY_SECONDS: Final = 60.0
"""A run that lasted for so long begins again soon after it failed."""
_LISTING_SECONDS: Final = 1.0
"""How long a run that is tried out may go on after its first sign of life."""
_SIGN_SECONDS: Final = 1.0
"""How often the time of the last sign of life is noted at most."""

_logger = structlog.get_logger(__name__)


class Runner:
    """Runs ``source.run`` until cancelled, and keeps the health of a source that is not polled.

    ``compute`` has the plugin's code run where it belongs. A run that returns is begun again after the source's
    interval, one that raises after a pause that grows. While the log is away, nothing is run: what is taken off a
    queue then would be on no log. A simulated source is not run either; its recorded listings are emitted.
    """

    def __init__(
        self,
        source: Source,
        service: SourceClient,
        log: Log,
        comparison: Comparison,
        state: SourceHealth,
        compute: Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]],
        now: Callable[[], datetime],
        *,
        alone: bool,
    ) -> None:
        """``alone``: the source has no polls, which would keep its health."""
        self._source = source
        self._service = service
        self._log = log
        self._comparison = comparison
        self._state = state
        self._compute = compute
        self._now = now
        self._alone = alone
        self._is_mock = bool(service.settings.mock)
        self._signs = asyncio.Event()
        self._is_running = False

    async def run(self) -> None:
        """Run the source, again and again, until cancelled."""
        if self._log.progress.is_on_its_own:
            return
        backoff = Backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, jitter=0.5)
        while True:
            began = asyncio.get_running_loop().time()
            failed = await self._run_once(self._chosen())
            if not failed or asyncio.get_running_loop().time() - began > _STEADY_SECONDS:
                backoff.reset()
            pause = backoff.pause_seconds() if failed else self._interval_seconds()
            self._state.next_poll_at = self._now() + timedelta(seconds=pause)
            await asyncio.sleep(pause)

    def _interval_seconds(self) -> float:
        return self._service.settings.interval_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311

    async def try_out(self, seconds: float) -> None:
        """Run the source until it gives a sign of life, ends or fails; note what became of it."""
        self._signs.clear()
        running = asyncio.create_task(self._run_once(self._chosen()), name=f"run {self._source.name}")
        sign = asyncio.create_task(self._signs.wait(), name="sign of life")
        await asyncio.wait([running, sign], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        silent = not running.done() and not sign.done()
        if not silent:
            await asyncio.wait(
                [running], timeout=_LISTING_SECONDS
            )  # what it has to say comes after that it is well
        running.cancel()
        sign.cancel()
        await asyncio.wait([running], timeout=seconds)
        if silent:
            await self._note_failure(Unreachable(f"gave no sign of life within {seconds:g} s"))

    async def replay(self) -> None:
        """Emit the recorded listings of the source once; note what became of it."""
        await self._run_once(replayed(self._source))

    def _chosen(self) -> Run:
        return replayed(self._source) if self._is_mock or self._source.run is None else self._source.run

    async def _run_once(self, run: Run) -> bool:
        """Let ``run`` go on until it ends; return whether it failed."""
        client = self._service.running_client(self._now)
        emitter = Emitter(self._source, self._log, self._comparison, self._state, client, self._note_life)
        self._state.polls += 1
        self._state.polled_at, self._state.next_poll_at = self._now(), None
        try:
            if self._is_running:
                raise Unreachable("an earlier run is still under way, although it was cancelled")
            await self._compute(self._call(run, client, emitter))
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            await self._note_failure(Unreachable("it was cancelled"))
        except Exception as error:  # noqa: BLE001 - the plugin rim
            await self._note_failure(error)
        else:
            await self._note_life()
            return False
        finally:
            emitter.close()
        return True

    async def _call(self, run: Run, client: Client, emitter: Emitter) -> None:
        """Call the plugin's run. Runs where its code does, for as long as it likes."""
        self._is_running = True
        try:
            await run(client, emitter)
        finally:
            self._is_running = False

    async def _note_life(self) -> None:
        """Note that the source is well."""
        self._signs.set()
        state, now = self._state, self._now()
        state.run_error = None
        if not self._alone:
            return
        previous = state.status
        if state.observed_at is None or abs((now - state.observed_at).total_seconds()) >= _SIGN_SECONDS:
            state.observed_at = now
            state.revision += 1
        if previous is not state.good or state.error is not None:
            state.status, state.error, state.failures = state.good, None, 0
            state.revision += 1
            await announce(state, previous, self._log)

    async def _note_failure(self, error: Exception) -> None:
        state, previous = self._state, self._state.status
        text = str(error) if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
        if not isinstance(error, SourceError | OSError) and (state.run_error is None and state.failures == 0):
            _logger.warning("a plugin's run raised", source=self._source.name, exc_info=error)
        state.revision += 1
        if not self._alone:
            if state.run_error is None:
                _logger.warning("source failed", source=self._source.name, error=f"run: {text}")
            state.run_error = shortened(f"run: {text}")
            return
        state.failures += 1
        state.error = shortened(f"run: {text}")
        gone = not state.contributed or state.failures >= FAILURES_TO_OPEN
        state.status = Freshness.DOWN if gone else Freshness.STALE
        await announce(state, previous, self._log)
