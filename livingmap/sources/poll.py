"""Polling: each source is asked in its own time, and only how its answer differs goes into the log."""

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from livingmap.core.fold import DOWN, UP, refreshed
from livingmap.core.freshness import Freshness, SourceHealth, shortened
from livingmap.core.model import Change, CollectionKey, Message, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Fetch, Layer, Source
from livingmap.core.validity import invalid_reason
from livingmap.errors import InvalidAnswer, SourceError
from livingmap.log import Log
from livingmap.log.local import utc_now
from livingmap.sources.json_client import FAILURES_TO_OPEN
from livingmap.sources.plugin_thread import PluginThread
from livingmap.sources.settings import SourceSettings
from livingmap.sources.source_client import PollClient, SourceClient

_JITTER: Final = 0.1
_TIMEOUTS_PER_POLL: Final = 10
_MOST_FAULTS: Final = 20
_CHANGES_PER_ENTRY: Final = 250
_COMPARED_AT_ONCE: Final = 500

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Round:
    """What one poll of all layers brought."""

    changes: list[Change] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answered: int = 0


class Poller:
    """Polls one source for as long as it runs, and knows its state."""

    def __init__(
        self,
        source: Source,
        service: SourceClient,
        scene: Scene,
        log: Log,
        now: Callable[[], datetime] = utc_now,
        aside: PluginThread | None = None,
    ) -> None:
        self.source = source
        self.service = service
        self.state = SourceHealth(source.name, source.service)
        self._settings: SourceSettings = service.settings
        self._scene = scene
        self._part = scene.part(source.name)
        self._log = log
        self._now = now
        self._aside = aside
        self._held: dict[CollectionKey, int] = {}
        if not self._fetched():
            self.state.status = Freshness.MOCK if self._settings.mock else Freshness.FRESH
            self.state.error = None

    def _fetched(self) -> list[Layer]:
        return [layer for layer in self.source.layers if layer.fetch]

    async def run(self) -> None:
        """Poll until cancelled."""
        if not self._fetched():
            return
        while True:
            await self.poll()
            pause = self._settings.interval_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
            self.state.next_poll_at = self._now() + timedelta(seconds=pause)
            await asyncio.sleep(pause)

    async def poll(self) -> None:
        """Ask for every layer once, log how the answers differ, and note how it went. Raises nothing."""
        started, since = self._now(), self._log.position.seq
        client = self.service.client(started)
        self.state.dropped, self.state.dropped_rows = [], 0
        found = _Round()
        layers = self._fetched()
        outcomes = await asyncio.gather(*(self._fetch(layer, client) for layer in layers), return_exceptions=True)
        for layer, outcome in zip(layers, outcomes, strict=True):
            await self._take(found, layer, outcome)
        for start in range(0, len(found.changes), _CHANGES_PER_ENTRY):
            some = found.changes[start : start + _CHANGES_PER_ENTRY]
            await self._log.append(refreshed(self.source.name, since, some))
            await asyncio.sleep(0)  # a first poll of thousands must not hold up everybody else
        self._note_answers(client)
        self.state.breaker = await self.service.breaker()
        await self._judge(found, started)

    async def _fetch(self, layer: Layer, client: PollClient) -> list[Put | Total]:
        assert layer.fetch is not None  # noqa: S101 - only fetched layers come here
        async with asyncio.timeout(self._settings.timeout_seconds * _TIMEOUTS_PER_POLL):
            answer = _answer(layer.fetch, client)
            return await (self._aside.run(answer) if self._aside else answer)

    async def _take(self, found: _Round, layer: Layer, outcome: list[Put | Total] | BaseException) -> None:
        where = f"{layer.name}.{layer.collection}"
        try:
            if isinstance(outcome, BaseException):
                raise outcome
            found.changes += await self._difference(layer, outcome)
            found.answered += 1
        except SourceError as error:
            found.errors.append(f"{where}: {error}")
        except TimeoutError:
            found.errors.append(f"{where}: the poll took longer than {_TIMEOUTS_PER_POLL} timeouts")
        except (Exception, asyncio.CancelledError) as error:
            found.errors.append(f"{where}: {type(error).__name__}: {error}")
            if not self.state.failures:  # once, like every failure
                _logger.warning("a plugin's fetch raised", source=self.source.name, layer=where, exc_info=error)

    async def _difference(self, layer: Layer, answer: list[Put | Total]) -> list[Change]:
        place = (layer.name, layer.collection)
        said = list(self._own(layer, answer))
        listed = {one.id for one in said if isinstance(one, Put)}
        self._hold_if_suspicious(place, len(listed))
        if not layer.decorates and not any(isinstance(one, Total) for one in said):
            said.append(Total(layer.name))  # the layer is heard of even if the service has nothing to list
        changes: list[Change] = []
        sound: list[Change] = []
        # What events change meanwhile is newer than the poll, and wins over it when the log folds this in.
        for start in range(0, len(said), _COMPARED_AT_ONCE):
            rows = said[start : start + _COMPARED_AT_ONCE]
            some = [change for one in rows if (change := self._part.difference(place, one))]
            changes += some
            sound += self._sound(some)
            await asyncio.sleep(0)  # nobody waits for thousands of items to be compared
        missing = self._part.missing(place, listed, self._scene.items(*place), complete=layer.complete)
        sound += self._sound(missing)
        if (changes or missing) and not sound:
            raise InvalidAnswer(f"nothing in the answer can be used; {self.state.dropped[-1]}")
        return sound

    def _own(self, layer: Layer, answer: Iterable[Put | Total]) -> Iterator[Put | Total]:
        """Yield what is of the layer that was asked for; note what is not."""
        for said in answer:
            if said.layer != layer.name or (isinstance(said, Put) and said.collection != layer.collection):
                self._drop(said, f"is not of {layer.name}.{layer.collection}")
            elif isinstance(said, Put) and layer.decorates:
                yield replace(said, creates=False)
            else:
                yield said

    def _sound(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield what can be kept and sent; note what cannot."""
        for change in changes:
            if problem := invalid_reason(change):
                self._drop(change, problem)
            else:
                yield change

    def _drop(self, said: Change, problem: str) -> None:
        self.state.dropped_rows += 1
        if len(self.state.dropped) < _MOST_FAULTS:
            self.state.dropped.append(f"{getattr(said, 'id', 'total')}: {problem}")

    def _hold_if_suspicious(self, place: CollectionKey, count: int) -> None:
        """Raise InvalidAnswer the first time an answer is empty or less than half of what there was."""
        before, held = self._part.polled_count(place), self._held.pop(place, None)
        confirmed = held is not None and held <= count * 2 and count <= held * 2
        if before and count * 2 < before and not confirmed:
            self._held[place] = count
            raise InvalidAnswer(f"held until the next poll confirms it: {count} items instead of {before}")

    def _note_answers(self, client: PollClient) -> None:
        self.state.rows = client.read_rows
        self.state.dropped_rows += client.dropped_rows
        self.state.dropped = [shortened(one) for one in (*client.dropped, *self.state.dropped)][:_MOST_FAULTS]
        self.state.missing = self.service.missing()

    async def _judge(self, found: _Round, started: datetime) -> None:
        state, before = self.state, self.state.status
        state.polls += 1
        state.polled_at = started
        state.contributed |= found.answered > 0
        if not found.errors:
            state.failures, state.error, state.observed_at = 0, None, started
            state.status = Freshness.MOCK if self._settings.mock else Freshness.FRESH
        else:
            state.failures += 1
            state.error = "; ".join(dict.fromkeys(map(shortened, found.errors)))
            lost = not found.answered and (not state.contributed or state.failures >= FAILURES_TO_OPEN)
            if lost:
                state.status = Freshness.DOWN
            elif before is not Freshness.DOWN or found.answered:
                state.status = Freshness.STALE
        state.revision += 1
        await self._tell(before)

    async def _tell(self, before: Freshness) -> None:
        """Log once that a source failed, once that it is back; the map hears of going down and coming up."""
        state, name = self.state, self.source.name
        good = state.status in (Freshness.FRESH, Freshness.MOCK)
        if state.failures == 1:
            _logger.warning("source failed", source=name, status=str(state.status), error=state.error)
        elif good and (state.polls == 1 or before in (Freshness.STALE, Freshness.DOWN)):
            _logger.info("source answers", source=name, status=str(state.status), rows=state.rows)
        if state.status is Freshness.DOWN and (before is not Freshness.DOWN or state.polls == 1):
            await self._log.append(Message(DOWN, {"source": name, "error": state.error}))
        elif state.status is not Freshness.DOWN and before is Freshness.DOWN and state.polls > 1:
            await self._log.append(Message(UP, {"source": name}))


async def _answer(fetch: Fetch, client: PollClient) -> list[Put | Total]:
    try:
        return list(await fetch(client))
    except SystemExit as error:  # it would end the process
        raise RuntimeError(f"called sys.exit({error.code})") from error
