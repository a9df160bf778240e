"""Following: a connection to a map that is made again after interruptions of every kind, whatever it brings."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import Final, Generic, Protocol, TypeVar, cast

from livingmap.client.connection import Connection, Query
from livingmap.client.errors import MapError, Refused, TooLarge, Unreachable, error_of
from livingmap.client.http import MapClient
from livingmap.client.machine import (
    Advised,
    Due,
    Effect,
    Ended,
    Heard,
    Input,
    Loaded,
    Machine,
    Open,
    Phase,
    Retry,
    Silent,
    Start,
    Stop,
    Transport,
    Wait,
    status_of,
    step,
)
from livingmap.client.messages import DisconnectedMessage, ErrorMessage, RestartingMessage
from livingmap.client.sse import open_events
from livingmap.client.websocket import open_websocket

_CLOSES: Final[Mapping[str, int]] = MappingProxyType({"unauthenticated": 4401, "forbidden": 4403})
"""Close codes for what server-sent events end with: they have none of their own."""
_BAD_REQUEST: Final = 400

M = TypeVar("M", bound=Mapping[str, object])


class Feed(Protocol[M]):
    """What a map is asked for, and what becomes of its messages."""

    def query(self) -> Query:
        """Return what to ask for now."""

    async def load(self) -> M:
        """Return the message to begin with, by HTTP; asked for only if the stream does not bring it."""

    def read(self, text: str | bytes) -> M | None:
        """Read a message; None for a kind that only a newer map has. Raises InvalidAnswer."""

    def take(self, message: M) -> None:
        """Take a message."""


class _SilenceError(Unreachable):
    """Nothing came for too long."""


class Following(Generic[M]):
    """Follows ``feed``. With ``loaded`` the stream itself brings what to begin with."""

    def __init__(self, client: MapClient, feed: Feed[M], *, loaded: bool) -> None:
        self.error: MapError | None = None
        """Why the last attempt to connect failed, or the connection ended; None while it is live."""
        self.connection: Connection | None = None
        self._client = client
        self._feed = feed
        self._machine = Machine(loaded=loaded)
        self._last_words: ErrorMessage | None = None
        """The message `error`, if it was the last: why the connection ends."""
        self._retry = asyncio.Event()
        self.messages = self._run()

    @property
    def status(self) -> str:
        """One of idle, connecting, live, reconnecting, unauthenticated, forbidden, refused."""
        return status_of(self._machine)

    @property
    def transport(self) -> Transport | None:
        """How the stream comes; None while it does not."""
        return self._machine.transport if self._machine.phase is Phase.LIVE else None

    def retry(self) -> None:
        """End a wait."""
        self._retry.set()

    async def aclose(self) -> None:
        """Close the connection."""
        await self.messages.aclose()
        await self._client.aclose()  # the loop may never have begun
        self._input(Stop())

    async def _run(self) -> AsyncGenerator[M | DisconnectedMessage, None]:
        """Do what the machine says, until it rests for good; then raise why."""
        effect = self._input(Start())
        async with self._client:
            while effect is not None:
                if isinstance(effect, Wait):
                    yield self._disconnected(effect.ms)
                    effect = self._input(await self._wait(effect.ms))
                    continue
                try:
                    async with contextlib.aclosing(self._attempt(effect)) as messages:
                        async for message in messages:
                            yield message
                            if message["kind"] == "end":
                                return
                    effect = self._input(Loaded())
                except TooLarge:
                    raise  # it would be as large the next time
                except MapError as error:
                    self.error = error
                    effect = self._input(_end_of(error))
        raise self.error or MapError("the map is not followed any more")

    def _input(self, event: Input) -> Effect | None:
        """Tell the machine what happened; return what to do. Whatever was open is closed by then."""
        following = step(self._machine, event, random.random)
        self._machine = following.machine
        return following.effects[-1] if following.effects else None

    def _disconnected(self, ms: int) -> DisconnectedMessage:
        return {"kind": "disconnected", "detail": str(self.error), "retry_seconds": ms / 1000}

    async def _wait(self, ms: int) -> Due | Retry:
        self._retry.clear()
        try:
            async with asyncio.timeout(ms / 1000):
                await self._retry.wait()
        except TimeoutError:
            return Due()
        return Retry()

    async def _attempt(self, effect: Effect) -> AsyncGenerator[M, None]:
        """Load the snapshot, or yield the messages of the stream until it ends with a MapError."""
        self._last_words = None
        if not isinstance(effect, Open):
            message = await self._feed.load()
            self._feed.take(message)
            yield message
            return
        opener = open_websocket if effect.transport is Transport.WEBSOCKET else open_events
        async with opener(self._client, self._feed.query()) as connection:
            self.connection = connection
            try:
                while True:
                    received = await self._receive(connection)
                    if received is not None:
                        yield received
            finally:
                self.connection = None

    async def _receive(self, connection: Connection) -> M | None:
        """Take the next message; return it, unless it is of no use to anybody else."""
        limits = self._client.limits
        seconds = limits.silence_seconds if self._machine.phase is Phase.LIVE else limits.opening_seconds
        try:
            async with asyncio.timeout(seconds):
                text = await connection.receive()
        except TimeoutError:
            raise _SilenceError(f"the map sent nothing for {seconds:g} s") from None
        except MapError as error:
            raise self._explained(error) from error
        message = self._feed.read(text)
        return None if message is None else await self._take(message, connection)

    async def _take(self, message: M, connection: Connection) -> M | None:
        self._last_words = None
        match message["kind"]:
            case "error":
                self._last_words = cast("ErrorMessage", message)
                return None
            case "restarting":
                self._input(Advised(cast("RestartingMessage", message)["retry_after_ms"]))
            case "warning":
                await self._renew(connection)
            case _:
                self._input(Heard())
                self.error = None
                self._feed.take(message)
        return message

    def _explained(self, error: MapError) -> MapError:
        """Return the end of a connection with the reason that the map gave before it."""
        if self._last_words is None or isinstance(error, TooLarge):
            return error
        code = self._last_words["code"]
        return error_of(self._last_words["detail"], code=code, close=error.close or _CLOSES.get(code))

    async def _renew(self, connection: Connection) -> None:
        """Send another token on the open connection, so that it need not end with the old one."""
        old, new = self._client.token_sent, await self._client.token()
        if new and new != old:  # the map would warn of the same one again
            await connection.send_token(new)


def _end_of(error: MapError) -> Silent | Ended:
    if isinstance(error, Refused) and error.code is not None:  # by the map itself, and not by what is before it
        return Ended(_BAD_REQUEST)
    return Silent() if isinstance(error, _SilenceError) else Ended(error.status, error.close)
