"""Values in words: what a field holds, in the way of a language, short enough for a line."""

import json
from typing import Final

from livingmap.core.model import Json
from livingmap.core.wording import decimal

_MOST_LETTERS: Final = 60
_MOST_ITEMS: Final = 6
_NAMES: Final = ("message", "title", "name", "type", "id")
"""The fields by which a thing in a list is called."""

_BOOLS: Final = {"uk": ("ні", "так")}


def text_of(value: Json, language: str = "en", kind: str = "auto", unit: str = "") -> str:
    """Return a value in words; ``kind`` and ``unit`` are those of a field of a type."""
    if isinstance(value, bool):
        return _BOOLS.get(language, ("no", "yes"))[value]
    if isinstance(value, int | float) or (kind in ("number", "ratio", "amounts") and decimal(value, language)):
        return _number(value, language, kind, unit)
    if isinstance(value, dict):
        value = called(value)
    if isinstance(value, list):
        texts = [text_of(one, language) for one in value[:_MOST_ITEMS]] + ["…"] * (len(value) > _MOST_ITEMS)
        value = ", ".join(texts) or "[]"
    text = str(value)
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def called(thing: dict[str, Json]) -> Json:
    """Return what a thing within a list is called, such as an alert; else all of it."""
    text = json.dumps(thing, ensure_ascii=False, separators=(",", ":"))
    return next((thing[name] for name in _NAMES if thing.get(name)), text)


def _number(value: Json, language: str, kind: str, unit: str) -> str:
    number = round(value, 3) if isinstance(value, float) else value
    if kind == "ratio" and isinstance(value, int | float) and 0 <= value <= 1:
        return f"{decimal(round(value * 100, 1), language)}%"
    text = decimal(number, language) or str(number)
    return f"{text} {unit}" if unit else text
