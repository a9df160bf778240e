"""Gains: by how much the amounts of a thing, and the number by which it is large, grew or shrank."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from livingmap.core.model import Json
from livingmap.core.types import TypeField
from livingmap.core.values import value_at
from livingmap.core.vocabulary import Vocabulary
from livingmap.past.happened import Moved


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much a number of a thing grew or shrank."""

    thing: Moved
    field: TypeField
    unit: str
    delta: Decimal
    share: Decimal
    """How much of what it was that is."""


def gains_of(one: Moved, vocabulary: Vocabulary, is_counted: Callable[[str, str], bool]) -> list[Gain]:
    """Return the gains of a thing: of its amounts by unit, else of its size, unless the map counts that itself."""
    declared = vocabulary.types.get(one.type)
    if declared is None:
        return []
    amounts = [field for field in declared.fields if field.kind == "amounts"]
    gains = [gain for field in amounts for gain in _gains_of_amounts(one, field)]
    size = next((field for field in declared.fields if field.name == declared.size), None)
    if gains or size is None or size.kind != "number" or is_counted(one.layer, size.name):
        return gains
    values = (value_at(one.change.get(part, {}), size.name) for part in ("was", "set"))
    gain = _gain(one, size, "", *values)
    return [gain] if gain else []


def _gains_of_amounts(one: Moved, field: TypeField) -> Iterator[Gain]:
    before, after = (value_at(one.change.get(part, {}), field.name) for part in ("was", "set"))
    if isinstance(before, dict) and isinstance(after, dict):
        for unit in sorted(before.keys() | after.keys()):
            gain = _gain(one, field, unit, before.get(unit, "0"), after.get(unit, "0"))
            if gain is not None:
                yield gain


def _gain(one: Moved, field: TypeField, unit: str, before: Json, after: Json) -> Gain | None:
    old, new = _decimal(before), _decimal(after)
    if old is None or new is None or old == new:
        return None
    delta = new - old
    return Gain(one, field, unit, delta, abs(delta) / (abs(old) or Decimal(1)))


def _decimal(value: Json) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
