"""Checkpoints: the scene at a position of the log, kept beside it for processes that join later."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import orjson
import structlog
import zstandard
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from livingmap.core.model import Json, Position

_FORM: Final = 1
_NAME: Final = "checkpoint"
_EVERY_SECONDS: Final = 120.0
_EVERY_EVENTS: Final = 20_000
_LOOK_SECONDS: Final = 0.5

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a process needs to read the log from ``read_up_to`` on as if it had read all before."""

    position: Position
    """Of the last event that the states hold."""
    read_up_to: int
    """The last ``seq`` that was read; beyond the position if that was no event."""
    states: Mapping[str, Json]


def encode(position: Position, read_up_to: int, states: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a checkpoint as it is kept; ``states`` come as JSON."""
    head = orjson.dumps({"form": _FORM, "epoch": position.epoch, "seq": position.seq, "read_up_to": read_up_to})
    body = b",".join(orjson.dumps(name) + b":" + state for name, state in states)
    return zstandard.compress(head[:-1] + b',"states":{' + body + b"}}", 1)


def decode(data: bytes) -> Checkpoint | None:
    """Return what `encode` wrote; None if another version of the program did."""
    kept = orjson.loads(zstandard.decompress(data))
    if kept.get("form") != _FORM:
        return None
    return Checkpoint(Position(kept["epoch"], kept["seq"]), kept["read_up_to"], kept["states"])


class Checkpointed(Protocol):
    """What follows the log and can be kept: the scene, and what goes with it."""

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield all of it by name, as JSON. Nothing is read from the log meanwhile."""

    def restore(self, states: Mapping[str, Json]) -> None:
        """Become what yielded ``states``; without any, begin with nothing. The log's position is set before."""

    def caught_up(self) -> None:
        """Be told that everything up to now was read."""

    def oldest_unsettled(self) -> Position | None:
        """Return the first position that the history does not hold yet; None if it holds all."""


class _Nothing:
    """A subject of nothing, for a log that nobody wants to keep."""

    def states(self) -> Iterator[tuple[str, Json]]:
        return iter(())

    def restore(self, states: Mapping[str, Json]) -> None:
        pass

    def caught_up(self) -> None:
        pass

    def oldest_unsettled(self) -> Position | None:
        return None


class Checkpoints:
    """The last checkpoint of a log, in the object store ``bucket`` of its server.

    While one is taken nothing may be read from the log: `turn` is held by whoever reads or takes.
    """

    def __init__(self, bucket: str) -> None:
        self.subject: Checkpointed = _Nothing()
        self.turn = asyncio.Lock()
        self.kept_up_to: int | None = None
        """``read_up_to`` of the last one, if there is any."""
        self._bucket = bucket

    async def load(self, js: JetStreamContext, epoch: str) -> Checkpoint | None:
        """Return the last checkpoint of ``epoch``; None if there is none that can be used."""
        try:
            kept = await (await js.object_store(self._bucket)).get(_NAME)
            found = decode(kept.data or b"")
        except NotFoundError:
            return None
        except (NatsError, ValueError, KeyError, zstandard.ZstdError) as error:
            _logger.warning("a checkpoint cannot be used", error=f"{type(error).__name__}: {error}")
            return None
        return found if found and found.position.epoch == epoch else None

    async def run(
        self, where: Callable[[], tuple[Position, int]], js: Callable[[], JetStreamContext | None]
    ) -> None:
        """Keep a checkpoint now and then until cancelled. ``where`` is the position and what was read up to."""
        loop = asyncio.get_running_loop()
        kept_at = loop.time()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            _, read_up_to = where()
            unkept = read_up_to - (self.kept_up_to or 0)
            due = loop.time() - kept_at >= _EVERY_SECONDS or unkept >= _EVERY_EVENTS or self.kept_up_to is None
            if not unkept or not due:
                continue
            try:
                await self.keep(where, js)
            except (NatsError, OSError, TimeoutError) as error:
                _logger.debug("a checkpoint could not be kept", error=str(error))
            kept_at = loop.time()

    async def keep(
        self, where: Callable[[], tuple[Position, int]], js: Callable[[], JetStreamContext | None]
    ) -> None:
        """Keep the subject as it is, once the history holds all of it: who begins there reads nothing before."""
        async with self.turn:
            position, read_up_to = where()
            states = []
            for name, state in self.subject.states():
                states.append((name, orjson.dumps(state)))
                await asyncio.sleep(0)  # one part at a time
        data = await asyncio.to_thread(encode, position, read_up_to, states)
        await self._settled(position)
        context = js()
        if context is not None and where()[0].epoch == position.epoch:
            await self._save(context, data)
            self.kept_up_to = read_up_to

    async def _settled(self, position: Position) -> None:
        while (oldest := self.subject.oldest_unsettled()) is not None and oldest <= position:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)

    async def _save(self, js: JetStreamContext, data: bytes) -> None:
        try:
            store = await js.object_store(self._bucket)
        except NotFoundError:
            store = await js.create_object_store(self._bucket)
        await store.put(_NAME, data)
