"""The timeline: how much happened and how much was wrong, step by step, and what the troubles were."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.api.problems import documented
from livingmap.api.snapshot import MOST_LAYERS_TEXT
from livingmap.api.spans import FROM, TO, Span
from livingmap.core.model import Json
from livingmap.core.trouble import Severity
from livingmap.core.units import rfc3339
from livingmap.history import History
from livingmap.history.rollups import Episode
from livingmap.past.moment import Moments
from livingmap.past.timeline import Steps, TimelinePoint, timeline
from livingmap.past.visible_rollups import VisibleRollUps
from livingmap.state.reader import MapReader
from livingmap.stream.layers import wanted

MOST_POINTS: Final = 2000
NOT_RUNNING: Final = "nothing was recorded: the map was not running, or another log began"
_MOST_TROUBLES: Final = 1000
_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)


class TimelineStep(BaseModel):
    """One step of the timeline."""

    model_config = _DOCUMENTED

    time: str
    """When it begins. All steps are equally long, whole minutes."""
    entries: int | None
    """How many entries the history got; null for callers with restricted rights, and before ``oldest``."""
    changes: int | None
    """How many changes these made; null as above."""
    troubled: int | None
    """How many things were in trouble at its worst; null where nobody can tell."""
    worst: Severity | None
    """How grave the gravest of these troubles was; null if there was none, or nobody can tell."""


class TimelineGap(BaseModel):
    """A time of which something is missing."""

    since: str
    until: str
    reason: str


class TimelineTrouble(BaseModel):
    """For how long one thing was in trouble of one severity."""

    model_config = _DOCUMENTED

    entity_id: str
    type: str
    layer: str
    label: str
    kind: Literal["status", "alert", "load"]
    status: str
    """The status, the message of the alert, or the share of the machine that was in use."""
    severity: Severity
    began: str
    ended: str | None
    """Null while it goes on. After a time of which nothing is known: when it was known to be over."""


class Timeline(BaseModel):
    """How much happened and how much was wrong."""

    model_config = _DOCUMENTED

    from_: str = Field(alias="from")
    to: str
    oldest: str | None
    """How far back it is known; null while nothing is."""
    points: list[TimelineStep]
    gaps: list[TimelineGap]
    troubles: list[TimelineTrouble]
    """The newest thousand, in order of time."""
    more_troubles: int
    """How many more there were."""


def routes(
    reader: MapReader, history: History, moments: Moments, visible: VisibleRollUps, auth: AuthDependencies
) -> APIRouter:
    """Return the endpoint of the timeline."""
    router = APIRouter(prefix="/living-map", tags=["map"])

    @router.get(
        "/timeline",
        summary="Timeline",
        response_model=Timeline,
        responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE, *REFUSALS),
    )
    async def one(
        request: Request,
        rights: Annotated[Rights, Depends(auth.items)],
        start: Annotated[str | None, Query(alias="from", description=FROM)] = None,
        end: Annotated[str | None, Query(alias="to", description=TO)] = None,
        points: Annotated[int, Query(ge=1, le=MOST_POINTS)] = 288,
        layers: Annotated[
            str | None, Query(description="Only these layers, separated by commas", max_length=MOST_LAYERS_TEXT)
        ] = None,
    ) -> Response:
        """Return how much happened and how much was wrong, in at most so many steps of whole minutes."""
        span = await Span.of(start, end, moments, reader.now())
        names = wanted(layers, reader.layers(rights))
        await visible.roll_ups.follow()
        body = await _body(history, visible, span, Steps.of(span.start, span.end, points), rights, names)
        prepared = Prepared(orjson.dumps(body), "application/json", "private, no-cache")
        return await prepared.answer(request, accepted_encoding(request.headers.get("accept-encoding", "")))

    return router


async def _body(
    history: History,
    visible: VisibleRollUps,
    span: Span,
    steps: Steps,
    rights: Rights,
    layers: Sequence[str] | None,
) -> dict[str, Json]:
    within = steps.start, steps.end
    episodes = await visible.episodes(*within, rights, layers)
    activity = None if rights.restricted else await visible.roll_ups.activity(*within, steps.size, layers)
    oldest, gaps = await visible.roll_ups.oldest(), await gaps_in(history, visible, span)
    unknown = [(steps.start, oldest or steps.end), *((one.since, one.until) for one in gaps if one.is_blank)]
    points = await asyncio.to_thread(timeline, steps, activity or (), episodes, unknown)
    first = steps.end if oldest is None or activity is None else oldest
    return {
        "from": rfc3339(span.start),
        "to": rfc3339(span.end),
        "oldest": rfc3339(oldest),
        "points": [_point(one, is_counted=one.time + steps.size > first) for one in points],
        "gaps": [{**one.ends(), "reason": one.reason} for one in gaps],
        "troubles": [_trouble(one) for one in reversed(episodes[:_MOST_TROUBLES])],
        "more_troubles": max(0, len(episodes) - _MOST_TROUBLES),
    }


@dataclass(frozen=True, slots=True)
class GapInTime:
    """A time of which something is missing."""

    since: datetime
    until: datetime
    reason: str
    is_blank: bool
    """Whether nothing that happened then is known."""

    def ends(self) -> dict[str, str | None]:
        """Return from when until when it is, as clients get it."""
        return {"since": rfc3339(self.since), "until": rfc3339(self.until)}


async def gaps_in(history: History, visible: VisibleRollUps, span: Span) -> list[GapInTime]:
    """Return the times within a span of which something is missing, in order."""
    lost = await history.gaps_in(span.start, span.end)  # of messages that never had a position, the rest is known
    gaps = [GapInTime(one.from_time, one.until, one.reason, one.events is None) for one in lost]
    silences = await visible.roll_ups.silences(span.start, span.end)
    gaps += [GapInTime(one.since, one.until, NOT_RUNNING, is_blank=True) for one in silences]
    return sorted(gaps, key=lambda one: (one.since, one.until))


def _point(one: TimelinePoint, *, is_counted: bool) -> dict[str, str | int | None]:
    return {
        "time": rfc3339(one.time),
        "entries": one.entries if is_counted else None,
        "changes": one.changes if is_counted else None,
        "troubled": one.troubled,
        "worst": one.worst,
    }


def _trouble(one: Episode) -> dict[str, str | None]:
    return {
        "entity_id": one.entity_id,
        "type": one.type,
        "layer": one.layer,
        "label": one.label,
        "kind": one.kind,
        "status": one.status,
        "severity": one.severity,
        "began": rfc3339(one.began),
        "ended": rfc3339(one.ended),
    }
