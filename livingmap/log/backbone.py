"""The backbone: the log, the cluster and the intakes that the settings ask for, built and wired together."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from livingmap.cluster import Alone, Checkpointed, Cluster
from livingmap.cluster.checkpoint_store import CheckpointStore
from livingmap.cluster.checkpoints import Checkpoints, OldestUnsettled
from livingmap.cluster.nats import NatsCluster
from livingmap.core.model import Position
from livingmap.core.progress import Progress
from livingmap.log import Log
from livingmap.log.declaration import Stream
from livingmap.log.decoding import Decoder
from livingmap.log.ear import Ear
from livingmap.log.jetstream import JetStreamLog
from livingmap.log.local import LocalLog
from livingmap.log.losses import Losses
from livingmap.log.rereading import Rereading
from livingmap.transport import Intake
from livingmap.transport.connection import LONGEST_PAUSE_SECONDS, NatsConnection
from livingmap.transport.nats import NatsIntake
from livingmap.transport.settings import NatsSettings


def _none() -> None:
    """Return None, for a log that is in this process and has nothing to say while nothing happens."""


@dataclass(frozen=True, slots=True)
class Backbone:
    """A log with its cluster and its intakes."""

    log: Log
    cluster: Cluster
    intakes: tuple[Intake, ...]
    """Coroutines, each of which has to run for as long as the process does."""
    keep: Callable[[Checkpointed, OldestUnsettled], None]
    """Restores something from the last checkpoint, and saves it in new ones. Called before the intakes run."""
    is_settled: Callable[[], bool]
    """Tells whether everything that came from the log was handed on."""
    before_reading: Callable[[Callable[[], Awaitable[None]]], None]
    """Sets what is awaited whenever the log is back, before reading continues."""
    listen: Callable[[Sequence[str]], Awaitable[None]]
    """Takes in what is published on other patterns from now on."""
    silent_seconds: Callable[[], float | None] = _none
    """Returns for how long nothing came from the log, not even a heartbeat; None without a connection to it."""
    rereadings: tuple[Rereading, Rereading] | None = None
    """Two that read again what the log had before, for the history and for new sources; None without any."""
    ear: Ear | None = None
    """Listens to what is published, beside a stream."""
    losses: Losses | None = None
    """Reports what the log misses of what is published; None if it does not go by a stream."""


def backbone(
    settings: NatsSettings,
    patterns: Sequence[str],
    sources: Sequence[str],
    shape: bytes,
    now: Callable[[], datetime],
    longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
) -> Backbone:
    """Return a log in JetStream, or one of this process alone that core NATS may feed.

    ``patterns`` are the subjects that the plugins of ``sources`` understand; cursors hold among processes of the
    same ``shape``.
    """
    if settings.url is None:
        return _local(LocalLog(now=now), (), _hear_nothing)
    connection = NatsConnection(settings, longest_pause_seconds)
    if settings.jetstream:
        beside = NatsConnection(settings, longest_pause_seconds, is_logged=False)
        return _jetstream(connection, beside, settings, patterns, sources, shape, now)
    log = LocalLog(now=now)
    intake = NatsIntake(connection, settings, patterns, log.append, now)
    return _local(log, (intake,), intake.listen)


def _local(
    log: LocalLog, intakes: tuple[Intake, ...], listen: Callable[[Sequence[str]], Awaitable[None]]
) -> Backbone:
    return Backbone(log, Alone(), intakes, _keep_nothing, _yes, _ignore, listen)


async def _hear_nothing(_: Sequence[str]) -> None:
    """Do nothing: nothing is published to a map without NATS."""


def _keep_nothing(_: Checkpointed, __: OldestUnsettled) -> None:
    """Do nothing: a log that begins with the process has no checkpoints."""


def _yes() -> bool:
    return True


def _ignore(_: Callable[[], Awaitable[None]]) -> None:
    """Do nothing: a log in this process is never away."""


def _jetstream(
    connection: NatsConnection,
    beside: NatsConnection,
    settings: NatsSettings,
    patterns: Sequence[str],
    sources: Sequence[str],
    shape: bytes,
    now: Callable[[], datetime],
) -> Backbone:
    progress = Progress(Position("", 0), settings.detached_seconds)
    stream = Stream(settings, patterns, connection.status)
    connection.add(stream)  # before all that uses it
    store = CheckpointStore(settings.stream)
    checkpoints = Checkpoints(connection, store, progress)
    cluster = NatsCluster(connection, settings, sources, shape, progress, checkpoints)
    decoder = Decoder(settings, patterns)
    log = JetStreamLog(connection, settings, stream, store, checkpoints, decoder, progress, cluster.term, now)
    ear = Ear(beside, stream, patterns, decoder, progress)
    log.on_stored(ear.on_stored)
    losses = Losses(ear, connection, stream, log, now)
    rereading = partial(Rereading, connection, settings.stream, decoder, store)
    keep, settled, silent = checkpoints.keep_in, log.is_settled, log.silent_seconds

    async def listen(patterns: Sequence[str]) -> None:
        await log.listen(patterns)
        await ear.listen(patterns)

    before = log.before_reading
    return Backbone(
        log, cluster, (log,), keep, settled, before, listen, silent, (rereading(), rereading()), ear, losses
    )
