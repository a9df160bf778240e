"""Why a map cannot be read.

::

    LivingMapError
    └── MapError              base of all that the client raises
        ├── Unreachable       no answer in time, or a connection that broke: worth another attempt
        ├── Unauthenticated   no token, or one that the map does not accept (401, 4401)
        ├── Forbidden         the caller is known, and may not read this (403, 4403)
        ├── Refused           the question is wrong: asking it again gives the same answer (other 4xx, 1008)
        ├── InvalidAnswer           an answer that is not what a map sends
        └── TooLarge          an answer or a message beyond the limit in bytes
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from livingmap.errors import LivingMapError


class MapError(LivingMapError):
    """The map could not be read. The message says where and why."""

    def __init__(
        self, message: str, *, status: int | None = None, code: str | None = None, close: int | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        """The HTTP status, if the map answered with one."""
        self.code = code
        """The stable ``code`` of the map's problem details or ``error`` message, such as ``unknown_layer``."""
        self.close = close
        """The close code of the WebSocket, if one came."""


class Unreachable(MapError):
    """No answer came in time, or the connection broke, or the map cannot answer now (5xx, 429)."""


class Unauthenticated(MapError):
    """The map wants a token, or another one."""


class Forbidden(MapError):
    """The caller is known, and may not read this."""


class Refused(MapError):
    """The question is wrong: an unknown layer, entity or parameter."""


class InvalidAnswer(MapError):
    """What came is not what a map sends."""


class TooLarge(MapError):
    """More bytes came than `Limits.max_bytes` allows."""


_BY_NUMBER: Final[Mapping[int, type[MapError]]] = MappingProxyType(
    {
        401: Unauthenticated,
        4401: Unauthenticated,
        403: Forbidden,
        4403: Forbidden,
        429: Unreachable,
        1008: Refused,
    }
)
_CLIENT_ERRORS: Final = range(300, 500)


def error_of(
    message: str, *, status: int | None = None, code: str | None = None, close: int | None = None
) -> MapError:
    """Return the error for an HTTP status or a WebSocket close code."""
    number = status or close or 0
    kind = _BY_NUMBER.get(number, Refused if number in _CLIENT_ERRORS else Unreachable)
    return kind(message, status=status, code=code, close=close)
