"""The rows that messaging-service answers with and the payload on NATS, as far as the map reads them.

The text of a message is never read.
"""

from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Field

from livingmap.plugin import Json, id_of

OPEN: Final = frozenset({"public", "microdao"})
"""The visibilities of channels whose names are shown."""

ChannelId = Annotated[str, Field(pattern=r"^(channel:)?[A-Za-z0-9_-]+$")]

Moment = Annotated[
    datetime, AfterValidator(lambda moment: moment if moment.tzinfo else moment.replace(tzinfo=UTC))
]
"""A time; without an offset it is UTC."""


class ChannelRow(BaseModel):
    """One of ``GET /api/messaging/channels``."""

    id: ChannelId
    slug: str | None = None
    name: str | None = None
    description: str | None = None
    microdao_id: str | None = None
    visibility: str | None = None
    is_direct: bool = False
    is_encrypted: bool | None = None
    created_at: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether its names are shown."""
        return is_open(self.visibility, is_direct=self.is_direct)


class MemberRow(BaseModel):
    """One of ``GET /api/messaging/channels/{id}/members``."""

    member_id: str
    member_type: str | None = None


class MessageRow(BaseModel):
    """One of ``GET …/channels/{id}/messages``, newest first."""

    id: str
    sender_id: str | None = None
    sender_type: str | None = None
    created_at: Moment


class MessageCreated(BaseModel):
    """The payload of ``messaging.message.created``."""

    channel_id: ChannelId
    microdao_id: str | None = None
    sender_id: str | None = None
    sender_type: str | None = None
    created_at: Moment | None = None


def is_open(visibility: Json, *, is_direct: Json) -> bool:
    """Tell whether the names of a channel are shown, and who writes there."""
    return visibility in OPEN and not is_direct


def sender(name: str | None, kind: str | None) -> str | None:
    """Return the author of a message as a typed id."""
    return id_of("agent" if kind == "agent" else "user", name) if name else None
