"""The cluster over NATS: what the processes keep in a common bucket, and what they broadcast to each other."""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import structlog
from nats.errors import Error as NatsError
from nats.js.kv import KeyValue

from livingmap.cluster import Duties, generation
from livingmap.cluster.checkpoints import Checkpoints
from livingmap.cluster.lease import LEASE_SECONDS, Lease, Standing
from livingmap.cluster.presence import Member, announcement, is_announcement, member_in
from livingmap.cluster.shared_key import open_bucket, shared_key
from livingmap.core.progress import Progress
from livingmap.supervision import run_together, stop
from livingmap.transport.connection import NatsClient, NatsConnection
from livingmap.transport.settings import NatsSettings
from livingmap.transport.wire import Arrival

_DUTY_SECONDS: Final = 6.0
PRESENCE_SECONDS: Final = 2.0
_ABSENT_SECONDS: Final = 10.0
LEADERLESS_SECONDS: Final = 2 * LEASE_SECONDS
"""A lease that was renewed by nobody for so long is nobody's."""
_MOST_MEMBERS: Final = 100
_ALL_ADDRESSES: Final = ("", "0.0.0.0", "::")  # noqa: S104 - compared, not bound

_logger = structlog.get_logger(__name__)


class NatsCluster:
    """A `livingmap.cluster.Cluster` by way of the bucket ``name`` and the subject ``_livingmap.<name>``.

    ``sources`` are those that this process reads. Cursors hold among processes of the same ``shape``: what the
    fold depends on besides the log.
    """

    is_shared = True

    def __init__(
        self,
        connection: NatsConnection,
        settings: NatsSettings,
        sources: Collection[str],
        shape: bytes,
        progress: Progress,
        checkpoints: Checkpoints,
    ) -> None:
        self.lacks: Sequence[str] = []
        """Sources that the cluster reads and this process does not."""
        self.members: dict[str, Member] = {}
        """The other processes of which a broadcast came lately, by id."""
        self._secret: bytes | None = None
        self._key = secrets.token_bytes(32)
        self._connection = connection
        self._settings = settings
        self._sources = frozenset(sources)
        self._shape = shape
        self._progress = progress
        self._checkpoints = checkpoints
        self._works: Callable[[], bool] = _yes
        self.id = secrets.token_hex(6)
        """By which the others know this process."""
        self._served: tuple[str, int] | None = None
        self._lease = Lease(self.id, newest_term=self._newest_term, standing=self._standing)
        self._bucket: KeyValue | None = None
        self._subject = subject_of(settings)
        self._listener: Callable[[bytes], None] = _ignore
        self._has_compared = False
        connection.add(self)

    @property
    def leads(self) -> bool:
        """Whether this process holds the lease."""
        return self._lease.held

    def term(self) -> int:
        """Return the term in which this process leads, or led last."""
        return self._lease.term

    def leaderless_seconds(self) -> float | None:
        """Return for how long nobody has renewed the lease, once that is too long for a process that leads."""
        seconds = self._lease.unrenewed_seconds()
        return seconds if seconds is not None and seconds > LEADERLESS_SECONDS else None

    @property
    def lease_failure(self) -> str | None:
        """Why this process could not read or renew the lease last; None if it could."""
        return self._lease.failure

    def _newest_term(self) -> int:
        return self._progress.term

    def cursor_key(self) -> bytes:
        """Return the key of cursors: from the first connection on that of all processes of the same shape."""
        return self._key

    def replace_sources(self, sources: Collection[str], shape: bytes) -> None:
        """Let the others know of other sources within seconds; cursors of another ``shape`` hold no more."""
        self._sources, self._shape = frozenset(sources), shape
        self._key = self._key_of_shape()

    def _key_of_shape(self) -> bytes:
        return hashlib.blake2b(self._secret + self._shape, digest_size=32).digest() if self._secret else self._key

    async def lead(self, duties: Duties) -> None:
        """Run ``duties``, and keep checkpoints, whenever this process holds the lease; never while it replays."""

        async def all_duties() -> None:
            await self._make_generation()
            await run_together([("checkpoints", self._checkpoints.run()), ("duties", _run(duties))], _DUTY_SECONDS)

        try:
            await self._replayed()
            await self._lease.hold(all_duties)
        except asyncio.CancelledError:
            await self._checkpoints.end(self._may_keep)
            raise

    async def _replayed(self) -> None:
        """Wait until this process follows the log; keep checkpoints meanwhile."""
        live = asyncio.create_task(self._progress.live(), name="replay")
        keeping = asyncio.create_task(self._checkpoints.run_while_replaying(self._may_keep), name="checkpoints")
        try:
            await asyncio.wait([live, keeping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended = [one for one in (live, keeping) if one.done()]
            await stop([live, keeping])
        for one in ended:
            one.result()

    def _may_keep(self) -> bool:
        """Tell whether others could go on from this process's scene: one that lacks a source lacks its part."""
        return self._has_compared and not self.lacks

    async def run(self, works: Callable[[], bool]) -> None:
        """Let the others know of this process until cancelled; ``works`` tells whether it can do the duties."""
        self._works = works
        while True:
            refusal = self._connection.status.refusal
            own = Member(self.id, self._sources, works(), 0.0, self._address(), refusal)
            await self.broadcast(announcement(own))
            await self._compare()
            await asyncio.sleep(PRESENCE_SECONDS)

    def peers(self) -> Mapping[str, str]:
        """Return where the others serve, as host and port by id; as last heard while there is no connection."""
        return {one.id: one.address for one in self.members.values() if one.address}

    def serve_at(self, host: str, port: int) -> None:
        """Let the others know where this process serves."""
        self._served = host, port

    def _address(self) -> str | None:
        """Return where this process serves; if on all its addresses, that which NATS sees."""
        client = self._connection.open_client
        if self._served is None or client is None:
            return None
        host, port = self._served
        if host in _ALL_ADDRESSES:
            host = client.local_host or ""
        return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}") if host else None

    async def broadcast(self, data: bytes) -> None:
        """Send something short-lived to the other processes. It may be lost."""
        try:
            await self._connection.publish(self._subject, data)
        except (NatsError, OSError, TimeoutError) as error:
            _logger.debug("a broadcast was lost", error=str(error))

    def on_broadcast(self, listener: Callable[[bytes], None]) -> None:
        """Hand what any process broadcasts to ``listener``, which never raises."""
        self._listener = listener

    # as a participant of the connection

    async def attach(self, client: NatsClient) -> None:
        """Open the bucket, share its key, compare configurations, and subscribe to broadcasts."""
        self._bucket = await open_bucket(client.jetstream(), self._settings)
        self._secret = await shared_key(self._bucket)
        self._key = self._key_of_shape()
        await client.take(self._on_arrival, self._subject)
        await self._compare()
        self._lease.attach(self._bucket)

    def check(self) -> None:
        """Do nothing: others may be silent for as long as they like."""

    def detach(self) -> None:
        """Do nothing: the lease ends by itself if it cannot be renewed."""

    def on_error(self, error: Exception) -> bool:  # noqa: ARG002 - a participant's signature
        """Leave errors to the connection."""
        return False

    def _on_arrival(self, arrival: Arrival) -> None:
        if not is_announcement(arrival.data):
            self._listener(arrival.data)
            return
        now = asyncio.get_running_loop().time()
        member = member_in(arrival.data, now)
        if member is None:
            return
        present = {one.id: one for one in self.members.values() if now - one.heard_at < _ABSENT_SECONDS}
        if member.id != self.id and len(present) < _MOST_MEMBERS:
            present[member.id] = member
        self.members = present
        refusals = (one.refusal for one in present.values() if one.refusal)
        self._connection.status.refusal_elsewhere = next(refusals, None)

    # who may lead

    def _standing(self) -> Standing:
        able = [member for member in self.members.values() if member.works]
        if (able and not self._works()) or any(
            member.sources.issuperset(self.lacks) for member in able if self.lacks
        ):
            return Standing.UNFIT
        return Standing.LAST_RESORT if self.lacks else Standing.FIT

    async def _compare(self) -> None:
        """Compare this configuration with the generation of the cluster; make a new one if this has more."""
        if self._bucket is None:
            return
        try:
            present = await generation.read(self._bucket)
            lacks = present.lacking(self._sources)
            if not lacks and self._sources != present.sources:
                present = await generation.write(self._bucket, present, self._sources)
                lacks = present.lacking(self._sources)
        except (NatsError, OSError, TimeoutError, ValueError, KeyError) as error:
            _logger.debug("the generation cannot be compared", error=str(error))
            return
        self._has_compared = True
        if lacks and lacks != self.lacks:
            _logger.warning(
                "this process lacks sources of the cluster; it leads only if no other can", lacks=lacks
            )
        self.lacks = lacks

    async def _make_generation(self) -> None:
        """Make the configuration of this process that of the cluster: no other process has led for a while."""
        if self._bucket is None or not self.lacks:
            return
        _logger.warning("this process leads although it lacks sources; they are polled no more", lacks=self.lacks)
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await generation.write(self._bucket, await generation.read(self._bucket), self._sources)
        self.lacks = []


def subject_of(settings: NatsSettings) -> str:
    """Return the subject on which the processes of a cluster speak to each other."""
    return f"_livingmap.{settings.stream}"


def _yes() -> bool:
    return True


async def _run(duties: Duties) -> None:
    await duties()


def _ignore(_: bytes) -> None:
    pass
