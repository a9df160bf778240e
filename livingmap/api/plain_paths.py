"""Paths with a slash too much: ``/living-map/snapshot/`` is answered as ``/living-map/snapshot``.

A redirect, which would be the usual answer, names an address, and behind a proxy the map may not know its own.
"""

from collections.abc import Iterable

from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send


def plain_paths(routes: Iterable[BaseRoute]) -> frozenset[str]:
    """Return the paths among ``routes`` that are always the same."""
    paths = (getattr(route, "path", "") for route in routes)
    return frozenset(path for path in paths if path and "{" not in path and not path.endswith("/"))


class PlainPaths:
    """Lets ``app`` see each of ``paths`` without the slash that a client has put after it."""

    def __init__(self, app: ASGIApp, paths: frozenset[str]) -> None:
        self._app = app
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI 3)."""
        if scope["type"] != "lifespan" and scope["path"].endswith("/"):
            prefix, path = scope.get("root_path", ""), scope["path"][:-1]
            if path.removeprefix(prefix) in self._paths:
                scope = {**scope, "path": path}
        await self._app(scope, receive, send)
