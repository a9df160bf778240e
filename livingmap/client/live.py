"""A live map: the state of a running map as a client keeps it, through interruptions of every kind."""

import asyncio
import contextlib
import random
import ssl as tls
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeAlias

from livingmap.client.connection import Connection, Query
from livingmap.client.errors import InvalidAnswer, MapError, TooLarge, Unreachable, error_of
from livingmap.client.http import Limits, MapClient, Token, joined
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
from livingmap.client.messages import DisconnectedMessage, ErrorMessage, Message, SnapshotMessage, read
from livingmap.client.replica import Replica
from livingmap.client.sse import open_events
from livingmap.client.websocket import open_websocket
from livingmap.core.reducer import State

LiveMessage: TypeAlias = Message | DisconnectedMessage
"""What a `LiveMap` yields."""

_CLOSES: Final[Mapping[str, int]] = MappingProxyType({"unauthenticated": 4401, "forbidden": 4403})
"""Close codes for what server-sent events end with: they have none of their own."""


class _SilenceError(Unreachable):
    """Nothing came for too long."""


class LiveMap:
    """A map that is followed: iterate over it for its messages, and look at ``state`` between them.

    Made by `follow`. The loop that iterates does all the work: while it does not ask for the next message, nothing
    is read, and the map merges what it would have sent.
    """

    def __init__(self, client: MapClient, layers: Sequence[str] | None) -> None:
        self._client = client
        self._layers = joined(layers)
        # The cursor of a snapshot by HTTP is for all layers: of some, the stream itself brings the snapshot.
        self._machine = Machine(loaded=layers is not None)
        self._replica = Replica()
        self._error: MapError | None = None
        self._last_words: ErrorMessage | None = None
        """The message `error`, if it was the last: why the connection ends."""
        self._retry = asyncio.Event()
        self._messages = self._run()

    @property
    def state(self) -> State:
        """The layers by name, as of the last message. What is returned never changes."""
        return self._replica.state

    @property
    def cursor(self) -> str | None:
        """Where in the log the state stands; None before the first snapshot."""
        return self._replica.cursor

    @property
    def meta(self) -> Mapping[str, Any]:
        """``meta`` of the last snapshot: the version of the map, and its sources."""
        return self._replica.meta

    @property
    def status(self) -> str:
        """One of idle, connecting, live, reconnecting, unauthenticated, forbidden, refused."""
        return status_of(self._machine)

    @property
    def transport(self) -> Transport | None:
        """How the stream comes; None while it does not."""
        return self._machine.transport if self._machine.phase is Phase.LIVE else None

    @property
    def error(self) -> MapError | None:
        """Why there is no connection, or was none; None while live."""
        return self._error

    def retry(self) -> None:
        """End a wait: attempt at once, for example because the network is back. Else it does nothing."""
        self._retry.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection. The state stays."""
        await self._messages.aclose()
        await self._client.aclose()  # the loop may never have begun
        self._input(Stop())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveMessage:
        return await anext(self._messages)

    async def _run(self) -> AsyncGenerator[LiveMessage, None]:
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
                    effect = self._input(Loaded())
                except TooLarge:
                    raise  # it would be as large the next time
                except MapError as error:
                    self._error = error
                    effect = self._input(_end_of(error))
        raise self._error or MapError("the map is not followed any more")

    def _input(self, event: Input) -> Effect | None:
        """Tell the machine what happened; return what to do. Whatever was open is closed by then."""
        following = step(self._machine, event, random.random)
        self._machine = following.machine
        return following.effects[-1] if following.effects else None

    def _disconnected(self, ms: int) -> DisconnectedMessage:
        return {"kind": "disconnected", "detail": str(self._error), "retry_seconds": ms / 1000}

    async def _wait(self, ms: int) -> Due | Retry:
        self._retry.clear()
        try:
            async with asyncio.timeout(ms / 1000):
                await self._retry.wait()
        except TimeoutError:
            return Due()
        return Retry()

    async def _attempt(self, effect: Effect) -> AsyncGenerator[Message, None]:
        """Load the snapshot, or yield the messages of the stream until it ends with a MapError."""
        self._last_words = None
        if not isinstance(effect, Open):
            yield await self._load()
            return
        opener = open_websocket if effect.transport is Transport.WEBSOCKET else open_events
        async with opener(self._client, Query(self._layers, self.cursor)) as connection:
            while True:
                message = await self._receive(connection)
                if message is not None:
                    yield message

    async def _load(self) -> Message:
        payload = await self._client.snapshot()
        message: SnapshotMessage = {
            "kind": "snapshot",
            "cursor": payload["meta"]["cursor"],
            "reason": "connect",
            "timestamp": payload["generated_at"],
            "payload": payload,
        }
        self._replica.take(message)
        return message

    async def _receive(self, connection: Connection) -> Message | None:
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
        try:
            message = read(text)
        except InvalidAnswer:
            self._replica.cursor = None  # it may have been a change: only a snapshot makes the state sure again
            raise
        if message is None:
            return None
        return await self._take(message, connection)

    async def _take(self, message: Message, connection: Connection) -> Message | None:
        self._last_words = None
        match message["kind"]:
            case "error":
                self._last_words = message
                return None
            case "restarting":
                self._input(Advised(message["retry_after_ms"]))
            case "warning":
                await self._renew(connection)
            case _:
                self._input(Heard())
                self._error = None
                self._replica.take(message)
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
    return Silent() if isinstance(error, _SilenceError) else Ended(error.status, error.close)


def follow(
    url: str,
    *,
    layers: Sequence[str] | None = None,
    token: Token = None,
    limits: Limits | None = None,
    ssl: tls.SSLContext | None = None,
) -> LiveMap:
    """Follow the map at ``url``: iterate over the answer, in ``async with``, for as long as you like.

    It yields every message of the stream, the snapshot first, and a message ``disconnected`` of its own whenever a
    connection is lost; then it comes back by cursor, so that nothing is lost or doubled. Only what another attempt
    would not change is raised: Unauthenticated, Forbidden, Refused, and TooLarge.

    ``layers`` are names of layers; None means all. ``token`` may be a function, also an asynchronous one: it is
    called before every connection, and when a token is about to expire. ``ssl`` is for a map whose certificate the
    system does not trust. Raises Refused for a ``url`` that is not the address of a map.
    """
    return LiveMap(MapClient(url, token=token, limits=limits, ssl=ssl), layers)
