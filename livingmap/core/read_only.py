"""Read-only JSON: what a payload is while handlers read it, so that none changes it for the others."""

from typing import Any, Final, NoReturn

from livingmap.core.model import Fields, Json

_REFUSED: Final = "an event's payload is read-only, other sources read it too; change a copy: {**event.payload, …}"


def _refuse(*_: object, **__: object) -> NoReturn:
    raise TypeError(_REFUSED)


class ReadOnlyDict(dict[str, Json]):
    """A dict that cannot be changed. A copy of it, deep or not, is an ordinary dict."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


class ReadOnlyList(list[Json]):
    """A list that cannot be changed. A copy of it, deep or not, is an ordinary list."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (list(self),)


def read_only(payload: Fields) -> ReadOnlyDict:
    """Return ``payload`` as handlers get it, with all that it holds."""
    fields = ReadOnlyDict(payload)
    for name, value in payload.items():
        kind = type(value)  # JSON has no other containers; `isinstance` would cost more than all the rest
        if kind is dict or kind is list:
            dict.__setitem__(fields, name, _read_only(value))
    return fields


def _read_only(value: Json) -> Json:
    if isinstance(value, dict):
        return read_only(value)
    return ReadOnlyList(map(_read_only, value)) if isinstance(value, list) else value
