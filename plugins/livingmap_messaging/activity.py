"""How lively a channel is: its messages of the last hour and day, counted anew from the service at every poll.

A sliding window also goes down when nothing happens, and only a clock can say so: the poll's. What a message is
about is never read.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel

from livingmap.plugin import Client, Json, RequestRejected, id_of, rfc3339

CHANNELS: Final = "/api/messaging/channels"

WINDOWS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {"messages_1h": timedelta(hours=1), "messages_24h": timedelta(hours=24)}
)
"""The fields that count messages, each with how far it looks back."""

CAPPED: Final = "messages_capped"
"""The field that says that the counts are only the least that there can be."""

_LONGEST: Final = max(WINDOWS.values())
_FIRST_PAGE: Final = 20  # most channels are silent, and there is no asking for new messages alone
_PAGE: Final = 200

Moment = Annotated[datetime, AfterValidator(lambda one: one if one.tzinfo else one.replace(tzinfo=UTC))]


class MessageRow(BaseModel):
    """One of ``GET …/channels/{id}/messages``, newest first."""

    id: str
    sender_id: str | None = None
    sender_type: str | None = None
    created_at: Moment


async def activity(client: Client, channel: str) -> dict[str, Json]:
    """Return the fields of one channel that tell of its messages; none if the service does not show them."""
    if not client.settings.recount_pages:
        return {}
    try:
        messages, capped = await _recent(client, f"{CHANNELS}/{channel}/messages")
    except RequestRejected:  # archived since it was listed, or closed to the map: no reason to lose all the others
        return {}
    newest = max(messages, key=lambda one: one.created_at, default=None)
    return {
        **{name: _within(messages, client.now - window) for name, window in WINDOWS.items()},
        CAPPED: capped,
        "last_message_at": rfc3339(newest.created_at) if newest else None,
        "last_sender_id": sender(newest.sender_id, newest.sender_type) if newest else None,
    }


def sender(name: str | None, kind: str | None) -> str | None:
    """Return who wrote a message as a typed id."""
    return id_of("agent" if kind == "agent" else "user", name) if name else None


def summed(activities: Iterable[Mapping[str, Json]]) -> dict[str, Json]:
    """Return the totals over all channels; unknown if not one of them is known."""
    told = list(activities)
    known = [one for one in told if one]
    if told and not known:
        return dict.fromkeys((*WINDOWS, CAPPED))
    sums: dict[str, Json] = {name: sum(one[name] for one in known) for name in WINDOWS}
    return {**sums, CAPPED: len(known) < len(told) or any(one[CAPPED] for one in known)}


async def _recent(client: Client, path: str) -> tuple[list[MessageRow], bool]:
    """Return the newest messages, and whether the pages did not suffice for all of the longest window."""
    found: dict[str, MessageRow] = {}
    query: dict[str, Json] = {"limit": _FIRST_PAGE}
    for _ in range(client.settings.recount_pages):
        answer = await client.get(path, **query)
        rows = client.read(MessageRow, answer, path)
        found.update((row.id, row) for row in rows)
        oldest = min((row.created_at for row in rows), default=None)
        if oldest is None or len(answer) < query["limit"] or oldest <= client.now - _LONGEST:
            return list(found.values()), False
        query = {"limit": _PAGE, "before": oldest.isoformat()}
    return list(found.values()), True


def _within(messages: Iterable[MessageRow], since: datetime) -> int:
    return sum(1 for one in messages if one.created_at > since)
