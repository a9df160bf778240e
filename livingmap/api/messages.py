"""Models of the stream's messages, for ``/asyncapi.json``; `livingmap.stream.messages` builds what is sent."""

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from livingmap.api.models import CollisionReport, Snapshot
from livingmap.core.progress import Phase
from livingmap.problems.reports import ProblemReport
from livingmap.stream.messages import SnapshotReason


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PutChange(_Message):
    """Set and remove fields of an item; create it if the client does not have it."""

    op: Literal["put"]
    layer: str
    collection: str
    id: str
    set: dict[str, Any]
    unset: list[str]


class DropChange(_Message):
    """Remove an item. The client may never have had it."""

    op: Literal["drop"]
    layer: str
    collection: str
    id: str


class TotalChange(_Message):
    """Set and remove fields of the layer itself."""

    op: Literal["total"]
    layer: str
    set: dict[str, Any]
    unset: list[str]


Change: TypeAlias = PutChange | DropChange | TotalChange


class SnapshotMessage(_Message):
    """The whole state: at the start, and whenever the map cannot resume from where the client is."""

    kind: Literal["snapshot"]
    timestamp: str
    cursor: str
    reason: SnapshotReason
    payload: Snapshot


class EventMessage(_Message):
    """One entry of the log, and what it changed."""

    kind: Literal["event"]
    cursor: str
    event_type: str
    """The subject of the message, or ``livingmap.…`` for entries of the map itself."""
    timestamp: str
    """When the log received it."""
    payload: dict[str, Any]
    changes: list[Change]


class ChangesMessage(_Message):
    """The net effect of the skipped events, for a client that fell behind."""

    kind: Literal["changes"]
    cursor: str
    skipped: int
    changes: list[Change]


class HeartbeatMessage(_Message):
    """Nothing was sent for a while. It says how far the map is behind its log, and whether the log is away."""

    kind: Literal["heartbeat"]
    cursor: str
    timestamp: str
    phase: Phase | Literal["past"]
    at: str | None = None
    """In a play, the moment that is shown."""
    lag: int
    """How many entries of the log are known of and not read yet."""
    standing_still_since: str | None
    """Since when the map has had nothing from its log; null while it is connected, or on its own."""
    collisions: list[CollisionReport]
    """Ids that several entities claim, as in ``meta`` of a snapshot."""


class PlayingMessage(_Message):
    """A play begins, goes on, or was sought: which moment it shows, and how many times faster than it was."""

    kind: Literal["playing"]
    at: str
    speed: float | Literal["max"]


class PausedMessage(_Message):
    """A play stands still."""

    kind: Literal["paused"]
    at: str
    speed: float | Literal["max"]


class GapMessage(_Message):
    """What a play cannot show, as the history lacks it. If the state may differ by it, a snapshot follows."""

    kind: Literal["gap"]
    since: str
    until: str
    events: int | None
    """How many events are missing; null if nobody knows, or the client may not."""
    reason: str


class LiveMessage(_Message):
    """A play has come to the present: what follows happens now, as on a stream without ``from``."""

    kind: Literal["live"]
    at: str
    cursor: str


class EndMessage(_Message):
    """A play has come to its end. The connection ends with it."""

    kind: Literal["end"]
    at: str


class WarningMessage(_Message):
    """The stream ends soon unless the client sends another token."""

    kind: Literal["warning"]
    code: str
    detail: str
    expires_at: str | None


class AuthenticatedMessage(_Message):
    """The answer to a token that was accepted."""

    kind: Literal["authenticated"]
    expires_at: str | None


class ProblemsMessage(_Message):
    """All that is wrong: the start of the feed of problems, and whenever changes cannot say it."""

    kind: Literal["problems"]
    timestamp: str
    items: list[ProblemReport]
    """The gravest 500, as ``GET /living-map/problems`` lists them."""
    total: int
    """How many there are."""


class ProblemMessage(_Message):
    """A problem has begun, has changed, or has ended."""

    kind: Literal["problem"]
    timestamp: str
    state: Literal["open", "acknowledged", "ended"]
    item: ProblemReport
    """As it is now; one that has ended, as it was sent last."""


class RestartingMessage(_Message):
    """The last message before the map stops."""

    kind: Literal["restarting"]
    retry_after_ms: int


class ErrorMessage(_Message):
    """The answer to a message that the map refuses, and the reason why a connection ends."""

    kind: Literal["error"]
    code: str
    detail: str


class LayersRequest(_Message):
    """Send these layers from now on; null for all."""

    kind: Literal["layers"]
    layers: list[str] | None


class AuthRequest(_Message):
    """Send a token: as the first message, or a new one before the last expires."""

    kind: Literal["auth"]
    token: str = Field(min_length=1)


class PauseRequest(_Message):
    """Let the play stand still."""

    kind: Literal["pause"]


class PlayRequest(_Message):
    """Let the play go on."""

    kind: Literal["play"]


class SpeedRequest(_Message):
    """Play at another speed: 1 to 1000 times as fast as it was, or as fast as the client reads."""

    kind: Literal["speed"]
    speed: float | Literal["max"]


class SeekRequest(_Message):
    """Go on from another moment: RFC 3339, a cursor, or relative to now, such as -15m."""

    kind: Literal["seek"]
    at: str


SENT: tuple[type[_Message], ...] = (
    SnapshotMessage,
    EventMessage,
    ChangesMessage,
    HeartbeatMessage,
    PlayingMessage,
    PausedMessage,
    GapMessage,
    LiveMessage,
    EndMessage,
    ProblemsMessage,
    ProblemMessage,
    WarningMessage,
    AuthenticatedMessage,
    RestartingMessage,
    ErrorMessage,
)
"""What the map sends."""

RECEIVED: tuple[type[_Message], ...] = (
    LayersRequest,
    AuthRequest,
    PauseRequest,
    PlayRequest,
    SpeedRequest,
    SeekRequest,
)
"""What the map understands."""
