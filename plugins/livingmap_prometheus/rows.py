"""The answers of Prometheus' HTTP API v1, as far as the map reads them."""

import re
from hashlib import blake2b
from math import isfinite
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field

from livingmap.plugin import Identifier, Json

_PARAMETERS: Final = re.compile(r"\?[^\s\"]*")
_SEVERITIES: Final = {
    "critical": "critical",
    "error": "critical",
    "fatal": "critical",
    "high": "critical",
    "page": "critical",
    "warn": "warning",
    "warning": "warning",
    "medium": "warning",
    "low": "warning",
    "info": "info",
    "information": "info",
    "none": "info",
}
_JOB_LABELS: Final = frozenset({"job", "instance"})


class Labels(BaseModel, extra="allow"):
    """The labels of a target or of an alert."""

    __pydantic_extra__: dict[str, str] = Field(init=False)
    job: Identifier | None = None
    instance: Identifier | None = None

    @property
    def job_id(self) -> str | None:
        """The job that they name."""
        return f"job:{self.job}" if self.job else None

    @property
    def target_id(self) -> str | None:
        """The target that they name."""
        return f"target:{self.job}@{self.instance}" if self.job and self.instance else None

    def others(self) -> dict[str, str]:
        """Return all but those that name the target."""
        return dict(sorted(self.__pydantic_extra__.items()))


class TargetLabels(Labels):
    """The labels of a target, which always name it."""

    job: Identifier
    instance: Identifier


class TargetRow(BaseModel):
    """One target of ``GET /api/v1/targets``."""

    labels: TargetLabels
    health: str
    last_error: str = Field("", alias="lastError")
    last_scrape: str | None = Field(None, alias="lastScrape")
    last_scrape_seconds: float | None = Field(None, alias="lastScrapeDuration")

    @property
    def id(self) -> str:
        """Its id."""
        return f"target:{self.labels.job}@{self.labels.instance}"

    @property
    def status(self) -> str:
        """How it is, in the words of the map."""
        return {"up": "online", "down": "down"}.get(self.health, "unknown")

    @property
    def error(self) -> str | None:
        """Why it is down. The parameters of addresses are left out: they may be secret."""
        return _PARAMETERS.sub("", self.last_error) or None


class AlertLabels(Labels):
    """The labels of an alert."""

    alertname: str
    severity: str = ""


class AlertRow(BaseModel):
    """One alert of ``GET /api/v1/alerts``."""

    labels: AlertLabels
    annotations: dict[str, str] = {}
    state: str
    active_at: str | None = Field(None, alias="activeAt")

    @property
    def id(self) -> str:
        """Its id: its name, and a digest of all its labels."""
        labels = sorted(self.labels.model_dump(exclude_none=True).items())
        digest = blake2b(repr(labels).encode(), digest_size=5).hexdigest()
        return f"alert:{re.sub(r'[^A-Za-z0-9_-]+', '-', self.labels.alertname)}-{digest}"

    @property
    def status(self) -> str:
        """How bad it is; pending while it does not fire yet."""
        return "pending" if self.state == "pending" else _SEVERITIES.get(self.labels.severity.lower(), "firing")


class Series(BaseModel):
    """One series of the answer to a query, with the time and the text of its value."""

    metric: dict[str, str] = {}
    value: tuple[Json, str]

    def number(self) -> float | int | None:
        """Return the value, to four digits, so that noise is not news. None if it is not a number."""
        try:
            value = float(self.value[1])
        except ValueError:
            return None
        if not isfinite(value):
            return None
        return int(value) if value.is_integer() else float(f"{value:.4g}")


class Vector(BaseModel):
    """The answer to a query that gives series."""

    kind: Literal["vector"] = Field(alias="resultType")
    result: list[Series]

    def series(self) -> list[Series]:
        """Return the series."""
        return self.result


class Scalar(BaseModel):
    """The answer to a query that gives one number."""

    kind: Literal["scalar"] = Field(alias="resultType")
    result: tuple[Json, str]

    def series(self) -> list[Series]:
        """Return the number as a series without labels."""
        return [Series(value=self.result)]


class QueryAnswer(BaseModel):
    """The answer of ``GET /api/v1/query``."""

    data: Annotated[Vector | Scalar, Field(discriminator="kind")]


class TargetsAnswer(BaseModel):
    """The answer of ``GET /api/v1/targets``."""

    class Data(BaseModel):
        """Its data."""

        active: Json = Field(alias="activeTargets")

    data: Data


class AlertsAnswer(BaseModel):
    """The answer of ``GET /api/v1/alerts``."""

    class Data(BaseModel):
        """Its data."""

        alerts: Json

    data: Data


class Numbers(dict[str, dict[str, Json]]):
    """By item, its numbers by field."""

    unknown: tuple[str, ...] = ()
    """The fields whose query was refused."""
