"""Frames: how the messages of a stream are delimited on the wire.

A WebSocket frame is RFC 6455, 5.2 (final text frame, unmasked); a server-sent event is the HTML standard's, 9.2.6.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

from livingmap.stream.deflate import deflated

_FINAL_TEXT: Final = 0x81
_COMPRESSED: Final = 0x40
_TWO_BYTE_SIZE: Final = 126
_EIGHT_BYTE_SIZE: Final = 127


class Framing(StrEnum):
    """The wire formats of a stream."""

    WEBSOCKET = "websocket"
    DEFLATED = "deflated"
    """A WebSocket whose client reads compressed frames, and plain ones too."""
    EVENTS = "events"
    BATCHED = "batched"
    """A WebSocket on which messages that go out together are an array in one frame."""
    BATCHED_DEFLATED = "batched and deflated"

    @property
    def batched(self) -> "Framing":
        """The framing that puts messages together which go out together; a WebSocket's alone has one."""
        return _BATCHED.get(self, self)


_BATCHED: Final = {Framing.WEBSOCKET: Framing.BATCHED, Framing.DEFLATED: Framing.BATCHED_DEFLATED}
_DEFLATED: Final = frozenset({Framing.DEFLATED, Framing.BATCHED_DEFLATED})
_TOGETHER: Final = frozenset(_BATCHED.values())


def framed(framing: Framing, message: bytes, cursor: str | None = None) -> bytes:
    """Return one message as it is sent."""
    if framing is Framing.EVENTS:
        mark = b"id: " + cursor.encode() + b"\n" if cursor else b""
        return mark + b"data: " + message + b"\n\n"
    return _frame(_FINAL_TEXT, message)


def joined(framing: Framing, messages: Iterable[tuple[bytes, str]]) -> bytes:
    """Return messages, each given with its cursor, as they are sent together."""
    if framing in _TOGETHER:
        messages = _together(messages)
    if framing in _DEFLATED:
        payloads = deflated(message for message, _ in messages)
        return b"".join(_frame(_FINAL_TEXT | _COMPRESSED, payload) for payload in payloads)
    return b"".join(framed(framing, message, cursor) for message, cursor in messages)


def _together(messages: Iterable[tuple[bytes, str]]) -> Iterator[tuple[bytes, str]]:
    """Yield an array of all messages; one alone as it is, and nothing for none."""
    together = [message for message, _ in messages]
    if together:
        yield b"[%b]" % b",".join(together) if len(together) > 1 else together[0], ""


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _TWO_BYTE_SIZE:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, _TWO_BYTE_SIZE)) + size.to_bytes(2, "big") + payload
    return bytes((first, _EIGHT_BYTE_SIZE)) + size.to_bytes(8, "big") + payload


def unframed(frames: bytes) -> Iterator[str]:
    """Yield the messages of joined WebSocket frames, as `framed` wrote them."""
    at = 0
    while at < len(frames):
        size, start = frames[at + 1], at + 2
        if size >= _TWO_BYTE_SIZE:
            width = 2 if size == _TWO_BYTE_SIZE else 8
            size, start = int.from_bytes(frames[start : start + width], "big"), start + width
        yield frames[start : start + size].decode()
        at = start + size
