"""Answers that are not what was asked for: the error says what came instead."""

from collections.abc import Mapping
from http import HTTPStatus

from livingmap.errors import InvalidAnswer, NotFound, RequestRejected, Unreachable
from livingmap.sources.pieces import Body

_EXCERPT = 160


def check_status(url: str, status: int, headers: Mapping[str, str], body: Body) -> None:
    """Raise SourceError for every status but those of success."""
    if status == HTTPStatus.NOT_FOUND:
        raise NotFound(f"{url}: 404 {_excerpt(body)}", status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{url}: {status} {_excerpt(body)}", status)
    if status >= HTTPStatus.BAD_REQUEST:
        raise RequestRejected(f"{url}: {status} {_excerpt(body)}", status)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise InvalidAnswer(f"{url}: {status} redirect to {headers.get('location')!r} is not followed")


def not_json(url: str, status: int, headers: Mapping[str, str], body: Body, error: ValueError) -> InvalidAnswer:
    """Return the error of an answer that is something else than JSON."""
    kind = headers.get("content-type", "no content type")
    return InvalidAnswer(f"{url}: {status} is not JSON ({kind}, {error}): {_excerpt(body)}")


def _excerpt(body: Body) -> str:
    text = bytes(body[: _EXCERPT + 1]).decode("utf-8", "replace").replace("\n", " ")
    return repr(text[:_EXCERPT] + "…" if len(text) > _EXCERPT else text)
