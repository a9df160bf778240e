"""Hidden items: what becomes of an item that a service does not show to the map's account any more."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from livingmap.core.model import Fields
from livingmap.core.units import rfc3339
from livingmap.errors import NotFound, RequestRejected

HIDDEN_SINCE: Final = "hidden_since"
"""The field that says since when an item is hidden."""


def hidden_fields(error: RequestRejected, fields: Fields, now: datetime, days: float) -> dict[str, str] | None:
    """Return the field ``hidden_since`` of an item that the service refused to show with ``error``.

    None if the service does not have it, or refused it for ``days`` already. Raises the error if it says neither.
    ``fields`` are the item's own; a ``hidden_since`` in them stays.
    """
    if not isinstance(error, NotFound) and error.status != HTTPStatus.FORBIDDEN:
        raise error
    since: str = fields.get(HIDDEN_SINCE) or now.isoformat()
    age = now - datetime.fromisoformat(since)
    if isinstance(error, NotFound) or age >= timedelta(days=days):
        return None
    return {HIDDEN_SINCE: str(rfc3339(since))}
