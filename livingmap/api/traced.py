"""Tracing of the API: a span for each request, in the trace of the caller if it names one."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from livingmap import tracing

HEADER: Final = b"traceparent"
_API: Final = "/living-map/"
_HEALTH: Final = "/living-map/health"
"""Asked for every few seconds by what starts and stops processes."""


class Traced:
    """Has each request that ``app``, which routes, answers be a span until the answer begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI 3)."""
        if tracing.active is None or not _is_traced(scope):
            await self._app(scope, receive, send)
            return
        request = str(get_contextvars().get("request", ""))
        with tracing.active.answer(scope["method"], scope["headers"], request) as begun:

            async def noted_send(message: Message) -> None:
                if message["type"] == "http.response.start":
                    begun(message["status"], getattr(scope.get("route"), "path", None))
                await send(message)

            await self._app(scope, receive, noted_send)


def _is_traced(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["path"].startswith(_API) and not scope["path"].startswith(_HEALTH)
