"""Activity of a channel: its messages of the last hour and day, counted anew from the service at every poll.

A module of its own because fetches and handlers share its windows. A sliding window also goes down when nothing
happens, which only a poll can see: it has a clock.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from livingmap.plugin import Client, Json, RequestRejected, rfc3339
from livingmap_messaging.rows import MessageRow, sender

CHANNELS: Final = "/api/messaging/channels"

WINDOWS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {"messages_1h": timedelta(hours=1), "messages_24h": timedelta(hours=24)}
)
"""The fields that count messages, each with how far it looks back."""

CAPPED: Final = "messages_capped"
"""The field that says that the counts are only lower bounds."""

_LONGEST: Final = max(WINDOWS.values())
_FIRST_PAGE: Final = 20  # most channels are silent, and the service cannot be asked for new messages alone
_PAGE: Final = 200


async def activity(client: Client, channel: str) -> dict[str, Json]:
    """Return the fields of one channel about its messages; none if the service does not show them."""
    if not client.settings.recount_pages:
        return {}
    try:
        messages, capped = await _recent(client, f"{CHANNELS}/{channel}/messages")
    except RequestRejected:  # archived since it was listed, or closed to the map: no reason to lose all the others
        return {}
    newest = max(messages, key=lambda message: message.created_at, default=None)
    return {
        **{name: _within(messages, client.now - window) for name, window in WINDOWS.items()},
        CAPPED: capped,
        "last_message_at": rfc3339(newest.created_at) if newest else None,
        "last_sender_id": sender(newest.sender_id, newest.sender_type) if newest else None,
    }


def summed(activities: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the totals over all channels; None if no channel has a count."""
    channels = list(activities)
    counted = [numbers for numbers in channels if numbers]
    if channels and not counted:
        return dict.fromkeys((*WINDOWS, CAPPED))
    sums: dict[str, Json] = {name: sum(numbers[name] for numbers in counted) for name in WINDOWS}
    return {**sums, CAPPED: len(counted) < len(channels) or any(numbers[CAPPED] for numbers in counted)}


async def _recent(client: Client, path: str) -> tuple[list[MessageRow], bool]:
    """Return the newest messages, and whether the pages did not suffice for all of the longest window."""
    messages: dict[str, MessageRow] = {}
    query: dict[str, Json] = {"limit": _FIRST_PAGE}
    for _ in range(client.settings.recount_pages):
        answer = await client.get(path, **query)
        rows = client.read(MessageRow, answer, path)
        messages.update((row.id, row) for row in rows)
        oldest = min((row.created_at for row in rows), default=None)
        if oldest is None or len(answer) < query["limit"] or oldest <= client.now - _LONGEST:
            return list(messages.values()), False
        query = {"limit": _PAGE, "before": oldest.isoformat()}
    return list(messages.values()), True


def _within(messages: Iterable[MessageRow], from_time: datetime) -> int:
    return sum(1 for message in messages if message.created_at > from_time)
