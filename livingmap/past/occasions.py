"""Occasions: when things came, went and changed, as the entries of the history say."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from livingmap.core.model import Fields
from livingmap.history import Entry, History, Query
from livingmap.history.changes import decoded

Kind = Literal["trouble", "came", "went", "changed", "number"]

_MOST_THINGS: Final = 500
_MOST_PAGES: Final = 10
_PAGE: Final = 500


class Occasion(NamedTuple):
    """Something that happened to a thing: it came, it went, or a field of it was set, for the last time."""

    entity_id: str
    layer: str
    kind: Kind
    field: str


async def times_of(
    history: History, occasions: Iterable[Occasion], start: datetime, end: datetime
) -> dict[Occasion, datetime]:
    """Return when things happened within a span, as far as the newest entries that name the things say."""
    times: dict[Occasion, datetime] = {}
    sought: dict[str, set[Occasion]] = {}
    for one in occasions:
        sought.setdefault(one.entity_id, set()).add(one)
    before = None
    for _ in range(_MOST_PAGES):
        ids = tuple(sought)[:_MOST_THINGS]
        if not ids:
            break
        until = end + timedelta.resolution
        query = Query(start, until, entity_ids=ids, quiet=True, limit=_PAGE, before=before)
        page = await history.read(query)
        for entry in page.entries:
            for occasion in _met(entry, sought):
                times[occasion] = entry.mark.time
                _strike(sought, occasion)
        before = page.next
        if before is None:
            break
    return times


def _strike(sought: dict[str, set[Occasion]], occasion: Occasion) -> None:
    """Seek an occasion no longer: things that change all the time would hide the others."""
    rest = sought[occasion.entity_id]
    rest.discard(occasion)
    if not rest:
        del sought[occasion.entity_id]


def _met(entry: Entry, sought: dict[str, set[Occasion]]) -> Iterator[Occasion]:
    for change in decoded(entry.changes):
        for occasion in tuple(sought.get(change.get("id", ""), ())):
            if change["layer"] == occasion.layer and _is_it(change, occasion):
                yield occasion


def _is_it(change: Fields, occasion: Occasion) -> bool:
    match occasion.kind:
        case "went":
            return bool(change["op"] == "drop")
        case "came":
            return bool(change.get("came"))
        case _:
            return change["op"] == "put" and (occasion.field in change["set"] or occasion.field in change["unset"])
