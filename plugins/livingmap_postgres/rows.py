"""Rows of a result: what its columns mean, and values as JSON."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Final

from pydantic import BaseModel, Field

from livingmap.plugin import Identifier, Json, canonical_status, id_of, rfc3339
from livingmap_postgres.sections import QuerySection

_EXACT: Final = 2**53
"""From here on a double rounds integers; they are shown as text."""


class Row(BaseModel, extra="allow"):
    """A row, of which only the id is needed."""

    __pydantic_extra__: dict[str, Json] = Field(init=False)
    id: Identifier

    def item_id(self, section: QuerySection) -> str:
        """Return the id of its item."""
        return id_of(section.type, self.id)

    def fields(self, section: QuerySection) -> dict[str, Json]:
        """Return the fields of its item."""
        fields = {name: value for name, value in self.__pydantic_extra__.items() if name not in section.references}
        if "status" in fields:
            fields["status"] = _status(fields["status"], section.status_words)
        for name, one in section.references.items():
            fields[name] = _reference(one.type, self.__pydantic_extra__.get(name))
        return fields


def record_of(row: Mapping[str, object]) -> dict[str, Json]:
    """Return a row of the database with its values as JSON; None for those that have no such form."""
    return {name: _json(value) for name, value in row.items()}


def _json(value: object) -> Json:
    match value:
        case None | bool() | str() | dict():
            return value
        case int() | float() | Decimal():
            return _number(value)
        case datetime():
            return rfc3339(value)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [_json(one) for one in value]
        case bytes():
            return None
    return str(value)


def _number(value: float | Decimal) -> Json:
    """Return a number, as text if a double would round it; None for NaN and the infinities."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if not isfinite(value):
        return None
    if value == int(value):
        return int(value) if abs(value) <= _EXACT else str(int(value))
    number = float(value)
    return number if Decimal(repr(number)) == value else str(value)


def _status(value: Json, words: Mapping[str, str]) -> str | None:
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return words[text] if text in words else canonical_status(text, None)


def _reference(kind: str, value: Json) -> Json:
    if isinstance(value, list):
        return [id_of(kind, one) for one in value if one is not None]
    return None if value is None or value == "" else id_of(kind, value)
