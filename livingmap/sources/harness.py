"""A harness for one source: the host's real poller and fold, with answers that a test gives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from livingmap.core.fold import Fault, Fold, Folded
from livingmap.core.freshness import SourceHealth
from livingmap.core.model import Change, Event, Fields, Json, Message
from livingmap.core.source import Source
from livingmap.hookspecs import Reply, Request
from livingmap.log.local import LocalLog
from livingmap.sources.poll import Poller
from livingmap.sources.registry import configured
from livingmap.sources.samples import Samples
from livingmap.sources.source_client import SourceClient

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
"""The time on the harness until a test sets another."""
STOP_SECONDS = 5.0
"""How long a run may take to end once it is cancelled."""


class SourceHarness:
    """One source at work: it polls ``answers``, gets the events that a test sends, and fills a map of its own.

    ``answers`` is a function from request to reply (None is a 404), or samples; without it the source's own
    samples are replayed. ``others`` are on the map too, but are not polled. Needs a running event loop.
    """

    def __init__(
        self,
        plugin: ModuleType | Source,
        answers: Callable[[Request], Reply | None] | Samples | None = None,
        others: Sequence[Source] = (),
        **settings: Any,
    ) -> None:
        source: Source = plugin if isinstance(plugin, Source) else plugin.livingmap_source()
        at_once = {"retries": 0} if "retries" in source.settings.model_fields else {}
        own = source.settings(**{**at_once, **settings})
        self.source = configured(source, own)
        self.now = NOON
        self.requests: list[Request] = []
        self.last: Folded | None = None
        self.faults: list[Fault] = []
        self._answers = answers if callable(answers) else _replay(answers or self.samples)
        self._changes: list[Change] = []
        self.fold = Fold([self.source, *others])
        self._log = LocalLog("harness", lambda: self.now)
        self._log.subscribe(self._apply)
        self._service = SourceClient(
            self.source.name,
            own,
            self._answer,
        )
        self._poller = Poller(self.source, self._service, self.fold.scene, self._log, lambda: self.now)

    @property
    def samples(self) -> Samples:
        """The source's own samples."""
        return Samples.load(self.source.samples) if self.source.samples else Samples()

    @property
    def health(self) -> SourceHealth:
        """The source's health, as the poller sees it."""
        return self._poller.state

    async def poll(self) -> list[Change]:
        """Poll every layer once; return how the scene changed."""
        self._changes = []
        await self._poller.poll()
        return self._changes

    async def replay(self) -> list[Change]:
        """Have the listings of the samples emitted, as a run does; return how the scene changed."""
        self._changes = []
        if self._poller.runner is not None:
            await self._poller.runner.replay()
        return self._changes

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[SourceHealth]:
        """Let the source's own run go on meanwhile, begun again as on the map; give its health.

        Raises AssertionError if it does not end when it is cancelled.
        """
        if self._poller.runner is None:
            raise AssertionError(f"{self.source.name} has no run")
        task = asyncio.create_task(self._poller.runner.run(), name=f"run {self.source.name}")
        try:
            yield self.health
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=STOP_SECONDS)
            if not task.done():
                raise AssertionError(f"the run of {self.source.name} goes on although it was cancelled")

    async def send(self, subject: str, payload: Fields) -> list[Change]:
        """Append an event; return how the scene changed. A handler that raises fails the test."""
        before = len(self.faults)
        changes = await self.deliver(subject, payload)
        if len(self.faults) > before:
            raise AssertionError(f"{subject}: {self.faults[-1].error}")
        return changes

    async def deliver(self, subject: str, payload: Fields) -> list[Change]:
        """Like `send`, but a handler may raise: the event is then among the ``faults``."""
        self._changes = []
        await self._log.append(Message(subject, payload))
        return self._changes

    async def details(self, entity_id: str) -> Fields:
        """Return the details that the source gives of an item."""
        kind, _, rest = entity_id.partition(":")
        return await self._poller.details(kind, rest)

    def items(self, layer: str, collection: str = "items") -> Mapping[str, Fields]:
        """Return the merged items of a collection by id."""
        return self.fold.scene.items(layer, collection)

    def item(self, layer: str, entity_id: str, collection: str = "items") -> Fields:
        """Return one merged item, by id or alias. Raises KeyError."""
        items: Mapping[str, Fields] = self.fold.scene.items(layer, collection)
        return items[self.fold.scene.resolve(entity_id)]

    def totals(self, layer: str) -> dict[str, Json]:
        """Return the totals of a layer."""
        return dict(self.fold.scene.totals(layer))

    def _answer(self, request: Request) -> Reply | None:
        self.requests.append(request)
        return self._answers(request)

    def _apply(self, event: Event) -> None:
        self.last = self.fold.apply(event)
        self._changes += self.last.changes
        self.faults += self.last.faults


def _replay(samples: Samples) -> Callable[[Request], Reply | None]:
    def answer(request: Request) -> Reply | None:
        sample = samples.answer(request.path, request.query, request.method)
        return Reply(sample.body, sample.status, sample.headers) if sample else None

    return answer
