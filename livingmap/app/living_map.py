"""The map in one process: built from a configuration, wired, started and stopped."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import structlog
import uvicorn
from prometheus_client.registry import Collector
from structlog.contextvars import bind_contextvars

from livingmap import memory, tracing
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.api.edge import Edge
from livingmap.api.history_metrics import HistoryMetrics
from livingmap.api.http import application
from livingmap.api.map_metrics import MapMetrics
from livingmap.api.notify_metrics import NotifyMetrics
from livingmap.api.sentences import PreparedSentences
from livingmap.api.server import SHUTDOWN_SECONDS, Server, listen, local_address, uvicorn_config
from livingmap.api.snapshot import Snapshots
from livingmap.api.snapshot_fast_path import SnapshotFastPath
from livingmap.api.source_metrics import SourceMetrics
from livingmap.app.admission import access, memberships, policies
from livingmap.app.changeover import Changeover, Present, closed
from livingmap.config.loading import Config
from livingmap.config.reloading import Reloading
from livingmap.config.shape import shape_of
from livingmap.core.calls import Call, Calls
from livingmap.core.fold import Fold
from livingmap.core.model import Message
from livingmap.core.redaction import Redaction
from livingmap.history import History
from livingmap.history.forecast import DiskForecast
from livingmap.history.moving import Mover
from livingmap.history.pruning import Pruner
from livingmap.history.recorder import Recorder
from livingmap.history.writer import HistoryWriter
from livingmap.log.backbone import Backbone, backbone
from livingmap.log.clock import ClockWatch
from livingmap.log.local import utc_now
from livingmap.log.passing import pass_time
from livingmap.log.reading import report_reading
from livingmap.logs.origin import origin
from livingmap.past.moment import Moments
from livingmap.past.past import Past
from livingmap.past.recollection import Recollection
from livingmap.past.rollups import RollUps
from livingmap.problems.of_history import HistoryProblems
from livingmap.problems.of_log import LogProblems
from livingmap.problems.of_settings import SettingProblems
from livingmap.problems.of_sources import SourceProblems
from livingmap.problems.sending import publisher
from livingmap.problems.watch import ProblemWatch
from livingmap.sources.account import Account
from livingmap.sources.at_work import SourcesAtWork
from livingmap.sources.ingest import Ingest
from livingmap.sources.poll import Poller
from livingmap.sources.simulation import Simulation
from livingmap.state.branch import Branch
from livingmap.state.handler_watch import HandlerWatch
from livingmap.state.peers import Peers
from livingmap.state.projector import Projector
from livingmap.state.quarantine import Quarantine
from livingmap.state.reader import MapReader
from livingmap.state.refill import Refill
from livingmap.stream.heartbeats import Heartbeats
from livingmap.stream.hub import Hub
from livingmap.stream.problem_feed import ProblemFeed
from livingmap.supervision import run_together, stop, stop_signals

_REPORT_SECONDS: Final = 2.0
_DUTIES_END_SECONDS: Final = 8.0

_logger = structlog.get_logger(__name__)


def _do_nothing() -> None:
    pass


class LivingMap:
    """The whole map in one process. Build it inside a running event loop; ``history`` is the caller's to close.

    ``lines_dropped`` returns how many lines of the program's log could not be written.
    """

    address: str | None = None
    """Where it is reached from this machine, once it listens."""

    def __init__(
        self,
        config: Config,
        history: History,
        now: Callable[[], datetime] = utc_now,
        lines_dropped: Callable[[], int] = int,
    ) -> None:
        self._present, self._now = Present(config), now
        sources = [source for source, _ in config.enabled()]
        self._calls = Calls()
        self.fold = self._new_fold()
        names = [source.name for source in sources]
        backbone_ = backbone(config.nats, self.fold.routes.patterns(), names, shape_of(config), now)
        self._is_settled = backbone_.is_settled
        self.log, self.cluster, self.intakes = backbone_.log, backbone_.cluster, backbone_.intakes
        self.projector = Projector(self.fold, progress := self.log.progress)
        self.branch = Branch(self.log, self.projector, now)
        self._quarantine = Quarantine(self.fold, self.branch)
        self.handler_watch = HandlerWatch(self._calls, self._note_overrun)
        self._ear, self._losses = backbone_.ear, backbone_.losses
        self._peers = Peers(self.cluster, progress, backbone_.silent_seconds, now)
        self._clock_watch = ClockWatch(now, None if self.cluster.is_shared else self.log.append)

        rereadings = backbone_.rereadings
        refill = Refill(rereadings[0], self._new_fold) if rereadings else None
        self._history, self.writer = history, HistoryWriter(history, refill=refill)
        self._shares_history = self.cluster.is_shared and config.history.kind == "postgresql"
        self._pruner = Pruner(history, config.history.retention, now, self.writer.note_retention)
        self.forecast = DiskForecast(history, config.history, now)
        self.roll_ups = RollUps(history, lambda: self.fold.scene.vocabulary, config.history.rollup_days)
        self.recollection = self._new_recollection()

        account = config.access.account
        self._account = Account(account.plugin, account.settings) if account else None
        self._simulation, self._at_work = Simulation(self.log, now), SourcesAtWork()
        memberships_ = memberships(config)
        if memberships_ is not None:
            self.projector.add(memberships_)

        rules = config.auth.pdp.items if config.auth.pdp.enabled else ()
        filtered_scenes = FilteredScenes(self.fold, sources, rules, progress.here)
        policies_ = policies(config, self.fold.scene, memberships_)
        self.access = access(config, policies_, now)
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
        sentences = PreparedSentences()
        self._changeover = Changeover(
            self._present,
            self.fold,
            self.log,
            self.cluster,
            self.branch,
            self.projector,
            self.reader,
            policies_,
            self.hub,
            sentences,
            self._simulation,
            self._at_work,
            self._account,
            rereadings[1] if rereadings else None,
            backbone_.listen,
            now,
        )
        self.reloading = Reloading(config, self._changeover.use, now)
        self._edge, self.problems = Edge.of(config.server), self._problem_watch(lines_dropped)
        self.problem_feed = ProblemFeed(self.hub, self.reader, self.problems.open)
        self.http = application(
            self.reader,
            snapshots,
            self.hub,
            self.intakes,
            history,
            self.roll_ups,
            self.writer,
            self.recollection,
            config.ui,
            self.access,
            self._edge,
            sentences,
            self._peers,
            Ingest(lambda: self.pollers, self.log, self.fold, now),
            self.reloading,
            Past(self.reader, history, Moments(history, progress, self.cluster.cursor_key, now)),
            self.problems.open,
            self._append_to_log,
            self.problem_feed,
            self._collectors(lines_dropped),
            self._fast_path.answered,
        )
        self._wire(backbone_)
        self._changeover.begin()

    @property
    def config(self) -> Config:
        """The present configuration."""
        return self._present.config

    @property
    def pollers(self) -> Mapping[str, Poller]:
        """The pollers of the sources by name."""
        return self._at_work.pollers

    def _new_fold(self) -> Fold:
        sources = [source for source, _ in self.config.enabled()]
        return Fold(sources, Redaction(self.config.auth.redact), self.config.same_as, self._calls)

    def _new_recollection(self) -> Recollection:
        own = () if self.cluster.is_shared else self.config.enabled()
        polled = [source for source, settings in own if not settings.mock]  # a world begins anew, too
        return Recollection(polled, self.fold.scene, self.fold.redaction, self._history, self.log, self._now())

    def _wire(self, backbone_: Backbone) -> None:
        """Have the parts follow the log and one another."""
        self.projector.add(self.hub)
        self.projector.add(Recorder(self.writer, self.fold.scene, self.log.progress, self.reader.recorded_sources))
        self.log.subscribe(self.projector.take)
        backbone_.keep(self.projector, self.writer.oldest_position)
        backbone_.before_reading(self.branch.return_to_log)
        self.cluster.on_broadcast(self._adopt)
        self.log.progress.when_live(self.hub.restart)
        if self._shares_history:
            self.writer.follow()

    def _note_overrun(self, call: Call, at: str, seconds: float) -> None:
        self.projector.note_overrun(call, at, seconds)
        self._quarantine.note_overrun(call)

    def _problem_watch(self, lines_dropped: Callable[[], int]) -> ProblemWatch:
        """Return what knows what is wrong; what of it has to outlast the process follows the log."""
        finders = (
            SourceProblems(lambda: self.reader.states, self._layers_of_source),
            LogProblems(self.log.progress, self.cluster, self.intakes, lambda: self._clock_watch.steps),
            HistoryProblems(self.writer, self.forecast.days_left),
            SettingProblems(self.reloading, lambda: self.access.state, lines_dropped),
        )
        nats = self.config.notify.nats
        watch = ProblemWatch(
            finders,
            self.fold.scene,
            lambda: self.reader.states,
            self.cluster,
            self.log.progress,
            self.config.notify.routes,
            publisher(self.config.nats, nats.subject) if nats else None,
            self._append_to_log,
            self._now,
        )
        for follower in watch.followers:
            self.projector.add(follower)
            self.projector.keep(follower)
        return watch

    async def _append_to_log(self, message: Message, name: str) -> bool:
        """Append to the log itself, once: what a branch has is gone when it ends. Raises OSError."""
        progress = self.log.progress
        if not progress.is_live or progress.is_on_its_own or progress.away_since is not None:
            raise ConnectionError("the log is away")
        return await self.log.append_once(message, name)

    def _collectors(self, lines_dropped: Callable[[], int]) -> list[Collector]:
        """Return what collects the metrics, but for those of traffic."""
        steps, problems = partial(getattr, self._clock_watch, "steps"), self.problems
        return [
            MapMetrics(
                self.reader, self.projector, self.cluster, problems.open, self.reloading, lines_dropped, steps
            ),
            SourceMetrics(self.reader, self.intakes),
            HistoryMetrics(self.writer, self._pruner, self.forecast),
            NotifyMetrics(problems.notifier),
        ]

    def _layers_of_source(self, name: str) -> tuple[str, ...]:
        source = next((one.source for one in self.config.sources if one.name == name), None)
        return tuple(dict.fromkeys(layer.name for layer in source.layers)) if source else ()

    def _adopt(self, report: bytes) -> None:
        if not self.problems.take(report) and not self.cluster.leads:
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
        self.address = local_address(host, port)
        self.cluster.serve_at(host, port)
        bind_contextvars(**origin(self.cluster, self.log.progress))
        tracing.begin(self.cluster.id)
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
                await tracing.end()
        _logger.info("the map has stopped")

    def _background(self, *, watches: bool) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Yield what runs for as long as the process does."""
        yield "garbage collection", memory.collect_in_steps(self.fold.scene.size)
        yield "reloading", self.reloading.run()
        if watches:
            yield "watching", self.reloading.watch()
        yield "heartbeats", Heartbeats(self.hub).run()
        yield "feed of problems", self.problem_feed.run()
        yield "history", self.writer.run()
        yield "disk", self.forecast.run()
        yield "clock", self._clock_watch.run()
        yield from self.problems.background(self._history, lambda: self.writer.state != "opening")
        if self._ear is not None:
            yield "ear", self._ear.run()
        for intake in self.intakes:
            yield intake.status.name, intake.run()
        yield "cluster", self.cluster.run(self._works)
        if self.cluster.is_shared:
            yield "peers", self._peers.run(self.hub.send_away)
            yield "reading", report_reading(self.log.progress)
        yield "recollection", self.recollection.run()
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
        await run_together([("sources", self._ask()), ("time", passing), quarantine])

    async def _ask(self) -> None:
        await self.recollection.wait()
        await self._at_work.run()

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
                    ("history move", Mover(self._history, self.writer.note_move).run()),
                    ("roll-ups", self.roll_ups.run()),
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
        closing += [self.access.close(), self._simulation.close()]
        if self._account is not None:
            closing.append(self._account.close())
        await closed(closing)


async def _first_end(orderly: list[asyncio.Task[Any]], lasting: list[asyncio.Task[None]]) -> None:
    """Return when one of ``orderly`` ends; raise what any task raises. One of ``lasting`` may end, too."""
    running = {*orderly, *lasting}
    while not any(task.done() for task in orderly):
        done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
