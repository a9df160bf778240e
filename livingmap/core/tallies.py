"""Tallies: the numbers that the map counts itself, kept up to date while items come, change and go.

Example: ``Tally("city", "agents", (Count("agents"),), per="microdao_id")`` gives each microDAO the number of its
agents. When ``agent:sofia`` moves from ``microdao:river`` to ``microdao:delta``, the former loses one and the
latter gains one, in constant time; both numbers are changes like any other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from livingmap.core.collection import Collection
from livingmap.core.merge import Dirty
from livingmap.core.model import CollectionKey, Fields, Json
from livingmap.core.source import Amounts, Count, Tally
from livingmap.core.units import add_amounts, format_amount

_NOTHING: Final[frozenset[str]] = frozenset()
_MOST_DIGITS: Final = 128


@dataclass(slots=True)
class _Group:
    """A count for each item that the counted ones refer to, and the fields that show it there."""

    numbers: Counter[str] = field(default_factory=Counter)
    targets: list[tuple[CollectionKey, str]] = field(default_factory=list)

    def move(self, before: Json, after: Json, dirty: Dirty) -> None:
        """Count an item that belonged to ``before`` for ``after`` from now on."""
        if before == after:
            return
        for entity_id, step in ((before, -1), (after, 1)):
            if isinstance(entity_id, str):
                self.numbers[entity_id] += step
                if not self.numbers[entity_id]:
                    del self.numbers[entity_id]
                for key, name in self.targets:
                    dirty.fields(key, entity_id, (name,))


@dataclass(slots=True)
class _RunningCount:
    """The present value of one count, and what shows it."""

    count: Count
    number: int = 0
    targets: list[tuple[str, str]] = field(default_factory=list)
    """The layers whose totals show it, and in which field."""
    groups: dict[str, _Group] = field(default_factory=dict)
    """By the field of a counted item that refers to the item which shows the number."""

    def recount(self, before: Fields | None, after: Fields | None, dirty: Dirty) -> None:
        """Count an item that changed."""
        was_counted = before is not None and self.count.takes(before)
        is_counted = after is not None and self.count.takes(after)
        if was_counted != is_counted:
            self.number += is_counted - was_counted
            for layer, name in self.targets:
                dirty.total(layer, (name,))
        for per, group in self.groups.items():
            old = before.get(per) if before and was_counted else None
            new = after.get(per) if after and is_counted else None
            group.move(old, new, dirty)


@dataclass(slots=True)
class _RunningSums:
    """The present sums of amounts, and what shows them."""

    count: Amounts
    targets: list[tuple[str, str]] = field(default_factory=list)
    groups: dict[str, _Group] = field(default_factory=dict)
    """Always empty: sums are totals of a layer."""
    _sums: dict[str, Decimal] = field(default_factory=dict)
    _holders: Counter[str] = field(default_factory=Counter)

    @property
    def number(self) -> dict[str, str]:
        """The sums by unit, as the map writes amounts."""
        return {unit: format_amount(self._sums[unit]) for unit in sorted(self._holders)}

    def recount(self, before: Fields | None, after: Fields | None, dirty: Dirty) -> None:
        """Add up an item that changed."""
        old, new = self.count.of(before or {}), self.count.of(after or {})
        if old == new:
            return
        self._move(old, -1)
        self._move(new, 1)
        for layer, name in self.targets:
            dirty.total(layer, (name,))

    def _move(self, amounts: Mapping[str, Json], step: int) -> None:
        for unit, text in amounts.items():
            if (amount := _amount(text)) is None:
                continue
            signed = amount if step > 0 else amount.copy_negate()
            self._sums[unit] = add_amounts(self._sums.get(unit, Decimal()), signed)
            self._holders[unit] += step
            if not self._holders[unit]:
                del self._holders[unit], self._sums[unit]


def _amount(text: Json) -> Decimal | None:
    """Return an amount that is written as text; None for anything else, and for what is too long to be one."""
    try:
        amount = Decimal(text) if isinstance(text, str) and len(text) <= _MOST_DIGITS else None
    except InvalidOperation:
        return None
    if amount is None or not amount.is_finite() or abs(amount.adjusted()) > _MOST_DIGITS:
        return None
    return amount


class Tallies:
    """All `Tally` of the map with their running counts."""

    def __init__(self, tallies: Iterable[Tally]) -> None:
        self._running: dict[Count | Amounts, _RunningCount | _RunningSums] = {}
        self._by_key: dict[CollectionKey, list[_RunningCount | _RunningSums]] = defaultdict(list)
        self._watched: dict[CollectionKey, set[str]] = defaultdict(set)
        self._of_layers: dict[str, list[Tally]] = defaultdict(list)
        self._fields: dict[str, set[str]] = defaultdict(set)
        """By layer, which of its totals are tallies."""
        self._of_items: dict[CollectionKey, list[Tally]] = defaultdict(list)
        for tally in tallies:
            self._declare(tally)

    def _declare(self, tally: Tally) -> None:
        for count in tally.counts:
            running = self._run(count)
            if tally.per is None:
                running.targets.append((tally.layer, tally.field))
            else:
                group = running.groups.setdefault(tally.per, _Group())
                group.targets.append(((tally.layer, tally.collection), tally.field))
            watched = self._watched[count.layer, count.collection]
            watched.update(name for name in (count.field, getattr(count, "by", None), tally.per) if name)
        if tally.per is None:
            self._of_layers[tally.layer].append(tally)
            self._fields[tally.layer].add(tally.field)
        else:
            self._of_items[tally.layer, tally.collection].append(tally)

    def _run(self, count: Count | Amounts) -> _RunningCount | _RunningSums:
        if count not in self._running:
            self._running[count] = _RunningCount(count) if isinstance(count, Count) else _RunningSums(count)
            self._by_key[count.layer, count.collection].append(self._running[count])
        return self._running[count]

    def recount(
        self,
        key: CollectionKey,
        before: Fields | None,
        after: Fields | None,
        names: Iterable[str],
        dirty: Dirty,
    ) -> None:
        """Count an item whose fields ``names`` changed; note whatever shows a number that this alters."""
        if before is not None and after is not None and self._watched.get(key, _NOTHING).isdisjoint(names):
            return
        for running in self._by_key.get(key, ()):
            running.recount(before, after, dirty)

    def note_filled(self, layer: str, collections: Mapping[CollectionKey, Collection], dirty: Dirty) -> None:
        """Note whatever shows a number that counts something of ``layer``, which some source now fills."""
        for running in self._running.values():
            if running.count.layer != layer:
                continue
            for target, name in running.targets:
                dirty.total(target, (name,))
            for key, name in (target for group in running.groups.values() for target in group.targets):
                for entity_id in collections[key].items if key in collections else ():
                    dirty.fields(key, entity_id, (name,))

    def layers(self) -> Iterable[str]:
        """Return the layers that show a tally among their totals."""
        return self._of_layers

    def of_item(self, key: CollectionKey, entity_id: str, filled_layers: AbstractSet[str]) -> dict[str, Json]:
        """Return the numbers of one item; None for those that count a layer that no source has filled yet."""
        numbers: dict[str, Json] = {}
        for tally in self._of_items.get(key, ()):
            counts: list[Json] = [
                self._running[count].groups[str(tally.per)].numbers[entity_id] for count in tally.counts
            ]
            if numbers.get(tally.field) is None:
                numbers[tally.field] = _number(tally, counts, filled_layers)
        return numbers

    def concern(self, layer: str, names: Iterable[str]) -> bool:
        """Tell whether any of the fields ``names`` of a layer itself is a tally."""
        return not self._fields.get(layer, _NOTHING).isdisjoint(names)

    def of_layer(self, layer: str, filled_layers: AbstractSet[str]) -> dict[str, Json]:
        """Return the numbers of a layer; None for those that count a layer that no source has filled yet."""
        numbers: dict[str, Json] = {}
        for tally in self._of_layers.get(layer, ()):
            counts: list[Json] = [self._running[count].number for count in tally.counts]
            if numbers.get(tally.field) is None:
                numbers[tally.field] = _number(tally, counts, filled_layers)
        return numbers


def _number(tally: Tally, counts: list[Json], filled_layers: AbstractSet[str]) -> Json:
    if any(count.layer not in filled_layers for count in tally.counts):
        return None
    try:
        return tally.rule(*counts)
    except BaseException:  # noqa: BLE001 - the plugin rim: one rule that raises must not stop the fold
        return None
