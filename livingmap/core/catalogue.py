"""The catalogue: every entity of the map, each listed once, in its home layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from livingmap.core.labels import label_in
from livingmap.core.layers import Layers
from livingmap.core.model import CollectionKey, Fields
from livingmap.core.search_key import search_key
from livingmap.core.vocabulary import Vocabulary, type_of


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


Line = tuple[Fields, Entity]
"""An item, and the entity that was made of it."""


class Catalogue:
    """Every entity of ``scene`` in order of id. Layers and items that have not changed are not read again."""

    def __init__(self, scene: Layers) -> None:
        self.scene = scene
        self._vocabulary: Vocabulary | None = None
        self._versions: dict[str, int] = {}
        self._lines: dict[str, dict[str, Line]] = {}
        self._places: dict[str, dict[str, set[str]]] = {}
        self._entities: list[Entity] = []

    def entities(self) -> list[Entity]:
        """Return the entities."""
        self._follow()
        return self._entities

    def places(self) -> Mapping[str, list[CollectionKey]]:
        """Return by type the collections in which things of it stand, by name."""
        self._follow()
        places: dict[str, list[CollectionKey]] = {}
        for layer in sorted(self._places):
            for collection, types in self._places[layer].items():
                for name in types:
                    places.setdefault(name, []).append((layer, collection))
        return places

    def _follow(self) -> None:
        versions = {name: self.scene.version(name) for name in sorted(self.scene.layers())}
        if self._vocabulary is not self.scene.vocabulary:  # the sources were replaced
            self._vocabulary = self.scene.vocabulary
            self._versions, self._lines, self._places = {}, {}, {}
        elif versions == self._versions:
            return
        for name, version in versions.items():
            if self._versions.get(name) != version:
                self._read(name)
        for name in self._versions.keys() - versions.keys():
            del self._lines[name], self._places[name]
        self._versions = versions
        first: dict[str, Line] = {}
        for name in reversed(versions):  # of several layers, the first by name
            first.update(self._lines[name])
        self._entities = [first[entity_id][1] for entity_id in sorted(first)]

    def _read(self, layer: str) -> None:
        """Note what is at home in a layer, and which types have things there."""
        before, lines = self._lines.get(layer, {}), dict[str, Line]()
        self._places[layer] = {}
        types = self.scene.vocabulary.types
        for collection in self.scene.layers()[layer]:
            place, here = (layer, collection), set[str]()
            for entity_id, item in self.scene.items(layer, collection).items():
                kind = type_of(entity_id)
                here.add(kind)
                declared = types.get(kind)
                is_home = declared is None or declared.home[0] == layer
                is_best = declared is not None and declared.home == place
                if not is_home or (entity_id in lines and not is_best):
                    continue
                line = before.get(entity_id)
                if line is None or line[0] is not item:  # the scene replaces an item that changes
                    line = item, self._entity(layer, entity_id, kind, item)
                lines[entity_id] = line
            self._places[layer][collection] = here
        self._lines[layer] = lines

    def _entity(self, layer: str, entity_id: str, kind: str, item: Fields) -> Entity:
        label = label_in(entity_id, item)
        status = self.scene.vocabulary.status_of(kind, item) or "unknown"
        return Entity(entity_id, kind, label, status, layer, f"{search_key(label)}\n{search_key(entity_id)}")


def home_of(scene: Layers, entity_id: str) -> CollectionKey | None:
    """Return the layer and collection in which an item is at home; None if the map has no such item.

    An item of a type that no source declares, such as ``station:lviv``, is at home in the first layer by name that
    has it.
    """
    declared = scene.vocabulary.types.get(type_of(entity_id))
    layers = scene.layers()
    if declared is not None and entity_id in scene.items(*declared.home) and declared.home[0] in layers:
        return declared.home
    for name in sorted(layers) if declared is None else [declared.home[0]]:
        for collection in layers.get(name, []):
            if entity_id in scene.items(name, collection):
                return name, collection
    return None
