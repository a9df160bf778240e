"""The consumer: reads a stream in order and without gaps, from a sequence on, over any number of connections."""

import asyncio
from collections import deque
from typing import Final, NamedTuple

from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from livingmap.transport.connection import NatsClient, call
from livingmap.transport.wire import Arrival

_HEARTBEAT_SECONDS: Final = 2.0
_SILENT_SECONDS: Final = 7.0
_INACTIVE_SECONDS: Final = 30.0
_AT_ONCE: Final = 64
_STATUS: Final = b"NATS/1.0 100"
_SHORT_REPLY: Final = 9


class Stored(NamedTuple):
    """A message of the stream."""

    seq: int
    nanoseconds: int
    """When the stream got it, since 1970."""
    subject: str
    data: bytes
    headers: bytes | None
    pending: int
    """How many messages of the stream come after it."""


class Consumer:
    """Takes everything of a stream after ``taken``, each message once.

    The server pushes, and counts what it pushes (ADR-17 of NATS, ordered consumers): after a message that was
    missed on the way nothing more is taken, `check` says so, and `begin` asks for it again.
    """

    def __init__(self, stream: str) -> None:
        self.taken = 0
        """The last sequence that was taken, though maybe not handed on."""
        self._stream = stream
        self._client: NatsClient | None = None
        self._inbox = self._name = ""
        self._queue: deque[Stored | str] = deque()
        self._some = asyncio.Event()
        self._counted = 0
        self._heard_at = 0.0
        self._broken: str | None = None

    def skip(self, up_to: int) -> None:
        """Forget what is queued, and go on after ``up_to``."""
        self._queue.clear()
        self._some.clear()
        self.taken = up_to

    async def begin(self, client: NatsClient) -> None:
        """Have the server send what comes after ``taken``; it forgets a consumer that is gone for a while."""
        self._client, self._inbox, self._name = client, client.new_inbox(), ""
        self._counted, self._broken = 0, None
        self._heard_at = asyncio.get_running_loop().time()
        await client.take(self.on_arrival, self._inbox)
        adding = client.jetstream().add_consumer(
            self._stream,
            ConsumerConfig(
                deliver_subject=self._inbox,
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=self.taken + 1,
                ack_policy=AckPolicy.NONE,
                flow_control=True,
                idle_heartbeat=_HEARTBEAT_SECONDS,
                inactive_threshold=_INACTIVE_SECONDS,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        self._name = (await call(adding, "making a consumer")).name

    async def is_at_end(self) -> bool:
        """Tell whether the stream has nothing after what was handed on: what is waited for may be deleted.

        Raises ConnectionError without a connection, and until `begin` has returned.
        """
        if self._client is None or not self._client.is_connected or not self._name:
            raise ConnectionError("the server sends nothing yet")
        looking = self._client.jetstream().consumer_info(self._stream, self._name)
        info = await call(looking, "looking at the consumer")
        sent = info.delivered.consumer_seq if info.delivered else 0
        return info.num_pending == 0 and sent == self._counted and not self._queue

    async def end(self) -> None:
        """Take nothing more; the server forgets the consumer after a while."""
        client, self._client = self._client, None
        self._queue.clear()
        if client is not None and client.is_connected:
            await client.leave(self._inbox)

    def on_arrival(self, arrival: Arrival) -> None:
        """Take what the server sent, unless it came over a connection before this one."""
        if arrival.subscription != self._inbox:
            return
        self._heard_at = asyncio.get_running_loop().time()
        if arrival.headers is not None and arrival.headers.startswith(_STATUS):
            self._on_status(arrival.reply.decode(), arrival.headers)
        elif self._broken is None:
            self._take(arrival)

    def _on_status(self, reply: str, headers: bytes) -> None:
        """Let the server send more once what it sent is handed on; note what a heartbeat shows to be missing."""
        answer = reply or value(headers, "Nats-Consumer-Stalled").decode()
        if answer:
            self._push(answer)
        last = value(headers, "Nats-Last-Consumer")
        if last and int(last) != self._counted:
            self._broken = "messages were missed on the way"

    def _take(self, arrival: Arrival) -> None:
        # $JS.ACK[.<domain>.<account>].<stream>.<consumer>.<delivered>.<seq>.<consumer's seq>.<time>.<pending>
        tokens = arrival.reply.split(b".")
        first = 5 if len(tokens) == _SHORT_REPLY else 7
        seq, counted, nanoseconds = (int(one) for one in tokens[first : first + 3])
        if counted != self._counted + 1:
            self._broken = "messages were missed on the way"
            return
        self._counted = counted
        if seq > self.taken:
            self.taken = seq
            self._push(
                Stored(seq, nanoseconds, arrival.subject, arrival.data, arrival.headers, int(tokens[first + 3]))
            )

    def _push(self, one: Stored | str) -> None:
        self._queue.append(one)
        self._some.set()

    async def some(self) -> None:
        """Return as soon as a message is queued."""
        await self._some.wait()

    async def batch(self) -> list[Stored]:
        """Return the next few messages; there may be none."""
        found: list[Stored] = []
        for _ in range(min(len(self._queue), _AT_ONCE)):
            one = self._queue.popleft()
            if isinstance(one, Stored):
                found.append(one)
            elif self._client is not None and self._client.is_connected:
                await call(self._client.publish(one), "flow control")
        if not self._queue:
            self._some.clear()
        return found

    def silent_seconds(self) -> float:
        """Return for how long nothing came, not even a heartbeat."""
        return asyncio.get_running_loop().time() - self._heard_at

    def check(self) -> None:
        """Raise ConnectionError if messages were missed, or if not even heartbeats come."""
        if self._broken is not None:
            raise ConnectionError(self._broken)
        if self.silent_seconds() > _SILENT_SECONDS:
            raise ConnectionError("the stream sends nothing, not even heartbeats")


def value(headers: bytes, name: str) -> bytes:
    """Return the value of a header as it travels (ADR-4 of NATS); empty if it is not there."""
    _, found, rest = headers.partition(f"\r\n{name}:".encode())
    return rest.partition(b"\r\n")[0].strip() if found else b""
