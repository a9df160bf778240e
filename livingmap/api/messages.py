"""The messages of the stream, for `/asyncapi.json`. What is sent is made in `livingmap.stream.messages`."""

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from livingmap.api.models import Snapshot
from livingmap.stream.messages import SnapshotReason


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PutChange(_Message):
    """Set and unset fields of an item, which appears if it was not there."""

    op: Literal["put"]
    layer: str
    collection: str
    id: str
    set: dict[str, Any]
    unset: list[str]


class DropChange(_Message):
    """An item is no more. It may be one that the client never had."""

    op: Literal["drop"]
    layer: str
    collection: str
    id: str


class TotalChange(_Message):
    """Set and unset fields of the layer itself."""

    op: Literal["total"]
    layer: str
    set: dict[str, Any]
    unset: list[str]


Change: TypeAlias = PutChange | DropChange | TotalChange


class SnapshotMessage(_Message):
    """The whole state: on connect, and whenever going on is impossible."""

    kind: Literal["snapshot"]
    timestamp: str
    cursor: str
    reason: SnapshotReason
    payload: Snapshot


class EventMessage(_Message):
    """One entry of the log and what it changed."""

    kind: Literal["event"]
    cursor: str
    event_type: str
    """The NATS subject, or ``livingmap.…`` for what the map itself says."""
    timestamp: str
    """When the log received it."""
    payload: dict[str, Any]
    changes: list[Change]


class ChangesMessage(_Message):
    """What many events came to, for a client that fell behind."""

    kind: Literal["changes"]
    cursor: str
    skipped: int
    changes: list[Change]


class HeartbeatMessage(_Message):
    """All is well, nothing happened."""

    kind: Literal["heartbeat"]
    cursor: str
    timestamp: str


class WarningMessage(_Message):
    """The stream ends soon unless another token is shown."""

    kind: Literal["warning"]
    code: str
    detail: str
    expires_at: str | None


class AuthenticatedMessage(_Message):
    """The answer to a token that is good."""

    kind: Literal["authenticated"]
    expires_at: str | None


class RestartingMessage(_Message):
    """The last message before the map is stopped."""

    kind: Literal["restarting"]
    retry_after_ms: int


class ErrorMessage(_Message):
    """The answer to a message that makes no sense."""

    kind: Literal["error"]
    code: str
    detail: str


class LayersRequest(_Message):
    """Show these layers from now on; null for all."""

    kind: Literal["layers"]
    layers: list[str] | None


class AuthRequest(_Message):
    """Show a token: as the first message, or another before the first expires."""

    kind: Literal["auth"]
    token: str = Field(min_length=1)


SENT: tuple[type[_Message], ...] = (
    SnapshotMessage,
    EventMessage,
    ChangesMessage,
    HeartbeatMessage,
    WarningMessage,
    AuthenticatedMessage,
    RestartingMessage,
    ErrorMessage,
)
"""What the map sends."""

HEARD: tuple[type[_Message], ...] = (LayersRequest, AuthRequest)
"""What it understands."""
