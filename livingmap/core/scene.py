"""The scene: the union of all sources' parts, item by item, kept up to date change by change.

Whatever the order in which changes arrive, the scene is a function of the parts alone: `Scene.apply` recomputes
just the fields that a change can have altered and returns how they differ, so snapshot + changes == next snapshot.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from livingmap.core.aliases import Aliases
from livingmap.core.collection import Collection
from livingmap.core.merge import Dirty, changed, difference, strongest
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total
from livingmap.core.part import Part
from livingmap.core.references import References
from livingmap.core.source import Source
from livingmap.core.tallies import Tallies


class Scene:
    """The merged picture of ``sources``; earlier ones win a field that several fill."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self._parts = {source.name: Part(_decorated(source)) for source in sources}
        self._versions: dict[str, int] = defaultdict(int)
        self._begin()

    def _begin(self) -> None:
        """Start from nothing but the parts: all else follows from them."""
        self._aliases = Aliases()
        self._collections: dict[CollectionKey, Collection] = {}
        self._totals: dict[str, dict[str, Json]] = {}
        self._references = References()
        self._tallies = Tallies(tally for source in self._sources for tally in source.tallies)
        self._known: set[str] = set()
        for source in self._sources:
            for layer in source.layers:
                self._heard((layer.name, layer.collection), source.name).declare(layer)
        for name in self._tallies.layers():
            self._totals[name] = self._tallies.of_layer(name, self._known)

    def _heard(self, place: CollectionKey, source: str) -> Collection:
        """Return a collection of whose items ``source`` may speak."""
        found = self._collections.get(place)
        if found is None:
            found = self._collections[place] = Collection(place, self._aliases, self._references)
        if source not in found.voices:
            parts = {name: part for name, part in self._parts.items() if name == source or name in found.voices}
            found.voices = {name: part.at(place) for name, part in parts.items()}
        return found

    # reading

    def part(self, source: str) -> Part:
        """Return what ``source`` said so far."""
        return self._parts[source]

    def has_part(self, source: str) -> bool:
        """Tell whether ``source`` has anything on the map."""
        part = self._parts.get(source)
        return part is not None and next(part.records(), None) is not None

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        found: dict[str, list[str]] = {}
        for (layer, name), collection in self._collections.items():
            if collection.filled:
                found.setdefault(layer, []).append(name)
        for layer in self._totals:
            found.setdefault(layer, [])
        return found

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the merged items of a collection by id, in no order."""
        found = self._collections.get((layer, collection))
        return found.items if found else {}

    @property
    def filled_layers(self) -> AbstractSet[str]:
        """The layers that somebody has filled; before that, numbers that count them are None."""
        return self._known

    @property
    def alias_revision(self) -> int:
        """A number that grows whenever an id gets another meaning."""
        return self._aliases.revision

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything in the layer changes."""
        return self._versions[layer]

    def resolve(self, entity_id: str) -> str:
        """Return the id of the item that ``entity_id``, an id or an alias, means."""
        return self._aliases.resolve(entity_id)

    def resolved(self, place: CollectionKey, item: Fields) -> dict[str, Json]:
        """Return ``item`` with the ids that it refers to in place of their aliases."""
        return self._collections[place].resolved(item)

    def owners(self, layer: str, collection: str, entity_id: str) -> dict[str, str]:
        """Return, by field, the name of the source whose value an item shows."""
        found: dict[str, str] = {}
        shown: dict[str, Json] = {}
        for source, record in self._collections[layer, collection].records(entity_id):
            for name, value in record.fields.items():
                if shown.get(name) is None:
                    shown[name] = value
                    found[name] = source
        return found

    # writing

    def apply(self, source: str, changes: Iterable[Change], seq: int, since: int | None = None) -> list[Change]:
        """Fold what ``source`` says at position ``seq`` in; return how the merged scene changed.

        ``since`` is the position at which a poll started: whatever events changed after it stays. An unknown
        source has no part any more (it was disabled since) and changes nothing.
        """
        part = self._parts.get(source)
        if part is None:
            return []
        dirty = Dirty()
        for change in changes:
            if change.layer not in self._known and part.fills(change):
                self._known.add(change.layer)
                self._tallies.heard_of(change.layer, self._collections, dirty)
            if isinstance(change, Total):
                part.set_total(change, seq, since)
                dirty.total(change.layer, _names(change))
                continue
            collection = self._heard((change.layer, change.collection), source)
            collection.filled = True
            if isinstance(change, Put):
                self._put(part, collection.place, change, seq, since, dirty)
            else:
                self._drop(part, collection.place, change, seq, since, dirty)
        if since is not None:
            part.settled(since)
        return [*self._merge_items(dirty), *self._merge_totals(dirty)]

    def _put(
        self, part: Part, place: CollectionKey, change: Put, seq: int, since: int | None, dirty: Dirty
    ) -> None:
        entity_id = part.own_id(change, since)
        record = part.record(place, entity_id)
        if record is not None and since is None and not record.is_renamed_by(change):
            record.put(change, seq, since)
            dirty.fields(place, self.resolve(entity_id), _names(change))
            return
        was_real, old = (record.creates, record.aliases) if record else (False, ())
        record = part.put(change, entity_id, seq, since)
        if record is None:
            return
        stirred = self._aliases.add(entity_id) if record.creates and not was_real else set()
        stirred |= self._aliases.rename(entity_id, old, record.aliases)
        for one in (entity_id, *change.aliases):
            dirty.item(place, self.resolve(one))
        self._stir(stirred, dirty)

    def _drop(
        self, part: Part, place: CollectionKey, change: Drop, seq: int, since: int | None, dirty: Dirty
    ) -> None:
        dirty.item(place, self.resolve(change.id))
        for entity_id, record in part.drop(change, seq, since):
            stirred = {entity_id, self.resolve(entity_id)}
            stirred |= self._aliases.rename(entity_id, record.aliases, ())
            if record.creates:
                stirred |= self._aliases.remove(entity_id)
            self._stir(stirred, dirty)

    def _stir(self, stirred: Iterable[str], dirty: Dirty) -> None:
        """Note what stands under ids whose meaning may have changed, and what refers to them."""
        for entity_id in stirred:
            for place in self._collections:
                dirty.item(place, entity_id)
            for place, other, name in self._references.to(entity_id):
                dirty.fields(place, other, (name,))

    # keeping

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield by name, part by part, all that the scene is made of, as JSON for `restore`.

        Nothing may be applied before the last one was taken.
        """
        yield "known", sorted(self._known)
        for source, part in self._parts.items():
            yield f"part {source}", part.state()

    def restore(self, states: Mapping[str, Json]) -> None:
        """Become the scene whose `states` these were; what is here goes. Versions go on growing.

        A source that had no part then begins with an empty one; the part of one that is gone is left out.
        """
        layers = self.layers().keys()
        for source, part in self._parts.items():
            part.restore(states.get(f"part {source}", Part().state()))
        self._begin()
        self._known = set(states.get("known", ()))
        dirty = Dirty()
        for source, part in self._parts.items():
            for place, entity_id, record in part.records():
                self._heard(place, source).filled = True
                if record.creates:
                    self._aliases.add(entity_id)
                self._aliases.rename(entity_id, (), record.aliases)
                dirty.item(place, entity_id)
            for layer in self._known:
                dirty.total(layer, part.total(layer))
        dirty.items = {(place, self.resolve(entity_id)): None for place, entity_id in dirty.items}
        for layer in self._tallies.layers():
            dirty.total(layer, self._tallies.of_layer(layer, self._known))
        list(self._merge_items(dirty))
        list(self._merge_totals(dirty))
        for layer in {*layers, *self.layers()}:
            self._versions[layer] += 1

    # merging

    def _merge_items(self, dirty: Dirty) -> Iterator[Change]:
        """Merge what is dirty anew; what that makes dirty in turn, an item that counts it, comes last."""
        while dirty.items:
            batch, dirty.items = dirty.items, {}
            for (place, entity_id), names in batch.items():
                collection = self._collections.get(place)
                if collection is None:  # a tally for a collection that nobody fills
                    continue
                before = collection.items.get(entity_id)
                change = collection.merge(entity_id, names, self._tallies.of_item(place, entity_id, self._known))
                if change is not None:
                    self._versions[place[0]] += 1
                    self._tallies.recount(place, before, collection.items.get(entity_id), _names(change), dirty)
                    yield change

    def _merge_totals(self, dirty: Dirty) -> Iterator[Change]:
        """Yield how the totals changed."""
        for layer, names in dirty.totals.items():
            said = [part.total(layer) for part in self._parts.values()]
            now = strongest([*said, self._tallies.of_layer(layer, self._known)], names)
            known = self._totals.get(layer, {})
            fresh, gone = difference(known, now, names)
            if fresh or gone:
                self._totals[layer] = changed(known, fresh, gone)
                self._versions[layer] += 1
                yield Total(layer, fresh, gone)


def _names(change: Change) -> Iterable[str]:
    """Return the fields that a change names."""
    if isinstance(change, Drop):
        return ()
    return (*change.set, *change.unset) if change.unset else change.set


def _decorated(source: Source) -> frozenset[CollectionKey]:
    return frozenset((layer.name, layer.collection) for layer in source.layers if layer.decorates)
