"""city-service (:7001): microDAOs, public places, the city's agents and its nodes.

The specification's ``/api/city/snapshot`` exists in the service as it runs, but shows one user's view of made-up
numbers; it is taken only if it has the shape of the map's ``city`` layer, and else the lists that the service
keeps in its database are asked. The map counts agents and nodes itself, unless the snapshot does.
"""

from pathlib import Path
from typing import Final

from livingmap.plugin import (
    Change,
    Count,
    Event,
    Fields,
    Layer,
    Part,
    Put,
    Source,
    SourceSettings,
    Tally,
    Total,
    canonical_status,
    hookimpl,
    id_of,
    read_event,
    rfc3339,
)
from livingmap_city.answers import (
    active_users,
    fetch_agents,
    fetch_microdaos,
    fetch_nodes,
    fetch_rooms,
    microdao_details,
    node_details,
    room_details,
)
from livingmap_city.rows import CityEvent, RoomPresence, UserPresence

_TOTALS: Final = {"active_users", "active_agents", "health"}


class CitySettings(SourceSettings):
    """Section ``sources.city``."""

    base_url: str = "http://city-service:7001"
    """Address of city-service."""


def on_city_event(event: Event, part: Part) -> list[Change]:
    """Fold ``city.event.*``: a sign of life of a room or a microDAO, and whatever it says of them or the city.

    Totals are taken only where the service is the one that counts them: what the map counts stays counted.
    """
    said = read_event(CityEvent, event)
    heard = {
        "status": canonical_status(said.status) if said.status else None,
        "last_event_at": rfc3339(event.received_at),
    }
    changes: list[Change] = []
    if said.room:
        changes += _room_changes(part, id_of("city", said.room), {**heard, "members_online": said.online})
        heard["status"] = None  # it is the room's
    if said.microdao_id:
        fields = _told({**heard, "members": said.members})
        changes.append(Put("city", id_of("microdao", said.microdao_id), fields, creates=False))
    given = _told(said.model_dump(include=_TOTALS))
    totals = {name: value for name, value in given.items() if name in part.total("city")}
    return [*changes, Total("city", totals)] if totals else changes


def on_room_presence(event: Event, part: Part) -> list[Change]:
    """Fold ``city.presence.room.*``: how many people are in a room, and hence in the city."""
    said = read_event(RoomPresence, event)
    fields = {
        "members_online": said.online_count,
        "typing": said.typing_count,
        "last_event_at": rfc3339(said.last_event_ts) or rfc3339(event.received_at),
    }
    return _room_changes(part, id_of("city", said.room_slug), fields)


def on_user_presence(event: Event, part: Part) -> list[Change]:
    """Check ``city.presence.user.*``, which changes nothing: the map shows places, not people."""
    read_event(UserPresence, event)
    return []


def _room_changes(part: Part, room: str, fields: Fields) -> list[Change]:
    told = _told(fields)
    changes: list[Change] = [Put("city", room, told, collection="rooms", creates=False)]
    rooms = {entity_id: kept for entity_id, kept in part.items("city", "rooms") if "name" in kept}
    if room in rooms and "members_online" in told:
        changes.append(active_users({**rooms, room: {**rooms[room], **told}}.values()))
    return changes


def _told(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def city_health(nodes: int, offline: int, degraded: int) -> str | None:
    """Return ``red`` when half of the nodes or more are offline, ``green`` when all are well, else ``yellow``.

    None for a city without nodes.
    """
    if not nodes:
        return None
    if offline * 2 >= nodes:
        return "red"
    return "yellow" if offline or degraded else "green"


_ALL = Count("nodes")
_OFFLINE = Count("nodes", field="status", values=frozenset({"offline"}))
_DEGRADED = Count("nodes", field="status", values=frozenset({"degraded"}))
_AT_WORK = Count("agents", field="status", values=frozenset({"online", "busy"}))


@hookimpl
def livingmap_source() -> Source:
    """Describe the source."""
    return Source(
        name="city",
        service="city-service",
        settings=CitySettings,
        layers=(
            Layer(
                "city",
                fetch=fetch_microdaos,
                references=("orchestrator_id", "parent_id"),
                defaults={"agents": None, "nodes": None, "status": "active"},
            ),
            Layer("city", "rooms", fetch=fetch_rooms, references=("microdao_id",)),
            Layer("agents", fetch=fetch_agents, references=("microdao_id", "node_id", "room_id")),
            Layer("nodes", fetch=fetch_nodes, references=("microdao_id",), defaults={"status": "unknown"}),
        ),
        handlers={
            "city.event.*": on_city_event,
            "city.presence.room.*": on_room_presence,
            "city.presence.user.*": on_user_presence,
        },
        details={"microdao": microdao_details, "city": room_details, "node": node_details},
        tallies=(
            Tally("city", "microdaos_total", (Count("city"),)),
            Tally("city", "active_agents", (_AT_WORK,)),
            Tally("city", "health", (_ALL, _OFFLINE, _DEGRADED), rule=city_health),
            Tally("city", "agents", (Count("agents"),), per="microdao_id"),
            Tally("city", "nodes", (_ALL,), per="microdao_id"),
        ),
        samples=Path(__file__).with_name("samples"),
    )
