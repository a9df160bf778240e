"""Polling: asks each source at its own interval, and logs only how its answers differ from what is known."""

import asyncio
import random
from collections.abc import Callable, Collection, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog

from livingmap.core.fold import DOWN, UP, refreshed
from livingmap.core.freshness import Freshness, SourceHealth, shortened
from livingmap.core.model import Change, CollectionKey, Message, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source
from livingmap.core.validity import invalid_reason
from livingmap.errors import InvalidAnswer, SourceError, Unreachable
from livingmap.log import Log
from livingmap.log.local import utc_now
from livingmap.sources.drift import Drift
from livingmap.sources.json_client import FAILURES_TO_OPEN
from livingmap.sources.plugin_thread import PluginThread
from livingmap.sources.settings import SectionSettings
from livingmap.sources.source_client import PollClient, SourceClient
from livingmap.sources.unlisted import UnlistedItems
from livingmap.supervision import within

T = TypeVar("T")

_JITTER: Final = 0.1
_MISSED_POLLS: Final = 3
"""After so many intervals without a complete poll a source is stale."""
_TIMEOUTS_PER_POLL: Final = 10
_MOST_FAULTS: Final = 20
_CHANGES_PER_ENTRY: Final = 250
_COMPARED_AT_ONCE: Final = 500

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Outcome:
    """What one poll of all layers brought."""

    began: int
    """The position of the log at which it began."""
    changes: list[Change] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    answers: int = 0
    """Of how many layers the answer could be used."""


class Poller:
    """Polls one source for as long as it runs, and keeps the source's health.

    Fetches run on ``plugin_thread`` if there is one, else on the loop of the map.
    """

    def __init__(
        self,
        source: Source,
        service: SourceClient,
        scene: Scene,
        log: Log,
        now: Callable[[], datetime] = utc_now,
        plugin_thread: PluginThread | None = None,
    ) -> None:
        self.source = source
        self.service = service
        self.state = SourceHealth(source.name, source.service)
        self._settings: SectionSettings = service.settings
        settings = self._settings
        self._scene = scene
        self._part = scene.part(source.name)
        self._log = log
        self._now = now
        self._plugin_thread = plugin_thread
        self._running: set[CollectionKey] = set()
        self._held: dict[CollectionKey, int] = {}
        self._unlisted = UnlistedItems(self._part)
        self._drift = Drift(self._part)
        if source.handlers and self._polled_layers():
            self.state.drift = self._drift.counts
        if self._polled_layers():
            self.state.stale_after_seconds = _MISSED_POLLS * settings.interval_seconds + settings.timeout_seconds
        else:
            self.state.status = Freshness.MOCK if self._settings.mock else Freshness.FRESH

    def _polled_layers(self) -> list[Layer]:
        return [layer for layer in self.source.layers if layer.fetch]

    async def run(self) -> None:
        """Poll until cancelled."""
        if not self._polled_layers():
            return
        while True:
            await self.poll()
            pause = self._settings.interval_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - no secret
            self.state.next_poll_at = self._now() + timedelta(seconds=pause)
            await asyncio.sleep(pause)

    async def poll(self) -> None:
        """Ask for every layer once, log how the answers differ, and update the health. Raises nothing."""
        started, position = self._now(), self._log.position.seq
        client = self.service.client(started)
        self.state.dropped, self.state.dropped_rows = [], 0
        outcome, layers = _Outcome(position), self._polled_layers()
        answers = await asyncio.gather(*(self._fetch(layer, client) for layer in layers), return_exceptions=True)
        for layer, answer in zip(layers, answers, strict=True):
            await self._add(outcome, layer, answer, client)
        for start in range(0, len(outcome.changes), _CHANGES_PER_ENTRY):
            changes = outcome.changes[start : start + _CHANGES_PER_ENTRY]
            await self._log.append(refreshed(self.source.name, position, changes))
            await asyncio.sleep(0)  # a first poll of thousands must not hold up everybody else
        self._note_rows(client)
        self.state.breaker = await self.service.breaker()
        await self._update_health(outcome, started)

    async def _fetch(self, layer: Layer, client: PollClient) -> list[Put | Total]:
        if (layer.name, layer.collection) in self._running:
            raise Unreachable("the fetch of an earlier poll is still running, although it was cancelled")
        answer = self._answer(layer, client)
        return await self._within(answer, f"fetch {self.source.name} {layer.name}.{layer.collection}")

    async def _within(self, answer: Coroutine[Any, Any, T], name: str) -> T:
        """Have the plugin compute an answer where its code runs, for a limited time."""
        running = self._plugin_thread.run(answer) if self._plugin_thread else answer
        return await within(self._settings.timeout_seconds * _TIMEOUTS_PER_POLL, running, name)

    async def _answer(self, layer: Layer, client: PollClient) -> list[Put | Total]:
        """Return what the plugin's fetch returns. Runs on the plugin thread, for as long as the plugin likes."""
        assert layer.fetch is not None  # noqa: S101 - only polled layers come here
        key = (layer.name, layer.collection)
        self._running.add(key)
        try:
            return list(await layer.fetch(client))
        except (Exception, asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # SystemExit would end the loop that this runs on, and with it the process
            raise RuntimeError(f"the fetch raised {error!r}") from error
        finally:
            self._running.discard(key)

    async def _add(
        self, outcome: _Outcome, layer: Layer, answer: list[Put | Total] | BaseException, client: PollClient
    ) -> None:
        where = f"{layer.name}.{layer.collection}"
        try:
            if isinstance(answer, BaseException):
                raise answer
            changes = await self._changes(layer, answer, client)
            self._drift.note((layer.name, layer.collection), changes, outcome.began)
            outcome.changes += changes
            outcome.answers += 1
        except SourceError as error:
            outcome.errors.append(f"{where}: {error}")
        except TimeoutError:
            outcome.errors.append(f"{where}: the poll took longer than {_TIMEOUTS_PER_POLL} timeouts")
        except Exception as error:
            outcome.errors.append(f"{where}: {type(error).__name__}: {error}")
            if not self.state.failures:  # once, like every failure
                _logger.warning("a plugin's fetch raised", source=self.source.name, layer=where, exc_info=error)

    async def _changes(self, layer: Layer, answer: list[Put | Total], client: PollClient) -> list[Change]:
        """Return how ``answer`` differs from the source's part. Raises InvalidAnswer if it cannot be used."""
        key = (layer.name, layer.collection)
        rows = list(self._own(layer, answer))
        listed = {row.id for row in rows if isinstance(row, Put)}
        self._hold_if_suspicious(key, len(listed))
        if not layer.decorates and not any(isinstance(row, Total) for row in rows):
            rows.append(Total(layer.name))  # the layer exists even if the service has nothing to list
        differing = False
        changes: list[Change] = []
        # What events change meanwhile is newer than the poll, and wins over it when the log folds this in.
        for start in range(0, len(rows), _COMPARED_AT_ONCE):
            batch = rows[start : start + _COMPARED_AT_ONCE]
            differences = [change for row in batch if (change := self._part.difference(key, row))]
            differing |= bool(differences)
            changes += self._valid(differences)
            await asyncio.sleep(0)  # nobody waits for thousands of items to be compared
        missing = await self._missing(layer, listed, client)
        changes += self._valid(missing)
        if (differing or missing) and not changes:
            raise InvalidAnswer(f"nothing in the answer can be used; {self.state.dropped[-1]}")
        return changes

    async def _missing(self, layer: Layer, listed: Collection[str], client: PollClient) -> Sequence[Change]:
        """Return what becomes of the items that the answer does not list."""
        key, asks = (layer.name, layer.collection), layer.unlisted is not None
        shown = self._scene.items(*key)
        drops = self._part.missing(key, listed, shown, complete=layer.complete or asks)
        if not asks:
            return drops
        name = f"items of {self.source.name} that are not listed"
        return await self._within(self._unlisted.changes(layer, client, drops), name)

    def _own(self, layer: Layer, answer: Iterable[Put | Total]) -> Iterator[Put | Total]:
        """Yield what is of the layer that was asked for; note what is not."""
        for row in answer:
            if row.layer != layer.name or (isinstance(row, Put) and row.collection != layer.collection):
                self._drop(row, f"is not of {layer.name}.{layer.collection}")
            elif isinstance(row, Put) and layer.decorates:
                yield replace(row, creates=False)
            else:
                yield row

    def _valid(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield what can be kept and sent; note what cannot."""
        for change in changes:
            if reason := invalid_reason(change):
                self._drop(change, reason)
            else:
                yield change

    def _drop(self, change: Change, reason: str) -> None:
        self.state.dropped_rows += 1
        if len(self.state.dropped) < _MOST_FAULTS:
            self.state.dropped.append(f"{getattr(change, 'id', 'total')}: {reason}")

    def _hold_if_suspicious(self, key: CollectionKey, count: int) -> None:
        """Raise InvalidAnswer the first time an answer is empty or less than half of what there was.

        With 10 items on the map, an answer of 2 is held; if the next has 1 to 4 it is believed, else held again.
        """
        previous = self._part.polled_count(key) - self._unlisted.kept(key)
        held = self._held.pop(key, None)
        confirmed = held is not None and held <= count * 2 and count <= held * 2
        if previous and count * 2 < previous and not confirmed:
            self._held[key] = count
            raise InvalidAnswer(f"held until the next poll confirms it: {count} items instead of {previous}")

    def _note_rows(self, client: PollClient) -> None:
        self.state.rows = client.read_rows
        self.state.dropped_rows += client.dropped_rows
        reasons = (*client.dropped, *self.state.dropped)
        self.state.dropped = [shortened(reason) for reason in reasons][:_MOST_FAULTS]
        self.state.missing = self.service.missing()

    async def _update_health(self, outcome: _Outcome, started: datetime) -> None:
        state, previous = self.state, self.state.status
        state.polls += 1
        state.polled_at = started
        state.contributed |= outcome.answers > 0
        if not outcome.errors:
            state.failures, state.error, state.observed_at = 0, None, started
            state.status = Freshness.MOCK if self._settings.mock else Freshness.FRESH
        else:
            state.failures += 1
            state.error = "; ".join(dict.fromkeys(map(shortened, outcome.errors)))
            if not outcome.answers and (not state.contributed or state.failures >= FAILURES_TO_OPEN):
                state.status = Freshness.DOWN
            elif previous is not Freshness.DOWN or outcome.answers:
                state.status = Freshness.STALE
        state.revision += 1
        await self._announce(previous)

    async def _announce(self, previous: Freshness) -> None:
        """Log that the source failed or is back, once each; tell the map that it went down or came up."""
        state, name = self.state, self.source.name
        good = state.status in (Freshness.FRESH, Freshness.MOCK)
        if state.failures == 1:
            _logger.warning("source failed", source=name, status=str(state.status), error=state.error)
        elif good and (state.polls == 1 or previous in (Freshness.STALE, Freshness.DOWN)):
            dropped = {"dropped": state.dropped} if state.dropped else {}
            _logger.info("source answers", source=name, status=str(state.status), rows=state.rows, **dropped)
        if state.status is Freshness.DOWN and previous is not Freshness.DOWN:
            await self._log.append(Message(DOWN, {"source": name, "error": state.error}))
        elif state.status is not Freshness.DOWN and previous is Freshness.DOWN:
            await self._log.append(Message(UP, {"source": name}))
