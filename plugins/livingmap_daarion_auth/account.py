"""The account provider: the map signs in at auth-service with e-mail and password, and refreshes its token.

A refresh token is good once: each answer has the next.
"""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, model_validator

from livingmap.plugin import AuthClient, InvalidAnswer, Json, ServiceSettings, Tokens


class DaarionAccount(ServiceSettings):
    """What section ``auth.account`` has of this provider's own."""

    base_url: str = "http://auth-service:7011"
    """Address of auth-service."""
    email: str
    """Email address of the account."""
    password: SecretStr | None = None
    """The password. Better given by environment or password_file than in the YAML."""
    password_file: Path | None = None
    """File with the password, sought beside the YAML; read at every sign-in."""
    retries: Annotated[int, Field(ge=0, le=10)] = 0
    """How often a request that got no answer is repeated."""

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if (self.password is None) == (self.password_file is None):
            raise ValueError("give password or password_file, one of the two")
        return self

    def secret(self) -> str:
        """Return the password. Raises OSError if its file cannot be read."""
        if self.password_file is not None:
            return self.password_file.read_text(encoding="utf-8").strip()
        return self.password.get_secret_value() if self.password else ""


async def sign_in(client: AuthClient) -> Tokens:
    """Return tokens for the e-mail and the password of the settings."""
    settings: DaarionAccount = client.settings
    try:
        password = settings.secret()
    except OSError as error:
        raise InvalidAnswer(f"auth.account.password_file: {error}") from None
    return _tokens(await client.post("/api/auth/login", {"email": settings.email, "password": password}))


async def refresh(client: AuthClient, token: str) -> Tokens:
    """Return the next tokens for a refresh token, which is then used up."""
    return _tokens(await client.post("/api/auth/refresh", {"refresh_token": token}))


def _tokens(answer: Json) -> Tokens:
    match answer:
        case {"access_token": str(access), "expires_in": float() | int() as seconds}:
            if isinstance(token := answer.get("refresh_token", ""), str):
                return Tokens(access, float(seconds), token)
    raise InvalidAnswer("auth.account: auth-service signs in and gives no token")
