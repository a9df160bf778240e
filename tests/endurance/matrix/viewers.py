"""Viewers so cheap that one process can be a hundred of them: they keep what comes, and look at it afterwards."""

import base64
import errno
import socket
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import orjson

from tests.support.framing import EventFraming, Framing, WebSocketFraming

_ANSWER_SECONDS: Final = 10
_SILENT_SECONDS: Final = 60
"""A connection without a message for so long counts as dead; heartbeats come more often."""
_AGAIN_SECONDS: Final = 0.3
_SIGNATURE_BYTES: Final = 16
"""With which a cursor ends."""
_UNDER_WAY: Final = (errno.EAGAIN, errno.EINPROGRESS, errno.ENOTCONN)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a log, as cursors have it. Clients need not know their form."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a cursor names: a position, and the view in which it is seen, which depends on rights."""

    position: Position
    view: str = ""

    @classmethod
    def of(cls, cursor: str) -> "Place":
        signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position, _, view = signed[:-_SIGNATURE_BYTES].decode().partition("|")
        epoch, _, seq = position.rpartition("-")
        return cls(Position(epoch, int(seq)), view)


@dataclass(frozen=True, slots=True)
class Glance:
    """What has to be known of a message to judge the order of many."""

    kind: str
    cursor: str | None = None
    place: Place | None = None
    number: int | None = None
    """That of an event, if its payload has one."""
    skipped: int = 0
    """For how many events a message ``changes`` stands."""

    @property
    def position(self) -> Position | None:
        return self.place.position if self.place is not None else None

    @classmethod
    def of(cls, message: dict[str, Any]) -> "Glance":
        cursor = message.get("cursor")
        payload = message["payload"] if message["kind"] == "event" else {}
        return cls(
            message["kind"],
            cursor,
            Place.of(cursor) if cursor else None,
            payload.get("number"),
            message.get("skipped", 0) if message["kind"] == "changes" else 0,
        )


class Messages:
    """Every message that any viewer was sent, kept once: most come to all of them with the same bytes."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._texts: list[bytes] = []
        self._glances: dict[int, Glance] = {}
        self._events: dict[int, dict[str, Any]] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: bytes) -> int:
        """Return the number of a message, by which the others give it back."""
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

    def message(self, number: int) -> dict[str, Any]:
        found = self._events.get(number)
        if found is None:
            found = orjson.loads(self._texts[number])
            if found["kind"] == "event":
                self._events[number] = found
        return found

    def glance(self, number: int) -> Glance:
        found = self._glances.get(number)
        if found is None:
            found = self._glances[number] = Glance.of(self.message(number))
        return found


class Viewer:
    """A client of the stream that comes back by its last cursor after every loss. `look` is to be called often."""

    def __init__(self, address: str, messages: Messages, *, sse: bool = False, token: str | None = None) -> None:
        self.address = address
        self.connections = 0
        self.refusals: dict[int, int] = {}
        """How often it was refused, by the status."""
        self.lives: list[list[int]] = [[]]
        """What it was sent, as numbers of messages. In a new life it has forgotten all."""
        self._messages = messages
        self._sse = sse
        self._token = token
        self._socket: socket.socket | None = None
        self._framing: Framing = EventFraming()
        self._request = b""
        self._heard_at = 0.0
        self._away_until = 0.0
        self._glanced = 0
        self._number = -1
        self._cursor: str | None = None

    # what it knows

    @property
    def seen(self) -> list[int]:
        """What it was sent in this life."""
        return self.lives[-1]

    @property
    def number(self) -> int:
        """The number of the last event that had one."""
        self._glance()
        return self._number

    @property
    def cursor(self) -> str | None:
        self._glance()
        return self._cursor

    def _glance(self) -> None:
        for one in self.seen[self._glanced :]:
            glance = self._messages.glance(one)
            self._cursor = glance.cursor or self._cursor
            self._number = self._number if glance.number is None else glance.number
        self._glanced = len(self.seen)

    # what happens to it

    def break_off(self, away_seconds: float = 0.0) -> None:
        """Lose the connection without a word, and come back after a while."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._away_until = time.monotonic() + away_seconds

    def forget(self) -> None:
        """Be somebody new, who has no cursor."""
        self.break_off()
        self.lives.append([])
        self._glanced, self._number, self._cursor = 0, -1, None

    def look(self) -> None:
        """Take what has come, without waiting for anything."""
        now = time.monotonic()
        try:
            if self._socket is None:
                if now >= self._away_until:
                    self._connect(now)
            elif self._request:
                self._ask()
            else:
                self._read(self._socket, now)
        except OSError as error:
            if error.errno not in _UNDER_WAY:
                self.break_off(_AGAIN_SECONDS)
        if self._socket is not None and now - self._heard_at > (
            _SILENT_SECONDS if self._framing.begun else _ANSWER_SECONDS
        ):
            self.break_off(_AGAIN_SECONDS)

    def _connect(self, now: float) -> None:
        host, _, port = self.address.rpartition(":")
        self._framing = EventFraming() if self._sse else WebSocketFraming()
        target = "/living-map/events" if self._sse else "/living-map/stream"
        cursor = f"?cursor={quote(self.cursor)}" if self.cursor else ""
        token = f"Authorization: Bearer {self._token}\r\n" if self._token else ""
        head = f"GET {target}{cursor} HTTP/1.1\r\nHost: {self.address}\r\n{token}{self._framing.request}\r\n"
        self._request, self._heard_at = head.encode(), now
        self._socket = socket.socket()
        self._socket.setblocking(False)
        self._socket.connect((host, int(port)))

    def _ask(self) -> None:
        assert self._socket
        self._socket.sendall(self._request)
        self._request = b""

    def _read(self, own: socket.socket, now: float) -> None:
        while True:
            data = own.recv(1 << 18)  # raises when there is no more
            self._heard_at = now
            begun = self._framing.begun
            for text in self._framing.take(data):
                self.seen.append(self._messages.add(text))
            if self._framing.begun and not begun:
                self.connections += 1
            if self._framing.answer:
                own.sendall(self._framing.answer)
                self._framing.answer = b""
            if not data or self._framing.ended:
                if status := self._framing.refused:
                    self.refusals[status] = self.refusals.get(status, 0) + 1
                self.break_off(_AGAIN_SECONDS)
                return
