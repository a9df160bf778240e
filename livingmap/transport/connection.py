"""One connection to NATS that is made again for as long as it takes, and what is known about it."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError

from livingmap.errors import LivingMapError
from livingmap.transport.parsing import DeadLetters
from livingmap.transport.settings import NatsSettings

LONGEST_PAUSE_SECONDS: Final = 10.0
CONNECT_SECONDS: Final = 2
_NAME: Final = "livingmap"
_CLOSE_SECONDS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.25
_MOST_DOUBLINGS: Final = 16

_logger = structlog.get_logger(__name__)


class LogError(LivingMapError):
    """The log cannot be had as it is set up. Fatal: no waiting would mend it."""


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

    def set_aside(self, received_at: datetime, subject: str, reason: object, data: bytes) -> None:
        """Keep a message that cannot be an event as a dead letter, and say so."""
        self.dead.add(received_at, subject, reason, data)
        tell = _logger.warning if self.dead.count == 1 else _logger.debug
        letter = self.dead.letters[-1]
        tell("a message was set aside", subject=letter.subject, reason=letter.reason)


class Arrival(NamedTuple):
    """A message as it came."""

    subscription: str
    """The pattern by which it came."""
    subject: str
    reply: bytes
    data: bytes
    headers: bytes | None


OnArrival: TypeAlias = Callable[[Arrival], None]
"""Called where messages are read off the wire. Must return at once and never raise."""


class NatsClient(Client):
    """nats-py, but the messages of some subscriptions are taken where they are read off the wire."""

    def __init__(self, on_arrival: OnArrival) -> None:
        super().__init__()
        self._on_arrival = on_arrival
        self._taken: set[str] = set()

    async def take(self, pattern: str) -> None:
        """Subscribe to what is handed on as it comes."""
        self._taken.add(pattern)
        await self.subscribe(pattern)

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        # nats-py (2.16) has a queue and a task for each subscription, between which the order of messages is lost;
        # and it stops reading, silently and for good, at a subject or header that is no UTF-8.
        subscription = self._subs.get(sid)
        if subscription is None:
            return
        if subscription.subject in self._taken:
            text = subject.decode("utf-8", "replace")
            self._on_arrival(Arrival(subscription.subject, text, reply, data, headers or None))
        else:
            await super()._process_msg(sid, subject, reply, data, headers)


class NatsConnection:
    """Connects, hands the client to ``attach``, watches it, and begins anew when anything breaks.

    ``attach`` subscribes; whatever it raises breaks the connection, a LogError also ends `run`. ``on_error`` is
    told what the server complains of by the way. ``alive`` may raise when too little comes.
    """

    def __init__(
        self,
        settings: NatsSettings,
        attach: Callable[[NatsClient], Awaitable[None]],
        on_arrival: OnArrival,
        *,
        on_error: Callable[[Exception], bool] = lambda _: False,
        alive: Callable[[], None] = lambda: None,
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
    ) -> None:
        if not settings.servers():
            raise ValueError("nats.url names no server")
        self.status = NatsStatus(",".join(settings.servers()))
        self._settings = settings
        self._attach = attach
        self._on_arrival = on_arrival
        self._heed = on_error
        self._alive = alive
        self._longest_pause = longest_pause_seconds
        self._everyone = self.status.url
        self._connections = 0

    async def run(self) -> None:
        """Stay connected until cancelled. Never waits for a server to start."""
        # nats-py's own reconnecting is off: it ends for good at most errors that a server can send, such as an
        # expired user, and at any exception that it did not foresee.
        failures = 0
        while True:
            client, closed = NatsClient(self._on_arrival), asyncio.Event()
            try:
                await self._connect(client, closed)
                failures = 0
                await self._watch(client, closed)
            except LogError:
                raise
            except NoServersError:
                pass  # each server's own error was noted
            except Exception as error:  # noqa: BLE001 - whatever nats-py raises, connecting goes on
                self.note(error)
            finally:
                self.status.connected = False
                await _close(client)
            if not failures:
                _logger.warning("NATS is away", url=self._everyone, error=self.status.error)
            self.status.url = self._everyone
            pause = min(self._longest_pause, _FIRST_PAUSE_SECONDS * 2 ** min(failures, _MOST_DOUBLINGS))
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 - no secret
            failures += 1

    async def _connect(self, client: NatsClient, closed: asyncio.Event) -> None:
        """Connect and attach."""

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
            connect_timeout=CONNECT_SECONDS,
            **self._settings.sign_in(),
        )
        self.status.error = None
        await self._attach(client)
        self._connections += 1
        self.status.reconnects = self._connections - 1
        if address := client.connected_url:
            self.status.url = f"{address.scheme}://{address.netloc}"
            self.status.connected = True
        _logger.info("NATS is connected", url=self.status.url)

    async def _watch(self, client: NatsClient, closed: asyncio.Event) -> None:
        """Return or raise when the connection is gone. Asks the server, for nats-py need not notice."""
        seconds = self._settings.ping_seconds
        while client.is_connected:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(closed.wait(), seconds)
                break
            self._alive()
            try:
                await client.rtt(seconds)
            except TimeoutError:
                raise ConnectionError(f"the server did not answer within {seconds} s") from None
        self.note(client.last_error or ConnectionError("the connection was closed"))

    async def _on_error(self, error: Exception) -> None:
        """Note what nats-py says by the way; raising here would end its reading."""
        if not self._heed(error):
            self.note(error)

    def note(self, error: Exception) -> None:
        """Keep why the connection is not as it should be."""
        self.status.error = str(error).removeprefix("nats: ") or type(error).__name__
        if isinstance(error, ModuleNotFoundError):
            self.status.error = "credentials_file needs the package nkeys: install nats-py[nkeys]"


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
            connect_timeout=CONNECT_SECONDS,
            error_cb=_ignore,
            **settings.sign_in(),
        )
        await client.publish(subject, payload)
        await client.flush(CONNECT_SECONDS)
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
