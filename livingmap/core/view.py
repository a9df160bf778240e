"""What is shown of the scene: its layers as clients get them, and the catalogue of entities."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from livingmap.core.model import Fields, Json

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


class Shown(Protocol):
    """What a reader reads: a scene, or what somebody may see of one."""

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""

    def items(self, layer: str, collection: str) -> Fields:
        """Return the items of a collection by id, in no order."""

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything in the layer changes."""


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


def layer_names(scene: Shown) -> list[str]:
    """Return the layers of a snapshot: the specification's four, then the others by name."""
    return [*_EMPTY, *sorted(scene.layers().keys() - _EMPTY.keys())]


def layer(scene: Shown, name: str) -> dict[str, Json]:
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

    def matches(self, folded: str) -> bool:
        """Tell whether label or id contain a text, given in folded case (`str.casefold`)."""
        return folded in self.label.casefold() or folded in self.id.casefold()


class Catalogue:
    """Every entity of the map in order of id, each once; only what has changed is looked at anew."""

    def __init__(self, scene: Shown) -> None:
        self.of = scene
        self._versions: dict[str, int] = {}
        self._known: dict[str, tuple[Fields, Entity]] = {}
        self._entities: list[Entity] = []

    def entities(self) -> list[Entity]:
        """Return the entities."""
        versions = {name: self.of.version(name) for name in sorted(set(HOMES.values()))}
        if versions != self._versions:
            known = {typed: self._entity(name, typed, item) for name, typed, item in self._at_home()}
            self._known, self._versions = known, versions
            self._entities = [known[typed][1] for typed in sorted(known)]
        return self._entities

    def _at_home(self) -> Iterator[tuple[str, str, Fields]]:
        for name, collections in self.of.layers().items():
            for collection in collections:
                for typed, item in self.of.items(name, collection).items():
                    if HOMES.get(typed.partition(":")[0]) == name:
                        yield name, typed, item

    def _entity(self, layer: str, typed: str, item: Fields) -> tuple[Fields, Entity]:
        known = self._known.get(typed)
        if known is not None and known[0] is item:  # the scene replaces an item that changes
            return known
        kind, _, rest = typed.partition(":")
        label, status = (
            found if isinstance(found := item.get(name), str) else None for name in ("name", "status")
        )
        return item, Entity(typed, kind, label or rest, status or "unknown", layer)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def place_of(scene: Shown, typed: str) -> tuple[str, str] | None:
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
