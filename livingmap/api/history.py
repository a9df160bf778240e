"""The endpoint of the history: what happened, newest first."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.page_cursor import page_cursor, place_after
from livingmap.api.problems import ProblemError, documented
from livingmap.core.model import typed_id
from livingmap.core.route import invalid_reason
from livingmap.core.units import rfc3339
from livingmap.history import Entry, Gap, History, HistoryUnavailable, Mark, Page, utc
from livingmap.history import Query as Wanted
from livingmap.state.reader import MapReader

_RETRY_SECONDS: Final = 5
_MOST_PATTERNS: Final = 100
_MOST_READ: Final = 500
_MOST_PAGES: Final = 20
"""How many pages of five hundred entries one request with restricted rights looks through at most."""
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


def routes(reader: MapReader, history: History, auth: AuthDependencies) -> APIRouter:
    """Return the endpoint of the history."""
    router = APIRouter(prefix="/living-map/history", tags=["map"])

    @router.get("", summary="History", responses=documented(_UNPROCESSABLE, *REFUSALS))
    async def listing(
        rights: Annotated[Rights, Depends(auth.items)],
        since: Annotated[
            str | None, Query(description="From this time on, inclusive (ISO 8601; without an offset it is UTC)")
        ] = None,
        until: Annotated[str | None, Query(description="Up to this time, exclusive")] = None,
        event_type: Annotated[
            list[str] | None,
            Query(description="Only these types, separated by commas or repeated; NATS wildcards `*` and `>`"),
        ] = None,
        entity_id: Annotated[
            str | None, Query(description="Only entries that changed or name this entity")
        ] = None,
        source: Annotated[str | None, Query(description="Only entries of this source")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        cursor: Annotated[str | None, Query(description="The next_cursor of the previous page")] = None,
    ) -> HistoryPage:
        """List events, newest first. Pages neither repeat nor miss an event while new ones arrive."""
        wanted = Wanted(
            from_time=_time("since", since),
            until=_time("until", until),
            event_types=_patterns(event_type or ()),
            entity_ids=_entity(reader, entity_id),
            source=_text("source", source),
            quiet=not event_type,
            limit=limit,
            before=place_after(cursor, "the history", _mark) if cursor is not None else None,
        )
        if wanted.from_time and wanted.until and wanted.from_time > wanted.until:
            raise _refused("since", "is later than until")
        try:
            page = await read(history, wanted, lambda entry: reader.entry(entry, rights), rights)
        except HistoryUnavailable as error:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "history_unavailable",
                "the history's database does not answer at the moment; the map itself is not affected",
                {"retry-after": str(_RETRY_SECONDS)},
            ) from error
        return HistoryPage(
            items=[_item(entry) for entry in page.entries],
            next_cursor=_cursor(page.next) if page.next else None,
            oldest_available=rfc3339(page.oldest_available),
            gaps=[_gap(gap, rights) for gap in page.gaps],
        )

    return router


def _item(entry: Entry) -> HistoryItem:
    return HistoryItem.model_construct(
        id=entry.id,
        timestamp=str(rfc3339(entry.received_at)),
        event_type=entry.event_type,
        payload=dict(entry.payload),
    )


async def read(history: History, wanted: Wanted, shown: Callable[[Entry], Entry | None], rights: Rights) -> Page:
    """Return a page of the entries that are ``shown``, as full for restricted rights as for any others."""
    if not rights.restricted:
        page = await history.read(wanted)
        return replace(page, entries=tuple(one for entry in page.entries if (one := shown(entry))))
    visible: list[Entry] = []
    looking = replace(wanted, limit=_MOST_READ)
    for _ in range(_MOST_PAGES):
        page = await history.read(looking)
        visible += [one for entry in page.entries if (one := shown(entry))]
        if len(visible) > wanted.limit:
            entries = tuple(visible[: wanted.limit])
            return replace(page, entries=entries, next=entries[-1].mark)
        if page.next is None:
            break
        looking = replace(looking, before=page.next)
    return replace(page, entries=tuple(visible))


def _gap(gap: Gap, rights: Rights) -> HistoryGap:
    return HistoryGap(
        since=str(rfc3339(gap.from_time)),
        until=str(rfc3339(gap.until)),
        events=None if rights.restricted else gap.size or None,  # 0: how many is not known
        reason=gap.reason,
    )


def _refused(parameter: str, problem: str) -> ProblemError:
    return ProblemError(_UNPROCESSABLE, "invalid_parameter", f"{parameter}: {problem}")


def _time(parameter: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    # an unescaped + of an offset arrives as a space; a space between date and time stands further left
    time = rfc3339(value) or rfc3339("+".join(value.rsplit(" ", 1)))
    if time is None:
        raise _refused(parameter, f"{value!r} is not an ISO 8601 time such as 2025-11-24T12:30:00Z")
    return datetime.fromisoformat(time)


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


def _entity(reader: MapReader, given: str | None) -> tuple[str, ...]:
    if _text("entity_id", given) is None or given is None:
        return ()
    try:
        entity_id = typed_id(given)
    except ValueError as error:
        raise _refused("entity_id", str(error)) from error
    # an entry from before the alias was learnt names the alias
    return tuple(dict.fromkeys((reader.scene.resolve(entity_id), entity_id)))


def _cursor(mark: Mark) -> str:
    return page_cursor(f"{mark.time.isoformat()}|{mark.seq}|{mark.epoch}")


def _mark(place: str) -> Mark:
    moment, seq, epoch = place.split("|", 2)
    if "\0" in epoch or not 0 <= int(seq) < 2**63:
        raise ValueError("out of range")
    return Mark(utc(datetime.fromisoformat(moment)), epoch, int(seq))
