"""The WebSocket's way in: whose page opens it, and who that is."""

import asyncio
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from fastapi import WebSocket

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.credentials import offered, refuse_in_url
from livingmap.access.denied import UNAUTHENTICATED, Denied
from livingmap.access.view import NOTHING
from livingmap.core.actor import ANONYMOUS, Credential, Scheme

FIRST_MESSAGE_SECONDS: Final = 10.0


class Handshake:
    """Lets clients in, by what ``access`` says; pages only of the map's own origin, and of ``origins``."""

    def __init__(self, access: Access, origins: Collection[str]) -> None:
        self.access = access
        self._origins = frozenset(origins)

    def is_foreign(self, socket: WebSocket) -> bool:
        """Tell whether a page of another site opens the socket (RFC 6455, 10.2): browsers let any page do so."""
        origin = socket.headers.get("origin")
        same = origin is None or urlsplit(origin).netloc == socket.headers.get("host")
        return not same and origin not in self._origins

    async def admission(self, socket: WebSocket) -> Admission:
        """Return who it is: by header, by subprotocol, or by a first message. Raises Denied."""
        refuse_in_url(socket.url.query)
        address = address_of(socket.scope)
        shown = self.access.credential(socket.headers) or offered(socket.scope.get("subprotocols", ()))
        if shown is None and self.access.needs_credential:
            end = self.access.open_stream(Admission(ANONYMOUS, NOTHING), address)  # who says nothing counts too
            try:
                shown = await self._first_message(socket)
            finally:
                end()
        return await self.access.admit(shown, address)

    async def _first_message(self, socket: WebSocket) -> Credential:
        try:
            async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
                message = decoded((await socket.receive()).get("text") or "")
        except TimeoutError:
            message = None
        match message:
            case {"kind": "auth", "token": str(token)}:
                return Credential(Scheme.BEARER, token)
        raise Denied(
            UNAUTHENTICATED, f'send {{"kind": "auth", "token": …}} first, within {FIRST_MESSAGE_SECONDS:g} s'
        )


def decoded(text: str) -> Any:
    """Return what a message says, or why it is no JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error
