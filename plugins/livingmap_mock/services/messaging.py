"""messaging-service (:7004)."""

from datetime import UTC, datetime
from itertools import islice
from typing import Final

from livingmap.plugin import Json
from livingmap_mock.services.ask import Answers, Ask, Refusal, there
from livingmap_mock.things import MATRIX, Channel, Utterance
from livingmap_mock.times import zulu


def _channels(ask: Ask) -> Json:
    home = ask.query.get("microdao_id")
    return [_row(one) for one in ask.network.channels if home in (None, one.microdao.external_id)]


def _channel(ask: Ask) -> Json:
    return _row(_asked(ask))


def _messages(ask: Ask) -> Json:
    channel, before = _asked(ask), _before(ask)
    newest = (message for message in reversed(channel.messages) if before is None or message.sent_at < before)
    return [_message(channel, message) for message in islice(newest, ask.number("limit", 50))]


def _before(ask: Ask) -> datetime | None:
    text = ask.query.get("before")
    if text is None:
        return None
    try:
        before = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(422, [{"type": "datetime_parsing", "loc": ["query", "before"], "input": text}]) from None
    return before if before.tzinfo else before.replace(tzinfo=UTC)


def _members(ask: Ask) -> Json:
    channel = _asked(ask)
    return [
        {
            "id": f"{channel.uuid[:18]}-{agent.uuid[19:]}",
            "channel_id": channel.uuid,
            "member_id": agent.external_id,
            "member_type": "agent",
            "role": "agent",
            "can_read": True,
            "can_write": True,
            "joined_at": zulu(max(channel.created, agent.created)),
        }
        for agent in channel.agents
    ]


def _asked(ask: Ask) -> Channel:
    return there(ask.network.channels.get(ask.words["channel"]), "Channel not found")


def _row(channel: Channel) -> Json:
    return {
        "id": channel.uuid,
        "slug": channel.slug,
        "name": channel.name,
        "description": channel.description,
        "microdao_id": channel.microdao.external_id,
        "matrix_room_id": channel.matrix_room,
        "visibility": channel.visibility,
        "is_direct": False,
        "is_encrypted": False,
        "created_by": f"system:{MATRIX}",
        "created_at": zulu(channel.created),
        "updated_at": zulu(channel.created),
    }


def _message(channel: Channel, message: Utterance) -> Json:
    return {
        "id": message.uuid,
        "channel_id": channel.uuid,
        "matrix_event_id": message.matrix_id,
        "sender_id": message.sender,
        "sender_type": message.sender_type,
        "content_preview": message.text,
        "content_type": "text",
        "thread_id": None,
        "created_at": zulu(message.sent_at),
    }


ANSWERS: Final[Answers] = {
    "/api/messaging/channels": _channels,
    "/api/messaging/channels/{channel}": _channel,
    "/api/messaging/channels/{channel}/messages": _messages,
    "/api/messaging/channels/{channel}/members": _members,
}
