"""What a viewer has missed: not the events, but which items they touched. Bounded by the map, not by time."""

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
    """The touched items and totals of one viewer that fell behind."""

    skipped: int = 0
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
        """Yield what brings the viewer to the scene as it is: the last value of each touched item.

        A Drop may name an item that the viewer never had: it came and went unseen.
        """
        for ((layer, collection), entity_id), touched in self._items.items():
            item = scene.items(layer, collection).get(entity_id)
            if item is None or touched.dropped:
                yield Drop(layer, entity_id, collection)
            if item is not None:
                gone = () if touched.dropped else tuple(sorted(touched.unset - item.keys()))
                yield Put(layer, entity_id, item, gone, collection)
        for layer, unset in self._totals.items():
            shown = scene.totals(layer)
            yield Total(layer, shown, tuple(sorted(unset - shown.keys())))
