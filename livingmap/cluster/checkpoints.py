"""Checkpoints are taken now and then, and given to processes that start."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import orjson
import structlog
from nats.errors import Error as NatsError

from livingmap.cluster import Checkpointed
from livingmap.cluster.checkpoint import Checkpoint, encode
from livingmap.cluster.checkpoint_store import CheckpointStore, Encoded, Kind
from livingmap.core.model import Json, Position
from livingmap.core.progress import Progress
from livingmap.supervision import within
from livingmap.transport.connection import NatsClient, NatsConnection

_EVERY_SECONDS: Final = 120.0
_EVERY_EVENTS: Final = 20_000
_EVERY_SECONDS_OF_REPLAY: Final = 5.0
_LEAST_SHARE: Final = 10
"""A replay spends one part in so many of its time on checkpoints at most."""
_LAST_SECONDS: Final = 2.0
_WORTHWHILE: Final = 1000
"""For fewer entries a process that ends saves nothing: they are soon read again."""
_LOOK_SECONDS: Final = 0.5

_logger = structlog.get_logger(__name__)

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


class _Taken(NamedTuple):
    """A checkpoint that nobody has encoded yet."""

    position: Position
    read_up_to: int
    term: int
    states: Sequence[tuple[str, bytes]]


class Checkpoints:
    """Takes checkpoints of a subject that follows a log, into the `CheckpointStore` ``store``.

    While one is taken nothing may be read from the log: `turn` is held by whoever reads or takes.
    """

    def __init__(self, connection: NatsConnection, store: CheckpointStore, progress: Progress) -> None:
        self.subject: Checkpointed = _Nothing()
        self._oldest_unsettled: OldestUnsettled = _none
        self.turn = asyncio.Lock()
        self.kept_up_to: int | None = None
        """``read_up_to`` of the last one, if there is any."""
        self._connection = connection
        self._store = store
        self._progress = progress
        self._began_at = Position("", 0)
        self._unrecorded: Encoded | None = None

    def keep_in(self, subject: Checkpointed, oldest_unsettled: OldestUnsettled) -> None:
        """Restore ``subject`` from the last checkpoint, and save it in new ones."""
        self.subject, self._oldest_unsettled = subject, oldest_unsettled

    def restore(self, checkpoint: Checkpoint | None) -> None:
        """Restore the subject, without a checkpoint to nothing; the log's position is set before."""
        self.kept_up_to = checkpoint.read_up_to if checkpoint else None
        self._began_at, self._unrecorded = self._progress.position, None
        self.subject.restore(checkpoint.states if checkpoint else {})

    async def run(self) -> None:
        """Keep checkpoints from time to time until cancelled: a duty of the process that leads."""
        loop = asyncio.get_running_loop()
        kept_at = loop.time()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            due = (
                loop.time() - kept_at >= _EVERY_SECONDS or self._unkept >= _EVERY_EVENTS or self.kept_up_to is None
            )
            if due and self._unkept > 0 and not self._progress.is_on_its_own:
                await self._try(self._keep_both())
                kept_at = loop.time()
            elif self._unrecorded is not None and self._is_settled(self._unrecorded.position):
                await self._try(self._record(self._unrecorded))

    async def run_while_replaying(self, may_keep: Callable[[], bool]) -> None:
        """Keep the last checkpoint every few seconds until cancelled, whoever leads.

        A process that is ended before it has read all begins further on the next time.
        """
        loop, pause = asyncio.get_running_loop(), _EVERY_SECONDS_OF_REPLAY
        while True:
            await asyncio.sleep(pause)
            began = loop.time()
            if may_keep() and self._unkept > 0:
                await self._try(self.keep())
            pause = max(_EVERY_SECONDS_OF_REPLAY, (_LEAST_SHARE - 1) * (loop.time() - began))

    async def end(self, may_keep: Callable[[], bool]) -> None:
        """Keep the last checkpoint once more if that is worth while, for the next process; it takes a moment."""
        if may_keep() and self._unkept >= _WORTHWHILE and not self._progress.is_on_its_own:
            await self._try(within(_LAST_SECONDS, self._keep_at_the_end(), "keeping a last checkpoint"))

    async def _keep_at_the_end(self) -> None:
        async with self.turn:  # to read on would only take the time
            await self._save(await self._taken())

    @property
    def _unkept(self) -> int:
        """How many sequences were read since the last checkpoint."""
        return self._progress.read_up_to - (self.kept_up_to or 0)

    async def _try(self, keeping: Coroutine[Any, Any, object]) -> None:
        try:
            await keeping
        except (NatsError, OSError, TimeoutError) as error:
            _logger.debug("a checkpoint could not be kept", error=str(error))

    async def _keep_both(self) -> None:
        """Keep the last checkpoint; it becomes the recorded one, too, once the history holds all of it."""
        encoded = await self.keep()
        self._unrecorded = self._unrecorded or encoded

    async def keep(self) -> Encoded:
        """Save the subject as it is, as the last checkpoint. Raises ConnectionError if that is not possible."""
        async with self.turn:
            taken = await self._taken()
        return await self._save(taken)

    async def _record(self, encoded: Encoded) -> None:
        await self._store.save(self._client(), Kind.RECORDED, encoded)
        self._unrecorded = None

    def _client(self) -> NatsClient:
        client = self._connection.open_client
        if client is None:
            raise ConnectionError("NATS is away")
        return client

    async def _taken(self) -> _Taken:
        progress, states = self._progress, []
        position, read_up_to, term = progress.position, progress.read_up_to, progress.term
        for name, state in self.subject.states():
            states.append((name, orjson.dumps(state)))
            await asyncio.sleep(0)  # one part at a time
        return _Taken(position, read_up_to, term, states)

    async def _save(self, taken: _Taken) -> Encoded:
        data = await asyncio.to_thread(encode, *taken)
        encoded = Encoded(taken.position, taken.read_up_to, data)
        self.kept_up_to = await self._store.save(self._client(), Kind.LAST, encoded)
        return encoded

    def _is_settled(self, position: Position) -> bool:
        """Tell whether the history holds all up to ``position``.

        Of what was before this process began nothing is known until the history holds something that came after.
        """
        oldest = self._oldest_unsettled()
        return position.seq > self._began_at.seq and (oldest is None or oldest > position)
