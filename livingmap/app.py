"""The one place that knows everything: it builds the map from a configuration, wires it, starts and stops it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import structlog
import uvicorn

from livingmap import __version__
from livingmap.access.access import Access
from livingmap.access.authenticator import CachedAuthenticator
from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.policy import Policies
from livingmap.access.policy_targets import PolicyTargets
from livingmap.api import fast_path
from livingmap.api.http import application
from livingmap.api.snapshot import Snapshots
from livingmap.api.snapshot_fast_path import SnapshotFastPath
from livingmap.config.loading import Config, SourceConfig
from livingmap.config.settings import ServerSettings
from livingmap.core.fold import Fold
from livingmap.core.freshness import Freshness, SourceHealth
from livingmap.core.redaction import Redaction
from livingmap.core.source import Source
from livingmap.core.vocabulary import HOMES
from livingmap.errors import ConfigError, ConfigFault
from livingmap.history import History
from livingmap.history.pruning import Pruner
from livingmap.history.writer import HistoryWriter
from livingmap.hookspecs import World
from livingmap.log.jetstream import JetStreamLog
from livingmap.log.local import LocalLog, utc_now
from livingmap.sources.account import Account
from livingmap.sources.plugin_thread import PluginThread
from livingmap.sources.poll import Poller
from livingmap.sources.simulation import Simulation
from livingmap.sources.source_client import SourceClient
from livingmap.state.projector import Projector
from livingmap.state.reader import MapReader
from livingmap.stream.hub import Hub
from livingmap.stream.websocket import StreamProtocol
from livingmap.transport.nats import NatsIntake

_BACKLOG: Final = 2048
_SHUTDOWN_SECONDS: Final = 5
_MOST_MESSAGE_BYTES: Final = 64 * 1024
_SILENT_VIEWER_SECONDS: Final = 300
"""A viewer that does not read for so long has gone."""
_TELL_SECONDS: Final = 2.0
_UNSENT_BYTES: Final = 128 * 1024
"""So much waits in the kernel for a client that does not read; without a limit it would be 4 MiB each."""

_logger = structlog.get_logger(__name__)


class LivingMap:
    """The whole map in one process. Build it inside a running event loop; ``history`` is the caller's to close."""

    def __init__(self, config: Config, history: History, now: Callable[[], datetime] = utc_now) -> None:
        self.config = config
        self.writer = HistoryWriter(history)
        self._pruner = Pruner(history, config.history.retention, now)
        self._now = now
        self._aside = PluginThread()
        sources = [source for source, _ in config.enabled()]
        self.fold = Fold(sources, Redaction(config.auth.redact))
        self.log = self._log()
        self._account = Account(config.auth.account) if config.auth.account else None
        rate = config.mock_settings.events_per_second if config.mock else 0.0
        self._simulation = Simulation(_world(config), rate, self.log, now)
        self.pollers = {one.name: self._poller(one) for one in config.sources if one.source and one.settings}
        states = [self._state(one) for one in config.sources]
        rules = config.auth.pdp.items if config.auth.pdp.enabled else ()
        filtered_scenes = FilteredScenes(self.fold, sources, rules, lambda: self.log.position)
        self.access = self._access(sources)
        self.reader = MapReader(self.fold, filtered_scenes, self.log, states, list(self.pollers.values()), now)
        snapshots = Snapshots(self.reader)
        self._fast_path = SnapshotFastPath(self.reader, snapshots, self.access)
        self.hub = Hub(
            filtered_scenes,
            lambda: self.log.position,
            lambda view: snapshots.prepared(view).body,
            lambda: self.log.key,
            now,
        )
        self._projector = Projector(
            self.fold, self.reader, self.hub, self.writer, states, lambda: self.log.position
        )
        self.log.subscribe(self._projector.take)
        self.nats = self._nats()
        status = self.nats.status if self.nats else None
        origins = config.server.cors_origins
        self.http = application(
            self.reader, snapshots, self.hub, status, history, self.writer, config.ui, self.access, origins
        )

    def _access(self, sources: Sequence[Source]) -> Access:
        auth, config = self.config.auth, self.config
        names = [layer.name for source in sources for layer in source.layers]
        policies = Policies(auth, {*names, *HOMES.values()}, PolicyTargets(self.fold.scene, auth.pdp.items))
        gate = None
        if config.authenticator is not None and config.authenticator_settings is not None:
            gate = CachedAuthenticator(
                config.authenticator, config.authenticator_settings, auth.ttl_seconds, self._now
            )
        return Access(auth, gate, policies, self._now)

    def _log(self) -> LocalLog | JetStreamLog:
        nats = self.config.nats
        if nats.url is None or not nats.jetstream:
            return LocalLog(now=self._now)
        shape = [__version__, *(source.name for source, _ in self.config.enabled())]
        return JetStreamLog(nats, self.fold.routes.patterns(), "|".join(shape).encode())

    def _nats(self) -> NatsIntake | JetStreamLog | None:
        """Return what takes messages from NATS. Follow the log from now on, or from where it is kept."""
        if isinstance(self.log, JetStreamLog):
            self.log.keep(self._projector)
            self.log.listen(self._hear)
            if self._shares_history:
                self.writer.follow()
            return self.log
        self.reader.attached = True
        self.hub.open()
        patterns = self.fold.routes.patterns()
        return NatsIntake(self.config.nats, patterns, self.log, self._now) if self.config.nats.url else None

    @property
    def _shares_history(self) -> bool:
        """Whether other processes on the same log write into the same history."""
        return isinstance(self.log, JetStreamLog) and self.config.history.kind == "postgresql"

    def _hear(self, told: bytes) -> None:
        if isinstance(self.log, JetStreamLog) and not self.log.leads:
            self._projector.hear(told)

    def _poller(self, one: SourceConfig) -> Poller:
        assert one.source is not None  # noqa: S101 - only loaded sources come here
        assert one.settings is not None  # noqa: S101
        stub = self._simulation.reply if one.settings.mock else None
        account = self._account if one.settings.account else None
        service = SourceClient(one.name, one.settings, stub, account)
        return Poller(one.source, service, self.fold.scene, self.log, self._now, self._aside)

    def _state(self, one: SourceConfig) -> SourceHealth:
        if one.name in self.pollers:
            return self.pollers[one.name].state
        if one.enabled:
            return SourceHealth(one.name, one.name, Freshness.FAILED, one.error)
        return SourceHealth(one.name, one.name, Freshness.DISABLED, None)

    def serving(self, **more: Any) -> uvicorn.Config:
        """Return how uvicorn serves the map."""
        return uvicorn.Config(
            self.http,
            http=fast_path.protocol(self._fast_path),
            ws=StreamProtocol,
            ws_max_size=_MOST_MESSAGE_BYTES,
            ws_ping_timeout=_SILENT_VIEWER_SECONDS,
            ws_per_message_deflate=False,
            lifespan="off",
            log_config=None,
            access_log=self.config.server.access_log,
            timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            server_header=False,
            **more,
        )

    async def run(self) -> None:
        """Serve until SIGINT or SIGTERM. Raises ConfigError if the address cannot be had."""
        listener = _listen(self.config.server)
        server = _Server(self.serving())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.stop, self.hub.close)
        host, port = listener.getsockname()[:2]
        _logger.info("the map is served", url=f"http://{host}:{port}", sources=len(self.pollers))
        # A task that dies takes the whole process along: a map that answers but no longer lives is a lie.
        async with asyncio.TaskGroup() as group:
            leading = group.create_task(self.log.lead(self._lead), name="duties")
            background = [
                group.create_task(self.hub.run(), name="hub"),
                group.create_task(self.writer.run(), name="history"),
            ]
            if self.nats is not None:
                background.append(group.create_task(self.nats.run(), name="nats"))
            await server.serve([listener])
            leading.cancel()
            await asyncio.wait([leading])  # it may have to say over NATS that it goes
            for task in background:
                task.cancel()
        await self.writer.drain(_SHUTDOWN_SECONDS)
        await self.close()
        _logger.info("the map has stopped")

    async def _lead(self) -> None:
        """Do what one process alone does: ask the services, and write a history that is shared."""
        self.writer.take_over()
        try:
            async with asyncio.TaskGroup() as group:
                for name, poller in self.pollers.items():
                    group.create_task(poller.run(), name=f"poll {name}")
                group.create_task(self._simulation.run(), name="mock world")
                group.create_task(self._pruner.run(), name="history pruning")
                if isinstance(self.log, JetStreamLog):
                    group.create_task(self._tell(self.log), name="telling")
        finally:
            if self._shares_history:
                await self.writer.drain(_SHUTDOWN_SECONDS)
                self.writer.follow()

    async def _tell(self, log: JetStreamLog) -> None:
        while True:
            await log.tell(self._projector.told())
            await asyncio.sleep(_TELL_SECONDS)

    async def close(self) -> None:
        """Close the connections to services."""
        for poller in self.pollers.values():
            await poller.service.close()
        await self._aside.close()
        if self._account is not None:
            await self._account.close()
        await self.access.close()


class _Server(uvicorn.Server):
    """uvicorn, but signals are the map's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self, farewell: Callable[[], None]) -> None:
        farewell()
        self.should_exit = True


def _world(config: Config) -> World | None:
    if config.mock is None:
        return None
    return config.mock.build(config.mock_settings, [source for source, own in config.enabled() if own.mock])


def _listen(server: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):  # connections have it from the listener
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
    try:
        listener.bind((server.host, server.port))
        listener.listen(_BACKLOG)  # from here on clients are not refused
    except (OSError, OverflowError) as error:
        listener.close()
        where = f"{server.host}:{server.port}"
        problem = f"cannot listen on {where}: {error}; choose another, e.g. by LIVINGMAP_SERVER__PORT"
        raise ConfigError([ConfigFault("server", problem)]) from error
    return listener
