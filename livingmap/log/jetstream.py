"""The log as a stream of NATS JetStream: nothing that is published is lost, and several processes share it."""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import orjson
import structlog
from nats.js import JetStreamContext
from nats.js.api import StreamInfo
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from livingmap.cluster.checkpoint import Checkpointed, Checkpoints
from livingmap.cluster.lease import Lease
from livingmap.core.fold import REFRESHED
from livingmap.core.model import Event, Message, Position
from livingmap.core.route import matches
from livingmap.log import Subscriber
from livingmap.log.consumer import Consumer, Stored, value
from livingmap.log.declaration import OWN, check, declare
from livingmap.transport.connection import (
    LONGEST_PAUSE_SECONDS,
    Arrival,
    LogError,
    NatsClient,
    NatsConnection,
    NatsStatus,
)
from livingmap.transport.parsing import DeadMessage, read, read_own
from livingmap.transport.settings import NatsSettings

_CONFIRM_SECONDS: Final = 5.0
_SPARE_BYTES: Final = 4096
_USUAL_BYTES: Final = 1024 * 1024
_MESSAGE_ID: Final = "Nats-Msg-Id"
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)

_logger = structlog.get_logger(__name__)


class JetStreamLog:
    """A `livingmap.log.Log` in a stream over ``patterns`` and what the map itself says.

    Its positions are the stream's sequence, its epoch is when the stream was made. `run` reads it in order, from
    the last checkpoint on. Cursors hold where ``shape`` is the same: what the fold depends on beside the log.
    """

    def __init__(
        self,
        settings: NatsSettings,
        patterns: Sequence[str],
        shape: bytes = b"",
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        self.key = secrets.token_bytes(32)
        """What cursors are signed with; from the first connection on, by all processes."""
        self.attached = asyncio.Event()
        """Set once everything that was in the stream at the start has been read."""
        self._settings = settings
        self._patterns = list(patterns)
        self._shape = shape
        self._wants = lru_cache(maxsize=4096)(self._is_wanted)
        self._me = secrets.token_hex(6)
        self._lease = Lease(self._me)
        self._consumer = Consumer(settings.stream)
        self._checkpoints = Checkpoints(settings.stream)
        self._position = Position("", 0)
        self._read_up_to = self._read_at_start = 0
        self._subscribers: list[Subscriber] = []
        self._refused: list[str] = []
        self._client: NatsClient | None = None
        self._appended = 0
        self._unconfirmed: dict[bytes, asyncio.Future[None]] = {}
        self._listener: Callable[[bytes], None] = lambda _: None
        self._told_on = f"_{OWN}.{settings.stream}"
        self._connection = NatsConnection(
            settings,
            self._attach,
            self._on_arrival,
            on_error=self._on_error,
            alive=self._consumer.check,
            longest_pause_seconds=longest_pause_seconds,
        )

    @property
    def status(self) -> NatsStatus:
        """What is known about the connection, and what came of the messages."""
        return self._connection.status

    @property
    def position(self) -> Position:
        """The position of the last event that was read."""
        return self._position

    @property
    def leads(self) -> bool:
        """Whether this process does what must be done once."""
        return self._lease.held

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry from now on to ``subscriber``."""
        self._subscribers.append(subscriber)

    def keep(self, subject: Checkpointed) -> None:
        """Begin ``subject`` from the last checkpoint, and keep it in new ones. Before `run`."""
        self._checkpoints.subject = subject

    async def run(self) -> None:
        """Read until cancelled, connecting as often as it takes. Raises LogError if there can be no such log."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read(), name="jetstream to fold")
            group.create_task(self._connection.run(), name="nats connection")

    async def lead(self, duties: Callable[[], Awaitable[None]]) -> None:
        """Run ``duties`` whenever this process is the one to do so, and keep checkpoints meanwhile."""

        async def all_duties() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._checkpoints.run(self._where, self._js), name="checkpoints")
                await duties()

        await self.attached.wait()
        await self._lease.hold(all_duties)

    def _where(self) -> tuple[Position, int]:
        return self._position, self._read_up_to

    def _js(self) -> JetStreamContext | None:
        return self._client.jetstream() if self._client is not None and self._client.is_connected else None

    # appending

    async def append(self, message: Message) -> None:
        """Add ``message``; every reader of this process has it when this returns, however long NATS is away.

        What no reader of the log wants is published all the same, but not waited for.
        """
        for subject, data in self._pieces(message):
            if self._wants(subject):
                await self._append(subject, data)
            elif self._client is not None and self._client.is_connected:
                await self._client.publish(subject, data)

    def _pieces(self, message: Message) -> Iterator[tuple[str, bytes]]:
        """Yield what to publish: a poll's difference may be more than one message holds."""
        data, most = orjson.dumps(message.payload), self._most_bytes()
        changes = message.payload["changes"] if message.type == REFRESHED else ()
        if len(data) <= most:
            yield self._subject(message.type), data
        elif len(changes) > 1:
            middle = len(changes) // 2
            for half in (changes[:middle], changes[middle:]):
                yield from self._pieces(Message(message.type, {**message.payload, "changes": half}))
        else:
            _logger.warning("too large for the stream", type=message.type, bytes=len(data), most=most)

    def _most_bytes(self) -> int:
        return (self._client.max_payload if self._client is not None else _USUAL_BYTES) - _SPARE_BYTES

    def _is_wanted(self, subject: str) -> bool:
        own = subject.startswith(f"{OWN}.{self._settings.stream}.")
        return own or any(matches(pattern, subject) for pattern in self._patterns)

    def _subject(self, event_type: str) -> str:
        own = event_type.removeprefix(f"{OWN}.")
        return event_type if own == event_type else f"{OWN}.{self._settings.stream}.{own}"

    async def _append(self, subject: str, data: bytes) -> None:
        self._appended += 1
        name = f"{self._me}.{self._appended}"
        done = self._unconfirmed[name.encode()] = asyncio.get_running_loop().create_future()
        try:
            while not done.done():  # the stream keeps one message of a name; reading it confirms it
                if self._client is not None and self._client.is_connected:
                    await self._client.publish(subject, data, headers={_MESSAGE_ID: name})
                await asyncio.wait([done], timeout=_CONFIRM_SECONDS)
        finally:
            del self._unconfirmed[name.encode()]

    # what processes tell each other beside the log

    async def tell(self, data: bytes) -> None:
        """Tell the other processes something that holds only now. It may be lost."""
        if self._client is not None and self._client.is_connected:
            await self._client.publish(self._told_on, data)

    def listen(self, listener: Callable[[bytes], None]) -> None:
        """Hand what any process tells to ``listener``, which never raises."""
        self._listener = listener

    # attaching

    async def _attach(self, client: NatsClient) -> None:
        """Have the stream, and read it from where we are."""
        js = client.jetstream()
        try:
            await check(js, self._refused)
            info = await declare(client, self._settings, self._patterns)
            bucket = await _bucket(js, self._settings.stream)
            shared = await _shared_key(bucket)
        except LogError as error:
            if self._position.epoch:  # it could be had before: it may be again
                raise ConnectionError(str(error)) from error
            raise
        self.key = hashlib.blake2b(shared + self._shape, digest_size=32).digest()
        await self._begin(js, info)
        await self._consumer.begin(client)
        await client.take(self._told_on)
        self._client = client
        self._lease.attach(bucket)
        if not self.attached.is_set():
            self._read_at_start = info.state.last_seq
            self._note_attached()

    async def _begin(self, js: JetStreamContext, info: StreamInfo) -> None:
        """Find where to read from: after what was taken, or from a checkpoint, or from the start of the stream."""
        epoch = f"{round((info.created or _BEGIN).timestamp() * 1e6):x}"
        first, anew = info.state.first_seq, epoch != self._position.epoch
        if not anew and first <= self._consumer.taken + 1:
            return
        kept = await self._checkpoints.load(js, epoch)
        if not anew:
            _logger.warning("the stream no longer has what was published meanwhile", up_to=first - 1)
            if kept is None or kept.read_up_to <= self._consumer.taken:
                return
        async with self._checkpoints.turn:
            start = kept.read_up_to if kept else max(first - 1, 0)
            self._consumer.skip(start)
            self._read_up_to = start
            self._position = kept.position if kept else Position(epoch, start)
            self._checkpoints.kept_up_to = start if kept else None
            self._checkpoints.subject.restore(kept.states if kept else {})

    def _note_attached(self) -> None:
        if self._read_up_to >= self._read_at_start:
            self.attached.set()
            self._checkpoints.subject.caught_up()

    # reading

    def _on_arrival(self, arrival: Arrival) -> None:
        if arrival.subscription == self._told_on:
            self._listener(arrival.data)
        else:
            self._consumer.on_arrival(arrival)

    async def _read(self) -> None:
        while True:
            await self._consumer.some()
            async with self._checkpoints.turn:
                for stored in await self._consumer.batch():
                    self._hand_on(stored)
            await asyncio.sleep(0)  # nothing above has to let the rest of the program run

    def _hand_on(self, stored: Stored) -> None:
        self._read_up_to = stored.seq
        if self._wants(stored.subject):  # the stream may take more than the patterns do
            self._log(stored)
        if stored.headers is not None and self._unconfirmed:
            self._confirm(value(stored.headers, _MESSAGE_ID))
        if not self.attached.is_set():
            self._note_attached()

    def _log(self, stored: Stored) -> None:
        received_at = _BEGIN + timedelta(microseconds=stored.nanoseconds // 1000)
        status = self.status
        status.received += 1
        status.received_at = received_at
        try:
            message = self._message(stored)
        except DeadMessage as dead:
            status.set_aside(received_at, stored.subject, dead, stored.data)
        else:
            self._position = Position(self._position.epoch, stored.seq)
            event = Event(self._position, message.type, message.payload, received_at, message.size)
            for subscriber in self._subscribers:
                subscriber(event)
            status.logged += 1

    def _message(self, stored: Stored) -> Message:
        mine = f"{OWN}.{self._settings.stream}."
        if stored.subject.startswith(mine):
            return read_own(f"{OWN}.{stored.subject.removeprefix(mine)}", stored.data)
        return read(stored.subject, stored.data, self._settings.most_bytes)

    def _confirm(self, name: bytes) -> None:
        waiting = self._unconfirmed.get(name)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _on_error(self, error: Exception) -> bool:
        if "permissions violation" in str(error).lower():
            self._refused.append(str(error).removeprefix("nats: "))
        return False


async def _bucket(js: JetStreamContext, name: str) -> KeyValue:
    try:
        return await js.key_value(name)
    except NotFoundError:
        return await js.create_key_value(bucket=name)


async def _shared_key(bucket: KeyValue) -> bytes:
    """Return the secret that all processes on this log share, which the first of them makes."""
    try:
        return (await bucket.get("key")).value or b""
    except KeyNotFoundError:
        made = secrets.token_bytes(32)
    try:
        await bucket.create("key", made)
    except KeyWrongLastSequenceError:
        return (await bucket.get("key")).value or b""
    return made
