"""auth-service (:7011): JWTs, verified here or by asking the service.

Its access tokens are HS256 with a shared secret; ``POST /api/auth/introspect`` says of any token whether it is
one, always with 200. A refresh token is no access token. Opaque sessions and API keys are in its documentation,
but the service as it runs does not serve them: they are taken only where ``identity_path`` says who answers for
them.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

import jwt
from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from livingmap.plugin import (
    Actor,
    AuthClient,
    Authenticator,
    Credential,
    Identity,
    InvalidAnswer,
    InvalidCredential,
    Json,
    RequestRejected,
    Scheme,
    ServiceSettings,
    hookimpl,
)

_HEADERS: Final = {Scheme.API_KEY: "X-API-Key", Scheme.SESSION: "Cookie"}
_ACCESS: Final = "access"

Kind: TypeAlias = Literal["human", "agent", "service"]


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError("is a path of the service and begins with /")
    return value


class Claims(BaseModel):
    """Which claim of a token says what of the actor."""

    model_config = {"extra": "forbid", "frozen": True, "use_attribute_docstrings": True}

    actor_id: str = "sub"
    """Claim with the actor's id."""
    actor_type: str | None = None
    """Claim with human, agent or service; without it the roles decide."""
    microdao_ids: str = "microdao_ids"
    """Claim with the microDAOs of the actor; auth-service gives none."""
    roles: str = "roles"
    """Claim with the roles."""


class DaarionSettings(ServiceSettings):
    """Section ``auth.authenticator`` of mode ``daarion``."""

    base_url: str = "http://auth-service:7011"
    """Address of auth-service."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 2.0
    """How long the service may take to answer about one token."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a question that found nobody is repeated; callers wait."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 16
    """How many tokens may be asked about at once."""
    max_bytes: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 256 * 1024
    """Size from which an answer is refused, in bytes."""
    secret: SecretStr | None = None
    """The secret that auth-service signs with (its AUTH_JWT_SECRET): tokens are then verified here, as HS256."""
    secret_file: Path | None = None
    """File with that secret; read again for every token that is new."""
    jwks_path: Annotated[str, AfterValidator(_path)] | None = None
    """Path of the service's key set: tokens are then verified here, as RS256 or ES256."""
    algorithms: tuple[Literal["RS256", "ES256"], ...] = ("RS256", "ES256")
    """Which signatures are taken with jwks_path."""
    issuer: str | None = "daarion-auth"
    """What the claim iss has to be; null takes any."""
    audience: str | None = None
    """What the claim aud has to hold; auth-service gives none."""
    leeway_seconds: Annotated[float, Field(ge=0, le=300)] = 5.0
    """By how much the clocks of the services may differ."""
    claims: Claims = Claims()
    """Which claim says what of the actor."""
    actor_types: Annotated[dict[str, Kind], Field(default={"agent-system": "agent", "service": "service"})]
    """By role, what kind of actor has it; others are human."""
    identity_path: Annotated[str, AfterValidator(_path)] | None = None
    """Path of the service that tells whose API key or session it is sent. auth-service as it runs has none."""
    api_keys: bool = False
    """Take X-API-Key, asked about at identity_path."""
    sessions: bool = False
    """Take the cookie session_token, asked about at identity_path."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        ways = [name for name in ("secret", "secret_file", "jwks_path") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"give one way to verify tokens, not {' and '.join(ways)}")
        if (self.api_keys or self.sessions) and self.identity_path is None:
            raise ValueError("api_keys and sessions need identity_path")
        return self

    def key(self) -> str | None:
        """Return the shared secret, if there is one. Raises OSError if its file cannot be read."""
        if self.secret_file is not None:
            return self.secret_file.read_text(encoding="utf-8").strip()
        return self.secret.get_secret_value() if self.secret else None


async def identify(client: AuthClient, credential: Credential) -> Identity:
    """Return whom auth-service knows by a token, an API key or a session."""
    settings: DaarionSettings = client.settings
    if credential.scheme is not Scheme.BEARER:
        return await _by_identity(client, credential)
    if settings.jwks_path is not None:
        return _identity(settings, await _by_key_set(client, settings.jwks_path, credential.value))
    if (key := settings.key()) is not None:
        if not key:
            raise InvalidAnswer("auth.authenticator: the secret is empty")
        return _identity(settings, _verified(settings, credential.value, key, ["HS256"]))
    return _identity(settings, await _by_introspection(client, credential.value))


async def _by_key_set(client: AuthClient, path: str, token: str) -> dict[str, Json]:
    settings: DaarionSettings = client.settings
    try:
        wanted = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise InvalidCredential(f"no token: {error}") from None
    key = _key(await client.cached(path), wanted) or _key(await client.cached(path, refresh=True), wanted)
    if key is None:
        raise InvalidCredential("the token is signed with a key that auth-service does not have")
    return _verified(settings, token, key, [one for one in settings.algorithms if one == key.algorithm_name])


def _key(answer: Json, wanted: dict[str, Any]) -> jwt.PyJWK | None:
    """Return the public key that a token's header names."""
    try:
        keys = [jwt.PyJWK(one) for one in answer["keys"] if one.get("kty") in {"RSA", "EC"}]
    except (jwt.PyJWTError, KeyError, TypeError, AttributeError) as error:
        raise InvalidAnswer(f"auth-service's key set is none: {type(error).__name__}") from None
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
    said = await client.post("/api/auth/introspect", {"token": token})
    if not isinstance(said, dict) or not isinstance(said.get("active"), bool):
        raise InvalidAnswer("auth-service's introspection is none")
    if not said["active"]:
        raise InvalidCredential("auth-service says that the token is not active")
    if not isinstance(said.get("sub"), str) or not isinstance(said.get("exp"), int):
        raise InvalidAnswer("auth-service calls a token active and does not say whose, or until when")
    claims = _unverified(token)
    if claims.get("type", _ACCESS) != _ACCESS:
        raise InvalidCredential(f"a token of type {claims.get('type')!r}, not access")
    return {**claims, **{name: value for name, value in said.items() if value is not None}}


def _unverified(token: str) -> dict[str, Json]:
    """Return a token's claims unchecked: the service has vouched for it, and tells but some of them."""
    try:
        claims: dict[str, Json] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError):
        return {}
    return claims


async def _by_identity(client: AuthClient, credential: Credential) -> Identity:
    """Ask whose API key or session it is; the answer is an ActorIdentity or a user."""
    settings: DaarionSettings = client.settings
    value = credential.value
    if not re.fullmatch(r"[!#-+\--:<-\[\]-~]+", value):  # RFC 6265, 4.1.1: what a cookie may hold
        raise InvalidCredential("holds characters that no header can carry")
    sent = f"session_token={value}" if credential.scheme is Scheme.SESSION else value
    try:
        said = await client.get(str(settings.identity_path), {_HEADERS[credential.scheme]: sent})
    except RequestRejected:
        raise InvalidCredential(f"auth-service does not know this {credential.scheme.value}") from None
    if not isinstance(said, dict) or said.get("is_active") is False:
        raise InvalidCredential(f"auth-service does not know this {credential.scheme.value}")
    whose = next((said[name] for name in ("actor_id", "user_id", "id") if said.get(name)), None)
    return _identity(settings, {**said, settings.claims.actor_id: whose})


def _identity(settings: DaarionSettings, claims: dict[str, Json]) -> Identity:
    names = settings.claims
    actor_id, roles = claims.get(names.actor_id), _texts(claims.get(names.roles))
    if not isinstance(actor_id, str) or not actor_id:
        raise InvalidCredential(f"the claim {names.actor_id} names nobody")
    told = claims.get(names.actor_type) if names.actor_type else claims.get("actor_type")
    kinds = [settings.actor_types[role] for role in roles if role in settings.actor_types]
    kind = told if told in ("human", "agent", "service") else next(iter(kinds), "human")
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


@hookimpl
def livingmap_authenticator() -> Authenticator:
    """Describe the authenticator ``daarion``."""
    return Authenticator("daarion", "auth-service", DaarionSettings, identify, schemes, summary)
