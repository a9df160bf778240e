"""The numbers that the map works out itself, kept while items come, change and go."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from livingmap.core.collection import Collection
from livingmap.core.merge import Dirty
from livingmap.core.model import CollectionKey, Fields, Json
from livingmap.core.source import Count, Tally

_NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class _Group:
    """A count for each item that the counted ones refer to, and the fields that show it there."""

    numbers: Counter[str] = field(default_factory=Counter)
    shown: list[tuple[CollectionKey, str]] = field(default_factory=list)

    def move(self, before: Json, after: Json, dirty: Dirty) -> None:
        """Count an item that belonged to ``before`` for ``after`` from now on."""
        if before == after:
            return
        for entity_id, step in ((before, -1), (after, 1)):
            if isinstance(entity_id, str):
                self.numbers[entity_id] += step
                if not self.numbers[entity_id]:
                    del self.numbers[entity_id]
                for place, name in self.shown:
                    dirty.fields(place, entity_id, (name,))


@dataclass(slots=True)
class _Running:
    """One count as it stands, and who shows it."""

    count: Count
    number: int = 0
    shown: list[tuple[str, str]] = field(default_factory=list)
    """The layers whose totals show it, and in which field."""
    groups: dict[str, _Group] = field(default_factory=dict)
    """By the field that refers to what a counted item belongs to."""

    def recount(self, before: Fields | None, after: Fields | None, dirty: Dirty) -> None:
        """Count an item that changed."""
        was = before is not None and self.count.takes(before)
        now = after is not None and self.count.takes(after)
        if was != now:
            self.number += now - was
            for layer, name in self.shown:
                dirty.total(layer, (name,))
        for per, group in self.groups.items():
            group.move(
                before.get(per) if before and was else None, after.get(per) if after and now else None, dirty
            )


class Tallies:
    """All `Tally` of the map with their running counts."""

    def __init__(self, tallies: Iterable[Tally]) -> None:
        self._running: dict[Count, _Running] = {}
        self._by_place: dict[CollectionKey, list[_Running]] = defaultdict(list)
        self._watched: dict[CollectionKey, set[str]] = defaultdict(set)
        self._of_layers: dict[str, list[Tally]] = defaultdict(list)
        self._of_items: dict[CollectionKey, list[Tally]] = defaultdict(list)
        for tally in tallies:
            self._declare(tally)

    def _declare(self, tally: Tally) -> None:
        for count in tally.counts:
            running = self._run(count)
            if tally.per is None:
                running.shown.append((tally.layer, tally.field))
            else:
                group = running.groups.setdefault(tally.per, _Group())
                group.shown.append(((tally.layer, tally.collection), tally.field))
            watched = self._watched[count.layer, count.collection]
            watched.update(name for name in (count.field, tally.per) if name)
        if tally.per is None:
            self._of_layers[tally.layer].append(tally)
        else:
            self._of_items[tally.layer, tally.collection].append(tally)

    def _run(self, count: Count) -> _Running:
        if count not in self._running:
            self._running[count] = _Running(count)
            self._by_place[count.layer, count.collection].append(self._running[count])
        return self._running[count]

    def recount(
        self,
        place: CollectionKey,
        before: Fields | None,
        after: Fields | None,
        changed: Iterable[str],
        dirty: Dirty,
    ) -> None:
        """Count an item whose fields ``changed``; note whatever shows a number that this alters."""
        if before is not None and after is not None and self._watched.get(place, _NOTHING).isdisjoint(changed):
            return
        for running in self._by_place.get(place, ()):
            running.recount(before, after, dirty)

    def heard_of(self, layer: str, collections: Mapping[CollectionKey, Collection], dirty: Dirty) -> None:
        """Note whatever shows a number that counts something of ``layer``, which is known from now on."""
        for running in self._running.values():
            if running.count.layer != layer:
                continue
            for shown, name in running.shown:
                dirty.total(shown, (name,))
            for place, name in (one for group in running.groups.values() for one in group.shown):
                for entity_id in collections[place].items if place in collections else ():
                    dirty.fields(place, entity_id, (name,))

    def layers(self) -> Iterable[str]:
        """Return the layers that show a tally among their totals."""
        return self._of_layers

    def of_item(self, place: CollectionKey, entity_id: str, known: AbstractSet[str]) -> dict[str, Json]:
        """Return the numbers of one item; None for what counts a layer that is not ``known`` yet."""
        numbers: dict[str, Json] = {}
        for tally in self._of_items.get(place, ()):
            counts = [self._running[count].groups[str(tally.per)].numbers[entity_id] for count in tally.counts]
            if numbers.get(tally.field) is None:
                numbers[tally.field] = _number(tally, counts, known)
        return numbers

    def of_layer(self, layer: str, known: AbstractSet[str]) -> dict[str, Json]:
        """Return the numbers of a layer; None for what counts a layer that is not ``known`` yet."""
        numbers: dict[str, Json] = {}
        for tally in self._of_layers.get(layer, ()):
            counts = [self._running[count].number for count in tally.counts]
            if numbers.get(tally.field) is None:
                numbers[tally.field] = _number(tally, counts, known)
        return numbers


def _number(tally: Tally, counts: list[int], known: AbstractSet[str]) -> Json:
    if any(count.layer not in known for count in tally.counts):
        return None
    try:
        return tally.rule(*counts)
    except Exception:  # noqa: BLE001 - the plugin rim: one rule that raises must not stop the fold
        return None
