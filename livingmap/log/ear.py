"""The ear: subscribes by core NATS to what the stream takes, and compares what comes both ways.

It has a connection of its own, because the log's is made anew for as long as the stream has no leader.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final, NamedTuple

import structlog
from nats.errors import Error as NatsError

from livingmap.core.progress import Progress
from livingmap.core.route import covers, disjoint
from livingmap.log.consumer import Stored
from livingmap.log.declaration import Stream
from livingmap.log.decoding import Decoder
from livingmap.log.unmatched import Unmatched
from livingmap.supervision import run_together
from livingmap.transport.connection import NatsClient, NatsConnection
from livingmap.transport.wire import Arrival

MOST: Final = 100_000
_LOOK_SECONDS: Final = 1.0
_LOOK_AT_STREAM_SECONDS: Final = 5.0
_CARRIED_SECONDS: Final = 60.0
"""A message that the stream brought is carried in less, or was while nobody listened here."""
_BY_JETSTREAM: Final = b"\r\nNats-"
"""How a header begins that only JetStream knows: such a publisher learns whether its message was stored."""

_logger = structlog.get_logger(__name__)


class Deafness(NamedTuple):
    """When nothing was carried here, as far as is known, by the event loop's clock."""

    since: float
    until: float


class Ear:
    """Listens on ``patterns`` by ``connection``; `on_stored` gets what the stream brings."""

    def __init__(
        self,
        connection: NatsConnection,
        stream: Stream,
        patterns: Sequence[str],
        decoder: Decoder,
        progress: Progress,
    ) -> None:
        self.unmatched = Unmatched(MOST)
        """What came by one of the two ways alone."""
        self.deafness: Deafness | None = None
        """When the connection was lost first, and back last, since the stream was looked at."""
        self._connection = connection
        self._stream = stream
        self._patterns = patterns
        self._decoder = decoder
        self._progress = progress
        self._client: NatsClient | None = None
        self._begun: NatsClient | None = None
        self._failure: str | None = None
        self._compares = False
        self._listens_from: float | None = None
        self._deaf_since: float | None = None
        self._well_at = self._checked_at = self._looks_at = 0.0
        connection.add(self)

    @property
    def listens(self) -> bool:
        """Whether what is published is compared now."""
        return self._listens_from is not None and self._listens_from <= self.seconds()

    @staticmethod
    def seconds() -> float:
        """Return the time by which messages are compared: that of the event loop."""
        return asyncio.get_running_loop().time()

    async def run(self) -> None:
        """Listen until cancelled."""
        await run_together([("core nats beside the stream", self._connection.run()), ("listening", self._keep())])

    async def _keep(self) -> None:
        while True:
            await self._listen()
            self.unmatched.forget_brought(self.seconds() - _CARRIED_SECONDS)
            await self._look()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        """Notice an election in the stream soon: later it would pass for one while nobody listened."""
        client = self._client
        if client is None or not client.is_connected or self.seconds() < self._looks_at:
            return
        self._looks_at = self.seconds() + _LOOK_AT_STREAM_SECONDS
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await self._stream.look(client)

    async def _listen(self) -> None:
        """Subscribe, once the stream is read up to now."""
        client, is_ready = self._client, self._compares or self._progress.is_live
        if client is None or client is self._begun or not is_ready:
            return
        self._begun = client  # only once: what seems to fail may have reached the server
        try:
            await client.take(self._on_arrival, *self._subjects())
        except (NatsError, OSError, TimeoutError) as error:
            if self._client is client:
                self._failure = str(error) or type(error).__name__
            return
        if self._client is client:
            self._begin()

    async def listen(self, patterns: Sequence[str]) -> None:
        """Listen on ``patterns`` from now on."""
        client = self._begun
        before = self._subjects() if client is not None else []
        self._patterns = list(patterns)
        if client is None:
            return
        after = self._subjects()
        try:  # what is carried twice would pass for a loss, what is not carried only looks late
            for one in before:
                if one not in after:
                    await client.leave(one)
            if added := [one for one in after if one not in before]:
                await client.take(self._on_arrival, *added)
        except (NatsError, OSError, TimeoutError) as error:
            self._failure = str(error) or type(error).__name__

    def _subjects(self) -> list[str]:
        """Return the subjects that the stream takes itself; what it gets from other streams may come late."""
        own = self._stream.info.config.subjects or []
        return [one for one in disjoint(self._patterns) if any(covers(subject, one) for subject in own)]

    def _begin(self) -> None:
        present = self.seconds()
        # at first, what the stream has brought already may be carried only now
        self._listens_from = present if self._compares else present + _LOOK_SECONDS
        self._compares = True
        if self._deaf_since is not None:
            since = self.deafness.since if self.deafness is not None else self._deaf_since
            self.deafness, self._deaf_since = Deafness(since, present), None

    # what comes, each message both ways

    def _on_arrival(self, arrival: Arrival) -> None:
        if arrival.headers is not None and _BY_JETSTREAM in arrival.headers:
            return
        present, begin = self.seconds(), self._listens_from
        if begin is not None and begin <= present and self._decoder.wants(arrival.subject):
            self.unmatched.carry(arrival.subject, arrival.data, present)

    def on_stored(self, stored: Stored) -> None:
        """Compare a message that the stream brought. Called for each of them, so it does next to nothing."""
        if self._compares and (stored.headers is None or _BY_JETSTREAM not in stored.headers):
            self.unmatched.bring(stored.subject, stored.data, self.seconds())

    # as a participant of its connection

    async def attach(self, client: NatsClient) -> None:
        """Listen as soon as possible."""
        self._client, self._well_at, self._checked_at = client, self.seconds(), self.seconds()
        await self._listen()

    def check(self) -> None:
        """Raise ConnectionError if subscribing failed. Publishers may be silent for as long as they like."""
        if self._failure is not None:
            raise ConnectionError(f"subscribing failed: {self._failure}")
        self._well_at, self._checked_at = self._checked_at, self.seconds()  # the server answered in between

    def detach(self) -> None:
        """Note since when nothing is carried here: the connection may have been silent before it was given up."""
        self._client = self._begun = self._failure = None
        if self._listens_from is not None:
            well_at = max(self._well_at, self._listens_from)
            self._deaf_since, self._listens_from = min(well_at, self.seconds()), None

    def on_error(self, error: Exception) -> bool:
        """Say that the account may not subscribe to what the stream takes."""
        is_refused = "permissions violation for subscription" in str(error).lower()
        if is_refused:
            _logger.warning("what the stream misses is not noticed: NATS refused a subscription", error=str(error))
        return is_refused
