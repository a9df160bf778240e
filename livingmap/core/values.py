"""Values: the fields of items by name, or by the path to a value within. One of the wrong type is missing."""

import math

from livingmap.core.model import Fields, Json


def value_at(item: Fields, path: str) -> Json:
    """Return the value of a field by its name or by the path to it, ``metrics.cpu``; None if there is none.

    The twin of ``valueAt`` in ``frontend/src/features/livingMap/domain/json.ts``.
    """
    value = item.get(path)
    if value is not None or "." not in path:
        return value
    value = item
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def is_number(value: Json) -> bool:
    """Tell whether a value is a number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def number_at(item: Fields, path: str) -> float | None:
    """Return a number by its name or the path to it, also one that is written as a text, as amounts are."""
    value = value_at(item, path)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value if is_number(value) and math.isfinite(value) else None
