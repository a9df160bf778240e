"""The log as a stream of NATS JetStream: nothing that is published is lost, and several processes share it."""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

import orjson
import structlog
from nats.errors import Error as NatsError

from livingmap import tracing
from livingmap.cluster.checkpoint_store import CheckpointStore
from livingmap.cluster.checkpoints import Checkpoints
from livingmap.core.bounded import LRU
from livingmap.core.fold import OF_POLLS, SOURCES_CHANGED
from livingmap.core.model import Message, Position
from livingmap.core.progress import Progress
from livingmap.log import Subscriber
from livingmap.log.consumer import Consumer, Stored, value
from livingmap.log.declaration import Stream
from livingmap.log.decoding import TERM, Decoder, received_at
from livingmap.log.start import Start
from livingmap.supervision import run_together
from livingmap.transport import IntakeStatus
from livingmap.transport.connection import NatsClient, NatsConnection, call, reason_of
from livingmap.transport.parsing import DeadMessage
from livingmap.transport.settings import NatsSettings

_CONFIRM_SECONDS: Final = 5.0
_QUIET_SECONDS: Final = 1.0
_SPARE_BYTES: Final = 4096
_USUAL_BYTES: Final = 1024 * 1024
_MESSAGE_ID: Final = "Nats-Msg-Id"
_ONCE: Final = "once-"
"""How the names of messages begin that may be appended by several processes, or again."""
_ONCE_BYTES: Final = _ONCE.encode()
_MOST_NAMES: Final = 100_000
"""How many such names are remembered."""

_logger = structlog.get_logger(__name__)


async def _do_nothing() -> None:
    pass


def _ignore(_: Stored) -> None:
    pass


class JetStreamLog:
    """A `livingmap.log.Log` in ``stream``, over the patterns of ``decoder`` and what the map itself says.

    It is the `livingmap.transport.Intake` of these patterns too: what services publish on them is in the stream.
    Its positions are the stream's sequence, its epoch is when the stream was made. `run` reads it in order, from
    the last checkpoint on.
    """

    def __init__(
        self,
        connection: NatsConnection,
        settings: NatsSettings,
        stream: Stream,
        store: CheckpointStore,
        checkpoints: Checkpoints,
        decoder: Decoder,
        progress: Progress,
        term: Callable[[], int],
        now: Callable[[], datetime],
    ) -> None:
        self.progress = progress
        """How far the stream was read."""
        self._connection = connection
        self._settings = settings
        self._stream = stream
        self._checkpoints = checkpoints
        self._consumer = Consumer(settings.stream)
        self._start = Start(store, checkpoints, self._consumer, progress)
        self._decoder = decoder
        self._wants = decoder.wants
        self._me = secrets.token_hex(6)
        self._subscribers: list[Subscriber] = []
        self._appended = 0
        self._term = term
        self._now = now
        self._before_reading: Callable[[], Awaitable[None]] = _do_nothing
        progress.detach(now())
        self._on_stored: Callable[[Stored], None] = _ignore
        self._unconfirmed: dict[bytes, asyncio.Future[None]] = {}
        self._names: LRU[bytes, bool] = LRU(_MOST_NAMES)
        connection.add(self)

    @property
    def status(self) -> IntakeStatus:
        """The state of the connection, and what became of the messages."""
        return self._connection.status

    @property
    def position(self) -> Position:
        """The position of the last entry that was read."""
        return self.progress.position

    def is_settled(self) -> bool:
        """Tell whether everything that came was handed on."""
        return self._consumer.taken <= self.progress.read_up_to

    def silent_seconds(self) -> float | None:
        """Return for how long nothing came from the stream, not even a heartbeat; None without a connection."""
        return self._consumer.silent_seconds() if self.progress.away_since is None else None

    def before_reading(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Have ``callback`` awaited at each new connection, before anything is read over it."""
        self._before_reading = callback

    def on_stored(self, callback: Callable[[Stored], None]) -> None:
        """Have ``callback`` called with every message of the stream that is an entry of the log, or could be."""
        self._on_stored = callback

    async def listen(self, patterns: Sequence[str]) -> None:
        """Read what is published on ``patterns`` from now on.

        Raises LogError if the stream cannot take them, ConnectionError if that cannot be found out now. Then
        nothing has changed.
        """
        if not self._decoder.reads(patterns):
            client = self._connection.open_client
            if client is None:
                raise ConnectionError("NATS is away: the stream cannot be made to take other subjects now")
            try:
                await self._stream.listen(patterns, client)
            except NatsError as error:
                raise ConnectionError(f"the stream cannot be made to take other subjects: {error}") from error
            self._decoder.listen(patterns)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Hand every entry from now on to ``subscriber``."""
        self._subscribers.append(subscriber)

    async def run(self) -> None:
        """Read until cancelled, connecting as often as it takes. Raises LogError if there can be no such log."""
        await run_together([("jetstream to fold", self._read()), ("nats connection", self._connection.run())])

    # appending

    async def append(self, message: Message) -> None:
        """Add ``message``; every reader of this process has it when this returns, however long NATS is away.

        What no reader of the log wants is published all the same, but not waited for.
        """
        for piece, data in self._pieces(message):
            subject = self._decoder.subject(piece.type)
            if not self._wants(subject):
                with contextlib.suppress(NatsError, OSError, TimeoutError):
                    await self._connection.publish(subject, data)
            elif not await self._append(subject, data):
                await self.append(piece)  # the server's limit shrank meanwhile

    async def append_once(self, message: Message, name: str) -> bool:
        """Add ``message`` unless one of this ``name`` is there; return whether, as far as this process has read.

        The stream itself keeps one of a name for two minutes, and reading it confirms it, whoever published it.
        """
        subject, own = self._decoder.subject(message.type), f"{_ONCE}{name}"
        headers = {_MESSAGE_ID: own, **tracing.headers()}
        if self._names.get(own.encode()):
            return False
        confirmed = self._unconfirmed.setdefault(own.encode(), asyncio.get_running_loop().create_future())
        try:
            await self._connection.publish(subject, orjson.dumps(message.payload), headers)
            await asyncio.wait([confirmed], timeout=_CONFIRM_SECONDS)
        except NatsError as error:
            raise ConnectionError(str(error) or type(error).__name__) from None
        finally:
            self._unconfirmed.pop(own.encode(), None)
        if not confirmed.done():
            raise TimeoutError("the stream does not say that it has it")
        return True

    def _pieces(self, message: Message) -> Iterator[tuple[Message, bytes]]:
        """Yield what to publish: a poll's difference may be more than one message holds."""
        data, most = orjson.dumps(message.payload), self._most_bytes()
        changes = message.payload["changes"] if message.type in OF_POLLS else ()
        if len(data) <= most:
            yield message, data
        elif len(changes) > 1:
            middle = len(changes) // 2
            for half in (changes[:middle], changes[middle:]):
                yield from self._pieces(Message(message.type, {**message.payload, "changes": half}))
        else:
            log = _logger.debug if self.status.oversized else _logger.warning  # it comes again with every poll
            self.status.oversized += 1
            log("too large for the stream", type=message.type, bytes=len(data), most=most)

    def _most_bytes(self) -> int:
        client = self._connection.client
        return (client.max_payload if client is not None else _USUAL_BYTES) - _SPARE_BYTES

    async def _append(self, subject: str, data: bytes) -> bool:
        """Publish until the stream has it; return False if it is larger than what the server takes now."""
        self._appended += 1
        name, again = f"{self._me}.{self._appended}", False
        headers = {_MESSAGE_ID: name, **tracing.headers()}
        if subject != self._decoder.subject(SOURCES_CHANGED):  # which not only the leader says
            headers[TERM] = str(self._term())
        done = self._unconfirmed[name.encode()] = asyncio.get_running_loop().create_future()
        try:
            while not done.done():  # the stream keeps one message of a name; reading it confirms it
                if len(data) > self._most_bytes():
                    return False
                if again:
                    await self._ask_why_not(subject, data, headers)
                else:
                    with contextlib.suppress(NatsError, OSError, TimeoutError):
                        await self._connection.publish(subject, data, headers)
                again = True
                await asyncio.wait([done], timeout=_CONFIRM_SECONDS)
            self._note_refusal(None)
            return True
        finally:
            del self._unconfirmed[name.encode()]
            if not self._unconfirmed:
                self.status.refusal = None  # no message is left that would show when it stores again

    async def _ask_why_not(self, subject: str, data: bytes, headers: dict[str, str]) -> None:
        """Publish again what the stream should have; note if it refuses, or says nothing as on a full disk."""
        client = self._connection.open_client
        if client is None:
            return
        try:
            answer = client.jetstream().publish(subject, data, timeout=_CONFIRM_SECONDS, headers=headers)
            await call(answer, f"appending on {subject}")
        except (NatsError, OSError, TimeoutError) as error:
            if client is self._connection.open_client:  # else it was the connection
                self._note_refusal(reason_of(error))

    def _note_refusal(self, reason: str | None) -> None:
        """Say why the stream stores nothing, or that it does again."""
        before, self.status.refusal = self.status.refusal, reason
        if reason is not None and before is None:
            _logger.error("the stream stores nothing", stream=self._settings.stream, error=reason)
        elif reason is None and before is not None:
            _logger.info("the stream stores again", stream=self._settings.stream)

    # as a participant of the connection

    async def attach(self, client: NatsClient) -> None:
        """Have the stream sent from where reading ended."""
        self.status.refusal = None  # of the connection before
        self.progress.attach()  # whatever is shown from here on is of a map that is connected
        await self._before_reading()
        info = self._stream.info
        await self._start.find(client.jetstream(), info)
        await self._consumer.begin(client)
        self.progress.aim(info.state.last_seq)

    def detach(self) -> None:
        """Note when the stream went away."""
        self.progress.detach(self._now())

    def check(self) -> None:
        """Raise ConnectionError if messages were missed, or if not even heartbeats come."""
        self._consumer.check()

    def on_error(self, error: Exception) -> bool:  # noqa: ARG002 - a participant's signature
        """Leave errors to the connection."""
        return False

    # reading

    async def _read(self) -> None:
        while True:
            await self._some()
            async with self._checkpoints.turn:
                for stored in await self._consumer.batch():
                    self._hand_on(stored)
            await asyncio.sleep(0)  # nothing above has to let the rest of the program run

    async def _some(self) -> None:
        """Return as soon as a message is queued. While replaying, look whether one will come at all."""
        while not self.progress.is_live:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_QUIET_SECONDS):
                    await self._consumer.some()
                    return
            with contextlib.suppress(NatsError, OSError, TimeoutError):
                if await self._consumer.is_at_end():
                    self.progress.end_replay()
        await self._consumer.some()

    def _hand_on(self, stored: Stored) -> None:
        if self._wants(stored.subject):  # the stream may take more than the patterns do
            if tracing.active is None or not self.progress.is_live:  # what is read again was traced before
                self._log(stored)
            else:
                with tracing.active.message(stored.subject, stored.headers):
                    self._log(stored)
            self._on_stored(stored)
        if stored.headers is not None and (self._unconfirmed or _ONCE_BYTES in stored.headers):
            self._confirm(value(stored.headers, _MESSAGE_ID))
        self.progress.advance(stored.seq)
        self.progress.lag = stored.pending

    def _log(self, stored: Stored) -> None:
        status = self.status
        status.received += 1
        try:
            event = self._decoder.event(stored, self.progress)
        except DeadMessage as dead:
            status.received_at = received_at(stored)
            status.set_aside(status.received_at, stored.subject, dead, stored.data)
        else:
            status.received_at = event.received_at
            for subscriber in self._subscribers:
                subscriber(event)
            status.logged += 1

    def _confirm(self, name: bytes) -> None:
        waiting = self._unconfirmed.get(name)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        if name.startswith(_ONCE_BYTES):
            self._names.put(name, True)
