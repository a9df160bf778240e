"""A collection of a layer: its items, each merged from the records of the sources."""

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet

from livingmap.core.aliases import Aliases
from livingmap.core.lifetimes import Lifetimes
from livingmap.core.merge import changed, difference, strongest
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put
from livingmap.core.part import Part
from livingmap.core.record import Record
from livingmap.core.references import References, ids_in
from livingmap.core.source import Layer


class Collection:
    """The merged items of the collection ``key``."""

    def __init__(
        self, key: CollectionKey, aliases: Aliases, references: References, parts: Mapping[str, Part]
    ) -> None:
        self.key = key
        self.items: dict[str, dict[str, Json]] = {}
        self.filled = False
        """Whether any source fills it or has given an item: only then is it shown, even if empty."""
        self.records_by_source: Mapping[str, dict[str, Record]] = {}
        """By source, the strongest first, its records by id."""
        self.lifetimes: Lifetimes | None = None
        self._aliases = aliases
        self._references = references
        self._parts = parts
        self._renamed = frozenset(one for part in parts.values() for one in part.renamed)
        self._reference_names: set[str] = set()
        self._private: set[str] = set()
        self._defaults: dict[str, Json] = {}

    def declare(self, layer: Layer) -> None:
        """Take over what a source declares about its items in general."""
        self.filled |= not layer.decorates
        self._reference_names.update(layer.references)
        self._private.update(layer.private)
        self._defaults = {**layer.defaults, **self._defaults}

    def records(self, entity_id: str) -> list[tuple[str, Record]]:
        """Return every source's records of one item, the strongest first."""
        same, displaced = self._aliases.same(entity_id), self._aliases.displaced
        if len(same) == 1 and not displaced:  # as most items
            one = same[0]
            return [(source, records[one]) for source, records in self.records_by_source.items() if one in records]
        return [
            (source, records[one])
            for source, records in self.records_by_source.items()
            for one in reversed(same)
            if one in records and (one not in displaced or self._is_of(source, one, same[0]))
        ]

    def has_any(self, ids: AbstractSet[str]) -> bool:
        """Tell whether an item stands here under any of ``ids``, or some source describes it so."""
        if not self.items.keys().isdisjoint(ids):
            return True
        return any(not records.keys().isdisjoint(ids) for records in self.records_by_source.values())

    def _is_of(self, source: str, listed_id: str, entity_id: str) -> bool:
        """Tell whether a record under the id of a displaced entity is of ``entity_id``: its source tells."""
        return self._parts[source].lists(listed_id) == (self._aliases.shown(listed_id) == entity_id)

    def merge(self, entity_id: str, names: Iterable[str] | None, numbers: Fields) -> Change | None:
        """Bring the fields ``names`` of an item, None being all, up to date; return how the item changed.

        ``numbers`` are its tallies. Once an id resolves to another, the whole item has to be merged first.
        """
        before = self.items.get(entity_id)
        by_source = self.records(entity_id)
        if (before is None or names is None) and not self._exists(entity_id, by_source):
            return self._drop(entity_id)
        lifetimes, scope = self.lifetimes, None
        if lifetimes is not None:
            scope = lifetimes.scope(names, whole=not before)
        if lifetimes is None or scope is None:
            candidates: list[Fields] = [record.fields for _, record in by_source]
        else:
            names = scope.names
            lifetimes.forget(entity_id, scope)
            candidates = [lifetimes.valid(entity_id, source, record.fields, scope) for source, record in by_source]
        candidates += (numbers, self._defaults)
        if before is None or names is None:
            for _, record in by_source[1:]:
                record.share(by_source[0][1].fields)
            before = before or {}
            names = dict.fromkeys(name for fields in (*candidates, before) for name in fields)
        if not self._private.isdisjoint(names):
            names = [name for name in names if name not in self._private]
        after = strongest(candidates, names)
        if lifetimes is not None and scope is not None:
            lifetimes.judge(entity_id, candidates, after, scope)
        if not self._reference_names.isdisjoint(names):
            self._references.note(self.key, entity_id, self._reference_names.intersection(names), after)
            after = self._resolved_by_source(entity_id, after)
        updates, removals, replaced = difference(before, after, names)
        came = entity_id not in self.items
        if not (came or updates or removals):
            return None
        self.items[entity_id] = changed(before, updates, removals)
        return Put(self.key[0], entity_id, updates, removals, self.key[1], was=replaced, came=came)

    def verdicts(self, entity_id: str) -> dict[str, str]:
        """Return, by field, the rule about lifetimes that spoke about an item."""
        if self.lifetimes is None:
            return {}
        records = ((source, record.fields) for source, record in self.records(entity_id))
        return self.lifetimes.verdicts(entity_id, records, self.items.get(entity_id, {}))

    def _exists(self, entity_id: str, by_source: Iterable[tuple[str, Record]]) -> bool:
        return self._aliases.resolve(entity_id) == entity_id and any(record.creates for _, record in by_source)

    def _drop(self, entity_id: str) -> Change | None:
        self._references.note(self.key, entity_id, self._reference_names, {})
        if self.lifetimes is not None:
            self.lifetimes.forget(entity_id)
        before = self.items.pop(entity_id, None)
        return None if before is None else Drop(self.key[0], entity_id, self.key[1], was=before)

    def _resolved_by_source(self, entity_id: str, after: dict[str, Json]) -> dict[str, Json]:
        """Return ``after`` with its references resolved, each as the source of its value means it."""
        resolved = self.resolved(after)
        for name in self._reference_names.intersection(after):
            if not (self._aliases.contested or self._renamed) or not any(
                map(self._is_ambiguous, ids_in(after[name]))
            ):
                continue
            for source, record in self.records(entity_id):
                if record.fields.get(name) is not None:
                    resolved[name] = self._map_ids(after[name], self._as_meant_by(source))
                    break
        return resolved

    def _is_ambiguous(self, entity_id: str) -> bool:
        """Tell whether an id means one thing or another, depending on whose it is."""
        return entity_id in self._aliases.contested or entity_id in self._renamed

    def resolved(self, item: Fields, source: str | None = None) -> dict[str, Json]:
        """Return ``item`` with the ids that it refers to in place of their aliases, as ``source`` means them."""
        resolve = self._aliases.resolve if source is None else self._as_meant_by(source)
        fields = dict(item)
        for name in self._reference_names.intersection(fields):
            fields[name] = self._map_ids(fields[name], resolve)
        return fields

    def _as_meant_by(self, source: str) -> Callable[[str], str]:
        """Return what resolves ids as ``source`` means them: where several claim one, it may mean its own."""
        aliases, part = self._aliases, self._parts[source]
        return lambda one: meaning(aliases, part, one) if self._is_ambiguous(one) else aliases.resolve(one)

    @staticmethod
    def _map_ids(value: Json, resolve: Callable[[str], str]) -> Json:
        if isinstance(value, str):
            return resolve(value)
        if isinstance(value, list):
            return [resolve(one) if isinstance(one, str) else one for one in value]
        return value


def meaning(aliases: Aliases, part: Part, entity_id: str) -> str:
    """Return what a source refers to by an id: what it lists so itself, or else what the whole map calls so."""
    own = part.meaning(entity_id)
    return aliases.shown(own) if part.lists(own) else aliases.resolve(own)
