"""A past scene: the map as it was at one position of the log, made of a state and of the changes after it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from livingmap.core.model import CollectionKey, Fields, Json
from livingmap.core.redaction import Redaction
from livingmap.core.scene import Scene
from livingmap.core.vocabulary import Vocabulary
from livingmap.history.state import Names, Unpacked
from livingmap.past.packed_items import PackedItems

_NONE: Final[Fields] = {}
_NO_NAMES: Final[Mapping[str, Names]] = {}


class PastScene:
    """A `livingmap.core.layers.NamedLayers` that was.

    What types and layers are called, which ids mean the same and what nobody may see is that of today, of ``now``
    and ``redaction``: so what is hidden now is hidden then.
    """

    def __init__(
        self,
        now: Scene,
        redaction: Redaction,
        items: dict[CollectionKey, PackedItems],
        totals: dict[str, Fields],
        filled_layers: AbstractSet[str],
        resolve: Callable[[str], str] | None = None,
        aliases: Mapping[str, Names] = _NO_NAMES,
    ) -> None:
        self.filled_layers = filled_layers
        """The layers that some source had filled."""
        self.aliases = aliases
        """What else items were called that may come to be hidden, by id; as of the state."""
        self._resolve = resolve or now.resolve
        self._now = now
        self._redaction = redaction
        self._items = items
        self._totals = totals
        self._versions: dict[str, int] = defaultdict(int)

    @classmethod
    def of(cls, now: Scene, redaction: Redaction, state: Unpacked) -> "PastScene":
        """Return the scene of a `livingmap.history.State`."""
        totals = {name: redaction.fields(name, fields) for name, fields in state.totals.items()}
        items = {key: PackedItems(packed) for key, packed in state.items.items()}
        if not redaction.names.isdisjoint(state.names):  # there was no such rule when it was made
            items = {key: _clean(some, redaction, key[0]) for key, some in items.items()}
        return cls(now, redaction, items, totals, state.filled, None, state.aliases)

    # reading

    @property
    def vocabulary(self) -> Vocabulary:
        """What the sources declare of types and layers today."""
        return self._now.vocabulary

    @property
    def alias_revision(self) -> int:
        """A number that grows whenever an id changes what it refers to."""
        return self._now.alias_revision

    def resolve(self, entity_id: str) -> str:
        """Return the id to which an id or alias refers today."""
        return self._resolve(entity_id)

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        names: dict[str, list[str]] = {name: [] for name in self._totals}
        for layer, collection in self._items:
            names[layer].append(collection)
        return names

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the items of a collection by id, in no order."""
        return self._items.get((layer, collection), _NONE)

    def encoded(self, layer: str) -> dict[str, bytes]:
        """Return each collection of a layer as a JSON array in order of id."""
        return {collection: items.encoded() for (name, collection), items in self._items.items() if name == layer}

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything in the layer changes."""
        return self._versions[layer]

    @property
    def size(self) -> int:
        """How many items there are."""
        return sum(map(len, self._items.values()))

    # going on

    def copy(self) -> "PastScene":
        """Return a scene that goes on from here and leaves this one as it is."""
        items = {key: items.copy() for key, items in self._items.items()}
        totals = dict(self._totals)
        return PastScene(self._now, self._redaction, items, totals, self.filled_layers, None, self.aliases)

    def resolving(self, resolve: Callable[[str], str]) -> "PastScene":
        """Return this scene with another way to find out what ids mean, for a thread of its own."""
        return PastScene(self._now, self._redaction, self._items, self._totals, self.filled_layers, resolve)

    def take(self, changes: Iterable[Fields]) -> None:
        """Apply changes in their wire form, as `livingmap.core.reducer.Draft` does."""
        for change in changes:
            layer = change["layer"]
            self._versions[layer] += 1
            totals = self._totals.setdefault(layer, {})
            if change["op"] == "total":
                self._totals[layer] = self._changed(layer, totals, change)
                continue
            items = self._items.get((layer, change["collection"]))
            if items is None:
                items = self._items[layer, change["collection"]] = PackedItems(_NONE)
            if change["op"] == "put":
                items.put(change["id"], self._changed(layer, items.get(change["id"], _NONE), change))
                self.filled_layers |= {layer}
            else:
                items.drop(change["id"])

    def _changed(self, layer: str, fields: Fields, change: Fields) -> dict[str, Json]:
        after = {**fields, **self._redaction.fields(layer, change["set"])}
        for name in change["unset"]:
            after.pop(name, None)
        return after


def _clean(items: Mapping[str, Fields], redaction: Redaction, layer: str) -> PackedItems:
    return PackedItems({entity_id: redaction.fields(layer, item) for entity_id, item in items.items()})
