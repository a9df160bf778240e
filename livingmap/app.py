"""The composition of the map: everything is built from a configuration here, wired, started and stopped."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
import uvicorn

from livingmap.access.access import Access
from livingmap.access.authenticator import CachedAuthenticator
from livingmap.access.decisions import Decisions
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.memberships import Memberships
from livingmap.access.policy import Policies
from livingmap.access.policy_targets import PolicyTargets
from livingmap.api.connections import stream_capacity
from livingmap.api.edge import Edge
from livingmap.api.http import application
from livingmap.api.sentences import PreparedSentences
from livingmap.api.server import SHUTDOWN_SECONDS, Server, listen, uvicorn_config
from livingmap.api.snapshot import Snapshots
from livingmap.api.snapshot_fast_path import SnapshotFastPath
from livingmap.config.difference import Difference
from livingmap.config.loading import Config, SourceConfig, WorldConfig
from livingmap.config.reloading import Reloading
from livingmap.config.shape import shape_of
from livingmap.core.calls import Call, Calls
from livingmap.core.fold import SOURCES_CHANGED, Fold
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.model import Json, Message
from livingmap.core.own_sentences import OWN_SENTENCES
from livingmap.core.redaction import Redaction
from livingmap.core.route import Routes
from livingmap.core.sentences import table
from livingmap.core.source import Source
from livingmap.errors import ConfigError, ConfigFault
from livingmap.history import History
from livingmap.history.pruning import Pruner
from livingmap.history.recorder import Recorder
from livingmap.history.writer import HistoryWriter
from livingmap.hookspecs import Mock, World
from livingmap.log.backbone import backbone
from livingmap.log.clock import ClockWatch
from livingmap.log.local import utc_now
from livingmap.log.passing import pass_time
from livingmap.log.reading import report_reading
from livingmap.sources.account import Account
from livingmap.sources.at_work import SourcesAtWork
from livingmap.sources.grade import graded
from livingmap.sources.ingest import Ingest
from livingmap.sources.poll import Poller
from livingmap.sources.service_client import ServiceClient
from livingmap.sources.settings import SourceSettings
from livingmap.sources.simulation import Simulation
from livingmap.sources.source_client import SourceClient
from livingmap.state.branch import Branch
from livingmap.state.earlier_entries import folded
from livingmap.state.handler_watch import HandlerWatch
from livingmap.state.peers import Peers
from livingmap.state.projector import Projector
from livingmap.state.quarantine import Quarantine
from livingmap.state.reader import MapReader
from livingmap.state.refill import Refill
from livingmap.stream.heartbeats import Heartbeats
from livingmap.stream.hub import Hub
from livingmap.supervision import run_together, stop, stop_signals, within

_REPORT_SECONDS: Final = 2.0
_CLOSE_SECONDS: Final = 5.0
_DUTIES_END_SECONDS: Final = 8.0

_logger = structlog.get_logger(__name__)


def _do_nothing() -> None:
    pass


class LivingMap:
    """The whole map in one process. Build it inside a running event loop; ``history`` is the caller's to close.

    ``lines_dropped`` returns how many lines of the program's log could not be written.
    """

    def __init__(
        self,
        config: Config,
        history: History,
        now: Callable[[], datetime] = utc_now,
        lines_dropped: Callable[[], int] = int,
    ) -> None:
        self.config = config
        self._now = now
        sources = [source for source, _ in config.enabled()]
        self._calls = Calls()
        self.fold = self._new_fold()
        names = [source.name for source in sources]
        backbone_ = backbone(config.nats, self.fold.routes.patterns(), names, shape_of(config), now)
        self._listen = backbone_.listen
        self.log, self.cluster, self.intakes = backbone_.log, backbone_.cluster, backbone_.intakes
        progress = self.log.progress
        self.projector = Projector(self.fold, progress)
        self.branch = Branch(self.log, self.projector, now)
        self._quarantine = Quarantine(self.fold, self.branch)
        self.handler_watch = HandlerWatch(self._calls, self._note_overrun)
        self._is_settled = backbone_.is_settled
        self._ear, self._losses = backbone_.ear, backbone_.losses
        self._peers = Peers(self.cluster, progress, backbone_.silent_seconds, now)
        self._clock_watch = ClockWatch(now, None if self.cluster.is_shared else self.log.append)

        self._rereading = backbone_.rereadings[1] if backbone_.rereadings else None
        refill = Refill(backbone_.rereadings[0], self._new_fold) if backbone_.rereadings else None
        self.writer = HistoryWriter(history, refill=refill)
        self._shares_history = self.cluster.is_shared and config.history.kind == "postgresql"
        self._pruner = Pruner(history, config.history.retention, now, self.writer.note_retention)

        account = config.access.account
        self._account = Account(account.plugin, account.settings) if account else None
        self._simulation = Simulation(self.log, now)
        self._at_work = SourcesAtWork()

        rules = config.auth.pdp.items if config.auth.pdp.enabled else ()
        filtered_scenes = FilteredScenes(self.fold, sources, rules, progress.here)
        self._policies = self._new_policies()
        self.access = self._access()
        self.reader = MapReader(self.fold, filtered_scenes, progress, self.cluster.cursor_key, now)
        snapshots = Snapshots(self.reader)
        self._fast_path = SnapshotFastPath(self.reader, snapshots, self.access)
        self.hub = Hub(
            filtered_scenes,
            progress,
            snapshots.body,
            self.cluster.cursor_key,
            now,
            config.stream.snapshot_field,
            self.reader.collisions,
        )
        self._sentences = PreparedSentences()
        self.reloading = Reloading(config, self._use, now)
        self._edge = Edge.of(config.server)
        self.http = application(
            self.reader,
            snapshots,
            self.hub,
            self.intakes,
            history,
            self.writer,
            config.ui,
            self.access,
            self._edge,
            self._sentences,
            self._peers,
            Ingest(lambda: self.pollers, self.log, self.fold, now),
            self.reloading,
            lines_dropped,
            lambda: self._clock_watch.steps,
        )
        self.projector.add(self.hub)
        self.projector.add(Recorder(self.writer, self.fold.scene, progress))
        self.log.subscribe(self.projector.take)
        backbone_.keep(self.projector, self.writer.oldest_position)
        backbone_.before_reading(self.branch.return_to_log)
        self.cluster.on_broadcast(self._adopt)
        progress.when_live(self.hub.restart)
        if self._shares_history:
            self.writer.follow()
        self._simulate(config)
        self._take_sources(config, {})

    @property
    def pollers(self) -> Mapping[str, Poller]:
        """The pollers of the sources by name."""
        return self._at_work.pollers

    def _note_overrun(self, call: Call, at: str, seconds: float) -> None:
        self.projector.note_overrun(call, at, seconds)
        self._quarantine.note_overrun(call)

    def _new_fold(self) -> Fold:
        sources = [source for source, _ in self.config.enabled()]
        return Fold(sources, Redaction(self.config.auth.redact), self.config.same_as, self._calls)

    # sources, at the start as at a reload

    def _take_sources(self, config: Config, states: Mapping[str, Json]) -> list[Poller]:
        """Have the sources of ``config`` from now on, those that it shares with the present one as they are.

        ``states`` have the parts of those that the log has told of already.
        Return the pollers that were replaced. Nothing here gives way: no entry comes between.
        """
        self.config, sources = config, [source for source, _ in config.enabled()]
        self.fold.replace_sources(sources, states)
        self.cluster.replace_sources([source.name for source in sources], shape_of(config))
        replaced = self._at_work.replace([self._poller(one) for one in config.sources if one.runs])
        health = [self._health(one) for one in config.sources]
        self.projector.watch(health)
        self.reader.replace_sources(health, self.pollers)
        self._policies.layers = _layers_of(sources)
        self.hub.replace_sources(sources)
        self._sentences.replace(table([OWN_SENTENCES, *(source.sentences for source in sources)]))
        return replaced

    def _simulate(self, config: Config) -> None:
        """Have a world stand in for the services that are simulated from now on."""
        shared = tuple(source.name for source, own in config.enabled() if own.mock is True)
        worlds = [WorldConfig(shared, config.mock, config.mock_settings)] if config.mock else []
        for one in (*worlds, *config.worlds):
            names = set(one.sources).difference(self._simulation.sources)
            new = [source for source, _ in config.enabled() if source.name in names]
            if new:
                plugins = {source.name: source.plugin for source in new}
                rate = getattr(one.settings, "events_per_second", 0.0)
                self._simulation.add(_built(one.mock, one.settings, new), plugins, rate)

    async def _use(self, config: Config, changes: Difference) -> None:
        """Go over to the sources of another configuration. What can fail comes before anything changes."""
        present, sources = ([source for source, _ in one.enabled()] for one in (self.config, config))
        self._simulate(config)
        await self._listen(Routes([*present, *sources]).patterns())
        async with self._parts_of_log([one for one in sources if one not in present]) as states:
            replaced = self._take_sources(config, states)  # nothing was awaited since the parts were made
        with contextlib.suppress(ConnectionError):  # it then goes on to hear what no handler takes
            await self._listen(Routes(sources).patterns())
        if changes:
            payload = {"added": changes.added, "changed": changes.changed, "removed": changes.removed}
            await self.branch.append(Message(SOURCES_CHANGED, {name: list(one) for name, one in payload.items()}))
        await _closed(poller.close() for poller in replaced)

    @contextlib.asynccontextmanager
    async def _parts_of_log(self, sources: Sequence[Source]) -> AsyncIterator[Mapping[str, Json]]:
        """Give what a shared log has of new and changed sources by now: other processes may have them already."""
        if self._rereading is None or not sources:
            yield {}
            return
        fold = Fold(sources, self.fold.redaction, self.config.same_as)
        async with folded(self._rereading, fold, self.log.progress):
            yield dict(fold.scene.states())

    def _new_policies(self) -> Policies:
        auth, config = self.config.auth, self.config
        targets = PolicyTargets(self.fold.scene, auth.pdp.items)
        policy = config.access.policy
        decisions = Decisions(policy.plugin, auth.pdp, policy.settings) if policy else None
        memberships = self._memberships() if policy else None
        if memberships is not None:
            self.projector.add(memberships)
        return Policies(auth, (), targets, decisions, self.fold.scene, memberships)

    def _access(self) -> Access:
        config, auth, checked = self.config, self.config.auth, self.config.access.authenticator
        authenticator = None
        if checked is not None:
            authenticator = CachedAuthenticator(checked.plugin, checked.settings, auth.ttl_seconds, self._now)
        most_streams = stream_capacity(config.server)
        return Access(auth, authenticator, self._policies, self._now, most_streams=most_streams)

    def _memberships(self) -> Memberships | None:
        """Return what finds out memberships by asking sources; simulated ones know no callers."""
        checked = self.config.access.authenticator
        lookup = checked.plugin.memberships if checked else None
        clients = {
            source.plugin: ServiceClient(f"sources.{source.name}", settings)
            for source, settings in self.config.enabled()
            if lookup and source.plugin in lookup.sources and not source.namespace
            if isinstance(settings, SourceSettings) and not settings.mock
        }
        return (
            Memberships(lookup, clients, self.config.auth.pdp.memberships_seconds) if lookup and clients else None
        )

    def _poller(self, one: SourceConfig) -> Poller:
        """Return the poller of a source, the present one if that is of the same configuration."""
        assert one.source is not None  # noqa: S101 - only loaded sources come here
        assert one.settings is not None  # noqa: S101
        present = self.pollers.get(one.name)
        if present is not None and present.source is one.source:
            return present
        stub = self._simulation.reply if one.settings.mock else None
        signs_in = isinstance(one.settings, SourceSettings) and one.settings.account
        account = self._account if signs_in else None
        client = SourceClient(one.name, one.settings, stub, account)
        poller = Poller(one.source, client, self.fold.scene, self.branch, self._now, threaded=True)
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

    def _adopt(self, report: bytes) -> None:
        if not self.cluster.leads:
            self.projector.adopt(report)

    def serving(self, **more: Any) -> uvicorn.Config:
        """Return how uvicorn serves the map."""
        return uvicorn_config(self.http, self._fast_path, self._edge, **more)

    async def run(self, on_stop: Callable[[], object] = _do_nothing, *, watches: bool = False) -> None:
        """Serve until SIGINT or SIGTERM; ``on_stop`` is called when the map begins to stop, for whatever reason.

        SIGHUP has the configuration read again, and so does every change of its files if the map ``watches`` them.

        Raises ConfigError if the address cannot be had, and what any of its tasks raises: a map that answers but
        no longer lives is a lie. Both ways everything has been stopped, or given up, when it returns.
        """
        listener, stopping = listen(self.config.server), asyncio.Event()
        server = Server(self.serving())
        host, port = listener.getsockname()[:2]
        self.cluster.serve_at(host, port)
        _logger.info("the map is served", url=f"http://{host}:{port}", sources=len(self.pollers))
        serving = asyncio.create_task(server.serve([listener]), name="http")
        signals = asyncio.create_task(stopping.wait(), name="signals")
        duties = asyncio.create_task(self.cluster.lead(self._duties), name="duties")
        background = [asyncio.create_task(one, name=name) for name, one in self._background(watches=watches)]
        soon = asyncio.get_running_loop().call_soon_threadsafe
        ask = partial(soon, self.reloading.ask)
        with stop_signals(on_stop, partial(soon, stopping.set), on_hangup=ask):
            try:
                await _first_end([serving, signals], [duties, *background])
            finally:
                on_stop()
                self.hub.close()
                server.should_exit = True
                await asyncio.wait([serving], timeout=SHUTDOWN_SECONDS + 1)
                await stop([serving, signals])
                await stop([duties], _DUTIES_END_SECONDS)  # it may have to release the lease over NATS
                await stop(background)
                await self.writer.drain(SHUTDOWN_SECONDS)
                await self.close()
        _logger.info("the map has stopped")

    def _background(self, *, watches: bool) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Yield what runs for as long as the process does."""
        yield "reloading", self.reloading.run()
        if watches:
            yield "watching", self.reloading.watch()
        yield "heartbeats", Heartbeats(self.hub).run()
        yield "history", self.writer.run()
        yield "clock", self._clock_watch.run()
        if self._ear is not None:
            yield "ear", self._ear.run()
        for intake in self.intakes:
            yield intake.status.name, intake.run()
        yield "cluster", self.cluster.run(self._works)
        if self.cluster.is_shared:
            yield "peers", self._peers.run(self.hub.send_away)
            yield "reading", report_reading(self.log.progress)
        yield "branch", self.branch.run(self._is_cut_off, self._poll)

    def _is_cut_off(self) -> bool:
        """Tell whether the log has been away for too long, and nothing of before is under way any more."""
        is_detached = self.log.progress.is_detached(self._now())
        return is_detached and not self.cluster.leads and self._is_settled()

    def _works(self) -> bool:
        """Tell whether this process could lead: whether it can write a history that is shared."""
        return not self._shares_history or self.writer.error is None

    async def _poll(self) -> None:
        """Ask all services, again and again, and let time pass on the map."""
        passing = pass_time(lambda: self.fold.scene.clock, self.branch, self._now)
        quarantine = ("quarantine", self._quarantine.run())
        await run_together([("sources", self._at_work.run()), ("time", passing), quarantine])

    async def _duties(self) -> None:
        """Do what one process alone does: ask the services, and write a history that is shared."""
        self.writer.take_over()
        losses = [("reports of losses", self._losses.report())] if self._losses else []
        try:
            await run_together(
                [
                    *losses,
                    ("polls", self._poll()),
                    ("mock world", self._simulation.run()),
                    ("history pruning", self._pruner.run()),
                    ("status reports", self._report()),
                ]
            )
        finally:
            if self._shares_history:
                await self.writer.drain(SHUTDOWN_SECONDS)
                self.writer.follow()

    async def _report(self) -> None:
        """Let the other processes know how the sources fare."""
        while True:
            await self.cluster.broadcast(self.projector.status_report())
            await asyncio.sleep(_REPORT_SECONDS)

    async def close(self) -> None:
        """Close the connections to services."""
        closing = [poller.close() for poller in self.pollers.values()]
        closing.append(self.access.close())
        if self._account is not None:
            closing.append(self._account.close())
        await _closed(closing)


async def _closed(closing: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Wait until connections are closed, for a limited time."""
    bounded = [within(_CLOSE_SECONDS, one, "closing a connection") for one in closing]
    for outcome in await asyncio.gather(*bounded, return_exceptions=True):
        if isinstance(outcome, Exception):
            _logger.warning("a connection was left open", error=f"{type(outcome).__name__}: {outcome}")


async def _first_end(orderly: list[asyncio.Task[Any]], lasting: list[asyncio.Task[None]]) -> None:
    """Return when one of ``orderly`` ends; raise what any task raises. One of ``lasting`` may end, too."""
    running = {*orderly, *lasting}
    while not any(task.done() for task in orderly):
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


def _built(mock: Mock, settings: Any, sources: Sequence[Source]) -> World:
    try:
        return mock.build(settings, sources)
    except Exception as error:
        raise ConfigError([ConfigFault("mock", f"raised {type(error).__name__}: {error}")]) from error


def _layers_of(sources: Iterable[Source]) -> frozenset[str]:
    return frozenset(layer.name for source in sources for layer in source.layers)
