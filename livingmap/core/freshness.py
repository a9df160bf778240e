"""Freshness: how far each source's part of the map can be trusted, and how its polls and events went."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from livingmap.core.histogram import SLOW, Histogram
from livingmap.core.model import Fields, Json

_MOST_FAULTS: Final = 20
_MOST_TEXT: Final = 1000
_DIFFERENCE_SECONDS: Final = 5.0
"""Clocks of different processes may differ by so much."""
_REPORTED: Final = (
    "status",
    "error",
    "observed_at",
    "stale_after_seconds",
    "contributed",
    "polled_at",
    "next_poll_at",
    "polls",
    "failures",
    "breaker",
    "polling",
    "rows",
    "dropped_rows",
    "dropped",
    "missing",
    "drift",
    "run_error",
)
_SHOWN: Final = ("status", "error", "observed_at", "contributed", "run_error")
"""Those of them that a snapshot depends on."""


class Freshness(StrEnum):
    """How far a source's part of the map can be trusted."""

    STARTING = "starting"
    """The first poll has not ended yet."""
    FRESH = "fresh"
    """The last poll got everything that it asked for."""
    STALE = "stale"
    """The last poll missed something, or none came for too long; the last good part is shown."""
    DOWN = "down"
    """No poll ever got anything, or several in a row got nothing."""
    MOCK = "mock"
    """Fresh, but from a simulated service."""
    DISABLED = "disabled"
    """Switched off in the YAML."""
    FAILED = "failed"
    """Its plugin could not be loaded."""


def seconds_since(moment: datetime | None, now: datetime) -> float | None:
    """Return how long ago ``moment`` was; None without one, or if a clock was set: it is yet to come."""
    if moment is None:
        return None
    seconds = (now - moment).total_seconds()
    return None if seconds < -_DIFFERENCE_SECONDS else max(seconds, 0.0)


@dataclass(slots=True)
class SourceHealth:
    """The health of one source, as status pages and snapshots show it."""

    name: str
    service: str
    status: Freshness = Freshness.STARTING
    """What the last poll came to; `status_at` is what it is worth by now."""
    error: str | None = None
    observed_at: datetime | None = None
    """When the last poll that got everything started."""
    contributed: bool = False
    """Whether anything on the map came from it."""
    polled_at: datetime | None = None
    next_poll_at: datetime | None = None
    polls: int = 0
    failures: int = 0
    """How many polls in a row missed something."""
    breaker: str = "closed"
    polling: dict[str, int] | None = None
    """How many ``rows`` the poll under way has read, and how many items ``compared``; None between polls."""
    rows: int = 0
    dropped_rows: int = 0
    dropped: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the plugin finds odd in the answers of the last poll."""
    missing: list[str] = field(default_factory=list)
    """Paths that the service does not have; others are requested in their place."""
    drift: dict[str, int] | None = None
    """By kind, how many items polls found otherwise than events left them; None for a source without either."""
    run_error: str | None = None
    """Why the run of a source that is polled too does not go on; of others ``error`` says so."""
    details_error: str | None = None
    """Why it gave no details when this process last asked it for some; None if it did."""
    events: int = 0
    faults: int = 0
    last_faults: list[str] = field(default_factory=list)
    overruns: int = 0
    """How often its plugin held the map, or its own thread, for longer than it may."""
    held_seconds: float = 0.0
    """For how long, in all."""
    last_overruns: list[str] = field(default_factory=list)
    set_aside: list[str] = field(default_factory=list)
    """The subject patterns of its handlers that get no messages now, because they held up the map."""
    poll_seconds: Histogram = field(default_factory=lambda: Histogram(SLOW), compare=False)
    """How long its polls took, in the process that polls."""
    revision: int = 0
    """Grows with every change of this state that a snapshot shows."""
    good: Freshness = Freshness.FRESH
    """What its status is while it answers: ``mock`` of a mock."""
    stale_after_seconds: float | None = None
    """Without a complete poll for so long the source is stale. None if it is not polled."""
    grade: str | None = None
    """How good its plugin is: ``bronze``, ``silver`` or ``gold``. None if it could not be loaded."""
    lacks: Sequence[str] = ()
    """What the next grade wants."""

    def age_seconds(self, now: datetime) -> float | None:
        """Return how long ago the last complete poll began; None without one, or after a clock was set."""
        return seconds_since(self.observed_at, now)

    def _age(self, now: datetime) -> float | None:
        return (now - self.observed_at).total_seconds() if self.observed_at else None

    def status_at(self, now: datetime) -> Freshness:
        """Return the status at a time: a source that was fresh is stale when its polls or messages do not come."""
        lacks = self.run_error is not None or bool(self.set_aside)
        lags = self.is_overdue(now) or (lacks and self._is_good())
        return Freshness.STALE if lags else self.status

    def error_at(self, now: datetime) -> str | None:
        """Return what is wrong at a time, in words; None if nothing is."""
        if self.is_overdue(now) and self.error is None:
            if self.age_seconds(now) is None:
                return "the last complete poll was later than now: a clock was set"
            return f"no complete poll for {self.stale_after_seconds:g} s"
        aside = [f"its handler for {pattern} is set aside: it held up the map" for pattern in self.set_aside]
        return "; ".join(filter(None, (self.error, self.run_error, *aside))) or None

    def _is_good(self) -> bool:
        return self.status in (Freshness.FRESH, Freshness.MOCK)

    def is_overdue(self, now: datetime) -> bool:
        """Tell whether no complete poll came for too long, although the last one was good."""
        age, limit = self._age(now), self.stale_after_seconds
        good = self._is_good()
        return good and limit is not None and age is not None and abs(age) > limit  # a clock may be set back

    def status_report(self) -> dict[str, Json]:
        """Return what only the polling process can observe, for `adopt`; times and status as they are."""
        return {name: getattr(self, name) for name in _REPORTED}

    def adopt(self, report: Fields) -> None:
        """Take over the `status_report` of the polling process, as JSON decodes it."""
        adopted = {
            name: datetime.fromisoformat(value) if name.endswith("_at") and value else value
            for name, value in report.items()
            if name in _REPORTED
        }
        adopted["status"] = Freshness(report["status"])
        if any(adopted[name] != getattr(self, name) for name in _SHOWN if name in adopted):
            self.revision += 1
        for name, value in adopted.items():
            setattr(self, name, value)

    def note_fault(self, text: str) -> None:
        """Record that a handler of this source failed."""
        self.faults += 1
        self.last_faults = [*self.last_faults[1 - _MOST_FAULTS :], shortened(text)]

    def note_overrun(self, what: str, seconds: float) -> None:
        """Record that the plugin held the map, or its own thread, for too long."""
        self.overruns += 1
        self.held_seconds += seconds
        text = shortened(f"{what} for {seconds:.0f} s")
        self.last_overruns = [*self.last_overruns[1 - _MOST_FAULTS :], text]


def shortened(text: str) -> str:
    """Return ``text`` cut to a length that fits a status page: services may answer anything."""
    return text if len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
