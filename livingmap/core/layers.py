"""Layers: how readers read the scene, and the form in which a snapshot shows a layer."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from typing import Protocol

from livingmap.core.model import Fields, Json
from livingmap.core.version import ItemOfLayer
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


class LiveLayers(Layers, Protocol):
    """Layers that go on changing: of the scene as it is, or of what a caller may see of it."""

    def changed_since(self, layer: str, version: int) -> Collection[ItemOfLayer] | None:
        """Return the items of a layer that changed after it had a version; None if that is not known any more."""


class NamedLayers(Layers, Protocol):
    """Layers of which is known what the ids mean: those of the scene, as it is or as it was."""

    @property
    def filled_layers(self) -> AbstractSet[str]:
        """The layers that some source has filled; numbers that count any other are None."""

    @property
    def alias_revision(self) -> int:
        """A number that grows whenever an id changes what it refers to."""

    def resolve(self, entity_id: str) -> str:
        """Return the id of the item to which ``entity_id``, an id or an alias, refers."""


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
