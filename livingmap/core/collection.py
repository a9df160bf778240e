"""A collection of a layer: its items, each merged from the records of the sources."""

from collections.abc import Iterable, Iterator, Mapping

from livingmap.core.aliases import Aliases
from livingmap.core.merge import changed, difference, strongest
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put
from livingmap.core.record import Record
from livingmap.core.references import References
from livingmap.core.source import Layer


class Collection:
    """The merged items of the collection ``key``."""

    def __init__(self, key: CollectionKey, aliases: Aliases, references: References) -> None:
        self.key = key
        self.items: dict[str, dict[str, Json]] = {}
        self.filled = False
        """Whether any source fills it or has given an item: only then is it shown, even if empty."""
        self.records_by_source: Mapping[str, dict[str, Record]] = {}
        """By source, the strongest first, its records by id."""
        self._aliases = aliases
        self._references = references
        self._reference_names: set[str] = set()
        self._defaults: dict[str, Json] = {}

    def declare(self, layer: Layer) -> None:
        """Take over what a source declares about its items in general."""
        self.filled |= not layer.decorates
        self._reference_names.update(layer.references)
        self._defaults = {**layer.defaults, **self._defaults}

    def records(self, entity_id: str) -> Iterator[tuple[str, Record]]:
        """Yield every source's records of one item, the strongest first."""
        same = self._aliases.same(entity_id)
        for source, records in self.records_by_source.items():
            for one in reversed(same):
                if one in records:
                    yield source, records[one]

    def merge(self, entity_id: str, names: Iterable[str] | None, numbers: Fields) -> Change | None:
        """Bring the fields ``names`` of an item, None being all, up to date; return how the item changed.

        ``numbers`` are its tallies. Once an id resolves to another, the whole item has to be merged first.
        """
        before = self.items.get(entity_id)
        records = [record for _, record in self.records(entity_id)]
        if (before is None or names is None) and not self._exists(entity_id, records):
            return self._drop(entity_id)
        candidates: list[Fields] = [*(record.fields for record in records), numbers, self._defaults]
        if before is None or names is None:
            before = before or {}
            names = dict.fromkeys(name for fields in (*candidates, before) for name in fields)
        after = strongest(candidates, names)
        if not self._reference_names.isdisjoint(names):
            self._references.note(self.key, entity_id, self._reference_names.intersection(names), after)
            after = self.resolved(after)
        updates, removals = difference(before, after, names)
        if entity_id in self.items and not updates and not removals:
            return None
        self.items[entity_id] = changed(before, updates, removals)
        return Put(self.key[0], entity_id, updates, removals, self.key[1])

    def _exists(self, entity_id: str, records: Iterable[Record]) -> bool:
        return self._aliases.resolve(entity_id) == entity_id and any(record.creates for record in records)

    def _drop(self, entity_id: str) -> Change | None:
        self._references.note(self.key, entity_id, self._reference_names, {})
        if self.items.pop(entity_id, None) is None:
            return None
        return Drop(self.key[0], entity_id, self.key[1])

    def resolved(self, item: Fields) -> dict[str, Json]:
        """Return ``item`` with the ids that it refers to in place of their aliases."""
        fields = dict(item)
        for name in self._reference_names.intersection(fields):
            value = fields[name]
            if isinstance(value, str):
                fields[name] = self._aliases.resolve(value)
            elif isinstance(value, list):
                fields[name] = [self._aliases.resolve(one) if isinstance(one, str) else one for one in value]
        return fields
