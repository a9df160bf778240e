"""Requests: how many there were of each endpoint, how they were answered, and how long that took."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from livingmap.core.histogram import SLOW, Histogram

Answered: TypeAlias = tuple[str, str, str]
"""A method, the path of an endpoint, and a status."""
_NONE: Final = "none"
"""The path of requests that are of no endpoint: as many as clients can think of."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Requests:
    """Counts requests. ``at_once`` returns those that were answered ahead of ASGI."""

    def __init__(self, at_once: Callable[[], Mapping[Answered, int]] = dict) -> None:
        self.seconds: dict[str, Histogram] = {}
        """By path of an endpoint, how long it took until the answer began."""
        self._answered = Counter[Answered]()
        self._at_once = at_once

    def answered(self) -> Counter[Answered]:
        """Return how many there were."""
        return self._answered + Counter(self._at_once())

    def note(self, method: str, path: str | None, status: int, seconds: float) -> None:
        """Count a request that is being answered."""
        path = path or _NONE
        self._answered[method if method in _METHODS else _NONE, path, str(status)] += 1
        self.seconds.setdefault(path, Histogram(SLOW)).observe(seconds)


class Counted:
    """Has ``requests`` count what ``app``, which routes, answers."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, begun = time.perf_counter(), False

        def note(status: int) -> None:
            path = getattr(scope.get("route"), "path", None)
            self._requests.note(scope["method"], path, status, time.perf_counter() - began)

        async def counted_send(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start" and not begun:
                begun = True
                note(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, counted_send)
        except Exception:
            if not begun:
                note(500)
            raise
