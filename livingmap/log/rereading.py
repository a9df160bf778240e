"""Rereading: the stream is read a second time, beside the log, for a history that lacks a part of it.

Example: the history holds the log up to 500, the last checkpoint is at 480, and the process has forgotten what
came before 90,000. The stream is read from 481 on into a scene of its own that begins as the checkpoint: so what
is made of 501 and later is exactly what every process made of it at the time.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from nats.errors import Error as NatsError
from nats.js.api import StreamInfo

from livingmap.cluster.checkpoint_store import CheckpointStore
from livingmap.core.model import Event, Json, Position
from livingmap.core.progress import Progress
from livingmap.log.consumer import Consumer, Stored
from livingmap.log.decoding import Decoder
from livingmap.transport.connection import NatsClient, NatsConnection, call
from livingmap.transport.epoch import epoch_of
from livingmap.transport.parsing import DeadMessage

_LOOK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where the stream is read again from."""

    states: Mapping[str, Json]
    """The scene at that place, as a checkpoint has it."""
    is_exact: bool
    """Whether the scene is the one that the log made; else the stream has lost what lies between."""
    first_seq: int
    """The first message that the stream still has."""


class Rereading:
    """Reads a stream from a place of the past. Raises ConnectionError while NATS is away."""

    def __init__(self, connection: NatsConnection, stream: str, decoder: Decoder, store: CheckpointStore) -> None:
        self.progress = Progress(Position("", 0))
        """How far the stream was read again."""
        self._connection = connection
        self._stream = stream
        self._decoder = decoder
        self._store = store
        self._client: NatsClient | None = None
        self._last_seq = 0
        self._consumer = Consumer(stream)

    async def begin(self, after: Position) -> Beginning | None:
        """Begin where everything after ``after`` can be made again; None if its epoch has ended."""
        with _reaching():
            return await self._begin(after)

    async def begins_after(self, epoch: str) -> int | None:
        """Return after which ``seq`` a history that has nothing of ``epoch`` begins; None if that has ended.

        It is where a history was that has been deleted since, or the beginning of the stream.
        """
        with _reaching():
            client = self._client_now()
            info = await self._info(client)
            if epoch_of(info) != epoch:
                return None
            recorded = await self._store.recorded_up_to(client.jetstream(), epoch)
            return max(recorded, info.state.first_seq - 1)

    async def _begin(self, after: Position) -> Beginning | None:
        client = self._client_now()
        info = await self._info(client)
        if epoch_of(info) != after.epoch:
            return None
        usable = await self._store.load(client.jetstream(), after.epoch, after.seq)
        start, first = usable.read_up_to if usable else 0, info.state.first_seq
        is_exact = first <= start + 1
        if not is_exact:
            start = max(after.seq, first - 1)
        position = usable.position if usable and is_exact else Position(after.epoch, start)
        self.progress = Progress(position)
        self.progress.begin(position, start, usable.term if usable else 0)
        self._client, self._consumer, self._last_seq = client, Consumer(self._stream), info.state.last_seq
        self._consumer.skip(start)
        await self._consumer.begin(client)
        return Beginning(usable.states if usable else {}, is_exact, first)

    async def events(self) -> list[Event]:
        """Return the next few entries, maybe none; wait for them no longer than a moment."""
        with _reaching():
            return await self._next()

    async def _next(self) -> list[Event]:
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self._consumer.some()
        except TimeoutError:
            self._consumer.check()
            await self._check_jump()
            if self.progress.read_up_to < self._last_seq and await self._consumer.is_at_end():
                self.progress.advance(self._last_seq)  # what was there at first has been deleted since
            return []
        events = []
        for stored in await self._consumer.batch():
            if stored.seq != self.progress.read_up_to + 1:
                await self._check_jump()
            if event := self._event(stored):
                events.append(event)
            self.progress.advance(stored.seq)
        return events

    async def end(self) -> None:
        """Stop reading."""
        client, self._client = self._client, None
        if client is not None and client.is_connected:
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                await self._consumer.end()

    def _event(self, stored: Stored) -> Event | None:
        if not self._decoder.wants(stored.subject):
            return None
        try:
            return self._decoder.event(stored, self.progress)
        except DeadMessage:  # the log has set it aside
            return None

    async def _check_jump(self) -> None:
        """Raise ConnectionError if the stream has lost messages that were still to be read."""
        client = self._client
        if client is None:
            raise ConnectionError("NATS is away")
        if (await self._info(client)).state.first_seq > self.progress.read_up_to + 1:
            raise ConnectionError("the stream has lost messages that were to be read again")

    def _client_now(self) -> NatsClient:
        client = self._connection.open_client
        if client is None:
            raise ConnectionError("NATS is away")
        return client

    async def _info(self, client: NatsClient) -> StreamInfo:
        return await call(client.jetstream().stream_info(self._stream), "looking at the stream")


@contextlib.contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except (NatsError, OSError, TimeoutError) as error:
        raise ConnectionError(str(error) or type(error).__name__) from error
