"""Requests to messaging-service: the channels with their activity, and the details of one."""

import asyncio
from urllib.parse import quote

from livingmap.plugin import Client, Fields, Json, Put, Total, id_of, id_or_none, rfc3339
from livingmap_messaging.activity import CHANNELS, activity, summed
from livingmap_messaging.rows import ChannelRow, MemberRow


async def fetch_channels(client: Client) -> list[Put | Total]:
    """Return all channels with their activity, and the activity of all together."""
    rows = client.read(ChannelRow, await client.get(CHANNELS), CHANNELS)
    outcomes = await asyncio.gather(*(activity(client, _key(row.id)) for row in rows), return_exceptions=True)
    activities = [_unless_failed(outcome) for outcome in outcomes]
    channels = [
        Put("messaging", id_of("channel", row.id), _channel(row, numbers), collection="channels")
        for row, numbers in zip(rows, activities, strict=True)
    ]
    return [*channels, Total("messaging", summed(activities))] if client.settings.recount_pages else [*channels]


async def channel_details(client: Client, name: str) -> Fields:
    """Return one channel as the service shows it now, with how many belong to it."""
    path = f"{CHANNELS}/{name}"
    row = client.read_one(ChannelRow, await client.get(path), path)
    members = await client.optional(f"{path}/members")
    return {
        **_channel(row, await activity(client, name)),
        "description": row.description if row.is_open else None,
        **(_members(client.read(MemberRow, members, f"{path}/members")) if members is not None else {}),
    }


def _unless_failed(outcome: dict[str, Json] | BaseException) -> dict[str, Json]:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


def _members(rows: list[MemberRow]) -> dict[str, Json]:
    return {"members": len(rows), "member_agents": sum(1 for row in rows if row.member_type == "agent")}


def _channel(row: ChannelRow, numbers: Fields) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "name": row.name,
        "slug": row.slug,
        "status": "active",
        "microdao_id": id_or_none("microdao", row.microdao_id),
        "visibility": row.visibility,
        "is_direct": row.is_direct,
        "is_encrypted": row.is_encrypted,
        "created_at": rfc3339(row.created_at),
        **numbers,
    }
    if not row.is_open:
        fields |= {"name": None, "slug": None, "last_sender_id": None}
    return fields


def _key(channel: str) -> str:
    return quote(channel.removeprefix("channel:"), safe="")
