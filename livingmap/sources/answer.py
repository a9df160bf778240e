"""A request for JSON and its answer, which is decoded where it is read: a long one beside the loop of the map."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

import orjson

from livingmap.core.json_bytes import right_sized
from livingmap.core.model import Json
from livingmap.errors import SourceError
from livingmap.sources.pieces import PIECE_BYTES, Body, json_of, rows_of

T = TypeVar("T")

_UNREAD: Final = object()
_FREED_AT_ONCE: Final = 1000
_ONE_HOLDER: Final = 2
"""What `sys.getrefcount` returns at most for what one variable alone refers to."""


class Known(NamedTuple):
    """What an answer is recognized by."""

    etag: str
    digest: bytes


_UNKNOWN: Final = Known("", b"")


@dataclass(frozen=True, slots=True)
class Call:
    """One request for JSON."""

    method: str
    path: str
    query: Mapping[str, Json] = field(default_factory=dict)
    body: Json = None
    """Sent as JSON; nothing is sent if it is None."""
    headers: Mapping[str, str] = field(default_factory=dict)
    known: Known | None = None
    """What was answered before: if that is still so, the answer need not be decoded, or not even be sent."""

    def key(self) -> bytes:
        """Return what two equal requests have in common."""
        parts = [self.method, self.path, self.query, self.body, self.headers]
        raw = orjson.dumps(parts, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
        return right_sized(raw)  # those of thousands of requests are kept


@dataclass(slots=True)
class Answer:
    """The answer to one request."""

    body: Body
    """Empty once it has been decoded."""
    next_url: str | None
    """The address of the next page, from the header ``Link``."""
    invalid: Callable[[ValueError, Body], SourceError]
    """Returns the error that says what came instead of JSON. Does not hold on to the body."""
    known: Known = _UNKNOWN
    is_unchanged: bool = False
    """It is what the call knows already. It has no body then if the service only said so."""
    size: int = 0
    """How many bytes it had."""
    _value: object = _UNREAD

    def __post_init__(self) -> None:
        self.size = len(self.body)
        if not self.is_unchanged and len(self.body) <= 2 * PIECE_BYTES:
            self.value  # noqa: B018 - decoded at once, so that a short one fails where it came

    @property
    def value(self) -> Json:
        """The JSON. Raises InvalidAnswer if it is none."""
        if self._value is _UNREAD:
            try:
                self._value = json_of(self.body)
            except ValueError as error:
                raise self.invalid(error, self.body) from None
            self.body = b""
        return self._value

    async def let_go(self) -> None:
        """Free the rows, some at a time, if nobody else has them."""
        rows, self._value = self._value, None
        while isinstance(rows, list) and rows and sys.getrefcount(rows) <= _ONE_HOLDER:
            del rows[-_FREED_AT_ONCE:]
            await asyncio.sleep(0)

    def rows(self, key: str, read: Callable[[bytes], T]) -> Iterator[T] | None:
        """Yield what ``read`` makes of the rows of a long answer; see `livingmap.sources.pieces.rows_of`."""
        return rows_of(self.body, key, read) if self._value is _UNREAD else None
