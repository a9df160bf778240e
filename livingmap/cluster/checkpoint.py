"""Checkpoints: the scene at a position of the log, kept beside it for processes that join later."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson
import structlog
import zstandard
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ObjectMeta, ObjectMetaOptions
from nats.js.errors import NotFoundError

from livingmap.cluster import Checkpointed
from livingmap.cluster.replicas import CHECKPOINTS, replicate
from livingmap.core.model import Json, Position
from livingmap.core.progress import Progress
from livingmap.transport.connection import NatsClient, NatsConnection, call

_FORM: Final = 2
_NAME: Final = "checkpoint"
_EVERY_SECONDS: Final = 120.0
_EVERY_EVENTS: Final = 20_000
_LOOK_SECONDS: Final = 0.5
_TRANSFER_SECONDS: Final = 60.0
_CHUNK_BYTES: Final = 128 * 1024
_SPARE_BYTES: Final = 512

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a process needs to read the log from ``read_up_to`` on as if it had read all before."""

    position: Position
    """The position of the last event that the states hold."""
    read_up_to: int
    """The last ``seq`` that was read; beyond the position if what stands there is not an event."""
    states: Mapping[str, Json]
    term: int = 0
    """The term of the newest leader of which a message was read."""


def encode(position: Position, read_up_to: int, term: int, states: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a checkpoint as it is stored; ``states`` come as JSON."""
    seqs = {"seq": position.seq, "read_up_to": read_up_to, "term": term}
    head = orjson.dumps({"form": _FORM, "epoch": position.epoch, **seqs})
    body = b",".join(orjson.dumps(name) + b":" + state for name, state in states)
    return zstandard.compress(head[:-1] + b',"states":{' + body + b"}}", 1)


def decode(data: bytes) -> Checkpoint | None:
    """Return what `encode` wrote; None if another version of the program did."""
    kept = orjson.loads(zstandard.decompress(data))
    if kept.get("form") != _FORM:
        return None
    return Checkpoint(Position(kept["epoch"], kept["seq"]), kept["read_up_to"], kept["states"], kept["term"])


OldestUnsettled: TypeAlias = Callable[[], Position | None]
"""Returns the first position that the history does not hold yet; None if it holds all."""


def _none() -> None:
    """Return None, for a map without a history: no part of it is missing."""


class _Nothing:
    """A `livingmap.cluster.Checkpointed` without a state, for a log of which no checkpoints are wanted."""

    def states(self) -> Iterator[tuple[str, Json]]:
        return iter(())

    def restore(self, states: Mapping[str, Json]) -> None:
        pass


class Checkpoints:
    """The last checkpoint of a log, in the object store ``bucket`` of its server.

    While one is taken nothing may be read from the log: `turn` is held by whoever reads or takes.
    """

    def __init__(self, connection: NatsConnection, bucket: str, progress: Progress) -> None:
        self.subject: Checkpointed = _Nothing()
        self._oldest_unsettled: OldestUnsettled = _none
        self.turn = asyncio.Lock()
        self.kept_up_to: int | None = None
        """``read_up_to`` of the last one, if there is any."""
        self._connection = connection
        self._bucket = bucket
        self._progress = progress

    def keep_in(self, subject: Checkpointed, oldest_unsettled: OldestUnsettled) -> None:
        """Restore ``subject`` from the last checkpoint, and save it in new ones that the history covers."""
        self.subject, self._oldest_unsettled = subject, oldest_unsettled

    async def load(self, js: JetStreamContext, epoch: str) -> Checkpoint | None:
        """Return the last checkpoint of ``epoch``; None if there is not one that can be used."""
        try:
            store = await call(js.object_store(self._bucket), "opening the checkpoints")
            kept = await call(store.get(_NAME), "reading a checkpoint", _TRANSFER_SECONDS)
            checkpoint = decode(kept.data or b"")
        except NotFoundError:
            return None
        except (NatsError, TimeoutError, ValueError, KeyError, zstandard.ZstdError) as error:
            _logger.warning("a checkpoint cannot be used", error=f"{type(error).__name__}: {error}")
            return None
        return checkpoint if checkpoint and checkpoint.position.epoch == epoch else None

    async def run(self) -> None:
        """Save a checkpoint from time to time until cancelled."""
        loop = asyncio.get_running_loop()
        kept_at = loop.time()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            unkept = self._progress.read_up_to - (self.kept_up_to or 0)
            due = loop.time() - kept_at >= _EVERY_SECONDS or unkept >= _EVERY_EVENTS or self.kept_up_to is None
            if not unkept or not due or self._progress.is_on_its_own:
                continue
            try:
                await self.keep()
            except (NatsError, OSError, TimeoutError) as error:
                _logger.debug("a checkpoint could not be kept", error=str(error))
            kept_at = loop.time()

    async def keep(self) -> None:
        """Save the subject as it is, once the history holds all of it: nothing before it is read again."""
        async with self.turn:
            position, read_up_to = self._progress.position, self._progress.read_up_to
            term = self._progress.term
            states = []
            for name, state in self.subject.states():
                states.append((name, orjson.dumps(state)))
                await asyncio.sleep(0)  # one part at a time
        data = await asyncio.to_thread(encode, position, read_up_to, term, states)
        await self._settled(position)
        client = self._connection.open_client
        if client is not None and self._progress.position.epoch == position.epoch:
            await self._save(client, data)
            self.kept_up_to = read_up_to

    async def _settled(self, position: Position) -> None:
        while (oldest := self._oldest_unsettled()) is not None and oldest <= position:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)

    async def _save(self, client: NatsClient, data: bytes) -> None:
        js = client.jetstream()
        try:
            store = await call(js.object_store(self._bucket), "opening the checkpoints")
        except NotFoundError:
            store = await call(js.create_object_store(self._bucket), "making the checkpoints' store")
            await replicate(js, self._bucket, CHECKPOINTS)
        most = min(_CHUNK_BYTES, client.max_payload - _SPARE_BYTES)
        meta = ObjectMeta(name=_NAME, options=ObjectMetaOptions(max_chunk_size=most))
        await call(store.put(_NAME, data, meta), "writing a checkpoint", _TRANSFER_SECONDS)
