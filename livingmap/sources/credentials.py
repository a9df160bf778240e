"""Credentials: what a request to a service carries to be let in."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

_SECRET_CHARACTERS = 8
"""Shorter values of headers are words such as the number of a version."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers and parameters that every request carries."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The texts that must not be shown; a service may repeat what it was sent."""

    def with_headers(self, headers: Mapping[str, str]) -> "Credentials":
        """Return these with further headers."""
        secrets = [value for value in headers.values() if len(value) >= _SECRET_CHARACTERS]
        return Credentials({**self.headers, **headers}, self.parameters, (*self.secrets, *secrets))

    def with_bearer(self, token: str) -> "Credentials":
        """Return these with a Bearer token (RFC 6750)."""
        return self.with_key("authorization", f"Bearer {token}", token)

    def with_basic(self, username: str, password: str) -> "Credentials":
        """Return these with user and password (RFC 7617)."""
        pair = b64encode(f"{username}:{password}".encode()).decode()
        return self.with_key("authorization", f"Basic {pair}", pair, password)

    def with_key(self, header: str, value: str, *secrets: str) -> "Credentials":
        """Return these with a header that holds ``secrets``."""
        return Credentials({**self.headers, header: value}, self.parameters, (*self.secrets, *secrets))

    def with_parameter(self, name: str, key: str) -> "Credentials":
        """Return these with a key in the query."""
        return Credentials(self.headers, {**self.parameters, name: key}, (*self.secrets, key))


NO_CREDENTIALS = Credentials()
