"""The words of the map: times in UTC, loads between 0 and 1, exact amounts, one spelling for each status."""

from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import Final, overload

from livingmap.core.model import Fields, Json
from livingmap.core.vocabulary import STATUSES

_MILLISECONDS_FROM: Final = 10_000_000_000  # as seconds this is the year 2286
_ZONE: Final = -len("+00:00")
_DECIMALS: Final = 4
_EXACT: Final = Context(prec=512)  # more digits than the sum of any amounts has


def rfc3339(value: Json) -> str | None:
    """Return a time as RFC 3339 UTC with ``Z``, from ISO 8601 (naive means UTC) or an epoch in s or ms.

    None if the value is not a time. Microseconds are kept only where there are any.
    """
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, str):
            moment = datetime.fromisoformat(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
            moment = datetime.fromtimestamp(seconds, UTC)
        else:
            return None
        if moment.tzinfo is not UTC:
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.isoformat()[:_ZONE] + "Z"


def load_ratio(value: Json) -> float | None:
    """Return a load between 0 and 1; a value above 1 is taken as percent. None if it is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value or value < 0:  # noqa: PLR0124 - NaN
        return None
    return round(min(value if value <= 1 else value / 100, 1.0), _DECIMALS)


@overload
def canonical_status(value: Json, default: str = "unknown") -> str: ...
@overload
def canonical_status(value: Json, default: None) -> str | None: ...
def canonical_status(value: Json, default: str | None = "unknown") -> str | None:
    """Return a status in the map's words, such as ``online`` for ``healthy``; unknown words in lower case.

    ``default`` is what a service that gives none has: None leaves the field to other sources.
    """
    word = value.strip().lower() if isinstance(value, str) else ""
    return STATUSES.get(word, word) or default


def format_amount(value: Decimal) -> str:
    """Return an amount as the map writes it: all digits that count, no exponent. ``1.00`` and ``1`` are one."""
    return f"{value.normalize(_EXACT):f}"


def add_amounts(value: Decimal, other: Decimal) -> Decimal:
    """Return the exact sum of two amounts."""
    return _EXACT.add(value, other)


def updated_amount(previous: str | None, delta: Decimal | None, balance: Decimal | None) -> str | None:
    """Return an amount after a change that gives the new ``balance``, or only what was added to the old.

    None if neither is enough.
    """
    if balance is not None:
        return format_amount(balance)
    if previous is None or delta is None:
        return None
    return format_amount(add_amounts(Decimal(previous), delta))


def add_counts(counts: Fields, **steps: int) -> dict[str, Json]:
    """Return the ``counts`` that move, each by its step and never below 0; an unknown count stays unknown."""
    moved = {name: step for name, step in steps.items() if step and counts.get(name) is not None}
    return {name: max(counts[name] + step, 0) for name, step in moved.items()}


def is_later(time: Json, previous: str | None) -> bool:
    """Tell whether a message of ``time`` is newer than the ``previous`` one; True if either time is missing.

    A handler asks this to ignore messages that come twice or too late.
    """
    later = rfc3339(time)
    if later is None or previous is None:
        return True
    return datetime.fromisoformat(later) > datetime.fromisoformat(previous)


def without_none(fields: Fields) -> dict[str, Json]:
    """Return the fields whose value is not None."""
    return {name: value for name, value in fields.items() if value is not None}
