"""The handler of sent messages: each counts once in its channel and in the totals."""

from datetime import datetime, timedelta

from livingmap.plugin import (
    Change,
    Event,
    Fields,
    Json,
    Part,
    Put,
    Total,
    add_counts,
    id_of,
    id_or_none,
    read_event,
    rfc3339,
)
from livingmap_messaging.activity import WINDOWS
from livingmap_messaging.rows import MessageCreated, is_open, sender


def on_message(event: Event, part: Part) -> list[Change]:
    """Fold ``messaging.message.created``: one more in its channel, which appears if it was not there.

    A message that is not newer than the last one of its channel was counted already: it came twice, or a poll was
    faster.
    """
    message = read_event(MessageCreated, event)
    entity_id, sent_at = id_of("channel", message.channel_id), message.created_at or event.received_at
    channel = part.get("messaging", entity_id, "channels")
    if channel is not None and not _is_news(sent_at, channel.get("last_message_at")):
        return []
    age = event.received_at - sent_at
    fields = {**_counted(channel or {}, age), "last_message_at": rfc3339(sent_at)}
    if channel is None:
        fields["microdao_id"] = id_or_none("microdao", message.microdao_id)
    elif is_open(channel.get("visibility"), is_direct=channel.get("is_direct")):
        fields["last_sender_id"] = sender(message.sender_id, message.sender_type)
    put = Put("messaging", entity_id, fields, collection="channels")
    total = _counted(part.total("messaging"), age)
    return [put, Total("messaging", total)] if total else [put]


def _is_news(sent_at: datetime, last: Json) -> bool:
    return last is None or sent_at > datetime.fromisoformat(last)


def _counted(counts: Fields, age: timedelta) -> dict[str, Json]:
    """Return the windows that a message of this age falls in, one higher; an unknown count stays unknown."""
    return add_counts(counts, **{name: 1 for name, window in WINDOWS.items() if age < window})
