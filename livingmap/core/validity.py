"""Validity of changes: they hold JSON values of bounded depth, finite numbers and clean text."""

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from livingmap.core.model import Change, Drop, Json, Put, Total

ID: Final = "id"
"""The one name that no field of an item has: there, an item shows its typed id."""
OTHER_ID: Final = "a field called id would replace the item's own; call it service_id, for example"
MOST_DEPTH: Final = 16
MOST_TEXT: Final = 64 * 1024
_LONGEST_ID: Final = 512


def invalid_reason(change: Change) -> str | None:
    """Return why ``change`` cannot be kept or sent; None if it is valid."""
    if not isinstance(change, Drop):
        if type(change.set) is not dict and not isinstance(change.set, Mapping):
            return "its fields are not a mapping"
        for name, value in change.set.items():
            if type(value) is str and type(name) is str and _is_plain(name) and _is_plain(value):
                continue  # most fields: this is asked of every event
            if reason := _invalid_key(name) or _invalid_value(value, 1):
                return f"{name}: {reason}"
    for entity_id in () if isinstance(change, Total) else (change.id, *getattr(change, "aliases", ())):
        reason = (
            f"an id of {len(entity_id)} characters" if len(entity_id) > _LONGEST_ID else _invalid_text(entity_id)
        )
        if reason:
            return reason
    return None


def without_id(change: Put) -> Put:
    """Return ``change`` without a field that would pass for the item's id."""
    return replace(change, set={name: value for name, value in change.set.items() if name != ID})


def _is_plain(text: str) -> bool:
    return text.isascii() and len(text) <= MOST_TEXT and "\0" not in text


def _invalid_value(value: Json, depth: int) -> str | None:
    if depth > MOST_DEPTH:
        return f"nested deeper than {MOST_DEPTH} levels"
    if isinstance(value, str):
        return _invalid_text(value)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return None if -(2**63) <= value < 2**64 else "an integer of more than 64 bits"
    if isinstance(value, float):
        return None if math.isfinite(value) else f"{value} is not a JSON number"
    if isinstance(value, list):
        return next(filter(None, (_invalid_value(one, depth + 1) for one in value)), None)
    if isinstance(value, dict):
        for key, one in value.items():
            if reason := _invalid_key(key) or _invalid_value(one, depth + 1):
                return reason
        return None
    return f"{type(value).__name__} is not a JSON value"


def _invalid_key(key: object) -> str | None:
    return _invalid_text(key) if isinstance(key, str) else "an object key is not text"


def _invalid_text(value: str) -> str | None:
    if len(value) > MOST_TEXT:
        return f"a text of {len(value)} characters"
    if "\0" in value:
        return "text with a NUL character"
    if not value.isascii() and value.encode("utf-8", "ignore").decode() != value:
        return "text with a lone surrogate"
    return None
