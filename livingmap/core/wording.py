"""Wording: how numbers and counted things are written in a language."""

import re
from typing import Final

from livingmap.core.model import Json

_DECIMAL: Final = re.compile(r"([-+]?)(\d+)(?:\.(\d+))?")
_MARKS: Final = {"uk": ("\u00a0", ",")}
"""By language what groups digits and what begins a fraction, where that is not a comma and a point."""

_TEENS: Final = range(11, 15)
_FEW: Final = range(2, 5)


_STATUSES: Final = {
    "uk": {
        "active": "активно",
        "online": "в мережі",
        "busy": "працює",
        "idle": "чекає",
        "offline": "не в мережі",
        "degraded": "з перебоями",
        "inactive": "неактивно",
        "deleted": "видалено",
        "error": "помилка",
        "failed": "збій",
        "unknown": "невідомо",
    }
}
"""By language the words for the map's own statuses, which are words of English."""


def status_word(status: str, language: str) -> str:
    """Return a status in a language; one that the map has no word for there stays as it is."""
    return _STATUSES.get(language, {}).get(status, status.replace("_", " "))


def decimal(value: Json, language: str) -> str | None:
    """Return a number, or a text that is one, without needless zeros; None for anything else.

    >>> decimal("-12820.50000000", "en")
    '-12,820.5'
    """
    match = _DECIMAL.fullmatch(str(value).strip())
    if match is None:
        return None
    group, point = _MARKS.get(language, (",", "."))
    sign, whole, fraction = match[1], match[2].lstrip("0") or "0", (match[3] or "").rstrip("0")
    first = len(whole) % 3
    parts = [whole[:first]] * (first > 0) + [whole[at : at + 3] for at in range(first, len(whole), 3)]
    number = group.join(parts) + (point + fraction if fraction else "")
    return number if number == "0" else sign.replace("+", "") + number


def plural(number: int, forms: list[str], language: str) -> str:
    """Return the form that goes with a number, of one and other, in Ukrainian of one, few and many."""
    if language != "uk":
        return forms[0] if number == 1 else forms[-1]
    if abs(number) % 100 in _TEENS:
        return forms[-1]
    last = abs(number) % 10
    return forms[0] if last == 1 else forms[min(1, len(forms) - 1)] if last in _FEW else forms[-1]
