"""Security headers and CORS: what browsers may not do with answers, and which sites may read them."""

from collections.abc import Iterable
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALWAYS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"))
POLICY: Final = (
    b"content-security-policy",
    b"frame-ancestors 'none'; base-uri 'self'; object-src 'none'; form-action 'self'",
)
"""For answers without a policy of their own: nothing may frame them (CSP level 3 obsoletes X-Frame-Options)."""


class SecurityHeaders:
    """Adds the security headers to every answer of ``app``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI 3)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"] = [*message.get("headers", ()), *ALWAYS]
                if not any(name == POLICY[0] for name, _ in headers):
                    headers.append(POLICY)
            await send(message)

        await self._app(scope, receive, send_secured)


def install(app: FastAPI, cors_origins: Iterable[str]) -> None:
    """Let ``app`` send security headers, and allow pages from ``cors_origins``, by default none, to read it."""
    origins = list(cors_origins)
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "HEAD"],
            allow_headers=["Authorization", "X-API-Key", "Last-Event-ID", "If-None-Match"],
            expose_headers=["Date", "ETag", "Retry-After"],
            max_age=600,
        )
    app.add_middleware(SecurityHeaders)
