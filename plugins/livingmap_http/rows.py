"""Rows: what a section finds in a row of an answer, or in a message."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from livingmap.plugin import Identifier, Json, canonical_status, id_of, rfc3339
from livingmap_http.expressions import Finder, finder
from livingmap_http.sections import FieldsSection

_IDENTIFIER: Final = TypeAdapter(Identifier)


@dataclass(frozen=True, slots=True)
class Row:
    """An item as a row describes it."""

    id: str
    fields: dict[str, Json]
    aliases: tuple[str, ...] = ()


def identifier(kind: str, value: Json) -> str:
    """Return a value as an id of a type. Raises ValueError."""
    try:
        return id_of(kind, _IDENTIFIER.validate_python(value))
    except ValidationError:
        raise ValueError(f"no id of a {kind} can be made of {value!r:.60}") from None


def field_values(section: FieldsSection) -> Callable[[Json], dict[str, Json]]:
    """Return a function that finds the fields of an item. It raises ValueError."""
    finders = {name: _value(section, name, expression) for name, expression in section.fields.items()}
    finders |= {name: _reference(one.type, finder(one.id)) for name, one in section.references.items()}
    return lambda row: {name: find(row) for name, find in finders.items()}


def _value(section: FieldsSection, name: str, expression: str) -> Finder:
    find = finder(expression)
    if name in section.times:
        return lambda row: rfc3339(find(row))
    if name != "status":
        return find
    return lambda row: _status(find(row), section.status_words)


def _status(value: Json, words: dict[str, str]) -> str | None:
    text = str(value).lower() if isinstance(value, bool) else None if value is None else str(value)
    return words[text] if text in words else canonical_status(text, None)


def _reference(kind: str, find: Finder) -> Finder:
    def reference(row: Json) -> Json:
        value = find(row)
        if isinstance(value, list):
            return [identifier(kind, one) for one in value if one is not None]
        return None if value is None or value == "" else identifier(kind, value)

    return reference
