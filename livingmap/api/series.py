"""The series: what one number of one thing was, step by step."""

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.api.problems import ProblemError, documented
from livingmap.api.spans import FROM, TO, Span
from livingmap.api.timeline import MOST_POINTS, gaps_in
from livingmap.core.model import typed_id
from livingmap.core.units import rfc3339
from livingmap.core.vocabulary import type_of
from livingmap.history import Entry, History, Mark
from livingmap.history.rollups import HOUR, MINUTE, Reading, minute_of
from livingmap.past.moment import Moments
from livingmap.past.rollups import RollUps
from livingmap.past.series import SeriesPoint, readings_of, series
from livingmap.past.things import numbers_of
from livingmap.past.timeline import Steps
from livingmap.past.visible_rollups import VisibleRollUps
from livingmap.state.reader import MapReader

Resolution = Literal["entry", "minute", "hour"]

_SHORT: Final = timedelta(minutes=15)
"""Spans up to this are read entry by entry, if their steps are shorter than a minute,"""
_MOST_ENTRIES: Final = 10_000
"""and if they have no more entries."""
_AT_ONCE: Final = 1000


class SeriesStep(BaseModel):
    """What a number was in one step."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    time: str
    """When it begins. All steps are equally long; those in which the number is not known are left out."""
    min: float
    mean: float
    """Of the values that were reported, or of the means of its minutes."""
    max: float


class SeriesGap(BaseModel):
    """A time of which something is missing."""

    since: str
    until: str


class Series(BaseModel):
    """What one number of one thing was."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    entity_id: str
    field: str
    unit: str | None
    """Shown after the number, as the type declares it."""
    points: list[SeriesStep]
    gaps: list[SeriesGap]
    resolution: Resolution
    """From what the points were made."""


def routes(
    reader: MapReader, history: History, moments: Moments, visible: VisibleRollUps, auth: AuthDependencies
) -> APIRouter:
    """Return the endpoint of series."""
    router = APIRouter(prefix="/living-map", tags=["map"])

    @router.get(
        "/series",
        summary="Series of a number",
        response_model=Series,
        responses=documented(
            HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, *REFUSALS
        ),
    )
    async def one(
        request: Request,
        rights: Annotated[Rights, Depends(auth.items)],
        entity_id: Annotated[str, Query(description="An entity, by id or alias")],
        field: Annotated[
            str,
            Query(description="A number of it, or the path to one: `metrics.cpu`", min_length=1, max_length=200),
        ],
        start: Annotated[str | None, Query(alias="from", description=FROM)] = None,
        end: Annotated[str | None, Query(alias="to", description=TO)] = None,
        points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 288,
    ) -> Response:
        """Return what a number was, with its lowest, mean and highest value, in at most so many steps."""
        span = await Span.of(start, end, moments, reader.now())
        entity_id = _resolved(reader, entity_id)
        await visible.roll_ups.follow()
        resolution: Resolution = "minute"
        made: list[SeriesPoint] = []
        if visible.shows_number(entity_id, field, rights):
            resolution, made = await _points(reader, history, visible, span, points, entity_id, field)
        if not made:
            _check(reader, entity_id, field, rights)
        gaps = await gaps_in(history, visible, span)
        body = {
            "entity_id": entity_id,
            "field": field,
            "unit": _unit(reader, entity_id, field),
            "points": [
                {"time": rfc3339(one.time), "min": one.low, "mean": one.mean, "max": one.high} for one in made
            ],
            "gaps": [one.ends() for one in gaps],
            "resolution": resolution,
        }
        prepared = Prepared(orjson.dumps(body), "application/json", "private, no-cache")
        return await prepared.answer(request, accepted_encoding(request.headers.get("accept-encoding", "")))

    return router


async def _points(
    reader: MapReader,
    history: History,
    visible: VisibleRollUps,
    span: Span,
    most: int,
    entity_id: str,
    field: str,
) -> tuple[Resolution, list[SeriesPoint]]:
    step = (span.end - span.start) / most
    silences = await visible.roll_ups.silences(span.start, span.end)
    if step < MINUTE and span.end - span.start <= _SHORT:
        entries = await _entries(history, span)
        if entries is not None:
            before = await visible.roll_ups.readings(entity_id, field, span.start, minute_of(span.start))
            home = _home(reader, entity_id)
            within = await asyncio.to_thread(readings_of, entries, home, entity_id, field)
            return "entry", await asyncio.to_thread(series, [*before, *within], silences, span.start, step, most)
    steps = Steps.of(span.start, span.end, most)
    by_hour = steps.size >= HOUR
    readings = await _readings(visible.roll_ups, entity_id, field, steps.start, span.end, by_hour=by_hour)
    if minute_of(span.end) < span.end:
        last = await _entries(history, Span(minute_of(span.end), span.end)) or ()
        readings += await asyncio.to_thread(readings_of, last, _home(reader, entity_id), entity_id, field)
    resolution: Resolution = "hour" if by_hour else "minute"
    made = await asyncio.to_thread(series, readings, silences, steps.start, steps.size, steps.count)
    return resolution, made


async def _readings(
    roll_ups: RollUps, entity_id: str, field: str, start: datetime, end: datetime, *, by_hour: bool
) -> list[Reading]:
    """Return the readings of the hours and minutes that are over at ``end``."""
    if not by_hour:
        return await roll_ups.readings(entity_id, field, start, minute_of(end))
    return (await roll_ups.hours_of([entity_id], field, start, end)).get(entity_id, [])


async def _entries(history: History, span: Span) -> list[Entry] | None:
    """Return the entries of a span, from the beginning of its first minute; None if they are too many."""
    entries: list[Entry] = []
    after = Mark(minute_of(span.start), "", 0)
    while len(entries) <= _MOST_ENTRIES:
        page = await history.entries_from(after, _AT_ONCE)
        entries += [one for one in page if one.mark.time < span.end]
        if len(page) < _AT_ONCE or page[-1].mark.time >= span.end:
            return entries
        after = page[-1].mark
    return None


def _resolved(reader: MapReader, given: str) -> str:
    try:
        return reader.scene.resolve(typed_id(given))
    except ValueError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", f"entity_id: {error}") from error


def _check(reader: MapReader, entity_id: str, field: str, rights: Rights) -> None:
    """Refuse what is not on the map now, and of what is, a field that is not a number of it."""
    kind, shown = type_of(entity_id), reader.shown(rights)
    places = [place for place in reader.types(rights).get(kind, ()) if entity_id in shown.items(*place)]
    if not places:
        detail = f"the map has no entity {entity_id!r}, and had none in that time with such a number"
        raise ProblemError(HTTPStatus.NOT_FOUND, "unknown_entity", detail)
    items = [shown.items(*place)[entity_id] for place in places]
    names, prefixes = numbers_of(reader.scene.vocabulary, kind, items)
    if field not in names and not field.startswith(prefixes):
        numbers = ", ".join(sorted(names)) or "no numbers"
        detail = f"field: {entity_id} has no number {field!r}; it has {numbers}"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", detail)


def _home(reader: MapReader, entity_id: str) -> list[str]:
    """Return the layers whose changes say how a thing is."""
    declared = reader.scene.vocabulary.types.get(type_of(entity_id))
    return [declared.home[0]] if declared else list(reader.scene.layers())


def _unit(reader: MapReader, entity_id: str, field: str) -> str | None:
    declared = reader.scene.vocabulary.types.get(type_of(entity_id))
    fields = declared.fields if declared else ()
    return next((one.unit for one in fields if one.name == field and one.unit), None)
