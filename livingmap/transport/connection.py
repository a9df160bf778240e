"""The connection to NATS: shared by everything that uses NATS, and made again whenever it is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoServersError
from nats.errors import TimeoutError as NatsTimeoutError

from livingmap.core.backoff import Backoff
from livingmap.errors import LogError
from livingmap.supervision import within
from livingmap.transport import IntakeStatus
from livingmap.transport.settings import NatsSettings
from livingmap.transport.wire import Arrival, OnArrival, Wire

T = TypeVar("T")

LONGEST_PAUSE_SECONDS: Final = 10.0
_NAME: Final = "livingmap"
_CONNECT_SECONDS: Final = 2
_CALL_SECONDS: Final = 10.0
_CLOSE_SECONDS: Final = 5
_FIRST_PAUSE_SECONDS: Final = 0.25
_ATTACHING: Final = "the server is reached, and what the map needs of it is not there yet"
_ENDED: Final = (BrokenPipeError, ConnectionResetError)
"""What a server that does not accept a certificate looks like, if the client is quicker to write than to read."""

_logger = structlog.get_logger(__name__)


OnError: TypeAlias = Callable[[Exception], Coroutine[Any, Any, None]]


class Unanswered(NatsTimeoutError):
    """NATS did not answer in time."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self._what = what

    def __str__(self) -> str:
        return f"no answer: {self._what}"  # nats-py's own says "timeout", whatever was asked


async def call(coroutine: Coroutine[Any, Any, T], what: str, seconds: float = _CALL_SECONDS) -> T:
    """Return what a call of nats-py returns; raise TimeoutError, which names ``what``, after ``seconds``.

    nats-py waits by `asyncio.wait_for`, which may lose a cancellation: nothing may await its coroutines directly.
    """
    try:
        return await within(seconds, coroutine, f"NATS: {what}")
    except NatsTimeoutError as error:
        raise Unanswered(what) from error


class NatsClient(Client):
    """nats-py, but the messages of some subscriptions are handed on where they are read off the wire."""

    def __init__(self) -> None:
        super().__init__()
        self._ps = self._wire = Wire(self)

    def _connect_command(self) -> bytes:
        # nats-py (2.16) encrypts only if the server asks for it: one in between could read the credentials
        encrypts = self.options.get("tls") is not None and self._server_info.get("tls_required")
        if self._current_server and self._current_server.uri.scheme == "tls" and not encrypts:
            raise NatsError("the address says tls://, and the server does not encrypt")
        return super()._connect_command()

    @property
    def has_jetstream(self) -> bool:
        """Whether the server says that it has JetStream, though maybe not enough of its cluster to use it."""
        return bool(self._server_info.get("jetstream"))

    @property
    def is_clustered(self) -> bool:
        """Whether the server is one of a cluster."""
        return bool(self._server_info.get("cluster"))

    @property
    def cluster_size(self) -> int | None:
        """How many servers the one that is connected to knows to be up; None if it does not say."""
        if not self.is_clustered:
            return 1
        return len(set(self._server_info.get("connect_urls") or ())) or None

    @property
    def local_host(self) -> str | None:
        """The address of this machine on its way to the server; None if that cannot be told."""
        writer = getattr(self._transport, "_io_writer", None)
        name = writer.get_extra_info("sockname") if writer is not None else None
        return str(name[0]) if isinstance(name, tuple) else None

    async def take(self, on_arrival: OnArrival, *patterns: str) -> None:
        """Subscribe to what ``on_arrival`` gets as it comes, to all patterns at one moment."""
        await call(self._subscribe(on_arrival, patterns), f"subscribing to {', '.join(patterns)}")

    async def _subscribe(self, on_arrival: OnArrival, patterns: Sequence[str]) -> None:
        for pattern in patterns:  # nothing here gives way to nats-py's flusher: it writes all of them together
            subscription = await self.subscribe(pattern)
            self._wire.taken[_wire_id(subscription._id)] = pattern, on_arrival  # noqa: SLF001 - nats-py's

    async def flush(self, timeout: int = 10) -> None:  # noqa: ASYNC109 - nats-py's own signature
        """Return once the server has everything that was sent."""
        # nats-py (2.16) writes the PING ahead of what waits for its flusher: the PONG alone would prove nothing
        await self._flush_pending(force_flush=True)
        await super().flush(timeout)

    async def leave(self, pattern: str) -> None:
        """Unsubscribe from what `take` subscribed to."""
        for sid, subscription in [(sid, one) for sid, one in self._subs.items() if one.subject == pattern]:
            self._wire.taken.pop(_wire_id(sid), None)
            await call(subscription.unsubscribe(), f"unsubscribing from {pattern}")

    async def _process_msg(self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes) -> None:
        # nats-py (2.16) has a queue and a task for each subscription, between which the order of messages is lost;
        # and it stops reading, silently and for good, at a subject or header that is not UTF-8.
        if sid not in self._subs:
            return
        taken = self._wire.taken.get(_wire_id(sid))
        if taken is not None:
            pattern, on_arrival = taken
            on_arrival(Arrival(pattern, subject.decode("utf-8", "replace"), reply, data, headers or None))
        else:
            await super()._process_msg(sid, subject, reply, data, headers)


def _wire_id(sid: int) -> bytes:
    return b"%d" % sid


class Participant(Protocol):
    """Something that uses the connection."""

    async def attach(self, client: NatsClient) -> None:
        """Subscribe on a new connection. Whatever it raises breaks the connection; a LogError ends `run`."""

    def check(self) -> None:
        """Raise ConnectionError if too little comes over the connection."""

    def detach(self) -> None:
        """React to the loss of the connection."""

    def on_error(self, error: Exception) -> bool:
        """React to an error that the server reports; return whether nothing else has to be done about it."""


class NatsConnection:
    """Connects, attaches its participants in order, watches the connection, and begins anew when it breaks."""

    def __init__(
        self,
        settings: NatsSettings,
        longest_pause_seconds: float = LONGEST_PAUSE_SECONDS,
        *,
        is_logged: bool = True,
    ) -> None:
        if not settings.servers():
            raise ValueError("nats.url names no server")
        self.status = IntakeStatus("nats", ",".join(settings.servers()))
        self.client: NatsClient | None = None
        """The client as soon as it is connected, also while participants attach to it; None without one."""
        self._settings = settings
        self._longest_pause = longest_pause_seconds
        self._all_servers = self.status.url
        self._participants: list[Participant] = []
        self._connections = 0
        self._log_away = _logger.warning if is_logged else _logger.debug
        self._log_connected = _logger.info if is_logged else _logger.debug

    def add(self, participant: Participant) -> None:
        """Attach ``participant`` to every connection from the next on, after those added before."""
        self._participants.append(participant)

    @property
    def open_client(self) -> NatsClient | None:
        """The client, if it is connected now."""
        return self.client if self.client is not None and self.client.is_connected else None

    async def publish(self, subject: str, data: bytes, headers: dict[str, str] | None = None) -> bool:
        """Publish a message without waiting for an answer; return whether it could be sent."""
        client = self.open_client
        if client is None:
            return False
        await call(client.publish(subject, data, headers=headers), f"publishing on {subject}")
        return True

    async def run(self) -> None:
        """Stay connected until cancelled. Never waits for a server to start."""
        # nats-py's own reconnecting is off: it ends for good at most errors that a server can send, such as an
        # expired user, and at any exception that it did not foresee.
        backoff, announced = Backoff(_FIRST_PAUSE_SECONDS, self._longest_pause, jitter=0.5), False
        while True:
            client, closed = NatsClient(), asyncio.Event()
            try:
                await self._connect(client, closed)
                backoff.reset()
                announced = False
                await self._watch(client, closed)
            except LogError:
                raise
            except NoServersError:
                pass  # each server's own error was noted
            except Exception as error:  # noqa: BLE001 - whatever nats-py raises, connecting goes on
                self.note(error)
            finally:
                self.status.connected = False
                self.client = None
                for participant in self._participants:
                    participant.detach()
                await _close(client)
            if not announced:
                self._log_away("NATS is away", url=self._all_servers, error=self.status.error)
            announced = True
            self.status.url = self._all_servers
            await asyncio.sleep(backoff.pause_seconds())

    async def _connect(self, client: NatsClient, closed: asyncio.Event) -> None:
        """Connect and attach."""

        async def on_closed() -> None:
            closed.set()

        connecting = client.connect(
            self._settings.servers(),
            name=_NAME,
            error_cb=self._on_error,
            closed_cb=on_closed,
            allow_reconnect=False,
            max_reconnect_attempts=1,  # with 0 or less, connecting to nobody never ends
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            **self._settings.connecting(),
        )
        await call(connecting, "connecting", _CALL_SECONDS + 2 * _CONNECT_SECONDS * len(self._settings.servers()))
        self.status.error, self.client = _ATTACHING, client
        for participant in self._participants:
            await participant.attach(client)
        if self.status.error == _ATTACHING:
            self.status.error = None
        self._connections += 1
        self.status.reconnects = self._connections - 1
        if address := client.connected_url:
            self.status.url = f"{address.scheme}://{address.netloc}"
            self.status.connected = True
        self._log_connected("NATS is connected", url=self.status.url)

    async def _watch(self, client: NatsClient, closed: asyncio.Event) -> None:
        """Return or raise when the connection is gone. Asks the server, for nats-py need not notice."""
        seconds = self._settings.ping_seconds
        while client.is_connected:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await closed.wait()
                break
            for participant in self._participants:
                participant.check()
            try:
                await call(client.rtt(seconds), "a ping", seconds + 1)
            except TimeoutError:
                raise ConnectionError(f"the server did not answer within {seconds} s") from None
        self.note(client.last_error or ConnectionError("the connection was closed"))

    async def _on_error(self, error: Exception) -> None:
        """Note an error that nats-py reports; raising here would end its reading."""
        if not any(participant.on_error(error) for participant in self._participants):
            self.note(error)

    def note(self, error: Exception) -> None:
        """Keep the reason why the connection does not work."""
        self.status.error = reason_of(error)
        if isinstance(error, ModuleNotFoundError):
            self.status.error = "credentials_file needs the package nkeys: install nats-py[nkeys]"


@contextlib.asynccontextmanager
async def connected(
    settings: NatsSettings, servers: Sequence[str] = (), on_error: OnError | None = None
) -> AsyncIterator[NatsClient]:
    """Lend a connection that is made once, for a command, to one of ``servers``, or of those of the settings.

    ``on_error`` gets what the server complains of. Raises OSError if no server can be reached.
    """
    client = NatsClient()
    try:
        connecting = client.connect(
            list(servers) or settings.servers(),
            name=_NAME,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_CONNECT_SECONDS,
            error_cb=on_error or _ignore,
            **settings.connecting(),
        )
        await call(connecting, "connecting", _CALL_SECONDS + 2 * _CONNECT_SECONDS * len(settings.servers()))
        yield client
    except (NatsError, TimeoutError, *_ENDED) as error:
        raise OSError(f"NATS: {reason_of(error)}") from error
    finally:
        await _close(client)


def reason_of(error: Exception) -> str:
    """Return what an error says, in words that say whose it is."""
    text = str(error).removeprefix("nats: ") or type(error).__name__
    return f"the server ended the connection ({text})" if isinstance(error, _ENDED) else text


async def publish_once(settings: NatsSettings, subject: str, *payloads: bytes) -> None:
    """Publish messages and return when the server has them. Raises OSError if no server can be reached."""
    async with connected(settings) as client:
        for payload in payloads:
            await call(client.publish(subject, payload), "publishing")
        await call(client.flush(_CONNECT_SECONDS), "flushing")


async def _ignore(_: Exception) -> None:
    """Do nothing: an exception follows."""


async def _close(client: Client) -> None:
    with contextlib.suppress(Exception):  # a connection that is gone may fail to close in many ways
        await call(client.close(), "closing", _CLOSE_SECONDS)
