"""Decoding of answers: the JSON of a response, or an error that says what came instead."""

from collections.abc import Mapping
from http import HTTPStatus

import orjson

from livingmap.core import numbers
from livingmap.core.model import Json
from livingmap.errors import InvalidAnswer, NotFound, RequestRejected, Unreachable

_EXCERPT = 160


def decoded(url: str, status: int, headers: Mapping[str, str], body: bytes) -> Json:
    """Return the JSON of ``body``. Raises SourceError for every status but those of success."""
    if status == HTTPStatus.NOT_FOUND:
        raise NotFound(f"{url}: 404 {_excerpt(body)}", status)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"{url}: {status} {_excerpt(body)}")
    if status >= HTTPStatus.BAD_REQUEST:
        raise RequestRejected(f"{url}: {status} {_excerpt(body)}", status)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise InvalidAnswer(f"{url}: {status} redirect to {headers.get('location')!r} is not followed")
    try:
        return json_of(body)
    except ValueError as error:
        kind = headers.get("content-type", "no content type")
        raise InvalidAnswer(f"{url}: {status} is not JSON ({kind}, {error}): {_excerpt(body)}") from None


def json_of(body: bytes) -> Json:
    """Return the JSON of ``body``, with numbers as they were sent. Raises ValueError."""
    value = orjson.loads(body)
    return numbers.decode(body) if numbers.may_be_rounded(body) else value


def _excerpt(body: bytes) -> str:
    text = body[: _EXCERPT + 1].decode("utf-8", "replace").replace("\n", " ")
    return repr(text[:_EXCERPT] + "…" if len(text) > _EXCERPT else text)
