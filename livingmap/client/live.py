"""A live map: the state of a running map as a client keeps it, through interruptions of every kind."""

import ssl as tls
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeAlias

from livingmap.client.connection import Query
from livingmap.client.errors import InvalidAnswer, MapError, Refused, Unreachable
from livingmap.client.following import Following
from livingmap.client.http import Limits, MapClient, Token, joined
from livingmap.client.machine import Transport
from livingmap.client.messages import DisconnectedMessage, Message, SnapshotMessage, read
from livingmap.client.play import Moment, Speed, moment_text, play_of
from livingmap.client.replica import Replica
from livingmap.core.reducer import State

LiveMessage: TypeAlias = Message | DisconnectedMessage
"""What a `LiveMap` yields."""


class _MapFeed:
    """The map as it is followed: its layers, now or in a play of the past, and the copy that is kept of them."""

    def __init__(self, client: MapClient, layers: str | None, play: Mapping[str, str] | None) -> None:
        self.play = play
        """What is to be shown of the past; None for the present, also once a play has come to it."""
        self.replica = Replica()
        self._client = client
        self._layers = layers

    def query(self) -> Query:
        """Return what to ask for now: to go on from where the replica is."""
        return Query(self._layers, self.replica.cursor, self.play)

    async def load(self) -> Message:
        """Return a snapshot."""
        payload = await self._client.snapshot()
        message: SnapshotMessage = {
            "kind": "snapshot",
            "cursor": payload["meta"]["cursor"],
            "reason": "connect",
            "timestamp": payload["generated_at"],
            "payload": payload,
        }
        return message

    def read(self, text: str | bytes) -> Message | None:
        """Read a message."""
        try:
            return read(text)
        except InvalidAnswer:
            self.replica.cursor = None  # it may have been a change: only a snapshot makes the state sure again
            raise

    def take(self, message: Message) -> None:
        """Take a message."""
        match message["kind"]:
            case "live":
                self.play = None
            case "playing" | "paused" if (
                self.play is not None
            ):  # a connection that is made again goes on like this
                self.play = {**self.play, "speed": str(message["speed"])}
        self.replica.take(message)


class LiveMap:
    """A map that is followed: iterate over it for its messages, and look at ``state`` between them.

    Made by `follow`. The loop that iterates does all the work: while it does not ask for the next message, nothing
    is read, and the map merges what it would have sent.
    """

    def __init__(
        self, client: MapClient, layers: Sequence[str] | None, play: Mapping[str, str] | None = None
    ) -> None:
        self._feed = _MapFeed(client, joined(layers), play)
        # The cursor of a snapshot by HTTP is for all layers, and of now; else the stream brings the snapshot.
        self._following = Following[Message](client, self._feed, loaded=layers is not None or play is not None)

    @property
    def state(self) -> State:
        """The layers by name, as of the last message. What is returned never changes."""
        return self._feed.replica.state

    @property
    def cursor(self) -> str | None:
        """Where in the log the state stands; None before the first snapshot."""
        return self._feed.replica.cursor

    @property
    def meta(self) -> Mapping[str, Any]:
        """``meta`` of the last snapshot: the version of the map, and its sources."""
        return self._feed.replica.meta

    @property
    def is_past(self) -> bool:
        """Whether the state is one of the past, in a play that has not come to the present."""
        return self._feed.play is not None

    @property
    def status(self) -> str:
        """One of idle, connecting, live, reconnecting, unauthenticated, forbidden, refused."""
        return self._following.status

    @property
    def transport(self) -> Transport | None:
        """How the stream comes; None while it does not."""
        return self._following.transport

    @property
    def error(self) -> MapError | None:
        """Why the last attempt to connect failed, or the connection ended; None while it is live."""
        return self._following.error

    def retry(self) -> None:
        """End a wait: attempt at once, for example because the network is back. Else it does nothing."""
        self._following.retry()

    async def pause(self) -> None:
        """Let a play stand still. Like the following, it needs a WebSocket; a message says when it is done."""
        await self._steer({"kind": "pause"})

    async def resume(self) -> None:
        """Let a play that was paused go on."""
        await self._steer({"kind": "play"})

    async def seek(self, at: Moment) -> None:
        """Let a play go on from another moment, whose snapshot comes next."""
        await self._steer({"kind": "seek", "at": moment_text(at)})

    async def change_speed(self, speed: Speed) -> None:
        """Let a play go on at another speed: 1 to 1000, or ``max``."""
        await self._steer({"kind": "speed", "speed": speed})

    async def _steer(self, message: Mapping[str, Any]) -> None:
        if self._feed.play is None:
            raise Refused(f"{message['kind']}: this is the present, and no play of the past")
        if self._following.connection is None:
            raise Unreachable(f"{message['kind']}: there is no connection")
        await self._following.connection.send(message)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection. The state stays."""
        await self._following.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveMessage:
        return await anext(self._following.messages)


def follow(
    url: str,
    *,
    layers: Sequence[str] | None = None,
    from_: Moment | None = None,
    to: Moment | None = None,
    speed: Speed = 1,
    token: Token = None,
    limits: Limits | None = None,
    ssl: tls.SSLContext | None = None,
) -> LiveMap:
    """Follow the map at ``url``: iterate over the answer, in ``async with``, for as long as you like.

    It yields every message of the stream, the snapshot first, and a message ``disconnected`` of its own whenever a
    connection is lost; then it comes back by cursor, so that nothing is lost or doubled. Only what another attempt
    would not change is raised: Unauthenticated, Forbidden, Refused, and TooLarge.

    With ``from_`` it plays the past: the map of that moment, then every event, ``speed`` times faster than it was
    (1 to 1000, or ``max``: as fast as you read). It ends at ``to``; without that it goes on to the present.

    ``layers`` are names of layers; None means all. ``token`` may be a function, also an asynchronous one: it is
    called before every connection, and when a token is about to expire. ``ssl`` is for a map whose certificate the
    system does not trust. Raises Refused for a ``url`` that is not the address of a map.
    """
    return LiveMap(MapClient(url, token=token, limits=limits, ssl=ssl), layers, play_of(from_, to, speed))
