"""Section ``server``: where the map is served, through which proxies, and what one client may take of it."""

import ipaddress
from pathlib import Path
from typing import Annotated, Final, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class ServerSettings(BaseModel):
    """Section ``server``: where the map is served."""

    model_config = _DOCUMENTED

    host: str = "127.0.0.1"
    """Address to listen on; 0.0.0.0 for all."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 7017
    """Port to listen on; 0 takes a free one and logs it."""
    access_log: bool = False
    """Log every request."""
    metrics_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Token with which /metrics can be read, at least 16 characters, besides by administrators."""
    metrics_token_file: Path | None = None
    """File with that token, sought beside the YAML; read for every request with a token."""
    cors_origins: tuple[str, ...] = ()
    """Other origins whose pages may read the map, such as https://city.example.org."""
    public_url: str | None = None
    """Address of the map as browsers reach it through a proxy, such as https://city.example.org/map."""
    trusted_proxies: tuple[str, ...] = ("127.0.0.0/8", "::1")
    """Addresses or networks of proxies whose X-Forwarded-For, -Proto and -Host are believed."""
    idle_seconds: Annotated[int, Field(ge=1, le=86_400)] = 75
    """How long a connection may rest between two requests; more than the proxy's own idle time."""
    request_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    """How long a request may take to arrive, and a new connection to begin one."""
    url_bytes: Annotated[int, Field(ge=256, le=65_536)] = 8192
    """Size of the longest URL."""
    header_bytes: Annotated[int, Field(ge=1024, le=1_048_576)] = 32_768
    """Size of all headers of a request."""
    header_count: Annotated[int, Field(ge=10, le=1000)] = 100
    """How many headers a request may have."""
    connections: Annotated[int, Field(ge=10, le=1_000_000)] | None = None
    """How many connections may be open; by default and at most what the process's file descriptors allow."""
    connections_per_address: Annotated[int, Field(ge=1, le=1_000_000)] = 250
    """How many connections one address may have open, unless it is a trusted proxy; at most half of all."""

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.netloc
                or origin != f"{parts.scheme}://{parts.netloc}"
            ):
                raise ValueError(f"{origin!r} is not an origin; write it like https://city.example.org")
        return value

    @field_validator("public_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        plain = not parts.query and not parts.fragment and parts.username is None
        if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not value.isprintable():
            raise ValueError(f"{value!r} is not an address; write it like https://city.example.org/map")
        return value.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            try:
                ipaddress.ip_network(one)
            except ValueError:
                problem = f"{one!r} is neither an address nor a network; write it like 10.0.0.7 or 10.0.0.0/8"
                raise ValueError(problem) from None
        return value

    @model_validator(mode="after")
    def _one_metrics_token(self) -> Self:
        if self.metrics_token is not None and self.metrics_token_file is not None:
            raise ValueError("give metrics_token or metrics_token_file, not both")
        return self

    def scrape_token(self) -> str | None:
        """Return the token with which /metrics can be read; None if there is none. Raises OSError."""
        if self.metrics_token_file is not None:
            return self.metrics_token_file.read_text(encoding="utf-8").strip()
        return self.metrics_token.get_secret_value() if self.metrics_token else None

    @property
    def proxies(self) -> tuple[Network, ...]:
        """The networks of ``trusted_proxies``."""
        return tuple(ipaddress.ip_network(one) for one in self.trusted_proxies)

    @property
    def reachable(self) -> bool:
        """Whether other machines can reach the address."""
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host != "localhost"
