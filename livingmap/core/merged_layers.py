"""Merged layers: what the parts of all sources add up to. Everything here can be computed anew from the parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from livingmap.core.aliases import Aliases
from livingmap.core.collection import Collection
from livingmap.core.lifetimes import Clock, Lifetimes, rules_of
from livingmap.core.merge import Dirty, changed, difference, strongest
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total
from livingmap.core.part import Part
from livingmap.core.references import References
from livingmap.core.source import Source
from livingmap.core.tallies import Tallies
from livingmap.core.version import Version


class MergedLayers:
    """The collections and totals that ``parts`` make together, by name of source in the order of ``sources``."""

    def __init__(self, sources: Sequence[Source], parts: Mapping[str, Part], same_as: Mapping[str, str]) -> None:
        self.aliases = Aliases(same_as)
        self.collections: dict[CollectionKey, Collection] = {}
        self.layer_totals: dict[str, dict[str, Json]] = {}
        self.tallies = Tallies(tally for source in sources for tally in source.tallies)
        self.filled_layers: set[str] = set()
        self.versions: dict[str, Version] = defaultdict(Version)
        self.clock = Clock()
        self._parts = parts
        self._references = References()
        self._by_kind: dict[str, dict[CollectionKey, None]] = defaultdict(dict)
        """By type of things, the collections of which any source describes, or described, one of it."""
        self._renamed: dict[str, list[str]] = defaultdict(list)
        """By id, what sources call so by hand: fields hold that."""
        for part in parts.values():
            for name, target in part.renamed.items():
                self._renamed[target].append(name)
        self._copies: dict[CollectionKey, dict[str, CollectionKey]] = {}
        """By collection, the fields that it takes over from another."""
        self._copied_to: dict[CollectionKey, list[tuple[str, CollectionKey]]] = defaultdict(list)
        for source in sources:
            for layer in source.layers:
                self.collection((layer.name, layer.collection), source.name).declare(layer)
                self._declare_copies((layer.name, layer.collection), layer.copies)
        for key, rules in rules_of(sources).items():
            if key in self.collections:
                self.collections[key].lifetimes = Lifetimes(key, rules, self.clock)
        for name in self.tallies.layers():
            self.layer_totals[name] = self.tallies.of_layer(name, self.filled_layers)

    def _declare_copies(self, key: CollectionKey, copies: Mapping[str, CollectionKey]) -> None:
        for name, origin in copies.items():
            if self._copies.setdefault(key, {}).setdefault(name, origin) == origin:
                self._copied_to[origin].append((name, key))

    def collection(self, key: CollectionKey, source: str) -> Collection:
        """Return a collection to which ``source`` contributes from now on, if it did not."""
        collection = self.collections.get(key)
        if collection is None:
            collection = self.collections[key] = Collection(key, self.aliases, self._references, self._parts)
        if source not in collection.records_by_source:
            names = {source, *collection.records_by_source}
            collection.records_by_source = {
                name: part.records_of(key) for name, part in self._parts.items() if name in names
            }
        return collection

    def names(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        names: dict[str, list[str]] = {}
        for (layer, name), collection in self.collections.items():
            if collection.filled:
                names.setdefault(layer, []).append(name)
        for layer in self.layer_totals:
            names.setdefault(layer, [])
        return names

    def note_affected(self, ids: Iterable[str], dirty: Dirty) -> None:
        """Note the items of ids that may refer to something else now, and the fields that refer to them."""
        places: dict[frozenset[str], list[CollectionKey]] = {}
        for entity_id in sorted(ids):  # in the same order after a restart: the changes are the same then
            names = frozenset((entity_id, *self.aliases.same(entity_id)))
            if names not in places:
                places[names] = [key for key in self._standing(names) if self.collections[key].has_any(names)]
            for key in places[names]:
                dirty.item(key, entity_id)
            for one in (entity_id, *self._renamed.get(entity_id, ())):
                for key, other, name in sorted(self._references.to(one)):
                    dirty.fields(key, other, (name,))

    def note_kind(self, key: CollectionKey, entity_id: str) -> None:
        """Note that a source describes an item in a collection."""
        self._by_kind[_kind(entity_id)][key] = None

    def _standing(self, names: Iterable[str]) -> list[CollectionKey]:
        """Return the collections in which things of the types of ``names`` can stand, always in the same order."""
        kinds = {_kind(name) for name in names}
        return sorted({key for kind in kinds for key in self._by_kind.get(kind, ())})

    def referring(self, ids: Iterable[str]) -> int:
        """Return how many fields of items refer to any of ``ids``."""
        return sum(map(self._references.count, ids))

    def note_lifetimes(self, dirty: Dirty) -> None:
        """Note all items that have lifetimes, in an order that is the same in every process."""
        for key, collection in self.collections.items():
            if collection.lifetimes is not None:
                for entity_id in sorted(collection.items):
                    dirty.item(key, entity_id)

    def note_filled(self, layer: str, dirty: Dirty) -> None:
        """Note that a source fills ``layer``: numbers that count it are no longer None."""
        self.filled_layers.add(layer)
        self.tallies.note_filled(layer, self.collections, dirty)

    def merge(self, dirty: Dirty) -> list[Change]:
        """Merge what is ``dirty`` again; return how the layers changed."""
        return [*self._merge_items(dirty), *self._merge_totals(dirty)]

    def differences(self, before: "MergedLayers") -> Iterator[Change]:
        """Yield the changes that make what ``before`` shows what is shown here."""
        for key in {**before.collections, **self.collections}:
            old, new = before.items_of(key), self.items_of(key)
            for entity_id, item in old.items():
                if entity_id not in new:
                    yield Drop(key[0], entity_id, key[1], was=item)
            for entity_id, item in new.items():
                previous, came = old.get(entity_id, {}), entity_id not in old
                updates, removals, replaced = difference(previous, item, {**previous, **item})
                if updates or removals or came:
                    yield Put(key[0], entity_id, updates, removals, key[1], was=replaced, came=came)
        for layer in {**before.layer_totals, **self.layer_totals}:
            old, new = before.layer_totals.get(layer, {}), self.layer_totals.get(layer, {})
            updates, removals, replaced = difference(old, new, {**old, **new})
            if updates or removals:
                yield Total(layer, updates, removals, was=replaced)

    def items_of(self, key: CollectionKey) -> Mapping[str, Fields]:
        """Return the items of a collection by id; none if no source has it."""
        return self.collections[key].items if key in self.collections else {}

    def _merge_items(self, dirty: Dirty) -> Iterator[Change]:
        """Merge items; those that this makes dirty in turn, because they show a count of it, come last."""
        while dirty.items:
            batch, dirty.items = dirty.items, {}
            for (key, entity_id), names in batch.items():
                collection = self.collections.get(key)
                if collection is None:  # a tally for a collection that no source fills
                    continue
                before = collection.items.get(entity_id)
                if before is None and names is not None:  # no number or copy makes an item, nor does a reference
                    continue
                numbers = self.tallies.of_item(key, entity_id, self.filled_layers)
                if key in self._copies:
                    numbers |= self._copied(key, entity_id)
                change = collection.merge(entity_id, names, numbers)
                if change is not None:
                    self.versions[key[0]].note_item(key[1], entity_id)
                    after = collection.items.get(entity_id)
                    self.tallies.recount(key, before, after, field_names(change), dirty)
                    for name, target in self._copied_to.get(key, ()):
                        if (before or {}).get(name) != (after or {}).get(name):
                            dirty.fields(target, entity_id, (name,))
                    yield change

    def _copied(self, key: CollectionKey, entity_id: str) -> dict[str, Json]:
        """Return the fields that an item takes over from those of the same id in other collections."""
        return {
            name: self.collections[origin].items.get(entity_id, {}).get(name)
            for name, origin in self._copies[key].items()
            if origin in self.collections
        }

    def _merge_totals(self, dirty: Dirty) -> Iterator[Change]:
        for layer, names in dirty.totals.items():
            candidates = [total for part in self._parts.values() if (total := part.total(layer))]
            if self.tallies.concern(layer, names):
                candidates.append(self.tallies.of_layer(layer, self.filled_layers))
            before = self.layer_totals.get(layer, {})
            updates, removals, replaced = difference(before, strongest(candidates, names), names)
            if updates or removals:
                self.layer_totals[layer] = changed(before, updates, removals)
                self.versions[layer].note_totals()
                yield Total(layer, updates, removals, was=replaced)


def _kind(entity_id: str) -> str:
    return entity_id.partition(":")[0]


def field_names(change: Change) -> Iterable[str]:
    """Return the fields that a change names."""
    if isinstance(change, Drop):
        return ()
    return (*change.set, *change.unset) if change.unset else change.set
