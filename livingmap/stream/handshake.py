"""WebSocket handshake: checks Origin, then authenticates by header, subprotocol or first message."""

import asyncio
import ipaddress
from collections.abc import Collection
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import orjson
from fastapi import WebSocket

from livingmap.access.access import Access, Admission, address_of
from livingmap.access.credentials import refuse_in_url, subprotocol_credential
from livingmap.access.denied import UNAUTHENTICATED, Denied
from livingmap.access.view import NOTHING
from livingmap.core.actor import ANONYMOUS, Credential, Scheme

FIRST_MESSAGE_SECONDS: Final = 10.0
_PORTS: Final = {"http": 80, "https": 443}


class Handshake:
    """Admits clients as ``access`` decides; pages only from the map's own origin and from ``origins``."""

    def __init__(self, access: Access, origins: Collection[str]) -> None:
        self.access = access
        self._origins = frozenset(map(site, origins))

    def is_foreign(self, socket: WebSocket) -> bool:
        """Tell whether a page of another site opens the socket: browsers let every page do so (RFC 6455, 10.2)."""
        origin, host = socket.headers.get("origin"), socket.headers.get("host", "")
        if origin is None or socket.headers.get("sec-fetch-site") == "same-origin":  # no page can set either
            return False
        own = site(origin)
        if own is None:
            return True
        return own not in self._origins and own != site(f"{own[0]}://{host}") and not _are_this_machine(own, host)

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


Site: TypeAlias = tuple[str, str, int | None]
"""Protocol, host and port; None is the protocol's usual port."""


def site(origin: str) -> Site | None:
    """Return the site of an origin, in one spelling; None if it is not an origin, such as ``null``.

    ``https://Map.example.org.:443`` and ``https://map.example.org`` are one site.
    """
    try:
        parts = urlsplit(origin)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host:
        return None
    return parts.scheme, host, None if port == _PORTS[parts.scheme] else port


def _are_this_machine(own: Site, host: str) -> bool:
    """Tell whether page and map are on this machine: a proxy on another port of it may not pass its own on."""
    other = site(f"{own[0]}://{host}")
    return other is not None and _is_loopback(own[1]) and _is_loopback(other[1])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def decoded(text: str) -> Any:
    """Return the JSON value of a message, or the error if it is not JSON."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return error
