"""Ids of requests: each line of the log that belongs to a request has one, and so has its answer."""

import re
import secrets
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, get_contextvars

HEADER: Final = b"x-request-id"
_USABLE: Final = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,64}")


class RequestIds:
    """Gives what ``app`` answers the id that a client or a proxy has sent, or one of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == HEADER), b"")
        request = given if _USABLE.fullmatch(given) else secrets.token_hex(8).encode()

        async def identified_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, request)]
            await send(message)

        bind_contextvars(request=request.decode())  # for the rest of the task: failures are answered after this
        await self._app(scope, receive, identified_send)


def header() -> dict[str, str]:
    """Return the header for an answer that does not pass `RequestIds`: that of a failure."""
    request = get_contextvars().get("request")
    return {HEADER.decode(): request} if request else {}
