"""Kinds of problems: what each means and what to do about it, as data from which API, alerts and docs are made."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from livingmap.core.model import Fields
from livingmap.core.templates import Templates
from livingmap.core.types import Words


class Severity(StrEnum):
    """How grave a problem is."""

    CRITICAL = "critical"
    """Something is not shown, or is lost, until somebody acts."""
    WARNING = "warning"
    """Something is old or missing, or soon will be."""
    INFO = "info"
    """Worth knowing; nobody has to act now."""

    @property
    def rank(self) -> int:
        """Its place in lists, the gravest first."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A kind of problem."""

    code: str
    """Stable, for programs."""
    severity: Severity
    """How grave it is; of trouble in the network each thing's type says so."""
    title: Words
    """What it is called."""
    what: Mapping[str, Templates]
    """What is wrong in a sentence by language, with holes as in `livingmap.core.sentences`."""
    meaning: Words
    """What follows from it."""
    todo: Words
    """What somebody can do about it."""
    is_public: bool = False
    """Whether readers that may not see how services are doing get it too."""
    of_process: bool = False
    """Whether it is of one process of the map alone."""
    alert_seconds: int | None = 60
    """For how long it has to last before an alert fires; None if no alert does."""
    expression: str | None = None
    """What Prometheus asks instead of the number of open problems: the map cannot see it itself."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem that is there now."""

    kind: Kind
    subject: str = ""
    """What tells it from others of its kind: a source, a subject, an id."""
    values: Fields = field(default_factory=dict)
    """What its sentence is filled with."""
    since: datetime | None = None
    """Since when, if that is known otherwise than by its being found."""
    seen_at: datetime | None = None
    """When it was last seen, if not now."""
    source: str | None = None
    """The source that it is about."""
    entity_ids: tuple[str, ...] = ()
    """The things that it affects."""
    layers: tuple[str, ...] = ()
    """The layers that it affects."""
    severity: Severity | None = None
    """How grave it is, if not as grave as its kind."""
    detail: str | None = None
    """What a service or the program says of it; may name addresses."""
    at_least: bool = False
    """Whether it may have begun before ``since``."""


def problem_id(kind: Kind, subject: str, process: str) -> str:
    """Return the id of a problem: the same for as long as it is open, and in all processes unless it is of one."""
    parts = (kind.code, subject, process if kind.of_process else "")
    return hashlib.blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
