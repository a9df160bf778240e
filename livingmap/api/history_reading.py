"""How pages of the history are read: of what the history finds, what a caller may see and asked for."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

from livingmap.access.event_filter import WITHHELD
from livingmap.access.view import Rights
from livingmap.api.history_changes import ListedChanges
from livingmap.history import Entry, History, Page, Query, time_span
from livingmap.state.reader import MapReader

_MOST_READ: Final = 500
_MOST_PAGES: Final = 20
"""How many pages of five hundred entries one request looks through at most; the next one goes on from there."""


def shown_to(
    rights: Rights, reader: MapReader, query: Query, listed: ListedChanges
) -> Callable[[Entry], Entry | None]:
    """Return what makes of an entry what ``rights`` show of it; None if nothing, or if it is not asked for."""

    def shown(entry: Entry) -> Entry | None:
        visible = reader.entry(entry, rights) if listed.may_concern(entry) else None
        if visible is None or not listed.concerns(visible):
            return None
        if visible.event_type != WITHHELD:
            return visible
        # that it is of a type or source, or names an entity, is part of what is withheld
        about = not query.entity_ids or not set(query.entity_ids).isdisjoint(visible.entity_ids)
        return visible if about and not query.event_types and query.source is None else None

    return shown


async def read(
    history: History,
    query: Query,
    shown: Callable[[Entry], Entry | None],
    looks: bool,
) -> Page:
    """Return a page of the entries that are ``shown``; with ``looks`` it is full even if few of them are."""
    if not looks:
        page = await history.read(query)
        return replace(page, entries=tuple(one for entry in page.entries if (one := shown(entry))))
    visible: list[Entry] = []
    looking = replace(query, limit=_MOST_READ)
    for _ in range(_MOST_PAGES):
        page = await history.read(looking)
        visible += [one for entry in page.entries if (one := shown(entry))]
        if len(visible) > query.limit:
            entries = tuple(visible[: query.limit])
            return replace(page, entries=entries, next=entries[-1].mark)
        if page.next is None:
            break
        looking = replace(looking, before=page.next)
    return replace(page, entries=tuple(visible))


def span(query: Query, page: Page, now: datetime) -> tuple[datetime, datetime]:
    """Return the time that a page spans; at most from the oldest entry of the history up to now."""
    start, end = time_span(query, ())
    return (page.next.time if page.next else start) or page.oldest_available or now, end or now
