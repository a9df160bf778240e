"""The messages of the stream, as they come over the wire, and how one is read."""

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NotRequired, TypeAlias, TypedDict, cast

from livingmap.client.errors import InvalidAnswer

Json: TypeAlias = Any


class Put(TypedDict):
    """Set and unset fields of an item; it appears if it was not there."""

    op: Literal["put"]
    layer: str
    collection: str
    id: str
    set: Mapping[str, Json]
    unset: Sequence[str]


class Drop(TypedDict):
    """Take an item away, if it is there."""

    op: Literal["drop"]
    layer: str
    collection: str
    id: str


class Total(TypedDict):
    """Set and unset fields of the layer itself."""

    op: Literal["total"]
    layer: str
    set: Mapping[str, Json]
    unset: Sequence[str]


Change: TypeAlias = Put | Drop | Total
"""How the map differs after an event."""


class Snapshot(TypedDict):
    """What ``GET /living-map/snapshot`` answers."""

    generated_at: str
    layers: Mapping[str, Mapping[str, Json]]
    meta: Mapping[str, Json]


class SnapshotMessage(TypedDict):
    """The whole state: at the start, and whenever the map cannot go on from the client's cursor."""

    kind: Literal["snapshot"]
    cursor: str
    reason: str
    timestamp: str
    payload: Snapshot


class EventMessage(TypedDict):
    """One entry of the log, with what it changed."""

    kind: Literal["event"]
    cursor: str
    event_type: str
    timestamp: str
    payload: Mapping[str, Json]
    changes: Sequence[Change]


class ChangesMessage(TypedDict):
    """What ``skipped`` events came to that this client was too slow to be sent."""

    kind: Literal["changes"]
    cursor: str
    skipped: int
    changes: Sequence[Change]


class HeartbeatMessage(TypedDict):
    """All is well, and nothing happened for a while."""

    kind: Literal["heartbeat"]
    cursor: str
    timestamp: str
    at: NotRequired[str]
    """In a play of the past, the moment that is shown."""


class PlayingMessage(TypedDict):
    """A play of the past begins, or goes on from the moment ``at``."""

    kind: Literal["playing"]
    at: str
    speed: float | Literal["max"]


class PausedMessage(TypedDict):
    """A play of the past stands still."""

    kind: Literal["paused"]
    at: str
    speed: float | Literal["max"]


class GapMessage(TypedDict):
    """What a play cannot show, as the map's history lacks it."""

    kind: Literal["gap"]
    since: str
    until: str
    events: int | None
    reason: str


class PresentMessage(TypedDict):
    """A play has come to the present: what follows happens now."""

    kind: Literal["live"]
    at: str
    cursor: str


class EndMessage(TypedDict):
    """A play is over."""

    kind: Literal["end"]
    at: str


class RestartingMessage(TypedDict):
    """The map is stopped, and says when to come back."""

    kind: Literal["restarting"]
    retry_after_ms: int


class WarningMessage(TypedDict):
    """The token expires soon, or was taken back."""

    kind: Literal["warning"]
    code: str
    detail: str
    expires_at: NotRequired[str | None]


class ErrorMessage(TypedDict):
    """Why the connection is about to end, or what the map did not understand."""

    kind: Literal["error"]
    code: str
    detail: str


class DisconnectedMessage(TypedDict):
    """The client's own word, not the map's: there is no connection, and when the next attempt comes."""

    kind: Literal["disconnected"]
    detail: str
    retry_seconds: float


Message: TypeAlias = (
    SnapshotMessage
    | EventMessage
    | ChangesMessage
    | HeartbeatMessage
    | PlayingMessage
    | PausedMessage
    | GapMessage
    | PresentMessage
    | EndMessage
    | RestartingMessage
    | WarningMessage
    | ErrorMessage
)
"""What a map sends. ``message["kind"]`` tells a type checker which one it is."""

Shape: TypeAlias = Mapping[str, type]
"""The names that an object has at least, each with the type of its value."""
MESSAGES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "snapshot": {"cursor": str, "reason": str, "timestamp": str, "payload": dict},
        "event": {"cursor": str, "event_type": str, "timestamp": str, "payload": dict, "changes": list},
        "changes": {"cursor": str, "skipped": int, "changes": list},
        "heartbeat": {"cursor": str, "timestamp": str},
        "playing": {"at": str},
        "paused": {"at": str},
        "gap": {"since": str, "until": str, "reason": str},
        "live": {"at": str, "cursor": str},
        "end": {"at": str},
        "restarting": {"retry_after_ms": int},
        "warning": {"code": str, "detail": str},
        "error": {"code": str, "detail": str},
    }
)
_SNAPSHOT: Final[Shape] = MappingProxyType({"generated_at": str, "layers": dict, "meta": dict})
_ANSWERS: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "page": {"items": list},
        "diff": {"from": dict, "to": dict, "gaps": list},
        "series": {"points": list, "gaps": list},
        "sentences": {"sentences": list},
        "timeline": {"points": list, "gaps": list, "troubles": list},
        "totals": {"points": list, "gaps": list, "items": list},
    }
)
_CHANGES: Final[Mapping[str, Shape]] = MappingProxyType(
    {
        "put": {"layer": str, "collection": str, "id": str, "set": dict, "unset": list},
        "drop": {"layer": str, "collection": str, "id": str},
        "total": {"layer": str, "set": dict, "unset": list},
    }
)


def read(text: str | bytes) -> Message | None:
    """Read one message; None for a kind that only a newer map knows. Raises InvalidAnswer for anything else."""
    kind, message = kind_of(text)
    if kind not in MESSAGES:
        return None
    if kind == "snapshot" and "payload" not in message and "data" in message:
        message["payload"] = message.pop("data")  # the map's setting stream.snapshot_field
    check(kind, message, MESSAGES[kind])
    if kind == "snapshot":
        check_snapshot(message["payload"])
    for change in message.get("changes", ()):
        _check_change(change)
    return cast("Message", message)


def kind_of(text: str | bytes) -> tuple[str, Json]:
    """Return the kind of a message, and the message. Raises InvalidAnswer."""
    message = decoded(text)
    kind = message.get("kind") if isinstance(message, dict) else None
    if not isinstance(kind, str):
        raise InvalidAnswer(f"not a message of the stream: {text[:80]!r}")
    return kind, message


def decoded(text: str | bytes) -> Json:
    """Return the JSON value of a text. Raises InvalidAnswer."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidAnswer(f"not JSON: {error}") from error


def check_snapshot(payload: Json) -> Snapshot:
    """Return ``payload`` if it is a snapshot. Raises InvalidAnswer."""
    check("snapshot", payload, _SNAPSHOT)
    check("snapshot", payload["meta"], {"cursor": str})
    if not all(isinstance(layer, dict) for layer in payload["layers"].values()):
        raise InvalidAnswer("a snapshot with a layer that is not an object")
    return cast("Snapshot", payload)


def check_answer(kind: str, answer: Json) -> dict[str, Json]:
    """Return ``answer`` if it is of its kind: ``page``, ``diff``, ``series``, ``totals`` and so on.

    Raises InvalidAnswer.
    """
    check(kind, answer, _ANSWERS[kind])
    return cast("dict[str, Json]", answer)


def _check_change(change: Json) -> None:
    shape = _CHANGES.get(change["op"]) if isinstance(change, dict) and isinstance(change.get("op"), str) else None
    if shape is None:
        raise InvalidAnswer(f"not a change: {str(change)[:80]}")
    check(change["op"], change, shape)


def check(kind: str, value: Json, shape: Shape) -> None:
    """Raise InvalidAnswer if a value of some kind lacks what is in ``shape``."""
    wrong = (
        list(shape)
        if not isinstance(value, dict)
        else [name for name, type_ in shape.items() if not isinstance(value.get(name), type_)]
    )
    if wrong:
        raise InvalidAnswer(f"{kind}: {', '.join(wrong)} missing or of another type")
