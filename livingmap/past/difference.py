"""Differences: how the map at one moment differs from that at another, as changes that make the one the other."""

from collections.abc import Iterable, Iterator
from typing import Final

from livingmap.core.layers import Layers, layer_names
from livingmap.core.merge import difference
from livingmap.core.model import Fields, Json
from livingmap.past.packed_items import PackedItems

_NOTHING: Final[Fields] = {}


def differences(before: Layers, after: Layers, layers: Iterable[str] | None = None) -> list[dict[str, Json]]:
    """Return the changes from ``before`` to ``after`` in their wire form, each with what it replaces as ``was``.

    Of the given ``layers``, or of all. Of several changes that something went through there is one, or none if it
    is again as it was. Applied to ``before`` by `livingmap.core.reducer.reduce`, they make ``after``.
    """
    names = dict.fromkeys((*layer_names(before), *layer_names(after))) if layers is None else layers
    return [change for name in names for change in _of_layer(before, after, name)]


def _of_layer(before: Layers, after: Layers, name: str) -> Iterator[dict[str, Json]]:
    old, new = _totals(before, name), _totals(after, name)
    updates, removals, was = difference(old, new, {**old, **new})
    if updates or removals:
        yield {"op": "total", "layer": name, "set": updates, "unset": list(removals), "was": dict(was)}
    for collection in dict.fromkeys((*before.layers().get(name, ()), *after.layers().get(name, ()))):
        yield from _of_collection(before.items(name, collection), after.items(name, collection), name, collection)


def _maybe_changed(before: Fields, after: Fields) -> Iterable[str]:
    """Return the ids of all items but those of which can be told without a look that they are the same."""
    if isinstance(before, PackedItems) and isinstance(after, PackedItems):
        return after.differing(before)
    return after


def _totals(scene: Layers, name: str) -> Fields:
    return {**scene.vocabulary.standing.get(name, _NOTHING), **scene.totals(name)}


def _of_collection(before: Fields, after: Fields, layer: str, collection: str) -> Iterator[dict[str, Json]]:
    for entity_id in sorted(before.keys() - after.keys()):
        place = {"layer": layer, "collection": collection, "id": entity_id}
        yield {"op": "drop", **place, "was": dict(before[entity_id])}
    for entity_id in sorted(_maybe_changed(before, after)):
        old, new = before.get(entity_id, _NOTHING), after[entity_id]
        if old is new:
            continue
        updates, removals, was = difference(old, new, {**old, **new})
        if not (updates or removals or entity_id not in before):
            continue
        place = {"layer": layer, "collection": collection, "id": entity_id}
        put = {"op": "put", **place, "set": updates, "unset": list(removals), "was": dict(was)}
        yield put if entity_id in before else {**put, "came": True}
