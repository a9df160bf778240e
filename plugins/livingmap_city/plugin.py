"""city-service (:7001): microDAOs, public places, the city's agents and its nodes.

The specification's ``/api/city/snapshot`` exists in the service as it runs, but shows one user's view of made-up
numbers; it is taken only if it has the shape of the map's ``city`` layer, and else the lists that the service
keeps in its database are asked. The map counts agents and nodes itself, unless the snapshot does.
"""

from pathlib import Path
from typing import Annotated, Final

from pydantic import Field

from livingmap.plugin import Count, Layer, Lifetime, Source, SourceSettings, Tally, hookimpl, sentences_in
from livingmap_city.events import on_city_event, on_room_presence, on_user_presence
from livingmap_city.fetch import (
    fetch_agents,
    fetch_microdaos,
    fetch_nodes,
    fetch_rooms,
    microdao_details,
    node_details,
    room_details,
)
from livingmap_city.totals import city_health
from livingmap_city.types import AGENT, CITY, MICRODAO, NODE

_NODES: Final = Count("nodes")
_OFFLINE: Final = Count("nodes", field="status", values=frozenset({"offline"}))
_DEGRADED: Final = Count("nodes", field="status", values=frozenset({"degraded"}))
_ACTIVE_AGENTS: Final = Count("agents", field="status", values=frozenset({"busy", "idle", "online"}))


class CitySettings(SourceSettings):
    """Section ``sources.city``."""

    base_url: str = "http://city-service:7001"
    """Address of city-service."""
    heartbeat_seconds: Annotated[float, Field(gt=0, le=86_400)] = 120.0
    """A node whose last heartbeat is older is shown as offline, whichever source says that it is online."""


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
                title={"en": "City", "uk": "Місто"},
                hint={
                    "en": "microDAOs as quarters of a city, and its public places",
                    "uk": "мікроДАО як квартали міста та його громадські місця",
                },
                standing={"microdaos_total": None, "active_users": None, "active_agents": None, "health": None},
            ),
            Layer("city", "rooms", fetch=fetch_rooms, references=("microdao_id",)),
            Layer(
                "agents",
                fetch=fetch_agents,
                references=("microdao_id", "node_id", "room_id"),
                standing={"total_agents": None},
            ),
            Layer(
                "nodes",
                fetch=fetch_nodes,
                references=("microdao_id",),
                defaults={"status": "unknown"},
                standing={},
            ),
        ),
        handlers={
            "city.event.*": on_city_event,
            "city.presence.room.*": on_room_presence,
            "city.presence.user.*": on_user_presence,
        },
        details={"microdao": microdao_details, "city": room_details, "node": node_details},
        lifetimes=(
            Lifetime(
                "nodes",
                since=("last_heartbeat", "last_report_at"),
                setting="heartbeat_seconds",
                values=frozenset({"active", "busy", "degraded", "idle", "online"}),
                becomes="offline",
            ),
        ),
        tallies=(
            Tally("city", "microdaos_total", (Count("city"),)),
            Tally("city", "active_agents", (_ACTIVE_AGENTS,)),
            Tally("agents", "total_agents", (Count("agents"),)),
            Tally("city", "health", (_NODES, _OFFLINE, _DEGRADED), rule=city_health),
            Tally("city", "agents", (Count("agents"),), per="microdao_id"),
            Tally("city", "nodes", (_NODES,), per="microdao_id"),
        ),
        sentences=sentences_in(Path(__file__).with_name("sentences.yaml")),
        samples=Path(__file__).with_name("samples"),
        types=(
            MICRODAO,
            CITY,
            NODE,
            AGENT,
        ),
    )
