"""Conflated changes: what a viewer that fell behind has missed, item by item. Bounded by the map, not by time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.layers import Layers
from livingmap.core.model import Change, CollectionKey, Drop, Put, Total


@dataclass(slots=True)
class _Touched:
    dropped: bool = False
    unset: set[str] = field(default_factory=set)


@dataclass(slots=True)
class ConflatedChanges:
    """The items and totals that the events of one view have touched, without the events."""

    skipped: int = 0
    """How many events these changes stand for."""
    _items: dict[tuple[CollectionKey, str], _Touched] = field(default_factory=dict)
    _totals: dict[str, set[str]] = field(default_factory=dict)

    def add(self, folded: Folded, view: View) -> None:
        """Note what an event touched."""
        self.skipped += 1
        for change in folded.changes:
            if not view.wants(change.layer):
                continue
            match change:
                case Total():
                    self._totals.setdefault(change.layer, set()).update(change.unset)
                case Drop():
                    self._touched(change).dropped = True
                case Put():
                    self._touched(change).unset.update(change.unset)

    def _touched(self, change: Put | Drop) -> _Touched:
        return self._items.setdefault(((change.layer, change.collection), change.id), _Touched())

    def changes(self, scene: Layers) -> Iterator[Change]:
        """Yield what brings the viewer to the scene as it is: the latest value of each touched item.

        An item that went and came back is dropped first, so that no field of before is left on the client.
        A Drop may name an item that the viewer never had: it came and went while the viewer did not read.
        """
        for ((layer, collection), entity_id), touched in self._items.items():
            item = scene.items(layer, collection).get(entity_id)
            if item is None or touched.dropped:
                yield Drop(layer, entity_id, collection)
            if item is not None:
                unset = () if touched.dropped else tuple(sorted(touched.unset - item.keys()))
                yield Put(layer, entity_id, item, unset, collection)
        for layer, fields in self._totals.items():
            totals = scene.totals(layer)
            yield Total(layer, totals, tuple(sorted(fields - totals.keys())))
