"""The intake of core NATS: appends what services publish to the log, in order, over any number of connections."""

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final

import structlog

from livingmap import tracing
from livingmap.core.route import matches
from livingmap.supervision import run_together
from livingmap.transport import Append, IntakeStatus
from livingmap.transport.connection import NatsClient, NatsConnection, call
from livingmap.transport.parsing import DeadMessage, read
from livingmap.transport.settings import NatsSettings
from livingmap.transport.wire import Arrival

_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE: Final = 64
_FLUSH_SECONDS: Final = 2
_REFUSED: Final = re.compile(r'permissions violation for subscription to "([^"]+)"', re.IGNORECASE)

_logger = structlog.get_logger(__name__)


class NatsIntake:
    """A `livingmap.transport.Intake`: appends what is published on ``patterns``, each message once and in order.

    NATS without JetStream keeps nothing: what is published while the connection is away never comes. When more
    than ``settings.most_waiting`` messages (or 64 MiB) wait for the log, the oldest are dropped: the newest say
    how things are now.
    """

    def __init__(
        self,
        connection: NatsConnection,
        settings: NatsSettings,
        patterns: Sequence[str],
        append: Append,
        now: Callable[[], datetime],
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._patterns = list(patterns)
        self._log_append = append
        self._now = now
        self._pending = _Pending(settings.most_waiting, _MOST_WAITING_BYTES)
        self._first = lru_cache(maxsize=4096)(self._first_of)
        self._dropping = False
        connection.add(self)

    @property
    def status(self) -> IntakeStatus:
        """The state of the connection, and what became of the messages."""
        return self._connection.status

    async def run(self) -> None:
        """Take in messages until cancelled, connecting as often as it takes. Never waits for a server to start."""
        await run_together([("nats to log", self._append()), ("nats connection", self._connection.run())])

    async def _append(self) -> None:
        while True:
            await self._pending.some()
            for arrival in self._pending.oldest(_AT_ONCE):
                if tracing.active is None:
                    await self._append_one(arrival)
                else:
                    with tracing.active.message(arrival.subject, arrival.headers):
                        await self._append_one(arrival)
            await asyncio.sleep(0)  # nothing above has to let the rest of the program run

    async def _append_one(self, arrival: Arrival) -> None:
        try:
            message = read(arrival.subject, arrival.data, self._settings.most_bytes)
        except DeadMessage as dead:
            self.status.set_aside(self._now(), arrival.subject, dead, arrival.data)
        else:
            await self._log_append(message)
            self.status.logged += 1

    async def attach(self, client: NatsClient) -> None:
        """Subscribe. Returns when the server has answered to every subscription."""
        self.status.refused.clear()
        self._first.cache_clear()
        await client.take(self._on_arrival, *self._patterns)
        await call(client.flush(_FLUSH_SECONDS), "subscribing")

    async def listen(self, patterns: Sequence[str]) -> None:
        """Take in what is published on ``patterns`` from now on, and nothing else."""
        before, self._patterns = self._patterns, list(patterns)
        self._first.cache_clear()
        client = self._connection.open_client
        if client is None:  # it is subscribed to at the next connection
            return
        if added := [one for one in self._patterns if one not in before]:
            await client.take(self._on_arrival, *added)
        for one in before:
            if one not in self._patterns:
                await client.leave(one)

    def _on_arrival(self, arrival: Arrival) -> None:
        # The server sends one copy for each pattern; that for the first which it accepted is the one to take.
        if self._first(arrival.subject) in (arrival.subscription, None):
            self._take(arrival)

    def _first_of(self, subject: str) -> str | None:
        open_ones = (one for one in self._patterns if one not in self.status.refused)
        return next((one for one in open_ones if matches(one, subject)), None)

    def _take(self, arrival: Arrival) -> None:
        status = self.status
        status.received += 1
        status.received_at = self._now()
        if len(arrival.data) > self._settings.most_bytes:
            arrival = arrival._replace(data=arrival.data[: self._settings.most_bytes + 1])  # enough to be refused
        dropped = self._pending.push(arrival)
        status.dropped += dropped
        if dropped and not self._dropping:
            _logger.warning("messages come faster than they are logged; the oldest are dropped")
        elif self._dropping and status.waiting == 1:
            _logger.info("messages are logged as fast as they come again", dropped=status.dropped)
        self._dropping = bool(dropped) or (self._dropping and status.waiting > 1)

    def check(self) -> None:
        """Do nothing: services may be silent for as long as they like."""

    def detach(self) -> None:
        """Do nothing: what is published meanwhile never comes."""

    def on_error(self, error: Exception) -> bool:
        """Note a subscription that was refused; nats-py gives its subject in lower case."""
        found = _REFUSED.search(str(error))
        if found is None:
            return False
        refused = [one for one in self._patterns if one.lower() == found[1] and one not in self.status.refused]
        self.status.refused += refused
        self._first.cache_clear()
        self.status.error = f"not allowed to subscribe to {', '.join(self.status.refused)}"
        _logger.warning("NATS refused a subscription", patterns=refused)
        return True


class _Pending:
    """A bounded queue of messages that came and are not logged yet. The oldest goes when it is full."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._arrivals: deque[Arrival] = deque()
        self._bytes = 0
        self._some = asyncio.Event()

    def push(self, arrival: Arrival) -> int:
        """Keep ``arrival`` and return how many had to go for it."""
        dropped = 0
        self._arrivals.append(arrival)
        self._bytes += len(arrival.data)
        while len(self._arrivals) > self._most or (self._bytes > self._most_bytes and len(self._arrivals) > 1):
            self._bytes -= len(self._arrivals.popleft().data)
            dropped += 1
        self._some.set()
        return dropped

    async def some(self) -> None:
        """Return as soon as there is a message."""
        await self._some.wait()

    def oldest(self, most: int) -> Iterator[Arrival]:
        """Yield up to ``most`` messages, the oldest first. Each may be dropped until it is yielded."""
        for _ in range(most):
            if not self._arrivals:
                self._some.clear()
                return
            arrival = self._arrivals.popleft()
            self._bytes -= len(arrival.data)
            yield arrival
