"""Going over to other sources: what a start does once, and a reload again while the map follows its log."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from livingmap.access.policy import Policies
from livingmap.api.sentences import PreparedSentences
from livingmap.cluster import Cluster
from livingmap.config.difference import Difference
from livingmap.config.loading import Config, SourceConfig, WorldConfig
from livingmap.config.shape import shape_of
from livingmap.core.fold import SOURCES_CHANGED, Fold
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.model import Json, Message
from livingmap.core.own_sentences import OWN_SENTENCES
from livingmap.core.route import Routes
from livingmap.core.sentences import table
from livingmap.core.source import Source
from livingmap.errors import ConfigError, ConfigFault
from livingmap.hookspecs import Mock, World
from livingmap.log import Log
from livingmap.log.rereading import Rereading
from livingmap.logs import configure
from livingmap.sources.account import Account
from livingmap.sources.at_work import SourcesAtWork
from livingmap.sources.grade import graded
from livingmap.sources.poll import Poller
from livingmap.sources.settings import SourceSettings
from livingmap.sources.simulation import Simulation
from livingmap.sources.source_client import SourceClient
from livingmap.state.branch import Branch
from livingmap.state.earlier_entries import folded
from livingmap.state.projector import Projector
from livingmap.state.reader import MapReader
from livingmap.stream.hub import Hub
from livingmap.supervision import within

_CLOSE_SECONDS: Final = 5.0

_logger = structlog.get_logger(__name__)


@dataclass
class Present:
    """The configuration that holds at present."""

    config: Config


@dataclass(eq=False)
class Changeover:
    """Goes over from the sources of one configuration to those of another; what both have stays as it is."""

    present: Present
    fold: Fold
    log: Log
    cluster: Cluster
    branch: Branch
    projector: Projector
    reader: MapReader
    policies: Policies
    hub: Hub
    sentences: PreparedSentences
    simulation: Simulation
    at_work: SourcesAtWork
    account: Account | None
    rereading: Rereading | None
    listen: Callable[[Sequence[str]], Awaitable[None]]
    now: Callable[[], datetime]

    @property
    def pollers(self) -> Mapping[str, Poller]:
        """The pollers of the sources by name."""
        return self.at_work.pollers

    def begin(self) -> None:
        """Have the first sources. The log has not told of any yet."""
        self._simulate(self.present.config)
        self._take(self.present.config, {})

    async def use(self, config: Config, changes: Difference) -> None:
        """Go over to the sources of another configuration. What can fail comes before anything changes."""
        logs_otherwise = config.logging != self.present.config.logging
        present, sources = ([source for source, _ in one.enabled()] for one in (self.present.config, config))
        self._simulate(config)
        await self.listen(Routes([*present, *sources]).patterns())
        async with self._parts_of_log([one for one in sources if one not in present]) as states:
            replaced = self._take(config, states)  # nothing was awaited since the parts were made
        if logs_otherwise:
            configure(config.logging)
        with contextlib.suppress(ConnectionError):  # it then goes on to hear what no handler takes
            await self.listen(Routes(sources).patterns())
        if changes:
            payload = {"added": changes.added, "changed": changes.changed, "removed": changes.removed}
            await self.branch.append(Message(SOURCES_CHANGED, {name: list(one) for name, one in payload.items()}))
        await closed(poller.close() for poller in replaced)

    def _take(self, config: Config, states: Mapping[str, Json]) -> list[Poller]:
        """Have the sources of ``config`` from now on, those that it shares with the present one as they are.

        ``states`` have the parts of those that the log has told of already.
        Return the pollers that were replaced. Nothing here gives way: no entry comes between.
        """
        self.present.config, sources = config, [source for source, _ in config.enabled()]
        self.fold.replace_sources(sources, states)
        self.cluster.replace_sources([source.name for source in sources], shape_of(config))
        replaced = self.at_work.replace([self._poller(one) for one in config.sources if one.runs])
        health = [self._health(one) for one in config.sources]
        self.projector.watch(health)
        self.reader.replace_sources(health, self.pollers)
        self.policies.layers = frozenset(layer.name for source in sources for layer in source.layers)
        self.hub.replace_sources(sources)
        self.sentences.replace(table([OWN_SENTENCES, *(source.sentences for source in sources)]))
        return replaced

    def _simulate(self, config: Config) -> None:
        """Have a world stand in for the services that are simulated from now on."""
        shared = tuple(source.name for source, own in config.enabled() if own.mock is True)
        worlds = [WorldConfig(shared, config.mock, config.mock_settings)] if config.mock else []
        for one in (*worlds, *config.worlds):
            names = set(one.sources).difference(self.simulation.sources)
            new = [source for source, _ in config.enabled() if source.name in names]
            if new:
                plugins = {source.name: source.plugin for source in new}
                rate = getattr(one.settings, "events_per_second", 0.0)
                self.simulation.add(_built(one.mock, one.settings, new), plugins, rate)

    @contextlib.asynccontextmanager
    async def _parts_of_log(self, sources: Sequence[Source]) -> AsyncIterator[Mapping[str, Json]]:
        """Give what a shared log has of new and changed sources by now: other processes may have them already."""
        if self.rereading is None or not sources:
            yield {}
            return
        fold = Fold(sources, self.fold.redaction, self.present.config.same_as)
        async with folded(self.rereading, fold, self.log.progress):
            yield dict(fold.scene.states())

    def _poller(self, one: SourceConfig) -> Poller:
        """Return the poller of a source, the present one if that is of the same configuration."""
        assert one.source is not None  # noqa: S101 - only loaded sources come here
        assert one.settings is not None  # noqa: S101
        present = self.pollers.get(one.name)
        if present is not None and present.source is one.source:
            return present
        stub = self.simulation.reply if one.settings.mock else None
        signs_in = isinstance(one.settings, SourceSettings) and one.settings.account
        account = self.account if signs_in else None
        client = SourceClient(one.name, one.settings, stub, account)
        poller = Poller(one.source, client, self.fold.scene, self.branch, self.now, threaded=True)
        poller.state.contributed = self.fold.scene.has_part(one.name)
        return poller

    def _health(self, one: SourceConfig) -> SourceHealth:
        if one.source is not None and one.name in self.pollers:
            state, grade = self.pollers[one.name].state, graded(one.source)
            state.grade, state.lacks = grade.grade, grade.lacks
            return state
        if one.enabled:
            return SourceHealth(one.name, one.name, Freshness.FAILED, one.error)
        return SourceHealth(one.name, one.name, Freshness.DISABLED, None)


def _built(mock: Mock, settings: Any, sources: Sequence[Source]) -> World:
    try:
        return mock.build(settings, sources)
    except Exception as error:
        raise ConfigError([ConfigFault("mock", f"raised {type(error).__name__}: {error}")]) from error


async def closed(closing: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait until connections are closed, for a limited time."""
    bounded = [within(_CLOSE_SECONDS, one, "closing a connection") for one in closing]
    for outcome in await asyncio.gather(*bounded, return_exceptions=True):
        if isinstance(outcome, Exception):
            _logger.warning("a connection was left open", error=f"{type(outcome).__name__}: {outcome}")
