"""Payloads for PostgreSQL's jsonb: valid values are unchanged, and what jsonb refuses is replaced visibly."""

import json
from collections.abc import Mapping
from typing import Final

import orjson

from livingmap.core.model import Fields, Json

NUL: Final = "\u2400"
"""Replaces U+0000, which PostgreSQL cannot store in text (its manual, section 8.14)."""

UNWRITABLE: Final = "livingmap.unwritable"
"""The only field of a payload that could not be kept; its value is the reason."""

_DEEPEST: Final = 250  # the JSON serializers on the way to a client take no more


def encode(payload: Fields) -> bytes:
    """Return ``payload`` as JSON that jsonb accepts. Never raises."""
    try:
        raw = orjson.dumps(payload)
    except TypeError:  # lone surrogates, integers beyond 64 bits, deep nesting, odd keys, foreign objects
        raw = b"\\u0000"
    if b"\\u0000" not in raw:
        return raw
    try:
        return json.dumps(_plain(payload), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        return orjson.dumps({UNWRITABLE: f"{type(error).__name__}: {error}"})


def decode(raw: bytes | memoryview) -> Json:
    """Return the payload that `encode` wrote, as jsonb returns it."""
    return orjson.loads(raw)


def text(value: str) -> str:
    """Return ``value`` as a text column accepts it: without NUL, and without lone surrogates."""
    if value.isascii() and "\0" not in value:
        return value
    return value.replace("\0", NUL).encode("utf-8", "replace").decode()


def _plain(value: Json, depth: int = 0) -> Json:
    if depth > _DEEPEST:
        raise ValueError(f"is nested deeper than {_DEEPEST}")
    match value:
        case str():
            return text(value)
        case Mapping():
            return {text(str(key)): _plain(inner, depth + 1) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner, depth + 1) for inner in value]
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
            return None
        case None | bool() | int() | float():
            return value
        case _:
            return text(str(value))
