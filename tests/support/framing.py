"""The two ways by which the stream comes, as little of them as a client of tests needs: bytes in, messages out."""

import struct
from collections.abc import Iterator
from typing import Final, Protocol

_CONTINUED, _TEXT, _CLOSE, _PING, _PONG = 0, 1, 8, 9, 10
_NO_MASK: Final = b"\0\0\0\0"


class Framing(Protocol):
    """One connection, from the head of its answer on."""

    request: str
    """The headers that ask for it."""
    begun: bool
    """Whether the stream has begun."""
    ended: bool
    """Whether nothing more comes."""
    refused: int
    """The status with which it was refused; 0 if it was not."""
    answer: bytes
    """What has to be sent back."""

    def take(self, data: bytes) -> Iterator[bytes]:
        """Take bytes; return the messages that they complete."""
        ...


class _Headed:
    status: int
    request: str

    def __init__(self) -> None:
        self.begun = self.ended = False
        self.refused = 0
        self.answer = b""
        self.head = b""
        self._bytes = bytearray()

    def _begin(self) -> None:
        head, end, rest = bytes(self._bytes).partition(b"\r\n\r\n")
        if not end:
            return
        self.head, self._bytes = head.lower(), bytearray(rest)
        status = int(head.split(b" ", 2)[1])
        self.begun = status == self.status
        if not self.begun:
            self.refused, self.ended = status, True

    def take(self, data: bytes) -> Iterator[bytes]:
        self._bytes += data
        if not self.begun and not self.ended:
            self._begin()
        if self.begun:
            yield from self._messages()

    def _messages(self) -> Iterator[bytes]:
        raise NotImplementedError


class WebSocketFraming(_Headed):
    """The WebSocket protocol (RFC 6455), without extensions."""

    status = 101
    request = (
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    )

    def __init__(self) -> None:
        super().__init__()
        self._parts = bytearray()

    def _messages(self) -> Iterator[bytes]:
        while (frame := self._frame()) is not None:
            final, kind, payload = frame
            if kind in (_TEXT, _CONTINUED):
                self._parts += payload
                if final:
                    yield bytes(self._parts)
                    self._parts.clear()
            elif kind == _PING:
                self.answer += bytes([0x80 | _PONG, 0x80 | len(payload)]) + _NO_MASK + payload
            elif kind == _CLOSE:
                self.ended = True

    def _frame(self) -> tuple[bool, int, bytes] | None:
        own = self._bytes
        if len(own) < 2:
            return None
        start, size = 2, own[1] & 0x7F
        if size > 125:
            start = 4 if size == 126 else 10
            if len(own) < start:
                return None
            (size,) = struct.unpack_from(">H" if start == 4 else ">Q", own, 2)
        if len(own) < start + size:
            return None
        first, payload = own[0], bytes(own[start : start + size])
        del own[: start + size]
        return bool(first & 0x80), first & 0x0F, payload


class EventFraming(_Headed):
    """Server-sent events (HTML, 9.2) in HTTP/1.1, in chunks or not."""

    status = 200
    request = "Accept: text/event-stream\r\n"

    def __init__(self) -> None:
        super().__init__()
        self._text = bytearray()

    def _messages(self) -> Iterator[bytes]:
        if b"\r\ntransfer-encoding: chunked" in self.head:
            self._unchunk()
        else:
            self._text += self._bytes
            self._bytes.clear()
        *events, rest = bytes(self._text).split(b"\n\n")
        self._text = bytearray(rest)
        for event in events:
            lines = [line[6:] for line in event.split(b"\n") if line.startswith(b"data: ")]
            if lines:
                yield b"\n".join(lines)

    def _unchunk(self) -> None:
        while (end := self._bytes.find(b"\r\n")) >= 0:
            size = int(self._bytes[:end].split(b";")[0], 16)
            if len(self._bytes) < end + size + 4:
                return
            self._text += self._bytes[end + 2 : end + 2 + size]
            del self._bytes[: end + size + 4]
            if size == 0:
                self.ended = True
                return
