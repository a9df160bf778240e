"""The settings of the connection to NATS."""

from pathlib import Path
from typing import Annotated, Any, Final, Self
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from livingmap.tls import TlsSettings, secret_in
from livingmap.transport.parsing import MOST_BYTES

_SCHEMES: Final = ("nats", "tls")
_EXAMPLE: Final = "write it like nats://nats:4222"


class NatsSettings(TlsSettings):
    """The section ``nats:`` in the YAML."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    url: Annotated[str | None, Field(repr=False)] = None
    """Address of the server, such as nats://nats:4222; several of one cluster with commas between.

    Without it nothing is taken from NATS. It may carry user and password, or a token in the user's place; their
    special characters are percent-encoded.
    """
    user: str | None = None
    """User to sign in as, together with password."""
    password: SecretStr | None = None
    """Password of the user. Better given by environment than in the YAML."""
    password_file: Path | None = None
    """File with the password, sought beside the YAML; read at every connection."""
    token: SecretStr | None = None
    """Token to sign in with instead of a user. Better given by environment than in the YAML."""
    token_file: Path | None = None
    """File with the token, sought beside the YAML; read at every connection."""
    nkey_file: Path | None = None
    """File with the seed of an nkey to sign in with, sought beside the YAML; read at every connection."""
    credentials_file: Path | None = None
    """File with a user's JWT and seed (.creds), sought beside the YAML; read again at every connection."""
    most_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = MOST_BYTES
    """Size from which a message is set aside as a dead letter, in bytes."""
    most_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    """How many messages may wait to be logged; when there are more the oldest are dropped, and counted."""
    jetstream: bool = True
    """Keep the log in a stream of the server's JetStream: what is published while the map is away is not lost, and
    several maps may share it. false takes messages as they come."""
    stream: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = "LIVINGMAP"
    """Name of the stream. Maps with the same one share a log; KV_ and OBJ_ before it name what else they share."""
    stream_days: Annotated[float, Field(gt=0, le=3650)] = 7
    """For how many days the stream keeps a message."""
    stream_bytes: Annotated[int, Field(ge=1024 * 1024)] = 1024**3
    """How large the stream may grow; the oldest messages make room."""
    stream_replicas: Annotated[int, Field(ge=1, le=5)] = 1
    """On how many servers of a cluster the stream is kept."""
    detached_seconds: Annotated[float, Field(gt=0, le=3600)] = 10
    """After so long without its stream a process is not ready any more, and shows what it polls itself."""
    ping_seconds: Annotated[int, Field(ge=1, le=3600)] = 5
    """Time between two pings, and how long the server may take to answer before it is connected to anew."""

    @field_validator("url")
    @classmethod
    def _are_addresses(cls, value: str | None) -> str | None:
        for part in _split(value):
            fault = _fault_in_address(part)
            if fault:
                msg = f"an address {fault}; {_EXAMPLE}"
                raise ValueError(msg)
        return value or None

    @model_validator(mode="after")
    def _one_way_to_sign_in(self) -> Self:
        inside = {(one.username, one.password) for one in map(urlsplit, _split(self.url)) if one.username}
        if len(inside) > 1:
            msg = "the addresses of url sign in differently; give one user for all of them"
            raise ValueError(msg)
        if self.password is not None and self.password_file is not None:
            msg = "give password or password_file, not both"
            raise ValueError(msg)
        if (self.user is None) != (self.password is None and self.password_file is None):
            msg = "give user and password together"
            raise ValueError(msg)
        names = ("user", "token", "token_file", "nkey_file", "credentials_file")
        ways = {name: getattr(self, name) for name in names}
        given = [name for name, value in ways.items() if value is not None] + ["url"] * len(inside)
        if len(given) > 1:
            msg = f"give one way to sign in, not {' and '.join(given)}"
            raise ValueError(msg)
        return self

    def servers(self) -> list[str]:
        """Return the addresses without anything secret; none if NATS is not used."""
        return [f"{one.scheme}://{one.netloc.rpartition('@')[2]}" for one in map(urlsplit, _split(self.url))]

    def connecting(self) -> dict[str, Any]:
        """Return how to encrypt and to sign in, as nats-py's ``connect`` names it; files are read anew.

        Raises OSError or ValueError that names the setting at fault.
        """
        if self.credentials_file is not None:
            secret_in(self.credentials_file, "credentials_file")  # nats-py fails obscurely
        return {"tls": self.ssl_context(), **self.sign_in()}

    def sign_in(self) -> dict[str, Any]:
        """Return how to sign in; see `connecting`."""
        if self.credentials_file is not None:
            return {"user_credentials": str(self.credentials_file)}
        if self.nkey_file is not None:
            return {"nkeys_seed_str": secret_in(self.nkey_file, "nkey_file")}
        if self.token_file is not None:
            return {"token": secret_in(self.token_file, "token_file")}
        if self.user is not None and self.password_file is not None:
            return {"user": self.user, "password": secret_in(self.password_file, "password_file")}
        if self.token is not None:
            return {"token": self.token.get_secret_value()}
        if self.user is not None and self.password is not None:
            return {"user": self.user, "password": self.password.get_secret_value()}
        # nats-py would send what stands in the url as it is written, percent signs and all
        return next((_sign_in(one) for one in map(urlsplit, _split(self.url)) if one.username), {})


def _split(url: str | None) -> list[str]:
    return [part.strip() for part in (url or "").split(",") if part.strip()]


def _fault_in_address(text: str) -> str | None:
    """Return what is wrong with an address, without showing it: it may hold a password."""
    try:
        address = urlsplit(text)
        port = address.port
    except ValueError:
        return "has a port that is no number"
    if address.scheme not in _SCHEMES:
        return f"begins with neither {' nor '.join(f'{scheme}://' for scheme in _SCHEMES)}"
    if not address.hostname or port == 0:
        return "names no host" if port != 0 else "has the port 0"
    if address.path.strip("/") or address.query or address.fragment:
        return "has more than host and port (percent-encode '/', '?' and '#' in a password)"
    return None


def _sign_in(address: SplitResult) -> dict[str, Any]:
    user = unquote(address.username or "")
    if address.password is None:
        return {"token": user}
    return {"user": user, "password": unquote(address.password)}
