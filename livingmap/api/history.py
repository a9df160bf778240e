"""The endpoint of the history: what happened, newest first."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from livingmap.access.view import Rights, View
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.history_changes import HistoryChange, ListedChanges
from livingmap.api.history_reading import read, shown_to, span
from livingmap.api.page_cursor import page_cursor, place_after
from livingmap.api.problems import ProblemError, documented
from livingmap.core.model import typed_id
from livingmap.core.route import invalid_reason
from livingmap.core.units import rfc3339
from livingmap.history import MOST_GAPS, Entry, Gap, History, Mark, Page, utc
from livingmap.history import Query as Wanted
from livingmap.past.moment import time_in
from livingmap.past.past import gaps, silences
from livingmap.past.rebuilding import Missing
from livingmap.past.rollups import RollUps
from livingmap.state.reader import MapReader

_MOST_PATTERNS: Final = 100
_NOBODY: Final = ("",)
"""What is asked for in place of a hidden entity: when it changed is hidden, too."""
_UNPROCESSABLE: Final = HTTPStatus.UNPROCESSABLE_ENTITY


class HistoryItem(BaseModel):
    """One event."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: UUID
    timestamp: str
    """When the map received it."""
    event_type: str
    payload: dict[str, Any]
    """The message as it was published."""
    occurred_at: str | None
    """When it happened according to the message itself, if that says so."""
    source: str | None
    """The source that it concerned, the first of several."""
    cursor: str
    """The position of the map right after it."""
    changes: list[HistoryChange] | None
    """How it changed the map, at most a hundred changes; null if that was not kept, as of very large entries. With
    ``entity_id`` those of that entity, with ``field`` how that changed."""
    more: int
    """How many changes it made that are not listed."""


class HistoryGap(BaseModel):
    """Events that the history does not have."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    since: str
    until: str
    events: int | None
    """How many events; null if that is not known, and for callers with restricted rights."""
    reason: str


class HistoryPage(BaseModel):
    """A page of the history, newest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[HistoryItem]
    next_cursor: str | None
    """Send it as ``cursor`` to get the next page; null on the last one."""
    oldest_available: str | None
    """How far back the history reaches; null while it is empty."""
    gaps: list[HistoryGap]
    """What is missing in the time that this page spans."""


def routes(reader: MapReader, history: History, roll_ups: RollUps, auth: AuthDependencies) -> APIRouter:
    """Return the endpoint of the history."""
    router = APIRouter(prefix="/living-map/history", tags=["map"])

    @router.get("", summary="History", responses=documented(_UNPROCESSABLE, *REFUSALS))
    async def listing(
        rights: Annotated[Rights, Depends(auth.items)],
        since: Annotated[
            str | None,
            Query(
                description="From this time on, inclusive: ISO 8601, without an offset UTC; or a time ago such as "
                "`-30s`, `-15m`, `-2h` or `-1d`"
            ),
        ] = None,
        until: Annotated[str | None, Query(description="Up to this time, exclusive")] = None,
        event_type: Annotated[
            list[str] | None,
            Query(description="Only these types, separated by commas or repeated; NATS wildcards `*` and `>`"),
        ] = None,
        entity_id: Annotated[
            str | None, Query(description="Only entries that changed or name this entity")
        ] = None,
        field: Annotated[
            str | None,
            Query(
                description="Only entries that changed this field, or the value at a path such as `metrics.cpu`"
            ),
        ] = None,
        source: Annotated[str | None, Query(description="Only entries of this source")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        cursor: Annotated[str | None, Query(description="The next_cursor of the previous page")] = None,
    ) -> HistoryPage:
        """List events, newest first. Pages neither repeat nor miss an event while new ones arrive."""
        view, now = View(None, rights), reader.now()
        wanted = Wanted(
            from_time=_time("since", since, now),
            until=_time("until", until, now),
            event_types=_patterns(event_type or ()),
            entity_ids=_entity(reader, entity_id, rights),
            source=_text("source", source),
            quiet=not event_type,
            limit=limit,
            before=place_after(cursor, "the history", _mark) if cursor is not None else None,
        )
        if wanted.from_time and wanted.until and wanted.from_time > wanted.until:
            raise _refused("since", "is later than until")
        resolve = reader.scene.resolve
        listed = ListedChanges(reader.shown(rights), resolve, wanted.entity_ids, _text("field", field))
        looks = rights.restricted or field is not None
        page = await read(history, wanted, shown_to(rights, reader, wanted, listed), looks)
        silent = await silences(roll_ups, *span(wanted, page, reader.now()))
        return HistoryPage(
            items=[await _item(entry, listed, reader.cursor(view, entry.position)) for entry in page.entries],
            next_cursor=_cursor(page.next) if page.next else None,
            oldest_available=rfc3339(page.oldest_available),
            gaps=_gaps(page, silent, rights),
        )

    return router


async def _item(entry: Entry, listed: ListedChanges, cursor: str) -> HistoryItem:
    await asyncio.sleep(0)  # an entry may have a mebibyte of changes: others shall be answered in between
    changes, more = listed.of(entry)
    return HistoryItem.model_construct(
        id=entry.id,
        timestamp=str(rfc3339(entry.received_at)),
        event_type=entry.event_type,
        payload=dict(entry.payload),
        occurred_at=rfc3339(entry.occurred_at),
        source=entry.source,
        cursor=cursor,
        changes=changes,
        more=more,
    )


def _gaps(page: Page, silent: Sequence[Missing], rights: Rights) -> list[HistoryGap]:
    """Return what is missing in the time that a page spans, newest first."""
    times = [HistoryGap.model_validate(one) for one in gaps(silent, rights)]
    every = [*(_gap(gap, rights) for gap in page.gaps), *times]
    return sorted(every, key=lambda one: datetime.fromisoformat(one.since), reverse=True)[:MOST_GAPS]


def _gap(gap: Gap, rights: Rights) -> HistoryGap:
    return HistoryGap(
        since=str(rfc3339(gap.from_time)),
        until=str(rfc3339(gap.until)),
        events=None if rights.restricted else gap.size or None,  # 0: how many is not known
        reason=gap.reason,
    )


def _refused(parameter: str, problem: str) -> ProblemError:
    return ProblemError(_UNPROCESSABLE, "invalid_parameter", f"{parameter}: {problem}")


def _time(parameter: str, value: str | None, now: datetime) -> datetime | None:
    if value is None:
        return None
    time, _ = time_in(value, now)
    if time is None:
        problem = (
            "is neither a time such as 2025-11-24T12:30:00Z (ISO 8601) nor a time ago such as -15m, -2h or -1d"
        )
        raise _refused(parameter, f"{value!r} {problem}")
    return time


def _text(parameter: str, value: str | None) -> str | None:
    if value is not None and ("\0" in value or not value.strip()):
        raise _refused(parameter, "is empty or has a NUL character")
    return value


def _patterns(given: Sequence[str]) -> tuple[str, ...]:
    patterns = tuple(dict.fromkeys(one.strip() for part in given for one in part.split(",")))
    if len(patterns) > _MOST_PATTERNS:
        raise _refused("event_type", f"names {len(patterns)} types, more than {_MOST_PATTERNS}")
    for one in patterns:
        problem = "has a NUL character" if "\0" in one else invalid_reason(one)
        if problem:
            raise _refused("event_type", f"{one!r} {problem}; write it like 'dao.event.*' or 'agent.>'")
    return patterns


def _entity(reader: MapReader, given: str | None, rights: Rights) -> tuple[str, ...]:
    if _text("entity_id", given) is None or given is None:
        return ()
    try:
        entity_id = typed_id(given)
    except ValueError as error:
        raise _refused("entity_id", str(error)) from error
    if reader.filtered_scenes.hides(entity_id, rights):
        return _NOBODY
    # an entry from before the alias was learnt names the alias
    return tuple(dict.fromkeys((reader.scene.resolve(entity_id), entity_id)))


def _cursor(mark: Mark) -> str:
    return page_cursor(f"{mark.time.isoformat()}|{mark.seq}|{mark.epoch}")


def _mark(place: str) -> Mark:
    moment, seq, epoch = place.split("|", 2)
    if "\0" in epoch or not 0 <= int(seq) < 2**63:
        raise ValueError("out of range")
    return Mark(utc(datetime.fromisoformat(moment)), epoch, int(seq))
