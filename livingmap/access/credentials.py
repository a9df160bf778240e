"""Credentials: taken from the headers of a request, or a WebSocket's subprotocols, and never from a URL."""

from collections.abc import Collection, Iterable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qsl

from livingmap.access.denied import BAD_REQUEST, UNAUTHENTICATED, Denied
from livingmap.core.actor import Credential, Scheme

SUBPROTOCOL_PREFIX: Final = "bearer."
_IN_URLS: Final = frozenset({"token", "access_token", "api_key", "apikey", "authorization", "jwt"})


def credential_in(
    headers: Mapping[str, str], schemes: Collection[Scheme], session_cookie: str
) -> Credential | None:
    """Return the strongest credential in the headers, whose names are lower case; None if there is none.

    Raises Denied for an Authorization of another scheme, whose caller must not pass for an anonymous one.
    """
    if authorization := headers.get("authorization"):
        scheme, _, value = authorization.strip().partition(" ")
        if scheme.lower() != Scheme.BEARER or not value.strip():
            raise Denied(UNAUTHENTICATED, "Authorization: only Bearer is understood here")
        return Credential(Scheme.BEARER, value.strip())
    if Scheme.API_KEY in schemes and (key := headers.get("x-api-key")):
        return Credential(Scheme.API_KEY, key)
    if Scheme.SESSION in schemes and (session := _cookie(headers.get("cookie", ""), session_cookie)):
        return Credential(Scheme.SESSION, session)
    return None


def subprotocol_credential(subprotocols: Iterable[str]) -> Credential | None:
    """Return the token among the subprotocols of a WebSocket: the one header that a page can set."""
    for one in subprotocols:
        if one.startswith(SUBPROTOCOL_PREFIX) and len(one) > len(SUBPROTOCOL_PREFIX):
            return Credential(Scheme.BEARER, one.removeprefix(SUBPROTOCOL_PREFIX))
    return None


def refuse_in_url(query: str) -> None:
    """Raise Denied if a URL carries a secret: URLs are logged by everything on the way."""
    if query and not _IN_URLS.isdisjoint(name.lower() for name, _ in parse_qsl(query, keep_blank_values=True)):
        raise Denied(BAD_REQUEST, "a token does not belong into a URL; send it as Authorization: Bearer")


def _cookie(header: str, name: str) -> str | None:
    try:
        cookie = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return cookie.value if cookie else None
