"""One collection of one layer: its items, each merged from what the sources say of it."""

from collections.abc import Iterable, Iterator, Mapping

from livingmap.core.aliases import Aliases
from livingmap.core.merge import changed, difference, strongest
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put
from livingmap.core.part import Record
from livingmap.core.references import References
from livingmap.core.source import Layer


class Collection:
    """The merged items of ``place``. Whoever speaks of them is a voice; the strongest comes first."""

    def __init__(self, place: CollectionKey, aliases: Aliases, references: References) -> None:
        self.place = place
        self.items: dict[str, dict[str, Json]] = {}
        self.filled = False
        """Whether anybody fills it, or has spoken of it: only then is it shown, even if empty."""
        self.voices: Mapping[str, dict[str, Record]] = {}
        self._aliases = aliases
        self._references = references
        self._referring: set[str] = set()
        self._defaults: dict[str, Json] = {}

    def declare(self, layer: Layer) -> None:
        """Note what a source says about its items in general."""
        self.filled |= not layer.decorates
        self._referring.update(layer.references)
        self._defaults = {**layer.defaults, **self._defaults}

    def records(self, entity_id: str) -> Iterator[tuple[str, Record]]:
        """Yield every source's records of one item, the strongest first."""
        same = self._aliases.same(entity_id)
        for source, records in self.voices.items():
            for one in reversed(same):
                if one in records:
                    yield source, records[one]

    def merge(self, entity_id: str, names: Iterable[str] | None, counted: Fields) -> Change | None:
        """Bring the fields ``names`` of an item, None being all, up to date; return how the item changed.

        ``counted`` are the numbers that the map works out for it. Before an id gets another meaning for the
        first time after it, the whole item has to be merged.
        """
        before = self.items.get(entity_id)
        records = [record for _, record in self.records(entity_id)]
        if (before is None or names is None) and not self._exists(entity_id, records):
            return self._drop(entity_id)
        said: list[Fields] = [*(record.fields for record in records), counted, self._defaults]
        if before is None or names is None:
            before = before or {}
            names = dict.fromkeys(name for fields in (*said, before) for name in fields)
        now = strongest(said, names)
        if not self._referring.isdisjoint(names):
            self._references.note(self.place, entity_id, self._referring.intersection(names), now)
            now = self.resolved(now)
        fresh, gone = difference(before, now, names)
        if entity_id in self.items and not fresh and not gone:
            return None
        self.items[entity_id] = changed(before, fresh, gone)
        return Put(self.place[0], entity_id, fresh, gone, self.place[1])

    def _exists(self, entity_id: str, records: Iterable[Record]) -> bool:
        return self._aliases.resolve(entity_id) == entity_id and any(record.creates for record in records)

    def _drop(self, entity_id: str) -> Change | None:
        self._references.note(self.place, entity_id, self._referring, {})
        if self.items.pop(entity_id, None) is None:
            return None
        return Drop(self.place[0], entity_id, self.place[1])

    def resolved(self, item: Fields) -> dict[str, Json]:
        """Return ``item`` with the ids that it refers to in place of their aliases."""
        shown = dict(item)
        for name in self._referring.intersection(shown):
            value = shown[name]
            if isinstance(value, str):
                shown[name] = self._aliases.resolve(value)
            elif isinstance(value, list):
                shown[name] = [self._aliases.resolve(one) if isinstance(one, str) else one for one in value]
        return shown
