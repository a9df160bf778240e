"""The one place that knows everything: it builds the map from a configuration, wires it, starts and stops it."""

import asyncio
import contextlib
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import structlog
import uvicorn

from livingmap.api.http import application
from livingmap.api.picture import Picture
from livingmap.api.snapshot import Snapshots
from livingmap.config import Config, ServerSettings, SourceConfig
from livingmap.core.fold import Fold
from livingmap.core.model import Event, Total
from livingmap.core.validity import fault_in
from livingmap.errors import ConfigError, ConfigFault
from livingmap.history import History, entry_of
from livingmap.history.pruning import Pruner
from livingmap.history.writer import HistoryWriter
from livingmap.hookspecs import Reply, Request, World
from livingmap.log.local import LocalLog, utc_now
from livingmap.log.nats import NatsIntake
from livingmap.sources.poll import Freshness, Poller, SourceState
from livingmap.sources.service import Service
from livingmap.stream.hub import Hub
from livingmap.stream.websocket import StreamProtocol

_BACKLOG: Final = 2048
_SHUTDOWN_SECONDS: Final = 5
_MOST_MESSAGE_BYTES: Final = 64 * 1024
_SILENT_VIEWER_SECONDS: Final = 300
"""A viewer that does not read for so long has gone."""
_LEAST_PAUSE_SECONDS: Final = 0.01

_logger = structlog.get_logger(__name__)


class LivingMap:
    """The whole map in one process. Build it inside a running event loop; ``history`` is the caller's to close."""

    def __init__(self, config: Config, history: History, now: Callable[[], datetime] = utc_now) -> None:
        self.config = config
        self.writer = HistoryWriter(history)
        self._pruner = Pruner(history, config.history.retention, now)
        self._now = now
        self._world = _world(config)
        self.log = LocalLog(now=now)
        self.fold = Fold([source for source, _ in config.enabled()])
        self.pollers = {one.name: self._poller(one) for one in config.sources if one.source and one.settings}
        self._states = {one.name: self._state(one) for one in config.sources}
        key = secrets.token_bytes(32)
        states = list(self._states.values())
        self.picture = Picture(self.fold, self.log, states, list(self.pollers.values()), now, key)
        snapshots = Snapshots(self.picture)
        self.hub = Hub(
            self.fold.scene, lambda: self.log.position, lambda view: snapshots.prepared(view).body, key, now
        )
        patterns = self.fold.routes.patterns()
        self.nats = NatsIntake(config.nats, patterns, self.log, now) if config.nats.url else None
        self.http = application(self.picture, snapshots, self.hub, self.nats, history, self.writer)
        self.log.read(self._fold)
        self.picture.attached = True

    def _poller(self, one: SourceConfig) -> Poller:
        assert one.source is not None  # noqa: S101 - only loaded sources come here
        assert one.settings is not None  # noqa: S101
        service = Service(one.name, one.settings, self._mocked if one.settings.mock else None)
        return Poller(one.source, service, self.fold.scene, self.log, self._now)

    def _mocked(self, request: Request) -> Reply | None:
        return self._world.reply(request, self._now()) if self._world else None

    def _state(self, one: SourceConfig) -> SourceState:
        if one.name in self.pollers:
            return self.pollers[one.name].state
        if one.enabled:
            return SourceState(one.name, one.name, Freshness.FAILED, one.error)
        return SourceState(one.name, one.name, Freshness.DISABLED, None)

    def _fold(self, event: Event) -> None:
        folded = self.fold.apply(event)
        self.hub.publish(folded)
        self.writer.offer(entry_of(folded, self.fold.scene.resolve))
        for name in folded.sources:
            state = self._states[name]
            state.events += 1
            state.contributed |= bool(folded.changes)
        for fault in folded.faults:
            self._states[fault.source].note_fault(f"{event.type} at {event.position}: {fault.error}")
            _logger.debug("an event was set aside", source=fault.source, type=event.type, error=fault.error)

    async def run(self) -> None:
        """Serve until SIGINT or SIGTERM. Raises ConfigError if the address cannot be had."""
        listener = _listen(self.config.server)
        server = _Server(
            uvicorn.Config(
                self.http,
                ws=StreamProtocol,
                ws_max_size=_MOST_MESSAGE_BYTES,
                ws_ping_timeout=_SILENT_VIEWER_SECONDS,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=self.config.server.access_log,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
                server_header=False,
            )
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, server.stop, self.hub.close)
        host, port = listener.getsockname()[:2]
        _logger.info("the map is served", url=f"http://{host}:{port}", sources=len(self.pollers))
        # A task that dies takes the whole process along: a map that answers but no longer lives is a lie.
        async with asyncio.TaskGroup() as group:
            background = [
                group.create_task(poller.run(), name=f"poll {name}") for name, poller in self.pollers.items()
            ]
            background.append(group.create_task(self.hub.run(), name="hub"))
            background.append(group.create_task(self.writer.run(), name="history"))
            background.append(group.create_task(self._pruner.run(), name="history pruning"))
            if self.nats is not None:
                background.append(group.create_task(self.nats.run(), name="nats"))
            background.append(group.create_task(self._simulate(), name="mock world"))
            await server.serve([listener])
            for task in background:
                task.cancel()
        await self.writer.drain(_SHUTDOWN_SECONDS)
        await self.close()
        _logger.info("the map has stopped")

    async def close(self) -> None:
        """Close the connections to services."""
        for poller in self.pollers.values():
            await poller.service.close()

    async def _simulate(self) -> None:
        """Let the mock world live at its rate, if there is one."""
        rate = self.config.mock_settings.events_per_second if self._world else 0
        if self._world is None or rate <= 0:
            return
        loop = asyncio.get_running_loop()
        due, owed, pause = loop.time(), 0.0, max(1 / rate, _LEAST_PAUSE_SECONDS)
        while True:
            due += pause
            steps, owed = divmod(owed + rate * pause, 1)
            for _ in range(round(steps)):
                await self._step(self._world)
            due = max(due, loop.time())  # a stopped machine does not make up for lost time
            await asyncio.sleep(due - loop.time())

    async def _step(self, world: World) -> None:
        """Let one thing happen in the mock world. What it gets wrong is logged, and harms nobody."""
        try:
            for message in world.step(self._now()):
                if problem := fault_in(Total("mock", message.payload)):
                    raise ValueError(f"{message.type}: {problem}")
                await self.log.append(message)
        except Exception as error:  # noqa: BLE001 - the plugin rim
            _logger.warning("the mock world made a mistake", error=f"{type(error).__name__}: {error}")


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
    try:
        listener.bind((server.host, server.port))
        listener.listen(_BACKLOG)  # from here on clients are not refused
    except (OSError, OverflowError) as error:
        listener.close()
        where = f"{server.host}:{server.port}"
        problem = f"cannot listen on {where}: {error}; choose another, e.g. by LIVINGMAP_SERVER__PORT"
        raise ConfigError([ConfigFault("server", problem)]) from error
    return listener
