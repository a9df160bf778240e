"""Errors as clients get them: RFC 9457 ``application/problem+json`` with a stable ``code``."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from livingmap.access.denied import Denied
from livingmap.api.request_ids import header
from livingmap.history import HistoryUnavailable
from livingmap.past.moment import MomentError
from livingmap.stream.layers import LayersError
from livingmap.stream.stretch import HISTORY_UNAVAILABLE

_RETRY_SECONDS: Final = 5

_logger = structlog.get_logger(__name__)


class Problem(BaseModel):
    """The body of every error."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    """Stable, for programs."""
    detail: str
    """For people: where, what, and what would work."""


_SCHEMA: Final = Problem.model_json_schema()


class ProblemError(Exception):
    """Ends a request with a problem."""

    def __init__(
        self, status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.problem = Problem(title=status.phrase, status=status, code=code, detail=detail)
        self.headers = headers


def documented(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return how OpenAPI describes the errors of an endpoint."""
    return {
        int(status): {
            "description": status.phrase,
            "content": {"application/problem+json": {"schema": _SCHEMA}},
        }
        for status in statuses
    }


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` as a problem."""

    @app.exception_handler(ProblemError)
    async def _problem(_: Request, error: ProblemError) -> JSONResponse:
        return _response(error.problem, error.headers)

    @app.exception_handler(Denied)
    async def _denied(_: Request, error: Denied) -> JSONResponse:
        reason = error.reason
        problem = Problem(title=reason.status.phrase, status=reason.status, code=reason.code, detail=str(error))
        return _response(problem, error.headers)

    @app.exception_handler(MomentError)
    async def _moment(_: Request, error: MomentError) -> JSONResponse:
        problem = Problem(title=error.status.phrase, status=error.status, code=error.code, detail=str(error))
        retry = {"retry-after": str(error.retry_seconds)} if error.retry_seconds else None
        return _response(problem, retry)

    @app.exception_handler(HistoryUnavailable)
    async def _history(_: Request, __: HistoryUnavailable) -> JSONResponse:
        status, detail = HTTPStatus.SERVICE_UNAVAILABLE, HISTORY_UNAVAILABLE
        problem = Problem(title=status.phrase, status=status, code="history_unavailable", detail=detail)
        return _response(problem, {"retry-after": str(_RETRY_SECONDS)})

    @app.exception_handler(LayersError)
    async def _layers(_: Request, error: LayersError) -> JSONResponse:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _response(
            Problem(title=status.phrase, status=status, code="unknown_layer", detail=str(error)), None
        )

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return _response(
            Problem(title=status.phrase, status=status, code="invalid_parameter", detail=faults), None
        )

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        status = HTTPStatus(error.status_code)
        detail = f"{request.method} {request.url.path}: {error.detail}"
        code = status.name.lower()
        return _response(Problem(title=status.phrase, status=status, code=code, detail=detail), error.headers)

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> JSONResponse:
        _logger.error("a request failed", path=request.url.path, exc_info=error)
        status = HTTPStatus.INTERNAL_SERVER_ERROR
        detail = "the map failed to answer; its log says why"
        return _response(
            Problem(title=status.phrase, status=status, code="internal_error", detail=detail), header()
        )


def _response(problem: Problem, headers: Mapping[str, str] | None) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(),
        problem.status,
        dict(headers or {}),
        media_type="application/problem+json",
    )
