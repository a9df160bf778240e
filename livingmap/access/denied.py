"""Refusals: why a caller is not let in, as HTTP status and as close code of a WebSocket."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from livingmap.errors import LivingMapError


@dataclass(frozen=True, slots=True)
class Reason:
    """A kind of refusal."""

    code: str
    """Stable, for programs."""
    status: HTTPStatus
    close: int
    """Close code of a WebSocket (RFC 6455, 7.4; 4000 and above are the map's own)."""


BAD_REQUEST: Final = Reason("token_in_url", HTTPStatus.BAD_REQUEST, 1008)
INVALID: Final = Reason("invalid_parameter", HTTPStatus.UNPROCESSABLE_ENTITY, 1008)
UNAUTHENTICATED: Final = Reason("unauthenticated", HTTPStatus.UNAUTHORIZED, 4401)
FORBIDDEN: Final = Reason("forbidden", HTTPStatus.FORBIDDEN, 4403)
TOO_MANY_FAILURES: Final = Reason("too_many_failures", HTTPStatus.TOO_MANY_REQUESTS, 1013)
TOO_MANY_STREAMS: Final = Reason("too_many_streams", HTTPStatus.TOO_MANY_REQUESTS, 1013)
TOO_FAST: Final = Reason("too_many_messages", HTTPStatus.TOO_MANY_REQUESTS, 1008)
TOO_MANY_PLAYS: Final = Reason("too_many_plays", HTTPStatus.TOO_MANY_REQUESTS, 1013)
ELSEWHERE: Final = Reason("served_elsewhere", HTTPStatus.SERVICE_UNAVAILABLE, 1013)
NOT_READY: Final = Reason("not_ready", HTTPStatus.SERVICE_UNAVAILABLE, 1013)
AUTH_UNAVAILABLE: Final = Reason("auth_unavailable", HTTPStatus.SERVICE_UNAVAILABLE, 1013)
POLICY_UNAVAILABLE: Final = Reason("policy_unavailable", HTTPStatus.SERVICE_UNAVAILABLE, 1013)


class Denied(LivingMapError):
    """A caller is not let in. The message is shown to it."""

    def __init__(self, reason: Reason, detail: str, retry_seconds: int | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.retry_seconds = retry_seconds

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the answer over HTTP."""
        headers = {"cache-control": "no-store"}
        if self.reason.status is HTTPStatus.UNAUTHORIZED:
            headers["www-authenticate"] = 'Bearer realm="livingmap"'
        if self.retry_seconds is not None:
            headers["retry-after"] = str(self.retry_seconds)
        return headers
