"""What is shown of the scene: its layers as clients get them, and the catalogue of entities."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from livingmap.core.model import Fields, Json
from livingmap.core.scene import Scene

HOMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "agent": "agents",
        "channel": "messaging",
        "city": "city",
        "dao": "space",
        "microdao": "city",
        "node": "nodes",
        "space": "space",
    }
)
"""The layer in which an entity of each type is at home; it is listed once, there."""

_EMPTY: Final[Mapping[str, Mapping[str, Json]]] = MappingProxyType(
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
        "agents": {"items": []},
    }
)
"""The layers that are always there, as the specification has them, while nobody has filled them."""


def layer_names(scene: Scene) -> list[str]:
    """Return the layers of a snapshot: the specification's four, then the others by name."""
    return [*_EMPTY, *sorted(scene.layers().keys() - _EMPTY.keys())]


def layer(scene: Scene, name: str) -> dict[str, Json]:
    """Return one layer as the snapshot shows it: totals first, then each collection as a list in order of id."""
    shown: dict[str, Json] = {**_EMPTY.get(name, {}), **scene.totals(name)}
    for collection in scene.layers().get(name, []):
        items = scene.items(name, collection)
        shown[collection] = [{"id": typed, **items[typed]} for typed in sorted(items)]
    return shown


@dataclass(frozen=True, slots=True)
class Entity:
    """One line of the catalogue."""

    id: str
    type: str
    label: str
    status: str
    layer: str

    def matches(self, text: str) -> bool:
        """Tell whether label or id contain ``text``, whatever the case."""
        return text.casefold() in self.label.casefold() or text.casefold() in self.id.casefold()


def entities(scene: Scene) -> Iterator[Entity]:
    """Yield every entity of the map in order of id, each once."""
    found: dict[str, Entity] = {}
    for name, collections in scene.layers().items():
        for collection in collections:
            for typed, item in scene.items(name, collection).items():
                kind = typed.partition(":")[0]
                if HOMES.get(kind) == name and typed not in found:
                    found[typed] = _entity(typed, kind, name, item)
    yield from (found[typed] for typed in sorted(found))


def _entity(typed: str, kind: str, layer: str, item: Fields) -> Entity:
    label, status = item.get("name"), item.get("status")
    return Entity(typed, kind, str(label or typed.partition(":")[2]), str(status or "unknown"), layer)


def place_of(scene: Scene, typed: str) -> tuple[str, str] | None:
    """Return the layer and collection in which an item is at home; None if the map has no such item.

    An item of a type of its own, such as ``station:lviv``, is at home in the first layer by name that has it.
    """
    home = HOMES.get(typed.partition(":")[0])
    layers = scene.layers()
    for name in sorted(layers) if home is None else [home]:
        for collection in layers.get(name, []):
            if typed in scene.items(name, collection):
                return name, collection
    return None
