"""The totals: what a number of all things of a type comes to, by group, and what is unusual in it."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.api.problems import ProblemError, documented
from livingmap.api.series import SeriesGap
from livingmap.api.spans import FROM, TO, Span
from livingmap.api.timeline import gaps_in
from livingmap.core.model import Fields, Json
from livingmap.core.types import Type
from livingmap.core.units import rfc3339
from livingmap.core.values import number_at
from livingmap.core.vocabulary import type_of
from livingmap.history import History
from livingmap.past.moment import Moments
from livingmap.past.timeline import Steps
from livingmap.past.totals import Course, Sum, courses, total
from livingmap.past.visible_rollups import VisibleRollUps
from livingmap.state.reader import MapReader

MOST_THINGS: Final = 500
"""So many things are added up: those with the greatest numbers now."""
_MOST_POINTS: Final = 400
_MOST_ITEMS: Final = 100
_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)


class TotalStep(BaseModel):
    """What a number came to in one step."""

    model_config = _DOCUMENTED

    time: str
    """When it begins. All steps are equally long; those in which nothing is known are left out."""
    total: float
    """The sum of the means of the step, of those things of which the number is known in it."""
    known: int
    """Of how many of the ``things`` that is: the total rises with each of which the number becomes known."""


class UsualNumber(BaseModel):
    """What a number usually is at this hour of the day."""

    model_config = _DOCUMENTED

    median: float
    """Of the same hour on the last seven days, as far as they are known."""
    spread: float
    """Half of these days were no further from the median."""
    days: int
    """How many days that is the median of: four at least. A day counts if the things of which the number is known
    in that hour make up nine tenths of ``now``; nothing is added for the others."""


class Total(BaseModel):
    """How a number went."""

    model_config = _DOCUMENTED

    now: float | None
    """The last value before ``to``, or the sum of those that are known; null if none is known any more."""
    known: int
    """Of how many of the ``things`` that is."""
    usual: UsualNumber | None
    """Null where too little is known."""
    unusual: bool
    """Whether ``now`` is far from what is usual: by more than half of it, and by more than days differ."""
    points: list[TotalStep]


class TotalOfOne(Total):
    """How a number of one thing or group went."""

    model_config = _DOCUMENTED

    id: str | None
    """The thing; with ``by`` that to which its things refer, or null for those that refer to nothing visible."""
    things: int
    """How many things it is of."""


class Totals(Total):
    """What a number of all things of a type comes to."""

    model_config = _DOCUMENTED

    type: str
    field: str
    unit: str | None
    """Shown after the number, as the type declares it."""
    by: str | None
    from_: str = Field(alias="from")
    to: str
    step_seconds: int
    things: int
    """How many things are added up: those that are on the map now and of which the number is known, now or in some
    step."""
    left_out: int
    """How many more there are: only those with the greatest numbers now are added up."""
    items: list[TotalOfOne]
    """The greatest first, and after them those that are unusual."""
    more: int
    """How many more items there are."""
    gaps: list[SeriesGap]


def routes(
    reader: MapReader, history: History, moments: Moments, visible: VisibleRollUps, auth: AuthDependencies
) -> APIRouter:
    """Return the endpoint of totals."""
    router = APIRouter(prefix="/living-map", tags=["map"])

    @router.get(
        "/totals",
        summary="Totals of a number",
        response_model=Totals,
        responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, *REFUSALS),
    )
    async def totals(
        request: Request,
        rights: Annotated[Rights, Depends(auth.items)],
        kind: Annotated[str, Query(alias="type", description="Things of this type", max_length=200)],
        field: Annotated[
            str,
            Query(description="A number of them that their type declares as `additive`", max_length=200),
        ],
        by: Annotated[
            str | None,
            Query(description="Add up by what this relation of the type refers to: `microdao_id`", max_length=200),
        ] = None,
        only: Annotated[
            str | None, Query(description="Only these items, by id, separated by commas", max_length=4000)
        ] = None,
        start: Annotated[str | None, Query(alias="from", description=FROM)] = None,
        end: Annotated[str | None, Query(alias="to", description=TO)] = None,
        points: Annotated[int, Query(ge=1, le=_MOST_POINTS)] = 24,
        limit: Annotated[int, Query(ge=1, le=_MOST_ITEMS)] = 10,
    ) -> Response:
        """Return what a number comes to, in all and by thing or group, and what is unusual in it."""
        declared = _declared(reader, rights, kind, field, by)
        span = await Span.of(start, end, moments, reader.now())
        await visible.roll_ups.follow()
        groups = _groups(reader, visible, rights, declared, field, by, only)
        things = sorted(groups, key=lambda one: (-groups[one][1], one))
        steps = Steps.of(span.start, span.end, points)
        read = await courses(visible.roll_ups, things[:MOST_THINGS], field, steps, span.end)
        by_group = {one: groups[one][0] for one in read}
        body = {
            "type": kind,
            "field": field,
            "unit": next((one.unit for one in declared.fields if one.name == field and one.unit), None),
            "by": by,
            "from": rfc3339(span.start),
            "to": rfc3339(span.end),
            "step_seconds": int(steps.size.total_seconds()),
            "things": len(read),
            "left_out": max(0, len(things) - MOST_THINGS),
            **await asyncio.to_thread(_body, read, by_group, limit),
            "gaps": [one.ends() for one in await gaps_in(history, visible, span)],
        }
        prepared = Prepared(orjson.dumps(body), "application/json", "private, no-cache")
        return await prepared.answer(request, accepted_encoding(request.headers.get("accept-encoding", "")))

    return router


def _declared(reader: MapReader, rights: Rights, kind: str, field: str, by: str | None) -> Type:
    """Return a type. Raises ProblemError if there is none, or it has no such number or relation."""
    types = reader.types(rights)
    if kind not in types:
        raise _invalid(f"type: no such type: {kind!r} (there are: {', '.join(types) or 'none'})")
    declared = reader.scene.vocabulary.type(kind, types[kind])
    additive = [one.name for one in declared.fields if one.additive]
    if field not in additive:
        numbers = ", ".join(additive) or "none"
        raise _invalid(f"field: {kind} has no number {field!r} that adds up (there are: {numbers})")
    relations = [one.field for one in declared.relations]
    if by is not None and by not in relations:
        raise _invalid(f"by: {kind} has no relation {by!r} (there are: {', '.join(relations) or 'none'})")
    return declared


def _invalid(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", detail)


def _groups(
    reader: MapReader,
    visible: VisibleRollUps,
    rights: Rights,
    declared: Type,
    field: str,
    by: str | None,
    only: str | None,
) -> dict[str, tuple[str | None, float]]:
    """Return by visible thing the item that it counts for, and its number now, 0 if it has none."""
    shown, home = reader.shown(rights), declared.home[0]
    wanted = None if only is None else {reader.scene.resolve(one) for one in only.split(",")}
    groups: dict[str, tuple[str | None, float]] = {}
    for place in (declared.home, *declared.elsewhere):
        if place[0] != home:
            continue
        for entity_id, item in shown.items(*place).items():
            group = entity_id if by is None else _referred(item, by)
            if type_of(entity_id) != declared.name or (wanted is not None and group not in wanted):
                continue
            if visible.shows_number(entity_id, field, rights):
                groups[entity_id] = group, number_at(item, field) or 0
    return groups


def _referred(item: Fields, relation: str) -> str | None:
    referred: Json = item.get(relation)
    return referred if isinstance(referred, str) else None


def _body(read: Mapping[str, Course], groups: Mapping[str, str | None], limit: int) -> dict[str, Json]:
    """Return the sum of all courses, and the greatest and the unusual sums of groups."""
    members: dict[str | None, list[Course]] = {}
    for entity_id, one in read.items():
        members.setdefault(groups[entity_id], []).append(one)
    sums = {group: total(some) for group, some in members.items()}
    ranked = sorted(sums, key=lambda one: (-_size(sums[one]), one or ""))
    unusual = [one for one in ranked[limit:] if sums[one].is_unusual()][:limit]
    items = [{"id": one, "things": len(members[one]), **_sum(sums[one])} for one in (*ranked[:limit], *unusual)]
    return {**_sum(total(read.values())), "items": items, "more": len(ranked) - len(items)}


def _size(course: Course) -> float:
    return max(course.steps.values(), default=0.0) if course.now is None else course.now


def _sum(one: Sum) -> dict[str, Json]:
    usual = one.usual()
    return {
        "now": _plain(one.now),
        "known": one.known_now,
        "usual": usual and {"median": _plain(usual.median), "spread": _plain(usual.spread), "days": usual.days},
        "unusual": one.is_unusual(),
        "points": [
            {"time": rfc3339(time), "total": _plain(value), "known": one.known[time]}
            for time, value in sorted(one.steps.items())
        ],
    }


def _plain(number: float | None) -> float | None:
    """Return a sum without what adding binary fractions leaves behind."""
    return None if number is None else float(f"{number:.12g}")
