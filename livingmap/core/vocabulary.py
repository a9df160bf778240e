"""The vocabulary of the map: its types of entity, where each is at home, its status words and its standing layers.

The host and the front end (by `scripts/vocabulary.py`) both read it here, so a new type is one row in `TYPES`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from livingmap.core.model import Json


@dataclass(frozen=True, slots=True)
class EntityType:
    """A type of entity: the part of an id before its colon, such as ``agent`` in ``agent:sofia``."""

    name: str
    home: str
    """The layer that lists its entities; an entity is listed once, there."""
    collection: str = "items"
    """The collection of that layer."""
    references: tuple[str, ...] = ()
    """Fields that hold the id, or a list of ids, of other entities."""
    trouble: frozenset[str] = frozenset({"degraded"})
    """Statuses, as `STATUSES` spells them, that mean something is wrong."""


_TYPES: Final = (
    EntityType("city", "city", "rooms", references=("microdao_id",)),
    EntityType("space", "space", "planets", references=("orbits",)),
    EntityType(
        "node",
        "nodes",
        references=("microdao_id", "microdao_ids"),
        trouble=frozenset({"degraded", "offline"}),
    ),
    EntityType("agent", "agents", references=("microdao_id", "node_id", "room_id")),
    EntityType("dao", "space", "planets", references=("microdao_id", "orbits")),
    EntityType("microdao", "city", references=("orchestrator_id", "parent_id")),
    EntityType("channel", "messaging", "channels", references=("microdao_id", "last_sender_id")),
)

TYPES: Final[Mapping[str, EntityType]] = MappingProxyType({one.name: one for one in _TYPES})
"""The types of entity by name."""

HOMES: Final[Mapping[str, str]] = MappingProxyType({one.name: one.home for one in _TYPES})
"""The home layer of each type."""

STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "active": "active",
        "busy": "busy",
        "connected": "online",
        "critical": "degraded",
        "dead": "offline",
        "degraded": "degraded",
        "down": "offline",
        "healthy": "online",
        "idle": "online",
        "inactive": "inactive",
        "offline": "offline",
        "ok": "online",
        "online": "online",
        "running": "online",
        "unhealthy": "degraded",
        "up": "online",
        "warn": "degraded",
        "warning": "degraded",
    }
)
"""What services call a status, in lower case, and the one word that the map uses for it."""

STANDING_LAYERS: Final[Mapping[str, Mapping[str, Json]]] = MappingProxyType(
    {
        "city": {
            "microdaos_total": None,
            "active_users": None,
            "active_agents": None,
            "health": None,
            "items": [],
        },
        "space": {"planets": [], "nodes": []},
        "nodes": {"items": []},
        "agents": {"total_agents": None, "items": []},
    }
)
"""The layers that every snapshot has, with what they hold while no source has filled them."""


def type_of(entity_id: str) -> str:
    """Return the type that an id names: ``agent`` for ``agent:sofia``."""
    return entity_id.partition(":")[0]
