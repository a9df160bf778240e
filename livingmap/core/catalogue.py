"""The catalogue: every entity of the map, each listed once, in its home layer."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from livingmap.core.layers import Layers
from livingmap.core.model import CollectionKey, Fields
from livingmap.core.search_key import search_key
from livingmap.core.vocabulary import HOMES, type_of


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as the catalogue lists it."""

    id: str
    type: str
    label: str
    status: str
    layer: str
    searched: str = field(default="", compare=False, repr=False)
    """What a search looks into: label and id, each as its `search_key`."""

    def matches(self, key: str) -> bool:
        """Tell whether label or id contains a text, given as its `search_key`."""
        return key in self.searched


class Catalogue:
    """Every entity of ``scene`` in order of id. Items that have not changed are not read again."""

    def __init__(self, scene: Layers) -> None:
        self.scene = scene
        self._versions: dict[str, int] = {}
        self._lines: dict[str, tuple[Fields, Entity]] = {}
        self._entities: list[Entity] = []

    def entities(self) -> list[Entity]:
        """Return the entities."""
        versions = {name: self.scene.version(name) for name in sorted(set(HOMES.values()))}
        if versions != self._versions:
            lines = {entity_id: self._line(name, entity_id, item) for name, entity_id, item in self._at_home()}
            self._lines, self._versions = lines, versions
            self._entities = [lines[entity_id][1] for entity_id in sorted(lines)]
        return self._entities

    def _at_home(self) -> Iterator[tuple[str, str, Fields]]:
        for name, collections in self.scene.layers().items():
            for collection in collections:
                for entity_id, item in self.scene.items(name, collection).items():
                    if HOMES.get(type_of(entity_id)) == name:
                        yield name, entity_id, item

    def _line(self, layer: str, entity_id: str, item: Fields) -> tuple[Fields, Entity]:
        line = self._lines.get(entity_id)
        if line is not None and line[0] is item:  # the scene replaces an item that changes
            return line
        kind, _, rest = entity_id.partition(":")
        label, status = (
            value if isinstance(value := item.get(name), str) else None for name in ("name", "status")
        )
        label = label or rest
        searched = f"{search_key(label)}\n{search_key(entity_id)}"
        return item, Entity(entity_id, kind, label, status or "unknown", layer, searched)


def home_of(scene: Layers, entity_id: str) -> CollectionKey | None:
    """Return the layer and collection in which an item is at home; None if the map has no such item.

    An item of a type that the vocabulary does not name, such as ``station:lviv``, is at home in the first layer
    by name that has it.
    """
    home = HOMES.get(type_of(entity_id))
    layers = scene.layers()
    for name in sorted(layers) if home is None else [home]:
        for collection in layers.get(name, []):
            if entity_id in scene.items(name, collection):
                return name, collection
    return None
