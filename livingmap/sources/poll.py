"""Polling: asks each source at its own interval, and logs only how its answers differ from what is known."""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote

import structlog

from livingmap import tracing
from livingmap.core.freshness import Freshness, SourceHealth, shortened
from livingmap.core.model import CollectionKey, Fields, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source
from livingmap.errors import SourceError, Unreachable
from livingmap.log import Log
from livingmap.log.local import utc_now
from livingmap.memory import LONG_BYTES, give_back
from livingmap.sources.announcing import Appending, announce
from livingmap.sources.comparison import Comparison
from livingmap.sources.drift import Drift
from livingmap.sources.json_client import DETAILS, FAILURES_TO_OPEN
from livingmap.sources.plugin_thread import PluginThread, contained
from livingmap.sources.poll_client import PollClient
from livingmap.sources.repeats import Repeats
from livingmap.sources.row_reports import RowReports
from livingmap.sources.runner import Runner
from livingmap.sources.settings import SectionSettings
from livingmap.sources.source_client import SourceClient
from livingmap.supervision import run_together, within

T = TypeVar("T")

_JITTER: Final = 0.1
_MISSED_POLLS: Final = 3
"""After so many intervals without a complete poll a source is stale."""
_TIMEOUTS_PER_POLL: Final = 10

_Unread: TypeAlias = dict[CollectionKey, tuple[Layer, PollClient]]

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Outcome:
    """What one poll of all layers brought."""

    began: int
    """The position of the log at which it began."""
    errors: list[str] = field(default_factory=list)
    answers: int = 0
    """Of how many layers the answer could be used."""


class Poller:
    """Polls one source for as long as it runs, and keeps the source's health.

    The plugin's code runs in a thread of its own, or with ``threaded=False`` on the loop of the map.
    """

    def __init__(
        self,
        source: Source,
        service: SourceClient,
        scene: Scene,
        log: Log,
        now: Callable[[], datetime] = utc_now,
        *,
        threaded: bool = False,
    ) -> None:
        self.source = source
        self.service = service
        good = Freshness.MOCK if service.settings.mock else Freshness.FRESH
        self.state = SourceHealth(source.name, source.service, good=good)
        self.causes: list[Exception] = []
        """What the fetches of the last poll raised."""
        self._settings: SectionSettings = service.settings
        settings = self._settings
        self._log = log
        self._now = now
        self._plugin_thread = PluginThread(source.name, self._note_overrun) if threaded else None
        self._running: set[CollectionKey] = set()
        self._comparison = Comparison(source, scene, self.state, self._within)
        self._part = scene.part(source.name)
        self._drift = Drift(self._part)
        self._repeats = Repeats(service, self._part)
        self._reports = RowReports(self.state)
        if source.handlers and self._polled_layers():
            self.state.drift = self._drift.counts
        self.runner: Runner | None = None
        if source.run is not None:
            alone = not self._polled_layers()
            self.runner = Runner(
                source, service, log, self._comparison, self.state, self._compute, now, alone=alone
            )
        if self._polled_layers() or self.runner:
            self.state.stale_after_seconds = self._stale_after(settings.interval_seconds)
        else:
            self.state.status = good

    def _polled_layers(self) -> list[Layer]:
        return [layer for layer in self.source.layers if layer.fetch]

    async def run(self) -> None:
        """Poll, and run what says by itself, until cancelled."""
        running = [("polls", self._poll_on())] if self._polled_layers() else []
        running += [("run", self.runner.run())] if self.runner else []
        await run_together(running)

    async def _poll_on(self) -> None:
        self._repeats.forget()  # another process may have polled since
        while True:
            began = time.perf_counter()
            await self.poll()
            interval = self._interval(time.perf_counter() - began)
            pause = interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
            self.state.next_poll_at = self._now() + timedelta(seconds=pause)
            await asyncio.sleep(pause)

    def _interval(self, poll_seconds: float) -> float:
        """Return the seconds until the next poll: as many as this one took, if it was complete and that long.

        So no source takes more than about half of its service's and the map's time. Example: every 15 s a list of
        100,000 agents is polled, which takes 20 s while the map starts; the next poll begins 20 s later, and the
        source is not stale because of that.
        """
        interval = self._settings.interval_seconds
        if not self.state.failures:
            interval = max(interval, round(poll_seconds, 1))
            self.state.stale_after_seconds = self._stale_after(interval)
        return interval

    def _stale_after(self, interval: float) -> float:
        return _MISSED_POLLS * interval + self._settings.timeout_seconds

    async def poll(self) -> None:
        """Ask for every layer once, log how the answers differ, and update the health. Raises nothing."""
        if self.runner and not self._polled_layers():
            return
        with tracing.poll(self.source.name):
            try:
                await self._poll()
            finally:
                self.state.polling = None

    async def _poll(self) -> None:
        started, position, began = self._now(), self._log.position.seq, time.perf_counter()
        revision = self._part.revision  # before anything is asked: an event meanwhile is newer than the answers
        client = self.service.client(started)
        self.causes, self.state.polling = [], client.progress
        outcome = _Outcome(position)
        unread = await self._unread(client)
        for key in {(layer.name, layer.collection) for layer in self._polled_layers()} - unread.keys():
            outcome.answers += 1
            self._drift.end(key, position)
        if unread:
            await self._read(unread, outcome, revision)
            await client.let_go()
            if sum(client.bytes_read for _, client in unread.values()) >= LONG_BYTES:
                await give_back()
        await self._end(outcome, started, began)

    async def _unread(self, client: PollClient) -> _Unread:
        """Return the layers that must be read, each with its client: those that may bring something new."""
        unread: _Unread = {}
        is_known = self.runner is None and not self._comparison.asks_again
        for layer in self._polled_layers():
            key, own = (layer.name, layer.collection), client.sibling()
            if not (is_known and await self._repeats.is_repeat(key, own)):
                unread[key] = layer, own
        return unread

    async def _read(self, unread: _Unread, outcome: _Outcome, revision: int) -> None:
        """Fetch layers, and log how their answers differ from what is known."""
        fetches = [self._fetch(*one) for one in unread.values()]
        answers = await asyncio.gather(*fetches, return_exceptions=True)
        appending = Appending(self._log, self._comparison, outcome.began)
        complete = []
        for key, (layer, client) in unread.items():
            errors = len(outcome.errors)
            self._reports.begin()
            await self._add(outcome, layer, answers.pop(0), client, appending)
            self._reports.note(key, client)
            if len(outcome.errors) == errors:
                complete.append((key, client))
        await appending.end()
        for key, client in () if appending.has_failed else complete:
            self._repeats.note(key, client, revision)
        self._reports.show()
        self.state.missing = self.service.missing()

    async def _end(self, outcome: _Outcome, started: datetime, began: float) -> None:
        self.state.breaker = await self.service.breaker()
        self.state.poll_seconds.observe(time.perf_counter() - began)
        await self._update_health(outcome, started)

    async def try_out(self) -> None:
        """Poll once, and let what says by itself give a sign of life. Raises nothing."""
        await self.poll()
        if self.runner is not None:
            await self.runner.try_out(self._settings.timeout_seconds)

    async def _fetch(self, layer: Layer, client: PollClient) -> list[Put | Total]:
        if (layer.name, layer.collection) in self._running:
            raise Unreachable("the fetch of an earlier poll is still running, although it was cancelled")
        answer = self._answer(layer, client)
        name = f"fetch {self.source.name} {layer.name}.{layer.collection}"
        return await self._within(answer, name, client.progressed)

    async def _within(self, answer: Coroutine[Any, Any, T], name: str, progress: Callable[[], int] = int) -> T:
        """Have the plugin compute an answer where its code runs, for a limited time, longer while it goes on."""
        seconds = self._settings.timeout_seconds * _TIMEOUTS_PER_POLL
        return await within(seconds, self._compute(answer), name, progress)

    async def _compute(self, answer: Coroutine[Any, Any, T]) -> T:
        return await (self._plugin_thread.run(answer) if self._plugin_thread else contained(answer))

    async def _answer(self, layer: Layer, client: PollClient) -> list[Put | Total]:
        """Return what the plugin's fetch returns. Runs on the plugin thread, for as long as the plugin likes."""
        assert layer.fetch is not None  # noqa: S101 - only polled layers come here
        key = (layer.name, layer.collection)
        rows: list[Put | Total] = []  # made first: the garbage collector looks through long lists that are new
        self._running.add(key)
        try:
            rows += await layer.fetch(client)
            return rows
        finally:
            self._running.discard(key)

    async def details(self, kind: str, name: str) -> Fields:
        """Return more fields of an item, by its type and the name after it. Raises what the plugin raises."""
        client = self.service.client(self._now(), DETAILS)
        return await self._compute(self._details(kind, client, quote(name, safe=":")))

    async def _details(self, kind: str, client: PollClient, name: str) -> Fields:
        fields = await self.source.details[kind](client, name)
        private = {one for layer in self.source.layers for one in layer.private}
        return {one: value for one, value in fields.items() if one not in private} if private else fields

    def _note_overrun(self, at: str, seconds: float) -> None:
        self.state.note_overrun(f"its thread was held by {at}", seconds)

    async def close(self) -> None:
        """Close the connections to the service, and end the thread of the plugin."""
        await self.service.close()
        if self._plugin_thread is not None:
            await self._plugin_thread.close()

    async def _add(
        self,
        outcome: _Outcome,
        layer: Layer,
        answer: list[Put | Total] | BaseException,
        client: PollClient,
        appending: Appending,
    ) -> None:
        key = (layer.name, layer.collection)
        where = f"{layer.name}.{layer.collection}"
        try:
            if isinstance(answer, BaseException):
                raise answer
            async for changes in self._comparison.changes(layer, answer, client):
                self._drift.note(key, changes, outcome.began)
                await appending.add(changes)
            self._drift.end(key, outcome.began)
            outcome.answers += 1
        except SourceError as error:
            self.causes.append(error)
            outcome.errors.append(f"{where}: {error}")
        except TimeoutError:
            outcome.errors.append(f"{where}: the poll took longer than {_TIMEOUTS_PER_POLL} timeouts")
        except Exception as error:
            self.causes.append(error)
            outcome.errors.append(f"{where}: {type(error).__name__}: {error}")
            if not self.state.failures:  # once, like every failure
                _logger.warning("a plugin's fetch raised", source=self.source.name, layer=where, exc_info=error)

    async def _update_health(self, outcome: _Outcome, started: datetime) -> None:
        state, previous = self.state, self.state.status
        state.polls += 1
        state.polled_at = started
        state.contributed |= outcome.answers > 0
        if not outcome.errors:
            state.failures, state.error, state.observed_at = 0, None, started
            state.status = state.good
        else:
            tracing.note_error("incomplete" if outcome.answers else "failed")
            state.failures += 1
            state.error = "; ".join(dict.fromkeys(map(shortened, outcome.errors)))
            if not outcome.answers and (not state.contributed or state.failures >= FAILURES_TO_OPEN):
                state.status = Freshness.DOWN
            elif previous is not Freshness.DOWN or outcome.answers:
                state.status = Freshness.STALE
        state.revision += 1
        await announce(state, previous, self._log)
