"""Conflated changes: the net effect of events that a viewer missed, bounded by the map, not by their number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from livingmap.access.view import View
from livingmap.core.fold import Folded
from livingmap.core.layers import Layers
from livingmap.core.model import Change, Drop, Put, Total

_Item: TypeAlias = tuple[str, str, str]
"""Layer, collection and id."""

_NO_FIELDS: Final[frozenset[str]] = frozenset()


def conflated_changes(events: Iterable[Folded], view: View, scene: Layers) -> Iterator[Change]:
    """Yield what brings a viewer that missed ``events`` to ``scene``, which is where they lead.

    That is the latest value of each item that they touched. An item that went and came back is dropped first, so
    that no field of before is left on the client. A Drop may name an item that the viewer never had: it came and
    went while the viewer did not read.
    """
    touched: dict[_Item, None] = {}
    dropped: set[_Item] = set()
    unset: dict[_Item, set[str]] = defaultdict(set)
    totals: dict[str, set[str]] = defaultdict(set)
    for folded in events:
        for change in folded.changes:
            if isinstance(change, Total):
                totals[change.layer].update(change.unset)
                continue
            item = change.layer, change.collection, change.id
            touched[item] = None
            if isinstance(change, Drop):
                dropped.add(item)
            elif change.unset:
                unset[item].update(change.unset)
    for item in touched:
        if view.wants(item[0]):
            yield from _latest(item, scene, unset.get(item, _NO_FIELDS), was_dropped=item in dropped)
    for layer, names in totals.items():
        if view.wants(layer):
            fields = scene.totals(layer)
            yield Total(layer, fields, tuple(sorted(names - fields.keys())))


def _latest(item: _Item, scene: Layers, unset: Iterable[str], *, was_dropped: bool) -> Iterator[Change]:
    """Yield what makes an item on the client what it is in ``scene``."""
    layer, collection, entity_id = item
    fields = scene.items(layer, collection).get(entity_id)
    if fields is None or was_dropped:
        yield Drop(layer, entity_id, collection)
    if fields is not None:
        missing = () if was_dropped else tuple(sorted(set(unset) - fields.keys()))
        yield Put(layer, entity_id, fields, missing, collection)
