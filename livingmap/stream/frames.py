"""The messages of a stream, encoded once for all who share a view.

A WebSocket frame is RFC 6455, 5.2 (final text frame, unmasked); a server-sent event is the HTML standard's, 9.2.6.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final

import orjson

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.model import Change, change_to_json
from livingmap.core.units import rfc3339
from livingmap.history import Entry
from livingmap.stream.deflate import deflated

_FINAL_TEXT: Final = 0x81
_COMPRESSED: Final = 0x40
_LONG: Final = 126
_LONGER: Final = 127


class Framing(StrEnum):
    """How messages are told apart on the way."""

    WEBSOCKET = "websocket"
    DEFLATED = "deflated"
    """A WebSocket whose client understands compressed frames. It takes others too."""
    EVENTS = "events"


def event(folded: Folded, cursor: str, view: View) -> bytes | None:
    """Return the message of one log entry; None if it concerns no layer of ``view``."""
    changes = [change for change in folded.changes if view.wants(change.layer)]
    if view.layers is not None and not changes:
        return None
    entry = folded.event
    return orjson.dumps(
        {
            "kind": "event",
            "cursor": cursor,
            "event_type": entry.type,
            "timestamp": rfc3339(entry.received_at),
            "payload": folded.public_payload,
            "changes": _wire(changes),
        }
    )


def recalled(entry: Entry, cursor: str, view: View) -> bytes | None:
    """Return the message that `event` made of an entry of the history whose changes were kept."""
    changes = orjson.Fragment(entry.changes or b"[]")
    if view.layers is not None:
        seen = [change for change in orjson.loads(entry.changes or b"[]") if view.wants(change["layer"])]
        if not seen:
            return None
        changes = orjson.Fragment(orjson.dumps(seen))
    return orjson.dumps(
        {
            "kind": "event",
            "cursor": cursor,
            "event_type": entry.event_type,
            "timestamp": rfc3339(entry.received_at),
            "payload": entry.payload,
            "changes": changes,
        }
    )


def merged(changes: Iterable[Change], skipped: int, cursor: str) -> bytes:
    """Return the message for a viewer that fell behind: what ``skipped`` events came to."""
    return orjson.dumps({"kind": "changes", "cursor": cursor, "skipped": skipped, "changes": _wire(changes)})


def snapshot(body: bytes, reason: str, cursor: str, now: datetime) -> bytes:
    """Return the message that holds a whole snapshot, given as JSON."""
    head = orjson.dumps({"kind": "snapshot", "timestamp": rfc3339(now), "cursor": cursor, "reason": reason})
    return head[:-1] + b',"payload":' + body + b"}"


def heartbeat(cursor: str, now: datetime) -> bytes:
    """Return the message that says: all is well, nothing happened."""
    return orjson.dumps({"kind": "heartbeat", "cursor": cursor, "timestamp": rfc3339(now)})


def restarting(retry_after_ms: int) -> bytes:
    """Return the last message before the map goes: when to try again."""
    return orjson.dumps({"kind": "restarting", "retry_after_ms": retry_after_ms})


def warning(code: str, detail: str, expires_at: datetime | None) -> bytes:
    """Return the message that says: the viewer will be let go, unless it shows another token."""
    return orjson.dumps({"kind": "warning", "code": code, "detail": detail, "expires_at": rfc3339(expires_at)})


def authenticated(expires_at: datetime | None) -> bytes:
    """Return the answer to a token that is good."""
    return orjson.dumps({"kind": "authenticated", "expires_at": rfc3339(expires_at)})


def fault(code: str, detail: str) -> bytes:
    """Return the answer to a message of the client that makes no sense."""
    return orjson.dumps({"kind": "error", "code": code, "detail": detail})


def framed(framing: Framing, message: bytes, cursor: str | None = None) -> bytes:
    """Return ``message`` as it travels on ``wire``."""
    if framing is Framing.EVENTS:
        mark = b"id: " + cursor.encode() + b"\n" if cursor else b""
        return mark + b"data: " + message + b"\n\n"
    return _frame(_FINAL_TEXT, message)


def joined(framing: Framing, messages: Iterable[tuple[bytes, str]]) -> bytes:
    """Return messages, each with its cursor, as they travel together on ``wire``."""
    if framing is Framing.DEFLATED:
        payloads = deflated(message for message, _ in messages)
        return b"".join(_frame(_FINAL_TEXT | _COMPRESSED, payload) for payload in payloads)
    return b"".join(framed(framing, message, cursor) for message, cursor in messages)


def _frame(first: int, payload: bytes) -> bytes:
    size = len(payload)
    if size < _LONG:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, _LONG)) + size.to_bytes(2, "big") + payload
    return bytes((first, _LONGER)) + size.to_bytes(8, "big") + payload


def unframed(frames: bytes) -> Iterator[str]:
    """Yield the messages of joined WebSocket frames, as `framed` wrote them."""
    at = 0
    while at < len(frames):
        size, start = frames[at + 1], at + 2
        if size >= _LONG:
            width = 2 if size == _LONG else 8
            size, start = int.from_bytes(frames[start : start + width], "big"), start + width
        yield frames[start : start + size].decode()
        at = start + size


def _wire(changes: Iterable[Change]) -> list[dict[str, object]]:
    return [change_to_json(change) for change in changes]
