"""Rows and payloads read through pydantic models, with one line about what is wrong."""

import re
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, TypeVar, cast
from urllib.parse import unquote

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError

from livingmap.core.model import Event, Json
from livingmap.errors import InvalidAnswer

M = TypeVar("M")

_NAME = re.compile(r"\S*[^\s:]")
_PLAIN = re.compile(r"[A-Za-z0-9_:.-]*[A-Za-z0-9_-]")
"""What most ids are: one step, encoded in no way, and not ``..``."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

_SEPARATOR = re.compile(r"[/\\]")
_MOST_DECODED = 3
"""A service and a proxy before it may decode an address each."""


def stays_below(path: str) -> bool:
    """Tell whether an id, or a path that holds ids, leads no address elsewhere, as ``..`` would."""
    for _ in range(_MOST_DECODED):
        if _CONTROL.search(path) or not {".", ".."}.isdisjoint(_SEPARATOR.split(path)):
            return False
        path = unquote(path)
    return True


def _as_text(value: Json) -> Json:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _name(text: str) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if not _NAME.fullmatch(text.strip()) or not stays_below(text):
        raise ValueError("no id can be made of it")
    return text.strip()


Identifier = Annotated[str, BeforeValidator(_as_text), AfterValidator(_name)]
"""Text or an integer of which an id can be made.

It is not empty, has no white space or control characters, has something after a colon, and no ``..`` as a step.
"""

Amount = Annotated[Decimal, Field(max_digits=60)]
"""A decimal number, in JSON mostly a string; bounded, so that it can be written out."""


@lru_cache(maxsize=512)
def _adapter(model: Any) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def read_one(model: type[M], value: Json, at: str) -> M:
    """Return ``value`` validated as ``model``. Raises InvalidAnswer: where, which field, why."""
    try:
        adapter: TypeAdapter[M] = _adapter(cast("Any", model))
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join((at, *map(str, first["loc"])))
        raise InvalidAnswer(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


def read_all(model: type[M], rows: list[Json]) -> list[M]:
    """Return ``rows`` validated at once, much faster than one by one. Raises InvalidAnswer if any is not valid."""
    return read_one(cast("type[list[M]]", list[model]), rows, "rows")  # type: ignore[valid-type]


def rows_in(answer: Json, key: str = "items") -> Json:
    """Return the rows of an answer that is an array, or an object with the array under ``key``."""
    return answer.get(key) if isinstance(answer, dict) else answer


def read_event(model: type[M], event: Event) -> M:
    """Return an event's payload validated as ``model``. Raises InvalidAnswer, which sets the event aside."""
    return read_one(model, event.payload, "payload")
