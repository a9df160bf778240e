"""The endpoints of problems: what is wrong now, and that somebody has seen it."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, TypeAlias

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from livingmap.access.access import Admission
from livingmap.access.denied import NOT_READY, UNAUTHENTICATED, Denied
from livingmap.access.view import Rights
from livingmap.api.dependencies import REFUSALS, AuthDependencies
from livingmap.api.prepared import Prepared, accepted_encoding
from livingmap.api.problems import ProblemError, documented
from livingmap.core.fold import ACKNOWLEDGED
from livingmap.core.language import preferred
from livingmap.core.layers import Layers
from livingmap.core.model import Message
from livingmap.core.units import rfc3339
from livingmap.problems.acknowledgements import Acknowledgement, payload_of
from livingmap.problems.catalogue import KINDS
from livingmap.problems.in_words import LANGUAGES, what_is_wrong
from livingmap.problems.kind import Severity
from livingmap.problems.open_problems import OpenProblems, Problem, State
from livingmap.problems.reports import MOST_ENTITIES, ProblemReport, Reports
from livingmap.state.reader import MapReader

_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)
_MOST_BYTES: Final = 4096
_MOST_NOTE: Final = 500
_USUAL_HOURS: Final = 8
_MOST_DAYS: Final = 30
_RETRY_SECONDS: Final = 2

AppendOnce: TypeAlias = Callable[[Message, str], Awaitable[bool]]
"""Appends a message to the log; see `livingmap.log.Log.append_once`."""


class ProblemReports(BaseModel):
    """The problems that are open now, the gravest first, and of equal ones the oldest."""

    model_config = _DOCUMENTED

    items: list[ProblemReport]
    total: int
    """How many fit; ``items`` has no more than ``limit`` of them."""


class Acknowledge(BaseModel):
    """What somebody says of a problem."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    until: AwareDatetime | None = None
    """Until when it is acknowledged, at most 30 days ahead; by default for eight hours."""
    note: Annotated[str, Field(max_length=_MOST_NOTE)] = ""
    """For those who read it next."""


_BODY: Final = {"required": True, "content": {"application/json": {"schema": Acknowledge.model_json_schema()}}}


def routes(
    reader: MapReader, problems: OpenProblems, auth: AuthDependencies, append_once: AppendOnce
) -> APIRouter:
    """Return the endpoints."""
    router = APIRouter(prefix="/living-map/problems", tags=["operations"])

    @router.get(
        "",
        summary="Problems",
        response_model=ProblemReports,
        responses={
            304: {"description": "The client has the current problems"},
            **documented(HTTPStatus.UNPROCESSABLE_ENTITY, *REFUSALS),
        },
    )
    async def listing(
        request: Request,
        admission: Annotated[Admission, Depends(auth.admission)],
        severity: Annotated[Severity | None, Query(description="Only problems of this severity")] = None,
        code: Annotated[str | None, Query(description="Only problems with this code")] = None,
        source: Annotated[str | None, Query(description="Only problems of this source")] = None,
        state: Annotated[State | None, Query(description="Only problems in this state")] = None,
        limit: Annotated[int, Query(ge=1, le=5000)] = 500,
    ) -> Response:
        """List what is wrong now with the network and the map itself, in the language of `Accept-Language`."""
        if admission.rights.summary:
            raise Denied(UNAUTHENTICATED, "without a token only counts are shown, in the snapshot and the stream")
        if code is not None and code not in {kind.code for kind in KINDS}:
            codes = ", ".join(kind.code for kind in KINDS)
            problem = f"code: no such problem {code!r} (there are: {codes})"
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", problem)
        fitting = [
            one
            for one in _shown(reader, problems, admission.rights)
            if severity in (None, one.severity)
            and code in (None, one.kind.code)
            and source in (None, one.finding.source)
            and state in (None, one.state)
        ]
        language = preferred(request.headers.get("accept-language", ""), LANGUAGES)
        reports = Reports(reader.shown(admission.rights), admission.rights, language)
        items = [reports.report(one) for one in fitting[:limit]]
        body = ProblemReports(items=items, total=len(fitting)).model_dump_json().encode()
        prepared = Prepared(body, "application/json", "private, no-cache")
        headers = {"content-language": language, "vary": "Accept-Encoding, Accept-Language"}
        return await prepared.answer(
            request, accepted_encoding(request.headers.get("accept-encoding", "")), headers
        )

    @router.post(
        "/{problem_id}/acknowledge",
        summary="Acknowledge a problem",
        openapi_extra={"requestBody": _BODY},
        responses=documented(
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            *REFUSALS,
        ),
    )
    async def acknowledge(
        request: Request, problem_id: str, admission: Annotated[Admission, Depends(auth.administrator)]
    ) -> ProblemReport:
        """Say that somebody has seen a problem, for all processes, in the log and in the history."""
        words, rights = await _words(request), admission.rights
        one = next((one for one in _shown(reader, problems, rights) if one.id == problem_id), None)
        if one is None:
            detail = f"no problem {problem_id!r} is open"
            raise ProblemError(HTTPStatus.NOT_FOUND, "unknown_problem", detail)
        now, by = reader.now(), admission.actor.actor_id if admission.credential else None
        given = Acknowledgement(one.id, now, _until(words, now), one.since, by, words.note)
        await _append(append_once, one, given, reader.shown(rights))
        language = preferred(request.headers.get("accept-language", ""), LANGUAGES)
        reports = Reports(reader.shown(rights), rights, language)
        return reports.report(one, given)

    return router


def _shown(reader: MapReader, problems: OpenProblems, rights: Rights) -> Sequence[Problem]:
    return problems.shown(rights, reader.shown(rights), network=reader.progress.is_shown)


async def _words(request: Request) -> Acknowledge:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        detail = 'the body is application/json, such as {"note": "a disk is on its way"}'
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            detail = f"an acknowledgement has up to {_MOST_BYTES} bytes"
            raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
    try:
        return Acknowledge.model_validate(orjson.loads(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        detail = f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}"
    except orjson.JSONDecodeError as error:
        detail = f"the body is not JSON: {error}"
    raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", detail)


def _until(words: Acknowledge, now: datetime) -> datetime:
    until = words.until.astimezone(UTC) if words.until else now + timedelta(hours=_USUAL_HOURS)
    if not now < until <= now + timedelta(days=_MOST_DAYS):
        detail = f"until: {rfc3339(until)} is not within the next {_MOST_DAYS} days"
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_parameter", detail)
    return until


async def _append(append_once: AppendOnce, one: Problem, given: Acknowledgement, shown: Layers) -> None:
    """Have the log take an acknowledgement, with what it is about for those who read the history."""
    about: dict[str, object] = {"code": one.kind.code, "what": what_is_wrong(one.finding, shown, "en")}
    if one.finding.source is not None:
        about["source"] = one.finding.source
    if one.finding.entity_ids:
        about["entity_ids"] = list(one.finding.entity_ids[:MOST_ENTITIES])
    try:
        await append_once(Message(ACKNOWLEDGED, payload_of(given, **about)), secrets.token_hex(16))
    except OSError:  # of which TimeoutError is one
        raise Denied(NOT_READY, "the log does not take it now; try again in a moment", _RETRY_SECONDS) from None
