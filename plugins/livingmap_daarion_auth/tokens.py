"""Access tokens of auth-service: verified here with a secret or a key set, or introspected by the service."""

from typing import Any, Final

import jwt

from livingmap.plugin import AuthClient, InvalidAnswer, InvalidCredential, Json
from livingmap_daarion_auth.settings import DaarionSettings

_ACCESS: Final = "access"


async def claims_of(client: AuthClient, token: str) -> dict[str, Json]:
    """Return the claims of an access token that is good. Raises InvalidCredential or SourceError."""
    settings: DaarionSettings = client.settings
    if settings.jwks_path is not None:
        return await _by_key_set(client, settings.jwks_path, token)
    if (key := settings.key()) is not None:
        if not key:
            raise InvalidAnswer("auth.authenticator: the secret is empty")
        return _verified(settings, token, key, ["HS256"])
    return await _by_introspection(client, token)


async def _by_key_set(client: AuthClient, path: str, token: str) -> dict[str, Json]:
    settings: DaarionSettings = client.settings
    try:
        wanted = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise InvalidCredential(f"not a token: {error}") from None
    key = _key(await client.cached(path), wanted) or _key(await client.cached(path, refresh=True), wanted)
    if key is None:
        raise InvalidCredential("the token is signed with a key that auth-service does not have")
    return _verified(settings, token, key, [one for one in settings.algorithms if one == key.algorithm_name])


def _key(answer: Json, wanted: dict[str, Any]) -> jwt.PyJWK | None:
    """Return the public key that a token's header names."""
    try:
        keys = [jwt.PyJWK(one) for one in answer["keys"] if one.get("kty") in {"RSA", "EC"}]
    except (jwt.PyJWTError, KeyError, TypeError, AttributeError) as error:
        raise InvalidAnswer(f"auth-service's key set cannot be read: {type(error).__name__}") from None
    fitting = [one for one in keys if wanted.get("kid") in (None, one.key_id)]
    return next((one for one in fitting if one.algorithm_name == wanted.get("alg")), None)


def _verified(
    settings: DaarionSettings, token: str, key: str | jwt.PyJWK, algorithms: list[str]
) -> dict[str, Json]:
    try:
        claims: dict[str, Json] = jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=settings.issuer,
            audience=settings.audience,
            leeway=settings.leeway_seconds,
            options={"require": ["exp", settings.claims.actor_id]},
        )
    except (jwt.PyJWTError, ValueError) as error:  # what is wrong with it is the owner's to know, and no secret
        raise InvalidCredential(f"{type(error).__name__}: {error}") from None
    if claims.get("type") != _ACCESS:
        raise InvalidCredential(f"a token of type {claims.get('type')!r}, not access")
    return claims


async def _by_introspection(client: AuthClient, token: str) -> dict[str, Json]:
    answer = await client.post("/api/auth/introspect", {"token": token})
    if not isinstance(answer, dict) or not isinstance(answer.get("active"), bool):
        raise InvalidAnswer("auth-service's introspection does not say whether the token is active")
    if not answer["active"]:
        raise InvalidCredential("auth-service says that the token is not active")
    if not isinstance(answer.get("sub"), str) or not isinstance(answer.get("exp"), int):
        raise InvalidAnswer("auth-service calls a token active and does not say whose, or until when")
    claims = _unverified(token)
    if claims.get("type", _ACCESS) != _ACCESS:
        raise InvalidCredential(f"a token of type {claims.get('type')!r}, not access")
    return {**claims, **{name: value for name, value in answer.items() if value is not None}}


def _unverified(token: str) -> dict[str, Json]:
    """Return a token's claims unchecked: the service has vouched for it, and tells but some of them."""
    try:
        claims: dict[str, Json] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        return {}
    return claims
