"""Handlers of the messages about the city: signs of life, and who is where by number."""

from typing import Final

from livingmap.plugin import (
    Change,
    Event,
    Fields,
    Json,
    Part,
    Put,
    Total,
    canonical_status,
    id_of,
    read_event,
    rfc3339,
    without_none,
)
from livingmap_city.rows import CityEvent, RoomPresence, UserPresence
from livingmap_city.totals import active_users

_TOTALS: Final = {"active_users", "active_agents", "health"}


def on_city_event(event: Event, part: Part) -> list[Change]:
    """Fold ``city.event.*``: a sign of life of a room or a microDAO, with the numbers in it.

    Totals are taken only where the service is the one that counts them: what the map counts stays counted.
    """
    message = read_event(CityEvent, event)
    status, activity = canonical_status(message.status, None), {"last_event_at": rfc3339(event.received_at)}
    changes: list[Change] = []
    if message.room:
        fields = {**activity, "status": status, "members_online": message.online}
        changes += _room_changes(part, id_of("city", message.room), fields)
        status = None  # it is the room's, not the microDAO's
    if message.microdao_id:
        fields = {**activity, "status": status, "members": message.members}
        changes.append(Put("city", id_of("microdao", message.microdao_id), without_none(fields), creates=False))
    return [*changes, *_totals(part, message)]


def on_room_presence(event: Event, part: Part) -> list[Change]:
    """Fold ``city.presence.room.*``: how many people are in a room, and hence in the city."""
    message = read_event(RoomPresence, event)
    fields = {
        "members_online": message.online_count,
        "typing": message.typing_count,
        "last_event_at": rfc3339(message.last_event_ts) or rfc3339(event.received_at),
    }
    return _room_changes(part, id_of("city", message.room_slug), fields)


def on_user_presence(event: Event, part: Part) -> list[Change]:
    """Check ``city.presence.user.*``, which changes nothing: the map shows places, not people."""
    read_event(UserPresence, event)
    return []


def _room_changes(part: Part, entity_id: str, fields: Fields) -> list[Change]:
    update = without_none(fields)
    changes: list[Change] = [Put("city", entity_id, update, collection="rooms", creates=False)]
    rooms = {room_id: room for room_id, room in part.items("city", "rooms") if "name" in room}
    if entity_id in rooms and "members_online" in update:
        changes.append(active_users({**rooms, entity_id: {**rooms[entity_id], **update}}.values()))
    return changes


def _totals(part: Part, message: CityEvent) -> list[Change]:
    numbers: dict[str, Json] = message.model_dump(include=_TOTALS, exclude_none=True)
    total = {name: value for name, value in numbers.items() if name in part.total("city")}
    return [Total("city", total)] if total else []
