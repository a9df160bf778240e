"""Core NATS into the log: what services publish is read in order and appended, whatever the server does."""

import asyncio
import contextlib
import random
import re
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError

from livingmap.core.route import matches
from livingmap.log import Log
from livingmap.log.intake import DeadLetters, DeadMessage, read
from livingmap.log.local import utc_now
from livingmap.log.settings import NatsSettings

_NAME: Final = "livingmap"
_CONNECT_SECONDS: Final = 2
_CLOSE_SECONDS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.25
_LONGEST_PAUSE_SECONDS: Final = 10.0
_MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
_MOST_DOUBLINGS: Final = 16
_AT_ONCE: Final = 64
_REFUSED: Final = re.compile(r'permissions violation for subscription to "([^"]+)"', re.IGNORECASE)

_logger = structlog.get_logger(__name__)

Arrival: TypeAlias = tuple[str, bytes]
"""Subject and payload as they came."""


@dataclass(slots=True)
class NatsStatus:
    """What is known about the connection, and what came of the messages."""

    url: str
    """The server, or all that are tried while there is none. Never holds credentials."""
    connected: bool = False
    error: str | None = "not connected yet"
    refused: list[str] = field(default_factory=list)
    """Patterns that the server does not let us subscribe to. They are asked for again at the next connection."""
    reconnects: int = 0
    received: int = 0
    """Messages that came, each counted once however many patterns it matches."""
    received_at: datetime | None = None
    """When the last message came."""
    logged: int = 0
    dropped: int = 0
    """Messages given up because too many were waiting."""
    dead: DeadLetters = field(default_factory=DeadLetters)

    @property
    def waiting(self) -> int:
        """Messages that are neither logged nor given up yet."""
        return self.received - self.logged - self.dropped - self.dead.count


class NatsIntake:
    """Appends what is published on ``patterns`` to ``log``, each message once, in the order it came.

    NATS without JetStream keeps nothing: what is published while the connection is away never comes. When more
    than ``most_waiting`` messages (or 64 MiB) wait for the log, the oldest are dropped: the newest say how things
    are now. Raises ValueError if the settings name no server.
    """

    def __init__(
        self,
        settings: NatsSettings,
        patterns: Sequence[str],
        log: Log,
        now: Callable[[], datetime] = utc_now,
        longest_pause_seconds: float = _LONGEST_PAUSE_SECONDS,
    ) -> None:
        if not settings.servers():
            raise ValueError("nats.url names no server")
        self._settings = settings
        self._patterns = list(patterns)
        self._log = log
        self._now = now
        self._longest_pause = longest_pause_seconds
        self._backlog = _Backlog(settings.most_waiting, _MOST_WAITING_BYTES)
        self._first = lru_cache(maxsize=4096)(self._first_of)
        self._everyone = ",".join(settings.servers())
        self._connections = 0
        self._dropping = False
        self.status = NatsStatus(self._everyone)

    async def run(self) -> None:
        """Take in messages until cancelled, connecting as often as it takes. Never waits for a server to start."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._append(), name="nats to log")
            group.create_task(self._stay_connected(), name="nats connection")

    async def _append(self) -> None:
        while True:
            for _ in range(_AT_ONCE):
                subject, data = await self._backlog.pop()
                try:
                    message = read(subject, data, self._settings.most_bytes)
                except DeadMessage as dead:
                    self._set_aside(subject, data, dead)
                else:
                    await self._log.append(message)
                    self.status.logged += 1
            await asyncio.sleep(0)  # nothing above has to let the rest of the program run

    def _set_aside(self, subject: str, data: bytes, dead: DeadMessage) -> None:
        self.status.dead.add(self._now(), subject, dead, data)
        tell = _logger.warning if self.status.dead.count == 1 else _logger.debug
        letter = self.status.dead.letters[-1]
        tell("a message was set aside", subject=letter.subject, reason=letter.reason)

    async def _stay_connected(self) -> None:
        # nats-py's own reconnecting is off: it ends for good at most errors that a server can send, such as an
        # expired user, and at any exception that it did not foresee.
        failures = 0
        while True:
            client, closed = _Client(self._on_message), asyncio.Event()
            try:
                await self._connect(client, closed)
                failures = 0
                await self._watch(client, closed)
            except NoServersError:
                pass  # each server's own error was noted
            except Exception as error:  # noqa: BLE001 - whatever nats-py raises, connecting goes on
                self._note(error)
            finally:
                self.status.connected = False
                await _close(client)
            if not failures:
                _logger.warning("NATS is away", url=self._everyone, error=self.status.error)
            self.status.url = self._everyone
            pause = min(self._longest_pause, _FIRST_PAUSE_SECONDS * 2 ** min(failures, _MOST_DOUBLINGS))
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
            failures += 1

    async def _connect(self, client: Client, closed: asyncio.Event) -> None:
        """Connect and subscribe. Returns when the server has answered to every subscription."""

        async def on_closed() -> None:
            closed.set()

        if self._settings.credentials_file is not None:
            self._settings.credentials_file.read_bytes()  # nats-py reads it only if asked, and fails obscurely
        await client.connect(
            self._settings.servers(),
            name=_NAME,
            error_cb=self._on_error,
            closed_cb=on_closed,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # with 0 or less, connecting to nobody never ends
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            **self._settings.sign_in(),
        )
        self._allow_all()
        for pattern in self._patterns:
            await client.subscribe(pattern)
        await client.flush(_CONNECT_SECONDS)
        self._connections += 1
        self.status.reconnects = self._connections - 1
        if address := client.connected_url:
            self.status.url = f"{address.scheme}://{address.netloc}"
            self.status.connected = True
        _logger.info("NATS is connected", url=self.status.url, patterns=len(self._patterns))

    async def _watch(self, client: Client, closed: asyncio.Event) -> None:
        """Return or raise when the connection is gone. Asks the server, for nats-py need not notice."""
        seconds = self._settings.ping_seconds
        while client.is_connected:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), seconds)
                break
            try:
                await client.rtt(seconds)
            except TimeoutError:
                raise ConnectionError(f"the server did not answer within {seconds} s") from None
        self._note(client.last_error or ConnectionError("the connection was closed"))

    def _on_message(self, pattern: str, subject: str, data: bytes) -> None:
        # The server sends one copy for each pattern; that for the first which it accepted is the one to take.
        if self._first(subject) in (pattern, None):
            self._take(subject, data)

    def _first_of(self, subject: str) -> str | None:
        open_ones = (one for one in self._patterns if one not in self.status.refused)
        return next((one for one in open_ones if matches(one, subject)), None)

    def _take(self, subject: str, data: bytes) -> None:
        status = self.status
        status.received += 1
        status.received_at = self._now()
        dropped = self._backlog.push((subject, data[: self._settings.most_bytes + 1]))  # enough to be refused
        status.dropped += dropped
        if dropped and not self._dropping:
            _logger.warning("messages come faster than they are logged; the oldest are dropped")
        elif self._dropping and status.waiting == 1:
            _logger.info("messages are logged as fast as they come again", dropped=status.dropped)
        self._dropping = bool(dropped) or (self._dropping and status.waiting > 1)

    async def _on_error(self, error: Exception) -> None:
        """Note what nats-py says by the way; raising here would end its reading."""
        if found := _REFUSED.search(str(error)):
            self._refuse(found[1])
        else:
            self._note(error)

    def _refuse(self, lowered: str) -> None:
        """Note that a subscription was refused; nats-py tells which in lower case."""
        refused = [one for one in self._patterns if one.lower() == lowered and one not in self.status.refused]
        self.status.refused += refused
        self._first.cache_clear()
        self.status.error = f"not allowed to subscribe to {', '.join(self.status.refused)}"
        _logger.warning("NATS refused a subscription", patterns=refused)

    def _allow_all(self) -> None:
        self.status.refused.clear()
        self._first.cache_clear()
        self.status.error = None

    def _note(self, error: Exception) -> None:
        self.status.error = str(error).removeprefix("nats: ") or type(error).__name__
        if isinstance(error, ModuleNotFoundError):
            self.status.error = "credentials_file needs the package nkeys: install nats-py[nkeys]"


class _Client(Client):
    """nats-py, but messages are taken where they are read off the wire."""

    def __init__(self, on_message: Callable[[str, str, bytes], None]) -> None:
        super().__init__()
        self._on_message = on_message

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:  # noqa: ARG002
        # nats-py (2.16) has a queue and a task for each subscription, between which the order of messages is lost;
        # and it stops reading, silently and for good, at a subject or header that is no UTF-8.
        if subscription := self._subs.get(sid):
            self._on_message(subscription.subject, subject.decode("utf-8", "replace"), data)


async def publish_once(settings: NatsSettings, subject: str, payload: bytes) -> None:
    """Publish one message and return when the server has it. Raises OSError if no server can be reached."""
    client = Client()
    try:
        await client.connect(
            settings.servers(),
            name=_NAME,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            error_cb=_ignore,
            **settings.sign_in(),
        )
        await client.publish(subject, payload)
        await client.flush(_CONNECT_SECONDS)
    except (NatsError, TimeoutError) as error:
        raise OSError(f"NATS: {str(error).removeprefix('nats: ') or type(error).__name__}") from error
    finally:
        await _close(client)


async def _ignore(_: Exception) -> None:
    """Leave it to the exception that follows."""


async def _close(client: Client) -> None:
    with contextlib.suppress(Exception):  # a connection that is gone may fail to close in many ways
        async with asyncio.timeout(_CLOSE_SECONDS):
            await client.close()


class _Backlog:
    """What came and is not taken yet. The oldest goes when it is full."""

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
        self._bytes += len(arrival[1])
        while len(self._arrivals) > self._most or (self._bytes > self._most_bytes and len(self._arrivals) > 1):
            self._bytes -= len(self._arrivals.popleft()[1])
            dropped += 1
        self._some.set()
        return dropped

    async def pop(self) -> Arrival:
        """Return the oldest, as soon as there is one."""
        await self._some.wait()
        arrival = self._arrivals.popleft()
        self._bytes -= len(arrival[1])
        if not self._arrivals:
            self._some.clear()
        return arrival
