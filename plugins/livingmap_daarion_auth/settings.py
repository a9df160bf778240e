"""Section ``auth.authenticator`` of mode ``daarion``."""

from pathlib import Path
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator

from livingmap.plugin import ServiceSettings

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
    """How often a question that got no answer is repeated; callers wait."""
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
