"""Page cursors: the place where the next page of a listing begins, as text that means nothing to clients."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from livingmap.api.problems import ProblemError
from livingmap.core.cursor import opaque, revealed

T = TypeVar("T")


def page_cursor(place: str) -> str:
    """Return the ``next_cursor`` of a page whose successor begins after ``place``."""
    return opaque(place.encode())


def place_after(cursor: str, listing: str, parse: Callable[[str], T]) -> T:
    """Return the place that a ``cursor`` of ``listing`` names, as ``parse`` understands it.

    Raises ProblemError if it is not one that `page_cursor` wrote, or if ``parse`` raises ValueError.
    """
    try:
        return parse(revealed(cursor).decode())
    except (ValueError, OverflowError):
        detail = f"cursor: not a next_cursor of {listing}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_cursor", detail) from None
