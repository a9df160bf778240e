"""Things: what is on the map at a moment of the past, as far as troubles and numbers go.

A change names only the fields that it sets. Example: a node is ``degraded`` and its alert says that the disk is
full; a poll finds it ``online``. Whether it is still in trouble depends on the alert, which that change does not
name. So the fields that count are kept of every thing, and no others.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from livingmap.core.labels import label_in
from livingmap.core.model import CollectionKey, Fields, Json
from livingmap.core.shared import shared_json
from livingmap.core.trouble import QuickLook, Trouble, trouble_of
from livingmap.core.types import TypeField
from livingmap.core.values import is_number, number_at, value_at
from livingmap.core.vocabulary import Vocabulary, type_of

_OF_TROUBLE: Final = frozenset({"name", "title", "status", "alerts", "metrics", "cpu", "gpu", "ram", "memory"})
_NUMERIC: Final = frozenset({"number", "ratio", "bytes", "seconds"})
_LOADS: Final = tuple(TypeField(f"metrics.{name}") for name in ("cpu", "gpu", "ram", "memory"))
NO_NUMBERS: Final[Mapping[str, float]] = MappingProxyType({})
_MOST_NUMBERS: Final = 64
"""So many numbers of one thing are followed."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What counts of one thing."""

    id: str
    type: str
    layer: str
    label: str
    trouble: Trouble | None
    numbers: Mapping[str, float]
    """By field, or by the path to it. The same object as before if no number can have changed."""


class Things:
    """Everything that is on the map, by the types of ``vocabulary``; `take` follows its changes.

    ``items`` are there to begin with.
    """

    def __init__(self, vocabulary: Vocabulary, items: Iterable[tuple[CollectionKey, str, Fields]]) -> None:
        self._vocabulary = vocabulary
        self._quick = QuickLook(vocabulary)
        self._followed: dict[str, _Followed] = {}
        self._places: dict[str, CollectionKey] = {}
        self._items: dict[str, dict[str, Json]] = {}
        self._numbers: dict[str, Mapping[str, float]] = {}
        """By id, the numbers of a thing, since a field last changed that may be one."""
        for place, entity_id, item in items:
            self._put(place, entity_id, item, ())

    def all(self) -> Iterator[Thing]:
        """Yield all things."""
        yield from (self._thing(entity_id) for entity_id in self._items)

    def clear(self) -> None:
        """Forget the things one after another: to free a hundred thousand at once lets no other thread run."""
        while self._items:
            self._remove(next(reversed(self._items)))

    def take(self, change: Fields) -> tuple[str, Thing | None] | None:
        """Take in a change in its wire form; return id and thing that it concerns, None for one that is gone.

        Return None if the change does not matter.
        """
        match change["op"]:
            case "put":
                place, entity_id = (change["layer"], change["collection"]), change["id"]
                is_relevant = self._put(place, entity_id, change["set"], change["unset"])
                return (entity_id, self._thing(entity_id)) if is_relevant else None
            case "drop":
                entity_id = change["id"]
                if self._places.get(entity_id) != (change["layer"], change["collection"]):
                    return None
                self._remove(entity_id)
                return entity_id, None
            case _:
                return None

    def _put(self, place: CollectionKey, entity_id: str, given: Fields, unset: tuple[str, ...]) -> bool:
        """Set and unset fields; tell whether any of them counts."""
        kind = type_of(entity_id)
        if not self._is_home(place, entity_id, kind):
            return False
        followed = self._followed.get(kind)
        if followed is None:
            followed = self._followed[kind] = _Followed(self._vocabulary, kind)
        item = self._items.get(entity_id)
        counting = {
            name: shared_json(value)
            for name, value in given.items()
            if followed.counts(name, value) or (item is not None and name in item)
        }
        if item is None:
            self._places[entity_id], self._items[entity_id] = place, counting
            return True
        if followed.may_alter_numbers((*counting, *unset)):
            self._numbers.pop(entity_id, None)
        before = len(item)
        item.update(counting)
        for name in unset:
            item.pop(name, None)
        return bool(counting) or len(item) != before

    def _is_home(self, place: CollectionKey, entity_id: str, kind: str) -> bool:
        """Tell whether a thing is judged by what stands at a place: its home, as the catalogue has it."""
        declared, own = self._vocabulary.types.get(kind), self._places.get(entity_id)
        if declared is None:
            return own in (None, place)
        if place[0] != declared.home[0]:
            return False
        if own in (None, place):
            return True
        if place == declared.home:  # it stood in another collection of that layer until now
            self._remove(entity_id)
        return place == declared.home

    def _remove(self, entity_id: str) -> None:
        del self._places[entity_id], self._items[entity_id]
        self._numbers.pop(entity_id, None)

    def _thing(self, entity_id: str) -> Thing:
        item, kind = self._items[entity_id], type_of(entity_id)
        numbers = self._numbers.get(entity_id)
        if numbers is None:
            numbers = self._followed[kind].numbers(item) or NO_NUMBERS
            if numbers:
                self._numbers[entity_id] = numbers
        return Thing(
            entity_id,
            kind,
            self._places[entity_id][0],
            label_in(entity_id, item),
            None if self._quick.clears(kind, item) else trouble_of(self._vocabulary, kind, item),
            numbers,
        )


def numbers_of(vocabulary: Vocabulary, kind: str, items: Iterable[Fields]) -> tuple[set[str], tuple[str, ...]]:
    """Return the numbers that are followed of a thing, as its type declares them and as it has them now.

    And with what the paths to its amounts begin.
    """
    followed, declared = _Followed(vocabulary, kind), vocabulary.types.get(kind)
    names = {name for item in items for name in followed.numbers(item)}
    fields = declared.fields if declared is not None else ()
    names.update(one.name for one in fields if one.kind in _NUMERIC)
    if declared is not None:
        names.update(name for name in (declared.size, *declared.glow) if name)
    return names, tuple(f"{one.name}." for one in fields if one.kind == "amounts")


class _Followed:
    """Which fields of a type count."""

    def __init__(self, vocabulary: Vocabulary, kind: str) -> None:
        declared = vocabulary.types.get(kind)
        self._is_declared = declared is not None
        fields: tuple[TypeField, ...] = _LOADS
        self._names = set(_OF_TROUBLE)
        if declared is not None:
            sizes = (TypeField(name) for name in (declared.size, *declared.glow) if name)
            fields = (*declared.fields, *sizes, *_LOADS)
            roots = (declared.status, *(field.name for field in fields if _may_be_number(field)))
            self._names.update(name for root in roots for name in (root, _root(root)))
        by_name: dict[str, TypeField] = {}
        for field in fields:
            by_name.setdefault(field.name, field)
        self._fields = [(field, _root(field.name)) for field in by_name.values()]
        self._may_be_numbers = {one for field, root in self._fields for one in (field.name, root)}

    def counts(self, name: str, value: Json) -> bool:
        return name in self._names or (not self._is_declared and is_number(value))

    def may_alter_numbers(self, names: Iterable[str]) -> bool:
        """Tell whether a change of the fields ``names`` can alter a number."""
        return not self._is_declared or not self._may_be_numbers.isdisjoint(names)

    def numbers(self, item: Fields) -> dict[str, float]:
        numbers: dict[str, float] = {}
        if not self._is_declared:
            numbers.update((name, value) for name, value in item.items() if is_number(value))
        for field, root in self._fields:
            if root in item or field.name in item:
                numbers.update(_numbers(item, field))
        return dict(list(numbers.items())[:_MOST_NUMBERS]) if len(numbers) > _MOST_NUMBERS else numbers


def _root(path: str) -> str:
    return path.partition(".")[0]


def _may_be_number(field: TypeField) -> bool:
    return field.kind in _NUMERIC or field.kind in ("auto", "amounts")


def _numbers(item: Fields, field: TypeField) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a field by path: of amounts, one for each token."""
    if field.kind == "amounts":
        amounts = value_at(item, field.name)
        names = [f"{field.name}.{name}" for name in amounts] if isinstance(amounts, dict) else []
    else:
        names = [field.name]
        if field.kind not in _NUMERIC and not is_number(value_at(item, field.name)):
            return
    for name in names:
        number = number_at(item, name)
        if number is not None:
            yield name, number
