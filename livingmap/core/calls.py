"""Calls: which handler the fold is in the middle of, for whoever watches over it from elsewhere."""

from dataclasses import dataclass
from typing import TypeAlias

from livingmap.core.model import Event
from livingmap.core.route import Route

Call: TypeAlias = tuple[Route, Event]


class HandlerOverrun(BaseException):
    """Raised in the middle of a handler that does not return. A handler that catches every Exception does not."""


@dataclass(slots=True)
class Calls:
    """The calls of handlers, of one fold or of several on one thread. Each call is an object of its own."""

    current: Call | None = None
