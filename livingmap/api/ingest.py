"""The endpoint of ingest: events for one source, by those that can only call."""

import math
import re
from http import HTTPStatus
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Header, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from livingmap.access.access import address_of
from livingmap.access.credentials import refuse_in_url
from livingmap.access.denied import NOT_READY, TOO_MANY_FAILURES, UNAUTHENTICATED, Denied
from livingmap.access.limits import Failures
from livingmap.api.problems import ProblemError, documented
from livingmap.core import numbers
from livingmap.core.model import Json
from livingmap.sources.ingest import MOST_BYTES, Ingest, LogAway, RefusedEvent

_RETRY_SECONDS: Final = 2
_BEARER: Final = HTTPBearer(
    auto_error=False, scheme_name="IngestToken", description="The token of one source, its setting ingest_token"
)  # for OpenAPI alone
_KEY: Final = re.compile(r"[!-~]{1,255}")

_logger = structlog.get_logger(__name__)


class IngestEvent(BaseModel):
    """One event."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    subject: Annotated[str, Field(max_length=256)]
    """What happened, one of the subjects that the source handles, such as ``order.paid``."""
    payload: dict[str, Any]
    """The event's own fields."""


class Ingested(BaseModel):
    """An event that is in the log."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    new: bool
    """False: it was there already, under the same ``Idempotency-Key``."""


_BODY: Final = {"required": True, "content": {"application/json": {"schema": IngestEvent.model_json_schema()}}}


def routes(ingest: Ingest, failures: Failures) -> APIRouter:
    """Return the endpoint. Wrong tokens of one address are counted in ``failures``."""
    router = APIRouter(prefix="/living-map", tags=["ingest"])

    @router.post(
        "/ingest/{source}",
        summary="Ingest",
        status_code=HTTPStatus.ACCEPTED,
        openapi_extra={"requestBody": _BODY},
        responses=documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.TOO_MANY_REQUESTS,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    )
    async def take(
        request: Request,
        source: str,
        credential: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)] = None,
        idempotency_key: Annotated[str | None, Header()] = None,
    ) -> Ingested:
        """Take one event into the log, as if the source's service had published it."""
        refuse_in_url(request.url.query)
        if not ingest.takes(source):
            detail = f"{source}: there is no such source, or it has no ingest_token"
            raise ProblemError(HTTPStatus.NOT_FOUND, "no_ingest", detail)
        _admit(ingest, failures, source, credential, address_of(request.scope))
        if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
            raise _invalid("Idempotency-Key: has up to 255 visible characters of ASCII")
        subject, payload = _event(await _body(request))
        try:
            return Ingested(new=await ingest.take(source, subject, payload, idempotency_key))
        except RefusedEvent as refused:
            raise _invalid(str(refused)) from None
        except LogAway as away:
            raise Denied(NOT_READY, str(away), _RETRY_SECONDS) from None

    return router


def _admit(
    ingest: Ingest,
    failures: Failures,
    source: str,
    credential: HTTPAuthorizationCredentials | None,
    address: str,
) -> None:
    if wait := failures.wait_seconds(address):
        raise Denied(TOO_MANY_FAILURES, "too many bad credentials came from your address", math.ceil(wait))
    try:
        admitted = credential is not None and ingest.admits(source, credential.credentials)
    except OSError as error:
        _logger.warning("the token of a source cannot be read", source=source, error=str(error))
        raise Denied(NOT_READY, "the token of the source cannot be checked now", _RETRY_SECONDS) from None
    if not admitted:
        if credential is not None:
            failures.note(address)
        raise Denied(UNAUTHENTICATED, f"{source} takes events with its ingest_token: Authorization: Bearer …")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            detail = f"an event has up to {MOST_BYTES} bytes"
            raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
    return bytes(body)


def _event(body: bytes) -> tuple[str, Json]:
    """Return subject and payload, numbers as they were sent."""
    try:
        value = numbers.decode(body)
    except ValueError as error:
        raise _invalid(f"the body is not JSON: {error}") from None
    try:
        event = IngestEvent.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _invalid(f"{'.'.join(map(str, first['loc'])) or 'the body'}: {first['msg']}") from None
    return event.subject, event.payload


def _invalid(detail: str) -> ProblemError:
    return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_event", detail)
