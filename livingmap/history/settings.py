"""Section ``history``: where the history is kept, and for how long."""

import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import ConfigDict, Field, SecretStr, field_validator, model_validator

from livingmap.core.route import invalid_reason
from livingmap.history import Retention
from livingmap.history.account import has
from livingmap.tls import TlsSettings, secret_in

_ROOT_FILE: Final = Path("~/.postgresql/root.crt")
_MEMORY: Final = "memory:"
_EMBEDDED: Final = "embedded"

Days = Annotated[float, Field(gt=0, le=36_500)]


class HistorySettings(TlsSettings):
    """Where the history is kept, and for how long."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    url: SecretStr = SecretStr(_EMBEDDED)
    """``embedded`` (a private PostgreSQL in the user's data folder), ``memory:`` (kept nowhere) or
    ``postgresql://user:password@host/database``. Never logged with its password."""
    password_file: Path | None = None
    """File with the password for the database, sought beside the YAML; read at every connection."""
    retention_days: Days = 30
    """For how many days entries are kept."""
    retention_by_type: dict[str, Days] = Field(default={})
    """Days by event type, where they differ; NATS wildcards allowed, the most exact pattern decides."""

    retention_most_share: float = Field(default=0.5, gt=0, le=1)
    """The largest share of all entries that may be deleted at once; more, and nothing is deleted, because a clock
    may be wrong. Set it to 1 after the retention was shortened, or after the map was off for long."""

    disk_bytes: Annotated[int, Field(gt=0)] | None = None
    """What the database may take of its disk: with it the map says in time when that will be full. Of the embedded
    PostgreSQL the map sees what is free itself."""

    rollup_days: Days = 400
    """For how many days roll-ups are kept: how much happened, what was in trouble, and what numbers were."""

    @field_validator("url")
    @classmethod
    def _is_supported(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url in (_EMBEDDED, _MEMORY):
            return value
        try:
            parts = urlsplit(url)
            valid = parts.scheme in ("postgresql", "postgres") and bool(url.partition("://")[2])
            _ = parts.port
        except ValueError:  # its message would repeat the password
            valid = False
        if not valid:
            raise ValueError("must be embedded, memory: or postgresql://user:password@host:port/database")
        return value

    @field_validator("retention_by_type")
    @classmethod
    def _patterns(cls, value: dict[str, float]) -> dict[str, float]:
        for pattern in value:
            if problem := invalid_reason(pattern):
                raise ValueError(f"{pattern!r} {problem}; write it like 'node.metrics.*'")
        return value

    @model_validator(mode="after")
    def _of_a_database(self) -> Self:
        own = [
            name for name in ("password_file", "ca_file", "certificate_file") if getattr(self, name) is not None
        ]
        if own and self.kind != "postgresql":
            raise ValueError(f"{own[0]} needs a url such as postgresql://user@host:port/database")
        if self.password_file is not None and urlsplit(self.url.get_secret_value()).password is not None:
            raise ValueError("give the password in url or password_file, not both")
        return self

    def connecting(self) -> dict[str, Any]:
        """Return how to encrypt and to sign in, as asyncpg's ``connect`` names it, beyond what url says."""
        file, how = self.password_file, dict[str, Any]()
        if file is not None:
            how["password"] = lambda: secret_in(file, "history.password_file")
        if self.has_own_tls or self._trusts_the_system:
            how["ssl"] = self.ssl_context()
        return how

    @property
    def _trusts_the_system(self) -> bool:
        """Whether url wants a verified server, and no file of PostgreSQL's own says which authorities to trust."""
        query = parse_qs(urlsplit(self.url.get_secret_value()).query)
        if query.get("sslmode", [""])[-1] not in ("verify-ca", "verify-full") or "PGSSLROOTCERT" in os.environ:
            return False
        return not query.keys() & {"sslrootcert", "sslcert"} and not has(_ROOT_FILE)

    @property
    def kind(self) -> Literal["embedded", "memory", "postgresql"]:
        """How the history is kept."""
        match self.url.get_secret_value():
            case "embedded":
                return "embedded"
            case "memory:":
                return "memory"
            case _:
                return "postgresql"

    @property
    def shown(self) -> str:
        """The URL without the password, for logs."""
        if self.kind != "postgresql":
            return self.url.get_secret_value()
        parts = urlsplit(self.url.get_secret_value())
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"  # a query may hold a password too

    @property
    def retention(self) -> Retention:
        """For how long entries are kept."""
        return Retention(self.retention_days, self.retention_by_type, self.retention_most_share)
