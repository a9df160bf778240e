"""The numbers that the map works out itself, kept while items come, change and go."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from livingmap.core.model import Fields, Json
from livingmap.core.part import Place
from livingmap.core.source import Count, Tally


class Tallies:
    """All `Tally` of the map with their running counts."""

    def __init__(self, tallies: Iterable[Tally]) -> None:
        self._of_layers: list[Tally] = []
        self._of_items: dict[Place, list[Tally]] = defaultdict(list)
        self._counts: Counter[Count] = Counter()
        self._item_counts: dict[tuple[Count, str], Counter[str]] = defaultdict(Counter)
        self._by_place: dict[Place, list[Count]] = defaultdict(list)
        self._targets: dict[tuple[Count, str], list[Place]] = defaultdict(list)
        for tally in tallies:
            self._declare(tally)

    def _declare(self, tally: Tally) -> None:
        for count in tally.counts:
            counted = self._by_place[count.layer, count.collection]
            if count not in counted:
                counted.append(count)
            if tally.per is not None:
                self._targets[count, tally.per].append((tally.layer, tally.collection))
        if tally.per is None:
            self._of_layers.append(tally)
        else:
            self._of_items[tally.layer, tally.collection].append(tally)

    def recount(self, place: Place, before: Fields | None, after: Fields | None) -> Iterator[tuple[Place, str]]:
        """Count an item that changed; yield the items that show a number which that alters."""
        for count in self._by_place.get(place, ()):
            was, now = _takes(count, before), _takes(count, after)
            self._counts[count] += now - was
            for (other, per), targets in self._targets.items():
                if other == count:
                    yield from self._regroup(count, per, targets, before if was else None, after if now else None)

    def _regroup(
        self, count: Count, per: str, targets: list[Place], before: Fields | None, after: Fields | None
    ) -> Iterator[tuple[Place, str]]:
        was, now = (item.get(per) if item else None for item in (before, after))
        if was == now:
            return
        counter = self._item_counts[count, per]
        for typed, step in ((was, -1), (now, 1)):
            if isinstance(typed, str):
                counter[typed] += step
                if not counter[typed]:
                    del counter[typed]
                yield from ((target, typed) for target in targets)

    def showing(self, layer: str) -> Iterator[Place]:
        """Yield the collections whose items show a number that counts something of ``layer``."""
        for place, tallies in self._of_items.items():
            if any(count.layer == layer for tally in tallies for count in tally.counts):
                yield place

    def of_item(self, place: Place, typed: str, known: set[str]) -> Iterator[tuple[str, Json]]:
        """Yield ``(field, number)`` for one item; None for what counts a layer that is not ``known`` yet."""
        for tally in self._of_items.get(place, ()):
            counts = [self._item_counts[count, str(tally.per)][typed] for count in tally.counts]
            yield tally.field, _number(tally, counts, known)

    def of_layers(self, known: set[str]) -> Iterator[tuple[str, str, Json]]:
        """Yield ``(layer, field, number)``; None for what counts a layer that is not ``known`` yet."""
        for tally in self._of_layers:
            yield tally.layer, tally.field, _number(tally, [self._counts[count] for count in tally.counts], known)


def _number(tally: Tally, counts: list[int], known: set[str]) -> Json:
    if any(count.layer not in known for count in tally.counts):
        return None
    try:
        return tally.rule(*counts)
    except Exception:  # noqa: BLE001 - the plugin rim: one rule that raises must not stop the fold
        return None


def _takes(count: Count, item: Fields | None) -> bool:
    return item is not None and count.takes(item)
