"""The endpoint of differences: what changed between two moments."""

from http import HTTPStatus
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from livingmap.access.view import Rights, View
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.models import DifferenceReport
from livingmap.api.past import AT, CURRENT, MOST_TEXT, VARY, PastAnswers, answer
from livingmap.api.prepared import Prepared
from livingmap.api.problems import documented
from livingmap.api.snapshot import MOST_LAYERS_TEXT
from livingmap.api.summaries import Summaries
from livingmap.core.language import preferred
from livingmap.core.layers import layer_names
from livingmap.core.model import Json
from livingmap.core.units import rfc3339
from livingmap.past.moment import MomentError
from livingmap.past.past import Shown, gaps, silences
from livingmap.past.rebuilding import Missing
from livingmap.past.rollups import RollUps
from livingmap.past.story import LANGUAGES
from livingmap.state.reader import MapReader
from livingmap.stream.layers import wanted

_FROM: Final = f"{AT}. What changed after it is listed"
_TO: Final = "The moment up to which; now by default"


def routes(
    reader: MapReader, answers: PastAnswers, roll_ups: RollUps, summaries: Summaries, auth: AuthDependencies
) -> APIRouter:
    """Return the endpoint of differences."""
    router = APIRouter(tags=["map"])

    @router.get(
        "/living-map/diff",
        summary="Difference between two moments",
        response_model=DifferenceReport,
        responses={
            304: {"description": "The client has this difference"},
            **documented(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS),
        },
    )
    async def difference(
        request: Request,
        rights: Annotated[Rights, Depends(auth.rights)],
        since: Annotated[str, Query(alias="from", description=_FROM, max_length=MOST_TEXT)],
        until: Annotated[str | None, Query(alias="to", description=_TO, max_length=MOST_TEXT)] = None,
        layers: Annotated[
            str | None, Query(description="Only these layers, separated by commas", max_length=MOST_LAYERS_TEXT)
        ] = None,
        summary: Annotated[
            bool, Query(description="Say in words what happened, and leave out the changes")
        ] = False,
    ) -> Response:
        """Return the net changes that make the map of one moment that of another, or what happened in words."""
        past = answers.past
        before = await past.shown(await past.moments.find(since, "from"), rights)
        after = await past.shown(await past.moments.find(until, "to"), rights) if until is not None else None
        if after is not None and before.moment.time > after.moment.time:
            raise MomentError("from: is later than to")
        ends = {"from": _end(reader, before, rights), "to": _end(reader, after, rights)}
        there = past.present(rights) if after is None else after.layers
        names = list(dict.fromkeys((*layer_names(before.layers), *layer_names(there))))
        view = View(wanted(layers, names), rights)
        changes = await past.differences(before.layers, there, view)
        span = before.moment.time, after.moment.time if after else reader.now()
        between = await silences(roll_ups, *span)
        between += await past.silence_until_now() if after is None else ()
        missing = _missing(before, after, between)
        report = {**ends, "gaps": gaps(missing, rights), "changes": changes, "summary": None}
        if summary:
            language = preferred(request.headers.get("accept-language", ""), LANGUAGES)
            scenes = before.layers, there
            result = await summaries.of(*scenes, changes, span, view.layers, rights, language)
            report |= {"changes": None, "summary": result.model_dump()}
            words = {"content-language": language, "vary": f"{VARY}, Accept-Language"}
            return await answer(request, Prepared(orjson.dumps(report), "application/json", CURRENT), words)
        lasts = after is not None and answers.lasts(after) and not missing
        caching = answers.caching(before) if lasts else CURRENT
        return await answer(request, Prepared(orjson.dumps(report), "application/json", caching))

    return router


def _missing(before: Shown, after: Shown | None, between: list[Missing]) -> list[Missing]:
    """Return what is missing at either moment and between them, oldest first; what goes on, once."""
    every = (*before.missing, *between, *(after.missing if after else ()))
    longest = {(one.since, one.reason): one for one in sorted(every, key=lambda one: one.until)}
    return sorted(longest.values(), key=lambda one: (one.since, one.until))


def _end(reader: MapReader, shown: Shown | None, rights: Rights) -> dict[str, Json]:
    """Return one of the two moments; None is the present."""
    view = View(None, rights)
    if shown is None:
        return {"at": rfc3339(reader.now()), "cursor": reader.cursor(view)}
    return {"at": shown.moment.text, "cursor": reader.cursor(view, shown.moment.position)}
