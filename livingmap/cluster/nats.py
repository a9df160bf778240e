"""The processes that share a log in JetStream: what they keep together in a bucket, and send each other."""

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError, NotFoundError
from nats.js.kv import KeyValue

from livingmap.cluster import Duties
from livingmap.cluster.checkpoint import Checkpoints
from livingmap.cluster.lease import Lease
from livingmap.core.progress import Progress
from livingmap.supervision import run_together
from livingmap.transport.connection import Arrival, NatsClient, NatsConnection, call

_DUTY_SECONDS: Final = 6.0

_logger = structlog.get_logger(__name__)


class NatsCluster:
    """A `livingmap.cluster.Cluster` by way of the bucket ``name`` and the subject ``_livingmap.<name>``.

    Cursors hold across processes whose ``shape`` is the same: what the fold depends on besides the log.
    """

    is_shared = True

    def __init__(
        self, connection: NatsConnection, name: str, shape: bytes, progress: Progress, checkpoints: Checkpoints
    ) -> None:
        self._key = secrets.token_bytes(32)
        self._connection = connection
        self._name = name
        self._shape = shape
        self._progress = progress
        self._checkpoints = checkpoints
        self._lease = Lease(secrets.token_hex(6))
        self._subject = f"_livingmap.{name}"
        self._listener: Callable[[bytes], None] = _ignore
        connection.add(self)

    @property
    def leads(self) -> bool:
        """Whether this process holds the lease."""
        return self._lease.held

    def cursor_key(self) -> bytes:
        """Return what cursors are signed with: from the first connection on by all processes of the same shape."""
        return self._key

    async def lead(self, duties: Duties) -> None:
        """Run ``duties``, and keep checkpoints, whenever this process holds the lease; never while it replays."""

        async def all_duties() -> None:
            await run_together([("checkpoints", self._checkpoints.run()), ("duties", _run(duties))], _DUTY_SECONDS)

        await self._progress.live()
        await self._lease.hold(all_duties)

    async def broadcast(self, data: bytes) -> None:
        """Send something that holds only now to the other processes. It may be lost."""
        try:
            await self._connection.publish(self._subject, data)
        except (NatsError, OSError, TimeoutError) as error:
            _logger.debug("a broadcast was lost", error=str(error))

    def on_broadcast(self, listener: Callable[[bytes], None]) -> None:
        """Hand what any process broadcasts to ``listener``, which never raises."""
        self._listener = listener

    # as a participant of the connection

    async def attach(self, client: NatsClient) -> None:
        """Open the bucket, share its key, and hear what is broadcast."""
        bucket = await _bucket(client.jetstream(), self._name)
        self._key = hashlib.blake2b(await _shared_key(bucket) + self._shape, digest_size=32).digest()
        await client.take(self._subject, self._on_arrival)
        self._lease.attach(bucket)

    def check(self) -> None:
        """Do nothing: others may be silent for as long as they like."""

    def detach(self) -> None:
        """Do nothing: the lease ends by itself if it cannot be renewed."""

    def on_error(self, error: Exception) -> bool:  # noqa: ARG002 - a participant's signature
        """Leave errors to the connection."""
        return False

    def _on_arrival(self, arrival: Arrival) -> None:
        self._listener(arrival.data)


async def _run(duties: Duties) -> None:
    await duties()


def _ignore(_: bytes) -> None:
    pass


async def _bucket(js: JetStreamContext, name: str) -> KeyValue:
    try:
        return await call(js.key_value(name), "opening the bucket")
    except NotFoundError:
        return await call(js.create_key_value(bucket=name), "making the bucket")


async def _shared_key(bucket: KeyValue) -> bytes:
    """Return the secret that all processes on this log share; the first of them makes it."""
    try:
        return (await call(bucket.get("key"), "reading the key")).value or b""
    except KeyNotFoundError:
        key = secrets.token_bytes(32)
    try:
        await call(bucket.create("key", key), "making the key")
    except KeyWrongLastSequenceError:
        return (await call(bucket.get("key"), "reading the key")).value or b""
    return key
