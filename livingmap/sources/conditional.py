"""Conditional requests: a list that has not changed since the last poll costs a 304 (RFC 9110, section 13)."""

from dataclasses import dataclass
from typing import Final

from livingmap.core.bounded import LRU
from livingmap.sources.answer import Known
from livingmap.sources.pieces import Body

_MOST_ANSWERS: Final = 64
_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of one answer: a longer one is asked for anew each time rather than kept."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """An answer that its service has given a tag, as it came."""

    known: Known
    body: Body
    next_url: str | None
    """The address of the next page, if the list has pages."""

    @property
    def etag(self) -> str:
        """The tag that the service gave it."""
        return self.known.etag


class RememberedAnswers:
    """The latest answers of one service that have a tag, by request, as bytes: nothing can alter them."""

    def __init__(self) -> None:
        self._answers: LRU[bytes, Remembered] = LRU(_MOST_ANSWERS)

    def get(self, request: bytes) -> Remembered | None:
        """Return what was answered to ``request`` before."""
        return self._answers.get(request)

    def note(self, request: bytes, answer: Remembered) -> None:
        """Keep an answer in place of the one before it, if it has a tag and is not too long."""
        self._answers.pop(request)
        if answer.etag and len(answer.body) <= _MOST_BYTES:
            self._answers.put(request, answer)
