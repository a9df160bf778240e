"""The authenticator: whose token, API key or session a credential is, for auth-service (:7011).

Its access tokens are HS256 with a shared secret; ``POST /api/auth/introspect`` says of any token whether it is
one, always with 200. A refresh token is not an access token. Opaque sessions and API keys are in its
documentation, but the service as it runs does not serve them: they are taken only where ``identity_path`` says
which path answers for them.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from livingmap.plugin import (
    Actor,
    AuthClient,
    Credential,
    Identity,
    InvalidCredential,
    Json,
    RequestRejected,
    Scheme,
)
from livingmap_daarion_auth.settings import DaarionSettings
from livingmap_daarion_auth.tokens import claims_of

SESSION_COOKIE: Final = "session_token"
_HEADERS: Final = {Scheme.API_KEY: "X-API-Key", Scheme.SESSION: "Cookie"}


async def identify(client: AuthClient, credential: Credential) -> Identity:
    """Return whom auth-service knows by a token, an API key or a session."""
    settings: DaarionSettings = client.settings
    if credential.scheme is not Scheme.BEARER:
        return await _by_identity(client, credential)
    return _identity(settings, await claims_of(client, credential.value))


async def _by_identity(client: AuthClient, credential: Credential) -> Identity:
    """Ask whose API key or session it is; the answer is an ActorIdentity or a user."""
    settings: DaarionSettings = client.settings
    value = credential.value
    if not re.fullmatch(r"[!#-+\--:<-\[\]-~]+", value):  # RFC 6265, 4.1.1: what a cookie may hold
        raise InvalidCredential("holds characters that no header can carry")
    sent = f"{SESSION_COOKIE}={value}" if credential.scheme is Scheme.SESSION else value
    try:
        answer = await client.get(str(settings.identity_path), {_HEADERS[credential.scheme]: sent})
    except RequestRejected:
        raise InvalidCredential(f"auth-service does not know this {credential.scheme.value}") from None
    if not isinstance(answer, dict) or answer.get("is_active") is False:
        raise InvalidCredential(f"auth-service does not know this {credential.scheme.value}")
    whose = next((answer[name] for name in ("actor_id", "user_id", "id") if answer.get(name)), None)
    return _identity(settings, {**answer, settings.claims.actor_id: whose})


def _identity(settings: DaarionSettings, claims: dict[str, Json]) -> Identity:
    names = settings.claims
    actor_id, roles = claims.get(names.actor_id), _texts(claims.get(names.roles))
    if not isinstance(actor_id, str) or not actor_id:
        raise InvalidCredential(f"the claim {names.actor_id} names nobody")
    given = claims.get(names.actor_type) if names.actor_type else claims.get("actor_type")
    kinds = [settings.actor_types[role] for role in roles if role in settings.actor_types]
    kind = given if given in ("human", "agent", "service") else next(iter(kinds), "human")
    actor = Actor(actor_id, kind, _texts(claims.get(names.microdao_ids)), roles)
    return Identity(actor, _moment(claims.get("exp")))


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(sorted({one for one in value if isinstance(one, str)})) if isinstance(value, list) else ()


def _moment(value: Json) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidCredential("expires at no time that there is") from None


def schemes(settings: DaarionSettings) -> Collection[Scheme]:
    """Return what callers may show."""
    more = ((Scheme.API_KEY, settings.api_keys), (Scheme.SESSION, settings.sessions))
    return [Scheme.BEARER, *(scheme for scheme, taken in more if taken)]


def summary(settings: DaarionSettings) -> str:
    """Return how tokens are checked."""
    if settings.secret is not None or settings.secret_file is not None:
        return "tokens are verified here, with the shared secret"
    if settings.jwks_path is not None:
        return f"tokens are verified here, with the keys of {settings.base_url}{settings.jwks_path}"
    return f"tokens are introspected at {settings.base_url}"
