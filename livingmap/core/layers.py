"""Layers: how readers read the scene, and the form in which a snapshot shows a layer."""

from typing import Protocol

from livingmap.core.model import Fields, Json
from livingmap.core.vocabulary import Vocabulary


class Layers(Protocol):
    """Read access to layers: of the scene, or of what a caller may see of it."""

    @property
    def vocabulary(self) -> Vocabulary:
        """What the sources declare of types and layers."""

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""

    def items(self, layer: str, collection: str) -> Fields:
        """Return the items of a collection by id, in no order."""

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything in the layer changes."""


def layer_names(scene: Layers) -> list[str]:
    """Return the layers of a snapshot: the standing ones, then the others by name."""
    standing = scene.vocabulary.standing
    return [*standing, *sorted(scene.layers().keys() - standing.keys())]


def layer(scene: Layers, name: str) -> dict[str, Json]:
    """Return one layer as the snapshot has it: totals first, then each collection as a list in order of id."""
    fields: dict[str, Json] = {**scene.vocabulary.standing.get(name, {}), **scene.totals(name)}
    for collection in scene.layers().get(name, []):
        items = scene.items(name, collection)
        fields[collection] = [{"id": entity_id, **items[entity_id]} for entity_id in sorted(items)]
    return fields
