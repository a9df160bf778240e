"""The settings that every source has. A plugin subclasses them and gives its service's address."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    field_validator,
    model_validator,
)

from livingmap.core.links import invalid_link
from livingmap.tls import TlsSettings

_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


class ServiceSettings(TlsSettings):
    """The settings of every HTTP service that the map asks."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)

    base_url: str
    """Address of the service, such as http://city-service:7001."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 5.0
    """How long one request may take from connecting to the last byte."""
    retries: Annotated[int, Field(ge=0, le=10)] = 2
    """How often a request that got no answer is repeated, with growing pauses."""
    concurrency: Annotated[int, Field(ge=1, le=64)] = 4
    """How many requests to the service may be under way at once."""
    max_bytes: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 8 * 1024 * 1024
    """Size from which an answer is refused, in bytes after decompression."""

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        if _URL.validate_python(value).username is not None:
            raise ValueError("holds a user or password, and addresses are shown; use token or token_file")
        return value.rstrip("/")


class SourceSettings(ServiceSettings):
    """One section of ``sources:`` in the YAML."""

    enabled: bool = True
    """Switch the source off without deleting its section."""
    module: str | None = None
    """A plugin that is not installed as an entry point: an import path such as my_network.weather, or a file such
    as ./weather.py beside the YAML."""
    on_error: Literal["refuse", "skip"] = "refuse"
    """What happens if the plugin cannot be loaded: the start is refused, or the source is shown as failed."""
    mock: bool = False
    """Use a simulated service instead of the real one. The source is marked as mock wherever it is shown."""
    token: SecretStr | None = None
    """Bearer token for the service. Better given by environment or token_file than in the YAML."""
    token_file: Path | None = None
    """File with the Bearer token, sought beside the YAML; read for every request, so it may be rotated."""
    account: bool = False
    """Sign in with the map's own account, auth.account, and send its token."""
    interval_seconds: Annotated[float, Field(gt=0, le=86_400)] = 15.0
    """Time between two polls; each varies by a tenth so that sources are not polled in step."""

    links: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], str] = Field(default={})
    """Where the things of a type have a page, such as microdao: "https://city.example.org/microdao/{slug}"."""

    @field_validator("links")
    @classmethod
    def _are_links(cls, value: dict[str, str]) -> dict[str, str]:
        for kind, template in value.items():
            if reason := invalid_link(template):
                raise ValueError(
                    f"the link of {kind} {reason}; write it like https://city.example.org/{kind}/{{slug}}"
                )
        return value

    @model_validator(mode="after")
    def _one_token(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("give token or token_file, not both")
        if self.account and (self.token or self.token_file):
            raise ValueError("give account or a token, not both")
        return self

    def bearer(self) -> str | None:
        """Return the token to send, from the setting or its file.

        Raises OSError if the file cannot be read, ValueError (without the token) if no header could hold it.
        """
        text = self.token_file.read_text(encoding="utf-8") if self.token_file else ""
        token = (self.token.get_secret_value() if self.token else text).strip()
        if not all("!" <= char <= "~" for char in token):
            raise ValueError("the token holds white space or characters that no header can carry")
        return token or None
