"""Reverse proxies: which are trusted, and what they say about the client, its protocol and the site."""

import ipaddress
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from livingmap.api.rare_log import RareLog
from livingmap.config.server import Network
from livingmap.core.bounded import LRU

_MOST_REMEMBERED: Final = 1000
_LONGEST_ADDRESS: Final = 64


class Proxies:
    """The networks whose X-Forwarded headers are believed."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._networks = tuple(networks)
        self._answers: LRU[str, tuple[bool]] = LRU(_MOST_REMEMBERED)

    def trust(self, address: str) -> bool:
        """Tell whether ``address`` is that of a trusted proxy."""
        answer = self._answers.get(address)
        if answer is None:
            answer = (self._is_within(address),)
            self._answers.put(address, answer)
        return answer[0]

    def _is_within(self, address: str) -> bool:
        parsed = parse_address(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def client(self, forwarded_for: str) -> str | None:
        """Return the address of the client in X-Forwarded-For; None if it does not end with an address.

        That is the last one which is not a trusted proxy's, or else the farthest that can be read.

        Each proxy appends the address that it was asked from, so the list is read from its end. Example, with
        10.0.0.0/8 trusted: ``6.6.6.6, 203.0.113.9, 10.0.0.7`` is a request of 203.0.113.9, whatever it claims.
        """
        addresses = [one.strip() for one in forwarded_for.split(",")]
        client = None
        for one in reversed(addresses):
            parsed = parse_address(one)
            if parsed is None:
                return client
            client = str(parsed)
            if not self.trust(client):
                break
        return client


def parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a text is, also ``192.0.2.1:80`` and ``[2001:db8::1]:80``; None if it is not one."""
    if len(text) > _LONGEST_ADDRESS:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


class Forwarded:
    """Lets ``app`` see what a trusted proxy says of client, protocol and site, and the path below ``public_url``.

    The scope's ``client``, ``scheme``, header ``host`` and ``root_path`` are what they would be without the proxy.
    """

    def __init__(self, app: ASGIApp, proxies: Proxies, public_url: str | None, log: RareLog) -> None:
        self._app = app
        self._proxies = proxies
        self._public_url = public_url or ""
        self._prefix = urlsplit(self._public_url).path
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer (ASGI 3)."""
        if scope["type"] in ("http", "websocket"):
            scope = self._seen(scope)
            if self._prefix and scope["path"] == self._prefix and scope["type"] == "http":
                await RedirectResponse(self._public_url + "/")(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _seen(self, scope: Scope) -> Scope:
        if self._prefix and scope["path"].startswith(self._prefix + "/"):  # a proxy that passes the whole path on
            scope = {**scope, "root_path": self._prefix}
        if not any(name.startswith(b"x-forwarded-") for name, _ in scope["headers"]):
            return scope
        address = scope["client"][0] if scope.get("client") else ""
        if not self._proxies.trust(address):
            problem = "a proxy that is not in server.trusted_proxies passes on requests"
            self._log.write(problem, "x-forwarded-for", address=address)
            return scope
        return self._replaced(scope)

    def _replaced(self, scope: Scope) -> Scope:
        replaced = dict(scope)
        client = self._proxies.client(_joined(scope, b"x-forwarded-for"))
        if client is not None:
            replaced["client"] = (client, 0)
        protocol = _joined(scope, b"x-forwarded-proto").partition(",")[0].strip().lower()
        if protocol in ("http", "https"):
            is_socket = scope["type"] == "websocket"
            replaced["scheme"] = protocol.replace("http", "ws") if is_socket else protocol
        host = _joined(scope, b"x-forwarded-host").partition(",")[0].strip()
        if host:
            others = [one for one in scope["headers"] if one[0] != b"host"]
            replaced["headers"] = [(b"host", host.encode("latin-1")), *others]
        return replaced


def _joined(scope: Scope, name: bytes) -> str:
    return b",".join(value for one, value in scope["headers"] if one == name).decode("latin-1")
