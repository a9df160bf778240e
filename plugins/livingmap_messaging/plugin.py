"""messaging-service (:7004): the channels, and every message that is sent in one; never what it says.

What names a channel that is direct or private, and who speaks there, is not shown: that it is there and how lively
it is does no harm, but "layoffs" or two people's names would.
"""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field

from livingmap.plugin import (
    Change,
    Client,
    Count,
    Event,
    Fields,
    Json,
    Layer,
    Part,
    Put,
    Source,
    SourceSettings,
    Tally,
    Total,
    hookimpl,
    id_of,
    read_event,
    rfc3339,
)
from livingmap_messaging.activity import CHANNELS, WINDOWS, Moment, activity, sender, summed

OPEN: Final = frozenset({"public", "microdao"})
"""The visibilities of channels whose names are shown."""

ChannelId = Annotated[str, Field(pattern=r"^(channel:)?[A-Za-z0-9_-]+$")]


class MessagingSettings(SourceSettings):
    """Section ``sources.messaging``."""

    base_url: str = "http://messaging-service:7004"
    """Address of messaging-service."""
    interval_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """Time between two polls. Each asks about every channel; in between messages are heard as they are sent."""
    recount_pages: Annotated[int, Field(ge=0, le=100)] = 5
    """Requests for messages per channel and poll, at most: 20 messages, then 200 each. 0 counts no messages."""


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


class MemberRow(BaseModel):
    """One of ``GET /api/messaging/channels/{id}/members``."""

    member_id: str
    member_type: str | None = None


class MessageCreated(BaseModel):
    """The payload of ``messaging.message.created``."""

    channel_id: ChannelId
    microdao_id: str | None = None
    sender_id: str | None = None
    sender_type: str | None = None
    created_at: Moment | None = None


async def fetch_channels(client: Client) -> list[Put | Total]:
    """Return all channels with their activity, and the activity of all together."""
    rows = client.read(ChannelRow, await client.get(CHANNELS), CHANNELS)
    activities = await asyncio.gather(*(activity(client, _rest(row.id)) for row in rows), return_exceptions=True)
    known = [_unless_failed(one) for one in activities]
    channels = [
        Put("messaging", id_of("channel", row.id), _channel(row, lively), collection="channels")
        for row, lively in zip(rows, known, strict=True)
    ]
    return [*channels, Total("messaging", summed(known))] if client.settings.recount_pages else [*channels]


async def channel_details(client: Client, name: str) -> Fields:
    """Return one channel as the service tells it now, with how many belong to it."""
    path = f"{CHANNELS}/{name}"
    row = client.read(ChannelRow, [await client.get(path)], path)[0]
    members = await client.optional(f"{path}/members")
    return {
        **_channel(row, await activity(client, name)),
        "description": row.description if _is_open(row.visibility, direct=row.is_direct) else None,
        **(_members(client.read(MemberRow, members, f"{path}/members")) if members is not None else {}),
    }


def _unless_failed(outcome: dict[str, Json] | BaseException) -> dict[str, Json]:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _members(rows: list[MemberRow]) -> dict[str, Json]:
    return {"members": len(rows), "member_agents": sum(1 for row in rows if row.member_type == "agent")}


def _channel(row: ChannelRow, lively: Fields) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "name": row.name,
        "slug": row.slug,
        "status": "active",
        "microdao_id": id_of("microdao", row.microdao_id) if row.microdao_id else None,
        "visibility": row.visibility,
        "is_direct": row.is_direct,
        "is_encrypted": row.is_encrypted,
        "created_at": rfc3339(row.created_at),
        **lively,
    }
    if not _is_open(row.visibility, direct=row.is_direct):
        fields |= {"name": None, "slug": None, "last_sender_id": None}
    return fields


def _is_open(visibility: Json, *, direct: Json) -> bool:
    return visibility in OPEN and not direct


def _rest(channel: str) -> str:
    return channel.removeprefix("channel:")


def on_message(event: Event, part: Part) -> list[Change]:
    """Fold ``messaging.message.created``: one more in its channel, which is there if it was not.

    A message that is no newer than the last that its channel is known to have was counted already: it came
    twice, or a poll was faster.
    """
    said = read_event(MessageCreated, event)
    entity_id, at = id_of("channel", said.channel_id), said.created_at or event.received_at
    known = part.get("messaging", entity_id, "channels")
    if known is not None and not _is_news(at, known.get("last_message_at")):
        return []
    fields = {**_counted(known or {}, event.received_at - at), "last_message_at": rfc3339(at)}
    if known is None:
        fields["microdao_id"] = id_of("microdao", said.microdao_id) if said.microdao_id else None
    elif _is_open(known.get("visibility"), direct=known.get("is_direct")):
        fields["last_sender_id"] = sender(said.sender_id, said.sender_type)
    put = Put("messaging", entity_id, fields, collection="channels")
    total = _counted(part.total("messaging"), event.received_at - at)
    return [put, Total("messaging", total)] if total else [put]


def _is_news(at: datetime, last: Json) -> bool:
    return last is None or at > datetime.fromisoformat(last)


def _counted(known: Fields, age: timedelta) -> dict[str, Json]:
    """Return the windows that a message of this age falls in, one higher. What is not known stays so."""
    inside = (name for name, window in WINDOWS.items() if age < window)
    return {name: known[name] + 1 for name in inside if known.get(name) is not None}


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="messaging",
        service="messaging-service",
        settings=MessagingSettings,
        layers=(
            Layer(
                "messaging",
                "channels",
                fetch=fetch_channels,
                references=("microdao_id", "last_sender_id"),
                defaults={"status": "active"},
            ),
        ),
        handlers={"messaging.message.created": on_message},
        details={"channel": channel_details},
        tallies=(Tally("messaging", "channels_total", (Count("messaging", "channels"),)),),
        samples=Path(__file__).with_name("samples"),
    )
