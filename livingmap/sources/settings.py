"""The settings that every source has. A plugin subclasses them and gives its service's address."""

import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    field_validator,
    model_validator,
)

from livingmap.core.links import invalid_link
from livingmap.sources.credentials import NO_CREDENTIALS, Credentials
from livingmap.tls import TlsSettings, secret_in

_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "host",
        "if-none-match",
        "transfer-encoding",
    }
)

_DOCUMENTED: Final = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, validate_default=True)


class ServiceSettings(TlsSettings):
    """The settings of every HTTP service that the map asks."""

    model_config = _DOCUMENTED

    base_url: str
    """Address of the service, such as http://city-service:7001."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 5.0
    """How long one request may take from connecting to the last byte; ten times that while a long answer comes."""
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
            raise ValueError(
                "holds a user or password, and addresses are shown; use token, or username and password"
            )
        return value.rstrip("/")


class SectionSettings(BaseModel):
    """What every section of ``sources:`` has; a source that asks nothing by HTTP has a subclass of these."""

    model_config = _DOCUMENTED

    enabled: bool = True
    """Switch the source off without deleting its section."""
    module: str | None = None
    """A plugin that is not installed as an entry point: an import path such as my_network.weather, or a file such
    as ./weather.py beside the YAML."""
    plugin: str | None = None
    """The plugin, where the section has a name of its own: several sections may have one plugin."""
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")] | None = None
    """Put before all ids of the source, so that two of one plugin do not meet: with eu, target:web-1 is
    target:eu/web-1 on the map."""
    on_error: Literal["refuse", "skip"] = "refuse"
    """What happens if the plugin cannot be loaded: the start is refused, or the source is shown as failed."""
    mock: bool | Annotated[dict[str, Any], Field(min_length=1)] = False
    """Use a simulated service instead of the real one. The source is marked as mock wherever it is shown. Sources
    with true share the world of section mock; a world of their own is given here, such as {module: ./shop.py}."""
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 5.0
    """How long one request may take from connecting to the last byte; ten times that while a long answer comes."""
    interval_seconds: Annotated[float, Field(gt=0, le=86_400)] = 15.0
    """Time between two polls, at least as long as the last one took; each varies by a tenth so that sources are
    not polled in step."""

    ingest_token: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Token with which events for the source may be sent to the map, at least 16 characters. Without one, none are
    taken."""
    ingest_token_file: Path | None = None
    """File with that token, read for every event, so it may be rotated."""
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
    def _one_ingest_token(self) -> Self:
        if self.ingest_token is not None and self.ingest_token_file is not None:
            raise ValueError("give ingest_token or ingest_token_file, not both")
        return self

    @property
    def address(self) -> str:
        """Where the source is, for people; empty for one that has no address."""
        return ""

    @property
    def takes_events(self) -> bool:
        """Whether events for the source may be sent to the map."""
        return self.ingest_token is not None or self.ingest_token_file is not None

    def expected_token(self) -> str:
        """Return the token that events for the source have to come with. Raises OSError if it cannot be read."""
        return _text(self.ingest_token, self.ingest_token_file, "ingest_token").strip()


class SourceSettings(SectionSettings, ServiceSettings):
    """One section of ``sources:`` of a source that asks its service by HTTP."""

    token: SecretStr | None = None
    """Bearer token for the service. Better given by environment or token_file than in the YAML."""
    token_file: Path | None = None
    """File with the Bearer token, sought beside the YAML; read for every request, so it may be rotated."""
    username: str | None = None
    """User to sign in as with each request (Basic), together with password."""
    password: SecretStr | None = None
    """Password of the user."""
    password_file: Path | None = None
    """File with the password, read for every request."""
    account: bool = False
    """Sign in with the map's own account, auth.account, and send its token."""
    api_key: SecretStr | None = None
    """Key to send in the header api_key_header."""
    api_key_file: Path | None = None
    """File with the key, read for every request."""
    api_key_header: str = "X-API-Key"
    """The header of the key."""
    api_key_parameter: str | None = None
    """A parameter of the query for the key, instead of a header."""
    headers: dict[str, SecretStr] = {}
    """Further headers to send with each request. Their values are not shown."""

    @field_validator("api_key_header")
    @classmethod
    def _is_a_header(cls, value: str) -> str:
        return _header(value)

    @field_validator("headers")
    @classmethod
    def _are_headers(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for name, text in value.items():
            if not all(" " <= char <= "~" for char in text.get_secret_value()):
                raise ValueError(f"{name} holds characters that no header can carry")
        return {_header(name): text for name, text in value.items()}

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.token is not None and self.token_file is not None:
            raise ValueError("give token or token_file, not both")
        if self.account and (self.token or self.token_file):
            raise ValueError("give account or a token, not both")
        if self.username is not None and (self.account or self.token or self.token_file):
            raise ValueError("give username and password, or a token, or account, not two of them")
        if (self.username is not None) != ((self.password is not None) + (self.password_file is not None) == 1):
            raise ValueError("give username together with password or password_file")
        if self.api_key is not None and self.api_key_file is not None:
            raise ValueError("give api_key or api_key_file, not both")
        return self

    @property
    def address(self) -> str:
        """Where the source is, for people."""
        return self.base_url

    def bearer(self) -> str | None:
        """Return the token to send, from the setting or its file.

        Raises OSError if the file cannot be read, ValueError (without the token) if no header could hold it.
        """
        return _secret(self.token, self.token_file, "token") or None

    def credentials(self) -> Credentials:
        """Return what to send with a request; files are read anew.

        Raises OSError if a file cannot be read, ValueError (without the secret) if no header could hold it.
        """
        sent = NO_CREDENTIALS.with_headers(
            {name: value.get_secret_value() for name, value in self.headers.items()}
        )
        if token := self.bearer():
            sent = sent.with_bearer(token)
        if self.username is not None:
            sent = sent.with_basic(self.username, _text(self.password, self.password_file, "password"))
        if key := _secret(self.api_key, self.api_key_file, "api_key"):
            name = self.api_key_parameter
            sent = sent.with_parameter(name, key) if name else sent.with_key(self.api_key_header, key, key)
        return sent


def _header(name: str) -> str:
    if not _HEADER.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a header")
    if name.lower() in _OWN_HEADERS:
        raise ValueError(f"{name} is set by the map itself; for a token there is token, for a user username")
    return name.lower()


def _text(secret: SecretStr | None, file: Path | None, setting: str) -> str:
    if file is not None:
        return secret_in(file, f"{setting}_file")
    return secret.get_secret_value() if secret else ""


def _secret(secret: SecretStr | None, file: Path | None, setting: str) -> str:
    """Return a secret that a header can carry; empty if there is none."""
    text = _text(secret, file, setting).strip()
    if not all("!" <= char <= "~" for char in text):
        raise ValueError(f"the {setting} holds white space or characters that no header can carry")
    return text
