"""Viewers of a running map who stay: they come back by cursor after every loss, and remember what they saw."""

import asyncio
import contextlib
import hashlib
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from typing import Any

import httpx
import orjson
from websockets.asyncio import client as websockets
from websockets.exceptions import WebSocketException

from tests.support.clients import Follower, normal, same
from tests.support.map_process import MapProcess
from tests.support.nats_server import until

_LOST = (OSError, WebSocketException, httpx.TransportError)
_PAUSE_SECONDS = 0.02
_MESSAGES = 16
"""How many messages are read ahead: who stalls has to fill the socket, not the memory of the test."""
_TOLD = ("snapshot", "event", "changes")


class Viewer(Follower):
    """One who watches, by WebSocket or server-sent events, all layers or some."""

    def __init__(
        self,
        address: str,
        layers: Sequence[str] = (),
        *,
        sse: bool = False,
        buffer: int | None = None,
        remembers: bool = False,
    ) -> None:
        super().__init__()
        self.address = address
        self.layers = tuple(layers)
        self.sse = sse
        self.states: dict[str, int] = {}
        """By cursor, a digest of the state there, if it ``remembers``: that takes its time."""
        self.reading = asyncio.Event()
        self.reading.set()
        self.connections = 0
        self.number = -1
        """That of the last event that had one in its payload."""
        self._buffer = buffer
        self._remembers = remembers
        self._leaving = False
        self._lose: Callable[[], None] | None = None

    def take(self, text: str | bytes) -> dict[str, Any]:
        message = super().take(text)
        if self._remembers and message["kind"] in _TOLD:
            self.states[message["cursor"]] = digest(self.state)
        if message["kind"] == "event":
            self.number = message["payload"].get("number", self.number)
        return message

    @property
    def reasons(self) -> list[str]:
        """Why it was sent each snapshot."""
        return [one["reason"] for one in self.seen if one["kind"] == "snapshot"]

    @property
    def numbers(self) -> list[int]:
        """The field ``number`` of all events that have one, in the order of their coming."""
        events = (one["payload"] for one in self.seen if one["kind"] == "event")
        return [payload["number"] for payload in events if "number" in payload]

    async def follow(self) -> None:
        """Watch until told to leave. Whatever ends a connection, come back with the last cursor."""
        self._leaving = False
        while not self._leaving:
            with contextlib.suppress(*_LOST):
                async with contextlib.aclosing(self._events() if self.sse else self._frames()) as messages:
                    async for text in messages:
                        self.take(text)
                        await self.reading.wait()
            self._lose = None
            await asyncio.sleep(_PAUSE_SECONDS)

    def leave(self) -> None:
        """Let `follow` end."""
        self._leaving = True
        self.reading.set()
        self.break_off()

    def break_off(self) -> None:
        """Lose the connection without a word."""
        lose, self._lose = self._lose, None
        if lose is not None:
            with contextlib.suppress(OSError):  # the other side was first
                lose()

    def _query(self) -> dict[str, str]:
        query = {"layers": ",".join(self.layers)} if self.layers else {}
        return {**query, "cursor": self.cursor} if self.cursor else query

    async def _frames(self) -> AsyncGenerator[str | bytes]:
        url = str(httpx.URL(f"ws://{self.address}/living-map/stream", params=self._query()))
        options: dict[str, Any] = {
            "max_queue": _MESSAGES,
            "max_size": None,
            "close_timeout": 1,
            "compression": None,
        }
        with self._opened() as own:
            async with websockets.connect(url, sock=own, proxy=None, **options) as line:
                self.connections += 1
                self._lose = line.transport.abort
                while not self._leaving:
                    yield await line.recv()

    @contextlib.contextmanager
    def _opened(self) -> Any:
        """Give a socket with a small buffer, if one was asked for: its reader is behind soon."""
        if self._buffer is None:
            yield None
            return
        host, _, port = self.address.rpartition(":")
        with socket.socket() as own:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
            own.connect((host, int(port)))
            own.setblocking(False)
            yield own

    def _transport(self) -> httpx.AsyncHTTPTransport:
        size = [(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)] if self._buffer else None
        return httpx.AsyncHTTPTransport(socket_options=size, verify=False)

    async def _events(self) -> AsyncGenerator[str]:
        url = f"http://{self.address}/living-map/events"
        async with (
            httpx.AsyncClient(transport=self._transport(), timeout=httpx.Timeout(30, read=None)) as client,
            client.stream("GET", url, params=self._query()) as answer,
        ):
            answer.raise_for_status()
            self.connections += 1
            own = answer.extensions["network_stream"].get_extra_info("socket")
            self._lose = lambda: own.shutdown(socket.SHUT_RDWR)
            data: list[str] = []
            async for line in answer.aiter_lines():
                if self._leaving:
                    return
                if line:
                    data += [line.removeprefix("data: ")] if line.startswith("data: ") else []
                elif data:
                    yield "\n".join(data)
                    data.clear()


@contextlib.asynccontextmanager
async def following(*viewers: Viewer) -> AsyncIterator[None]:
    """Let viewers watch; each has its first snapshot by now."""
    tasks = [asyncio.create_task(viewer.follow()) for viewer in viewers]
    try:
        async with asyncio.timeout(60):
            while not all(viewer.seen for viewer in viewers):
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(_PAUSE_SECONDS)
        yield
    finally:
        for viewer in viewers:
            viewer.leave()
        await asyncio.gather(*tasks)


def digest(state: dict[str, Any]) -> int:
    """Return what tells two states apart."""
    text = orjson.dumps(same(state), option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())  # the same in every process


def shown(snapshot: dict[str, Any]) -> tuple[str, int]:
    """Return cursor and digest of a snapshot that was got by HTTP."""
    return snapshot["meta"]["cursor"], digest(normal(snapshot["layers"]))


async def agree(viewer: Viewer, living: MapProcess) -> None:
    """Wait until a viewer shows what the map shows."""
    query = {"layers": ",".join(viewer.layers)} if viewer.layers else {}

    async def same_there() -> bool:
        return shown(await living.get("snapshot", **query)) == (viewer.cursor, digest(viewer.state))

    await until(same_there, 60, 0.05)


class Truth:
    """What really happened, as ``witness`` saw it, who got every event of all layers."""

    def __init__(self, witness: Viewer) -> None:
        self._witness = witness
        self._expected: dict[tuple[str, ...], dict[bytes, int]] = {}
        self._looked_at: dict[tuple[str, ...], int] = {}

    def expected(self, layers: tuple[str, ...]) -> dict[bytes, int]:
        """Return the events of these layers with their places."""
        found = self._expected.setdefault(layers, {})
        for message in self._witness.seen[self._looked_at.get(layers, 0) :]:
            if (told := _told(message, layers)) is not None:
                found[told] = len(found)
        self._looked_at[layers] = len(self._witness.seen)
        return found

    def reached(self, viewer: Viewer) -> bool:
        """Tell whether ``viewer`` has come as far as the witness."""
        mine = {name: self._witness.state[name] for name in viewer.layers or self._witness.state}
        if digest(viewer.state) != digest(mine):
            return False
        last = next(message for message in reversed(viewer.seen) if message["kind"] in _TOLD)
        return last["kind"] != "event" or _told(last, ()) == next(reversed(self.expected(viewer.layers)), None)

    def faults(self, viewer: Viewer) -> list[str]:
        """Return what ``viewer`` did not get as it should have.

        Every event of its layers once and in order; where a message stands for several, or a snapshot, it goes on
        after those.
        """
        expected = self.expected(viewer.layers)
        found: list[str] = []
        last, leap = -1, True
        for message in viewer.seen:
            if message["kind"] in ("snapshot", "changes"):
                leap = True
            elif (told := _told(message, ())) is not None:
                place = expected.get(told, -1)
                if place <= last or not (leap or place == last + 1):
                    found.append(f"after event {last} comes {place}: {message}"[:500])
                last, leap = place, False
        return found


def _told(message: dict[str, Any], layers: Sequence[str]) -> bytes | None:
    """Return what is told by an event to who sees ``layers``, apart from the cursor; None if nothing is."""
    if message["kind"] != "event":
        return None
    changes = [one for one in message["changes"] if not layers or one["layer"] in layers]
    if layers and not changes:
        return None
    return orjson.dumps([message["event_type"], message["timestamp"], message["payload"], changes])


def some_layers(numbers: random.Random) -> tuple[str, ...]:
    """Return layers at random; none means all."""
    names = ("city", "space", "nodes", "agents", "dao", "microdao", "usage", "messaging")
    return tuple(name for name in names if numbers.random() < 0.4)
