"""Section ``history``: where the history is kept, and for how long."""

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from livingmap.core.route import invalid_reason
from livingmap.history import Retention

_MEMORY: Final = "memory:"
_EMBEDDED: Final = "embedded"

Days = Annotated[float, Field(gt=0, le=36_500)]


class HistorySettings(BaseModel):
    """Where the history is kept, and for how long."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    url: SecretStr = SecretStr(_EMBEDDED)
    """``embedded`` (a private PostgreSQL in the user's data folder), ``memory:`` (kept nowhere) or
    ``postgresql://user:password@host/database``. Never logged with its password."""
    retention_days: Days = 30
    """For how many days entries are kept."""
    retention_by_type: dict[str, Days] = {}
    """Days by event type, where they differ; NATS wildcards allowed, the most exact pattern decides."""

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
        return Retention(self.retention_days, self.retention_by_type)
