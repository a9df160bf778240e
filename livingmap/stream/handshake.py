"""WebSocket handshake: checks Origin, then authenticates by header, subprotocol or first message."""

import asyncio
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from fastapi import WebSocket

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.credentials import refuse_in_url, subprotocol_credential
from livingmap.access.denied import UNAUTHENTICATED, Denied
from livingmap.access.view import NOTHING
from livingmap.core.actor import ANONYMOUS, Credential, Scheme

FIRST_MESSAGE_SECONDS: Final = 10.0


class Handshake:
    """Admits clients as ``access`` decides; pages only from the map's own origin and from ``origins``."""

    def __init__(self, access: Access, origins: Collection[str]) -> None:
        self.access = access
        self._origins = frozenset(origins)

    def is_foreign(self, socket: WebSocket) -> bool:
        """Tell whether a page of another site opens the socket: browsers let every page do so (RFC 6455, 10.2)."""
        origin = socket.headers.get("origin")
        same = origin is None or urlsplit(origin).netloc == socket.headers.get("host")
        return not same and origin not in self._origins

    async def admission(self, socket: WebSocket) -> Admission:
        """Return the client's admission, by header, subprotocol or first message. Raises Denied."""
        refuse_in_url(socket.url.query)
        address = address_of(socket.scope)
        credential = self.access.credential(socket.headers)
        credential = credential or subprotocol_credential(socket.scope.get("subprotocols", ()))
        if credential is None and self.access.needs_credential:
            end = self.access.open_stream(Admission(ANONYMOUS, NOTHING), address)  # silent ones count too
            try:
                credential = await self._first_message(socket)
            finally:
                end()
        return await self.access.admit(credential, address)

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
    """Return the JSON value of a message, or the error if it is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error
