"""Shared values: equal ones that many items have are kept once, while they come one after another."""

from typing import Final, TypeVar

from livingmap.core.model import Json

T = TypeVar("T")

_MOST: Final = 4096
"""So many values are remembered. Then all are forgotten: those that many items have soon come again."""
_LONGEST: Final = 64

_values: Final[dict[object, object]] = {}
_lists: Final[dict[tuple[str, ...], list[str]]] = {}


def shared(value: T) -> T:
    """Return a value that is equal to a hashable, immutable ``value``, and the same for all that ask now.

    Example: a hundred thousand agents have a few kinds and models, and each row that a service sends has its own
    copy of their names.
    """
    if len(_values) >= _MOST:
        _values.clear()
    return _values.setdefault(value, value)  # type: ignore[return-value]


def shared_json(value: Json) -> Json:
    """Return an equal JSON value that others may share: of a short text, or a list of texts."""
    if type(value) is str:
        return shared(value) if len(value) <= _LONGEST else value
    if type(value) is list and all(type(one) is str for one in value):
        if len(_lists) >= _MOST:
            _lists.clear()
        return _lists.setdefault(tuple(value), value)
    return value
