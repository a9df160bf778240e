"""The reducer: the state of a client, from a snapshot and the changes that follow it.

The Python twin of ``frontend/src/features/livingMap/client/reduce.ts``, under the same law: a snapshot and the
changes after it make the next snapshot. It knows no plugin and no layer by name.

>>> state = state_of({"agents": {"total": 1, "items": [{"id": "agent:b", "status": "idle"}]}})
>>> busy = {"set": {"status": "busy"}, "unset": []}
>>> layers_of(reduce(state, [{"op": "put", "layer": "agents", "collection": "items", "id": "agent:b", **busy}]))
{'agents': {'total': 1, 'items': [{'id': 'agent:b', 'status': 'busy'}]}}
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, TypeGuard

from livingmap.core.model import Fields, Json


@dataclass(frozen=True, slots=True)
class LayerState:
    """One layer as a client holds it. Never changes: after a change there is another."""

    totals: Fields = field(default_factory=dict)
    """The fields of the layer itself, such as a count."""
    collections: Mapping[str, Mapping[str, Fields]] = field(default_factory=dict)
    """The items of each collection by id, in order of id. An item holds its ``id``, too."""

    def items(self, collection: str = "items") -> Mapping[str, Fields]:
        """Return the items of a collection by id; none if there is no such collection."""
        return self.collections.get(collection, {})


State: TypeAlias = Mapping[str, LayerState]
"""Layers by name."""


def state_of(layers: Fields) -> State:
    """Return the state that the ``layers`` of a snapshot describe."""
    return {name: _layer_of(layer) for name, layer in layers.items()}


def _layer_of(layer: Fields) -> LayerState:
    totals: dict[str, Json] = {}
    collections: dict[str, dict[str, Fields]] = {}
    for name, value in layer.items():
        if _is_items(value):
            collections[name] = {item["id"]: item for item in value}
        else:
            totals[name] = value
    return LayerState(totals, collections)


def _is_items(value: Json) -> TypeGuard[list[Fields]]:
    return isinstance(value, list) and all(
        isinstance(item, dict) and isinstance(item.get("id"), str) for item in value
    )


def layers_of(state: State) -> dict[str, Json]:
    """Return the ``layers`` of the snapshot that ``state`` is: the inverse of `state_of`."""
    return {
        name: {
            **layer.totals,
            **{collection: list(items.values()) for collection, items in layer.collections.items()},
        }
        for name, layer in state.items()
    }


def reduce(state: State, changes: Iterable[Fields]) -> State:
    """Return the state after ``changes``, in their order. What none of them touches is shared with ``state``."""
    draft = Draft(state)
    for change in changes:
        draft.apply(change)
    return draft.state()


class Draft:
    """A state in the making. A collection is copied at most once between two calls of `state`.

    So many changes cost no more than what they touch, as long as nobody looks at the state between them.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._layers: dict[str, _DraftLayer] = {}

    def apply(self, change: Fields) -> None:
        """Apply a change in its wire form, as `livingmap.core.model.change_to_json` writes it."""
        name = change["layer"]
        layer = self._layers.get(name)
        if layer is None:
            layer = self._layers[name] = _DraftLayer(self._state.get(name, LayerState()))
        match change["op"]:
            case "put":
                layer.put(change)
            case "drop":
                layer.drop(change)
            case "total":
                layer.set_totals(change)

    def state(self) -> State:
        """Return the state so far, which later changes leave as it is."""
        if self._layers:
            made = {name: layer.finished() for name, layer in self._layers.items()}
            self._state, self._layers = {**self._state, **made}, {}
        return self._state


class _DraftLayer:
    def __init__(self, layer: LayerState) -> None:
        self._layer = layer
        self._totals = layer.totals
        self._copies: dict[str, dict[str, Fields]] = {}
        self._unsorted: set[str] = set()

    def set_totals(self, change: Fields) -> None:
        self._totals = _changed(self._totals, change)

    def put(self, change: Fields) -> None:
        items, entity_id = self._items(change["collection"]), change["id"]
        item = items.get(entity_id)
        if item is None:
            self._unsorted.add(change["collection"])
            item = {"id": entity_id}
        items[entity_id] = _changed(item, change)

    def drop(self, change: Fields) -> None:
        self._items(change["collection"]).pop(change["id"], None)

    def finished(self) -> LayerState:
        for name in self._unsorted:
            items = self._copies[name]
            self._copies[name] = {entity_id: items[entity_id] for entity_id in sorted(items)}
        return LayerState(self._totals, {**self._layer.collections, **self._copies})

    def _items(self, collection: str) -> dict[str, Fields]:
        items = self._copies.get(collection)
        if items is None:
            items = self._copies[collection] = dict(self._layer.items(collection))
        return items


def _changed(fields: Fields, change: Fields) -> dict[str, Json]:
    after = {**fields, **change["set"]}
    for name in change["unset"]:
        after.pop(name, None)
    return after
