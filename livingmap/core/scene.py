"""The scene: the union of all sources' parts, item by item, kept up to date change by change.

Whatever the order in which changes arrive, the scene is a function of the parts alone: `Scene.apply` recomputes
just the items that a change can have altered and returns how they differ, so snapshot + changes == next snapshot.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from livingmap.core.model import Change, Drop, Fields, Json, Put, Total
from livingmap.core.names import Names
from livingmap.core.part import Part, Place, Record
from livingmap.core.source import Source
from livingmap.core.tallies import Tallies


class Scene:
    """The merged picture of ``sources``; earlier ones win a field that several fill."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)
        self._order = [source.name for source in sources]
        self._parts = {source.name: Part(_decorated(source)) for source in sources}
        self._versions: dict[str, int] = defaultdict(int)
        self._begin()

    def _begin(self) -> None:
        """Start from nothing but the parts: all else follows from them."""
        self._names = Names()
        self._items: dict[Place, dict[str, dict[str, Json]]] = {}
        self._totals: dict[str, dict[str, Json]] = {}
        self._references: dict[Place, tuple[str, ...]] = {}
        self._defaults: dict[Place, dict[str, Json]] = {}
        self._mentions: dict[str, dict[tuple[Place, str], None]] = defaultdict(dict)
        self._mentioned: dict[tuple[Place, str], tuple[str, ...]] = {}
        self._tallies = Tallies(tally for source in self._sources for tally in source.tallies)
        self._known: set[str] = set()
        for source in self._sources:
            self._declare(source)
        self._totals = {
            change.layer: dict(change.set) for change in self._total_all() if isinstance(change, Total)
        }

    def _declare(self, source: Source) -> None:
        for layer in source.layers:
            place = (layer.name, layer.collection)
            if not layer.decorates:
                self._items.setdefault(place, {})
            known = self._references.get(place, ())
            self._references[place] = (*known, *(name for name in layer.references if name not in known))
            for name, value in layer.defaults.items():
                self._defaults.setdefault(place, {}).setdefault(name, value)

    # reading

    def part(self, source: str) -> Part:
        """Return what ``source`` said so far."""
        return self._parts[source]

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        found: dict[str, list[str]] = {}
        for layer, collection in self._items:
            found.setdefault(layer, []).append(collection)
        for layer in self._totals:
            found.setdefault(layer, [])
        return found

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the merged items of a collection by id, in no order."""
        return self._items.get((layer, collection), {})

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything in the layer changes."""
        return self._versions[layer]

    def resolve(self, typed: str) -> str:
        """Return the id of the item that ``typed``, an id or an alias, means."""
        return self._names.resolve(typed)

    def resolved(self, place: Place, item: Fields) -> dict[str, Json]:
        """Return ``item`` with the ids that it refers to in place of their aliases."""
        shown = dict(item)
        for name in self._references.get(place, ()):
            value = shown.get(name)
            if isinstance(value, str):
                shown[name] = self.resolve(value)
            elif isinstance(value, list):
                shown[name] = [self.resolve(one) if isinstance(one, str) else one for one in value]
        return shown

    def owners(self, layer: str, collection: str, typed: str) -> dict[str, str]:
        """Return, by field, the name of the source whose value an item shows."""
        found: dict[str, str] = {}
        shown: dict[str, Json] = {}
        for source, record in self._records((layer, collection), typed):
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
        dirty: dict[tuple[Place, str], None] = {}
        for change in changes:
            if change.layer not in self._known and part.fills(change):
                self._known.add(change.layer)
                for shown in self._tallies.showing(change.layer):
                    dirty.update(dict.fromkeys((shown, typed) for typed in self._items.get(shown, {})))
            if isinstance(change, Total):
                part.set_total(change, seq, since)
                continue
            place = (change.layer, change.collection)
            self._items.setdefault(place, {})
            if isinstance(change, Put):
                typed = part.own_id(change, since)
                stirred = self._put(part, place, replace(change, id=typed), seq, since)
                dirty.update(dict.fromkeys((place, self.resolve(alias)) for alias in change.aliases))
            else:
                typed = change.id
                stirred = self._drop(part, change, seq, since)
            dirty[place, self.resolve(typed)] = None
            for typed in stirred:
                dirty.update(dict.fromkeys((where, typed) for where in self._items))
                dirty.update(self._mentions.get(typed, {}))
        if since is not None:
            part.settled(since)
        return [*self._merge_all(dirty), *self._total_all()]

    def _put(self, part: Part, place: Place, change: Put, seq: int, since: int | None) -> set[str]:
        before = part.record(place, change.id)
        was_real, old = (before.creates, before.aliases) if before else (False, ())
        record = part.put(change, seq, since)
        if record is None:
            return set()
        stirred = self._names.add(change.id) if record.creates and not was_real else set()
        return stirred | self._names.rename(change.id, old, record.aliases)

    def _drop(self, part: Part, change: Drop, seq: int, since: int | None) -> set[str]:
        stirred: set[str] = set()
        for typed, record in part.drop(change, seq, since):
            stirred |= {typed, self.resolve(typed)}
            stirred |= self._names.rename(typed, record.aliases, ())
            if record.creates:
                stirred |= self._names.remove(typed)
        return stirred

    # keeping

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield by name, part by part, all that the scene is made of, as JSON for `restore`.

        Nothing may be applied before the last one was taken.
        """
        yield "known", sorted(self._known)
        for source in self._order:
            yield f"part {source}", self._parts[source].state()

    def restore(self, states: Mapping[str, Json]) -> None:
        """Become the scene whose `states` these were; what is here goes. Versions go on growing.

        A source that had no part then begins with an empty one; the part of one that is gone is left out.
        """
        layers = self.layers().keys()
        self._begin()
        self._known = set(states["known"])
        dirty: dict[tuple[Place, str], None] = {}
        for source, part in self._parts.items():
            part.restore(states.get(f"part {source}", Part().state()))
            for place, typed, record in part.records():
                self._items.setdefault(place, {})
                if record.creates:
                    self._names.add(typed)
                self._names.rename(typed, (), record.aliases)
                dirty[place, typed] = None
        list(self._merge_all({(place, self.resolve(typed)): None for place, typed in dirty}))
        list(self._total_all())
        for layer in {*layers, *self.layers()}:
            self._versions[layer] += 1

    # merging

    def _records(self, place: Place, typed: str) -> Iterator[tuple[str, Record]]:
        """Yield every source's records of one item, the strongest first."""
        same = self._names.same(typed)
        for source in self._order:
            for one in reversed(same):
                record = self._parts[source].record(place, one)
                if record is not None:
                    yield source, record

    def _merged(self, place: Place, typed: str) -> dict[str, Json] | None:
        if self.resolve(typed) != typed:
            return None
        merged: dict[str, Json] = {}
        exists = False
        for _, record in self._records(place, typed):
            exists |= record.creates
            for name, value in record.fields.items():
                if merged.get(name) is None:
                    merged[name] = value
        if not exists:
            return None
        for name, value in self._tallies.of_item(place, typed, self._known):
            if merged.get(name) is None:
                merged[name] = value
        for name, value in self._defaults.get(place, {}).items():
            if merged.get(name) is None:
                merged[name] = value
        return merged

    def _merge_all(self, dirty: dict[tuple[Place, str], None]) -> Iterator[Change]:
        """Merge every dirty item anew; what that makes dirty in turn, an item that counts it, comes last."""
        while dirty:
            batch = list(dirty)
            dirty.clear()
            for place, typed in batch:
                if place not in self._items:  # a tally for a collection that nobody fills
                    continue
                before, after = self._items[place].get(typed), self._store(place, typed)
                if after == before:
                    continue
                self._versions[place[0]] += 1
                dirty.update(dict.fromkeys(self._tallies.recount(place, before, after)))
                yield _difference(place, typed, before, after)

    def _store(self, place: Place, typed: str) -> dict[str, Json] | None:
        """Keep an item as its sources now tell it, and return it; None if it is no more."""
        items, merged = self._items[place], self._merged(place, typed)
        self._note_mentions(place, typed, merged)
        if merged is not None:
            items[typed] = merged = self.resolved(place, merged)
        else:
            items.pop(typed, None)
        return merged

    def _note_mentions(self, place: Place, typed: str, item: Fields | None) -> None:
        """Remember which ids an item refers to, so that it is merged anew when one gets another meaning."""
        values = [item.get(name) for name in self._references.get(place, ())] if item else []
        ids = [one for value in values for one in (value if isinstance(value, list) else [value])]
        now = tuple(one for one in ids if isinstance(one, str))
        old = self._mentioned.get((place, typed), ())
        if now == old:
            return
        for one in old:
            self._mentions[one].pop((place, typed), None)
            if not self._mentions[one]:
                del self._mentions[one]
        for one in now:
            self._mentions[one][place, typed] = None
        self._mentioned[place, typed] = now
        if not now:
            del self._mentioned[place, typed]

    # totals

    def _total_all(self) -> Iterator[Change]:
        """Yield how the totals changed; few layers have any, so all are looked at."""
        after: dict[str, dict[str, Json]] = {}
        for source in self._order:
            for layer in self._known:
                for name, value in self._parts[source].total(layer).items():
                    shown = after.setdefault(layer, {})
                    if shown.get(name) is None:
                        shown[name] = value
        for layer, name, value in self._tallies.of_layers(self._known):
            shown = after.setdefault(layer, {})
            if shown.get(name) is None:
                shown[name] = value
        for layer in self._totals.keys() | after.keys():
            old, new = self._totals.get(layer, {}), after.get(layer, {})
            if old != new:
                self._totals[layer] = new
                self._versions[layer] += 1
                yield Total(layer, *_fields_difference(old, new))


def _decorated(source: Source) -> frozenset[Place]:
    return frozenset((layer.name, layer.collection) for layer in source.layers if layer.decorates)


def _difference(place: Place, typed: str, before: Fields | None, after: Fields | None) -> Change:
    layer, collection = place
    if after is None:
        return Drop(layer, typed, collection)
    return Put(layer, typed, *_fields_difference(before or {}, after), collection=collection)


def _fields_difference(before: Fields, after: Fields) -> tuple[dict[str, Json], tuple[str, ...]]:
    fresh = {name: value for name, value in after.items() if name not in before or before[name] != value}
    return fresh, tuple(sorted(before.keys() - after.keys()))
