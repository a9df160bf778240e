"""The scene: the parts of all sources and the layers that they make, kept up to date change by change.

Whatever the order in which changes arrive, the layers are a function of the parts alone: `Scene.apply` merges just
the fields that a change can have altered and returns how they differ, so snapshot + changes == next snapshot.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from livingmap.core.aliases import Collision
from livingmap.core.collection import meaning
from livingmap.core.lifetimes import Clock, Reached
from livingmap.core.merge import Dirty
from livingmap.core.merged_layers import MergedLayers, field_names
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total
from livingmap.core.namespaced import inside
from livingmap.core.part import Part, within
from livingmap.core.record import Superseded
from livingmap.core.same_as import NOBODY, SameAs
from livingmap.core.source import Source
from livingmap.core.version import ItemOfLayer
from livingmap.core.vocabulary import Vocabulary


class Scene:
    """The state of the map. Of ``sources`` that fill the same field, the earlier one wins.

    ``same_as`` joins and separates ids by hand.
    """

    def __init__(self, sources: Sequence[Source], same_as: SameAs = NOBODY) -> None:
        self._sources = tuple(sources)
        self._same_as = same_as
        self._parts = {source.name: self._empty_part(source) for source in sources}
        self._merged = MergedLayers(self._sources, self._parts, same_as.joined)
        self.vocabulary = Vocabulary(self._sources)
        """What the sources declare of types and layers."""

    # reading

    def part(self, source: str) -> Part:
        """Return the part of ``source``."""
        return self._parts[source]

    def has_part(self, source: str) -> bool:
        """Tell whether ``source`` has anything on the map."""
        part = self._parts.get(source)
        return part is not None and next(part.records(), None) is not None

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        return self._merged.names()

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._merged.layer_totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the merged items of a collection by id, in no order."""
        merged = self._merged.collections.get((layer, collection))
        return merged.items if merged else {}

    @property
    def filled_layers(self) -> AbstractSet[str]:
        """The layers that some source has filled; until then, numbers that count them are None."""
        return self._merged.filled_layers

    @property
    def alias_revision(self) -> int:
        """A number that grows whenever an id changes what it refers to."""
        return self._merged.aliases.revision

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything in the layer changes."""
        return self._merged.versions[layer].number

    def changed_since(self, layer: str, version: int) -> Collection[ItemOfLayer] | None:
        """Return the items of a layer that changed after it had a version; None if that is not known any more."""
        return self._merged.versions[layer].changed_since(version)

    def size(self) -> int:
        """Return how many items there are in all collections."""
        return sum(len(collection.items) for collection in self._merged.collections.values())

    def has(self, entity_id: str) -> bool:
        """Tell whether an item of this id stands in some collection."""
        return any(entity_id in collection.items for collection in self._merged.collections.values())

    def resolve(self, entity_id: str) -> str:
        """Return the id of the item to which ``entity_id``, an id or an alias, refers."""
        return self._merged.aliases.resolve(entity_id)

    def lists(self, entity_id: str) -> bool:
        """Tell whether an id, or alias, is that of an item which some source lists."""
        return self._merged.aliases.has(self.resolve(entity_id))

    def meaning(self, source: str, entity_id: str) -> str:
        """Return the id of the item to which ``entity_id`` refers where ``source`` says so."""
        part = self._parts.get(source)
        return self.resolve(entity_id) if part is None else meaning(self._merged.aliases, part, entity_id)

    def named(self, entity_id: str, namespace: str) -> str | None:
        """Return the id that an item has in a namespace; None if it has none there."""
        return self._merged.aliases.named(entity_id, namespace)

    def listed_as(self, source: str, entity_id: str) -> str:
        """Return the id under which ``source`` lists an item: what its service knows; else the id itself."""
        part = self._parts[source]
        ids = self._merged.aliases.same(entity_id)
        return next((one for one in ids if part.lists(one) and self.meaning(source, one) == ids[0]), entity_id)

    def is_contested(self, entity_id: str) -> bool:
        """Tell whether several items claim an id."""
        return entity_id in self._merged.aliases.contested

    @property
    def contests(self) -> int:
        """A number that changes whenever an id becomes contested, or ceases to be."""
        return self._merged.aliases.contests

    def collisions(self) -> list[Collision]:
        """Return the ids that several items claim, in order."""
        return [self._merged.aliases.collision(name) for name in sorted(self._merged.aliases.contested)]

    def resolved(self, key: CollectionKey, item: Fields, source: str | None = None) -> dict[str, Json]:
        """Return ``item`` with the ids that it refers to in place of their aliases, as ``source`` means them."""
        return self._merged.collections[key].resolved(item, source)

    def owners(self, layer: str, collection: str, entity_id: str) -> dict[str, str]:
        """Return, by field, the name of the source whose value an item shows."""
        owners: dict[str, str] = {}
        values: dict[str, Json] = {}
        for source, record in self._merged.collections[layer, collection].records(entity_id):
            for name, value in record.fields.items():
                if values.get(name) is None:
                    values[name] = value
                    owners[name] = source
        return owners

    def describing(self, key: CollectionKey, entity_id: str) -> list[str]:
        """Return the sources that say something of an item, the strongest first."""
        return list(dict.fromkeys(source for source, _ in self._merged.collections[key].records(entity_id)))

    def verdicts(self, key: CollectionKey, entity_id: str) -> dict[str, str]:
        """Return, by field, the rule about lifetimes that spoke about an item."""
        return self._merged.collections[key].verdicts(entity_id)

    @property
    def clock(self) -> Clock:
        """The time that the log has come to, by which lifetimes are judged."""
        return self._merged.clock

    def weight(self, source: str, change: Change) -> int:
        """Return about how many items have to be merged again if ``source`` makes a poll's ``change``.

        Example: of a microDAO that is new and has an alias, all agents are merged again that refer to it by that.
        """
        if isinstance(change, Total):
            return 1
        part = self._parts[source]
        record = part.record((change.layer, change.collection), part.renamed.get(change.id, change.id))
        if isinstance(change, Put) and record is not None and record.creates and record.aliases == change.aliases:
            return 1
        aliases = record.aliases if record is not None else ()
        names = {change.id, *aliases, *(change.aliases if isinstance(change, Put) else ())}
        return 1 + self._merged.referring(names)

    # writing

    def advance(self, now: datetime) -> list[Change]:
        """Let the time of the log move on; return how the layers changed by what is no longer valid.

        When the clock of the log was set back, what it took for too old while it was ahead may be valid again.
        """
        dirty = Dirty()
        if self.clock.set_back(now):
            self._merged.note_lifetimes(dirty)
        for key, entity_id in self.clock.advance(now):
            dirty.item(key, entity_id)
        return self._merged.merge(dirty) if dirty.items else []

    def apply(self, source: str, changes: Iterable[Change], seq: int, from_seq: int | None = None) -> list[Change]:
        """Apply what ``source`` says at position ``seq`` to its part; return how the merged layers changed.

        ``from_seq`` is the position at which a poll began, None for an event: a poll changes nothing that an event
        changed after it. A source that is not of this scene, having been removed since, changes nothing.
        """
        part = self._parts.get(source)
        if part is None:
            return []
        dirty = Dirty()
        for change in changes:
            if change.layer not in self._merged.filled_layers and part.fills(change):
                self._merged.note_filled(change.layer, dirty)
            if isinstance(change, Total):
                part.set_total(change, seq, from_seq)
                dirty.total(change.layer, field_names(change))
                continue
            key = (change.layer, change.collection)
            self._merged.collection(key, source).filled = True
            if isinstance(change, Put):
                self._put(part, key, change, seq, from_seq, dirty)
            else:
                self._drop(part, key, change, seq, from_seq, dirty)
        if from_seq is None:
            part.revision += 1
        else:
            part.forget_drops(from_seq)
        return self._merged.merge(dirty)

    def _put(
        self, part: Part, key: CollectionKey, change: Put, seq: int, from_seq: int | None, dirty: Dirty
    ) -> None:
        entity_id = part.own_id(change, from_seq)
        record = part.record(key, entity_id)
        if record is not None and from_seq is None and not record.is_renamed_by(change):
            record.put(change, seq, from_seq)
            dirty.fields(key, self._target(part, entity_id), field_names(change))
            return
        created = record is not None and record.creates
        old_aliases, old_namespaces = (record.aliases, record.namespaces) if record else ((), {})
        if record is None:
            self._merged.note_kind(key, entity_id)
        record = part.put(change, entity_id, seq, from_seq)
        if record is None:
            return
        forgotten = part.forget_loose()
        if forgotten is not None:
            dirty.item(forgotten[0], self._target(part, forgotten[1]))
        aliases = self._merged.aliases
        affected = aliases.add(entity_id) if record.creates and not created else set()
        affected |= aliases.rename(entity_id, old_aliases, record.aliases, old_namespaces, record.namespaces)
        dirty.item(key, self._target(part, entity_id))
        for one in change.aliases:
            dirty.item(key, self.resolve(one))
        self._merged.note_affected(affected, dirty)

    def _target(self, part: Part, listed_id: str) -> str:
        """Return the id of the item to which the record of a part under an id belongs."""
        aliases = self._merged.aliases
        if listed_id in aliases.displaced and part.lists(listed_id):
            return aliases.shown(listed_id)
        return aliases.resolve(listed_id)

    def _drop(
        self, part: Part, key: CollectionKey, change: Drop, seq: int, from_seq: int | None, dirty: Dirty
    ) -> None:
        aliases = self._merged.aliases
        dirty.item(key, self._target(part, change.id))  # the first to change, whatever the order of the sets below
        for entity_id, record in part.drop(change, seq, from_seq):
            affected = {entity_id, self.resolve(entity_id), aliases.shown(entity_id)}
            affected |= aliases.rename(entity_id, record.aliases, (), record.namespaces)
            if record.creates:
                affected |= aliases.remove(entity_id)
            self._merged.note_affected(affected, dirty)

    # other sources

    def replace_sources(self, sources: Sequence[Source], states: Mapping[str, Json]) -> list[Change]:
        """Have ``sources`` make the map from now on; return how the layers changed by that.

        Those of which another scene gave ``states`` have the part of that scene. Of the others, a new one begins
        with an empty part, and one that was there before keeps its own, as far as it still declares what is in it;
        an equal source keeps the `Part` itself. Equal sources in the same order change nothing.
        """
        if not states and tuple(sources) == self._sources:
            return []
        before, clock, filled = self._merged, self.clock, set(self.filled_layers)
        previous = {source.name: source for source in self._sources}
        self._parts = {
            source.name: self._next_part(source, previous.get(source.name), states) for source in sources
        }
        self._sources = tuple(sources)
        standing, self.vocabulary = self.vocabulary.standing, Vocabulary(sources)
        self._rebuild(clock.reached, filled.union(states.get("known", ())))
        changes = list(self._merged.differences(before))
        for change in changes:
            version = self._merged.versions[change.layer]
            if isinstance(change, Total):
                version.note_totals()
            else:
                version.note_item(change.collection, change.id)
        names, previous_names = self.layers(), before.names()
        stands = self.vocabulary.standing
        for layer in {**previous_names, **names, **standing, **stands}:
            if (names.get(layer), stands.get(layer)) != (previous_names.get(layer), standing.get(layer)):
                self._merged.versions[layer].note_all()
        return changes

    def _next_part(self, source: Source, previous: Source | None, states: Mapping[str, Json]) -> Part:
        state = states.get(f"part {source.name}")
        if state is None and previous is not None and previous.namespace == source.namespace:
            if previous == source:
                return self._parts[source.name]
            state = self._parts[source.name].state()
        part = self._empty_part(source)
        if state is not None:
            part.restore(within(state, _keys(source)))
        return part

    def _empty_part(self, source: Source) -> Part:
        renamed = self._same_as.renamed.get(source.name, {})
        if source.namespace:
            renamed = {inside(source.namespace, name): target for name, target in renamed.items()}
        return Part(_decorated(source), renamed, _superseded(source), source.given)

    # checkpoints

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield by name, part by part, all that the scene is made of, as JSON for `restore`.

        Nothing may be applied until the last one has been taken.
        """
        yield "now", self.clock.now.isoformat()
        yield "judged", self.clock.judged
        yield "known", sorted(self.filled_layers)
        for source, part in self._parts.items():
            yield f"part {source}", part.state()

    def restore(self, states: Mapping[str, Json]) -> None:
        """Replace this scene by the one that yielded ``states``. Versions go on growing.

        A source that had no part then begins with an empty one; the part of one that is gone is left out, and so
        is what a source had in layers that it no longer declares.
        """
        before = self._merged
        for one in self._sources:
            state = states.get(f"part {one.name}", Part().state())
            self._parts[one.name].restore(within(state, _keys(one)))
        self._rebuild(_reached(states), states.get("known", ()))
        for layer in {*before.names(), *self.layers()}:
            self._merged.versions[layer].note_all()

    def _rebuild(self, reached: Reached | None, filled: Iterable[str]) -> None:
        """Merge all parts anew, as of a time of the log; ``filled`` are the layers that some source has filled."""
        before = self._merged
        self._merged = MergedLayers(self._sources, self._parts, self._same_as.joined)
        if reached is not None:
            self.clock.start_at(reached)
        self._merged.filled_layers.update(self._fillable().intersection(filled))
        self._merged.aliases.revision = before.aliases.revision + 1
        self._merged.aliases.contests = before.aliases.contests + 1
        dirty = Dirty()
        for source, part in self._parts.items():
            self._note_restored(source, part, dirty)
        aliases = self._merged.aliases
        dirty.items = {
            (key, one(name)): None for key, name in dirty.items for one in (self.resolve, aliases.shown)
        }
        for layer in self._merged.tallies.layers():
            dirty.total(layer, self._merged.tallies.of_layer(layer, self.filled_layers))
        self._merged.merge(dirty)
        self._merged.versions = before.versions

    def _fillable(self) -> set[str]:
        """Return the layers that the sources of this scene may have filled: what others filled is not there."""
        declared = {layer.name for source in self._sources for layer in source.layers if not layer.decorates}
        return declared.union(*(part.filled_layers() for part in self._parts.values()))

    def _note_restored(self, source: str, part: Part, dirty: Dirty) -> None:
        """Register the records of a part that came as a whole."""
        aliases = self._merged.aliases
        for key, entity_id, record in part.records():
            self._merged.collection(key, source).filled = True
            self._merged.note_kind(key, entity_id)
            if record.creates:
                aliases.add(entity_id)
            aliases.rename(entity_id, (), record.aliases, {}, record.namespaces)
            dirty.item(key, entity_id)
        for layer in self.filled_layers:
            dirty.total(layer, part.total(layer))


def _reached(states: Mapping[str, Json]) -> Reached | None:
    """Return the place that the clock had reached; None where states do not say it."""
    if "now" not in states:
        return None
    now, judged = datetime.fromisoformat(states["now"]), states.get("judged")  # older versions judged all at once
    if judged is None:
        return now, None
    ((layer, collection), entity_id), rule = judged
    return now, (((layer, collection), entity_id), rule)


def _keys(source: Source) -> frozenset[CollectionKey]:
    return frozenset((layer.name, layer.collection) for layer in source.layers)


def _decorated(source: Source) -> frozenset[CollectionKey]:
    return frozenset((layer.name, layer.collection) for layer in source.layers if layer.decorates)


def _superseded(source: Source) -> dict[CollectionKey, Superseded]:
    return {(layer.name, layer.collection): layer.superseded for layer in source.layers if layer.superseded}
