"""The messages of a stream as JSON. `livingmap.api.messages` describes the same ones for AsyncAPI."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum

import orjson

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.json_bytes import right_sized
from livingmap.core.model import Change, Fields, change_to_json
from livingmap.core.progress import Progress
from livingmap.core.units import rfc3339
from livingmap.history import Entry, Gap
from livingmap.history.changes import decoded, sent


class SnapshotReason(StrEnum):
    """Why a viewer gets a whole snapshot."""

    CONNECT = "connect"
    CURSOR_EXPIRED = "cursor_expired"
    CURSOR_UNKNOWN = "cursor_unknown"
    LAYERS_CHANGED = "layers_changed"
    ACCESS_CHANGED = "access_changed"
    PAST = "past"
    """A play begins, or was sought."""
    GAP = "gap"
    """A play has come to what was kept after a gap, or to another epoch."""


def event(folded: Folded, cursor: str, view: View) -> bytes | None:
    """Return the message of one log entry; None if it concerns no layer of ``view``."""
    changes = [change for change in folded.changes if view.wants(change.layer)]
    if view.layers is not None and not changes:
        return None
    entry = folded.event
    return _event(cursor, entry.type, entry.received_at, folded.public_payload, _wire(changes))


def event_from_history(entry: Entry, cursor: str, view: View) -> bytes | None:
    """Return what `event` returned for an entry that the history has kept together with its changes."""
    return event_of_past(entry, decoded(entry.changes), cursor, view)


def event_of_past(entry: Entry, kept: Iterable[Fields], cursor: str, view: View) -> bytes | None:
    """Return what `event` returned for an entry of the history, whose changes are given as they were kept."""
    changes = [sent(change) for change in kept if view.wants(change["layer"])]
    if view.layers is not None and not changes:
        return None
    return _event(cursor, entry.event_type, entry.received_at, entry.payload, changes)


def _event(
    cursor: str, event_type: str, received_at: datetime, payload: Fields, changes: Sequence[Fields]
) -> bytes:
    entry = {
        "kind": "event",
        "cursor": cursor,
        "event_type": event_type,
        "timestamp": rfc3339(received_at),
        "payload": payload,
        "changes": changes,
    }
    return right_sized(orjson.dumps(entry))


def conflated(changes: Iterable[Change], skipped: int, cursor: str) -> bytes:
    """Return the message for a viewer that fell behind: the net effect of the ``skipped`` events."""
    return orjson.dumps({"kind": "changes", "cursor": cursor, "skipped": skipped, "changes": _wire(changes)})


def snapshot(body: bytes, reason: SnapshotReason, cursor: str, now: datetime, field: str = "payload") -> bytes:
    """Return the message that holds a whole snapshot, given as JSON, as ``field``."""
    head = orjson.dumps({"kind": "snapshot", "timestamp": rfc3339(now), "cursor": cursor, "reason": reason})
    return b'%b,"%b":%b}' % (head[:-1], field.encode(), body)


def heartbeat(cursor: str, now: datetime, progress: Progress, collisions: Sequence[Fields] = ()) -> bytes:
    """Return the message for a viewer to whom nothing was sent for a while, with what is known of the log.

    ``collisions`` are those of ids that the viewer may see.
    """
    return orjson.dumps(
        {
            "kind": "heartbeat",
            "cursor": cursor,
            "timestamp": rfc3339(now),
            "phase": str(progress.phase),
            "lag": progress.lag,
            "standing_still_since": rfc3339(progress.standing_still_since),
            "collisions": collisions,
        }
    )


def past_heartbeat(cursor: str, now: datetime, at: datetime) -> bytes:
    """Return the message of a play that shows the moment ``at``, and in which nothing happened for a while."""
    return orjson.dumps(
        {
            "kind": "heartbeat",
            "cursor": cursor,
            "timestamp": rfc3339(now),
            "phase": "past",
            "at": rfc3339(at),
            "lag": 0,
            "standing_still_since": None,
            "collisions": [],
        }
    )


def playing(at: datetime, speed: float | str) -> bytes:
    """Return the message that says that a play goes on from ``at``, and at what speed."""
    return orjson.dumps({"kind": "playing", "at": rfc3339(at), "speed": speed})


def paused(at: datetime, speed: float | str) -> bytes:
    """Return the message that says that a play stands still at ``at``."""
    return orjson.dumps({"kind": "paused", "at": rfc3339(at), "speed": speed})


def gap(missing: Gap, *, restricted: bool) -> bytes:
    """Return the message that says what a play cannot show, as the history lacks it.

    How many events these are is not for viewers with restricted rights.
    """
    return orjson.dumps(
        {
            "kind": "gap",
            "since": rfc3339(missing.from_time),
            "until": rfc3339(missing.until),
            "events": None if restricted else missing.size or None,
            "reason": missing.reason,
        }
    )


def live(at: datetime, cursor: str) -> bytes:
    """Return the message that says that a play has come to the present: what follows happens now."""
    return orjson.dumps({"kind": "live", "at": rfc3339(at), "cursor": cursor})


def end(at: datetime) -> bytes:
    """Return the last message of a play that ends at ``at``."""
    return orjson.dumps({"kind": "end", "at": rfc3339(at)})


def problems(items: Sequence[Fields], total: int, now: datetime) -> bytes:
    """Return the message that lists what is wrong, of ``total`` problems."""
    return orjson.dumps({"kind": "problems", "timestamp": rfc3339(now), "items": items, "total": total})


def problem(state: str, item: Fields, now: datetime) -> bytes:
    """Return the message for a problem that has begun, changed or ended."""
    return orjson.dumps({"kind": "problem", "timestamp": rfc3339(now), "state": state, "item": item})


def restarting(retry_after_ms: int) -> bytes:
    """Return the last message before the map stops: when to connect again."""
    return orjson.dumps({"kind": "restarting", "retry_after_ms": retry_after_ms})


def warning(code: str, detail: str, expires_at: datetime | None) -> bytes:
    """Return the message that announces the end of the stream unless the viewer sends another token."""
    return orjson.dumps({"kind": "warning", "code": code, "detail": detail, "expires_at": rfc3339(expires_at)})


def authenticated(expires_at: datetime | None) -> bytes:
    """Return the answer to a token that was accepted."""
    return orjson.dumps({"kind": "authenticated", "expires_at": rfc3339(expires_at)})


def error(code: str, detail: str) -> bytes:
    """Return the answer to a message that the map refuses."""
    return orjson.dumps({"kind": "error", "code": code, "detail": detail})


def _wire(changes: Iterable[Change]) -> list[dict[str, object]]:
    return [change_to_json(change) for change in changes]
