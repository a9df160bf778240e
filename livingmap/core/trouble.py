"""Trouble: what is wrong with a thing, by its status, its alerts and its loads.

The twin of the page's ``domain/problems.ts``; both are held to ``frontend/tests/troubles.json``. Example: a
node that is ``degraded``, with a critical alert "disk full", has a warning of its status and a critical trouble of
its alert; on the map it is red.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from livingmap.core.model import Fields, Json
from livingmap.core.types import Tone
from livingmap.core.values import is_number
from livingmap.core.vocabulary import STATUSES, TONES, Vocabulary

Severity: TypeAlias = Literal["critical", "warning"]
"""How grave a trouble is: the page draws a critical one red, a warning amber."""

_SEVERITIES: Final[dict[Tone | None, Severity]] = {"bad": "critical", "warn": "warning"}

_ALERTS: Final[dict[str, Severity | None]] = {"info": None, "error": "critical", "critical": "critical"}
"""How grave an alert is by its severity; of any other it is a warning."""

_LOADS: Final = (("cpu",), ("gpu",), ("ram", "memory"))
"""The names under which machines of any kind report how much of them is in use, each with its other names."""

_LOAD_NAMES: Final = tuple(name for names in _LOADS for name in names)

_FULL: Final = 0.9
_MOST_STATUSES: Final = 10_000

TroubleKind: TypeAlias = Literal["status", "alert", "load"]
"""By what a thing is in trouble."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong."""

    severity: Severity
    kind: TroubleKind
    text: str
    """The status as it is reported, the message of the alert, or the share of the machine that is in use."""

    @property
    def is_critical(self) -> bool:
        """Whether it is more than a warning."""
        return self.severity == "critical"


def trouble_of(vocabulary: Vocabulary, type_: str, fields: Fields) -> Trouble | None:
    """Return the gravest trouble of a thing; None if all is well."""
    troubles = troubles_of(vocabulary, type_, fields)
    return next((one for one in troubles if one.is_critical), troubles[0] if troubles else None)


def troubles_of(vocabulary: Vocabulary, type_: str, fields: Fields) -> list[Trouble]:
    """Return all that is wrong with a thing: its status first, then its alerts, then its load."""
    return [*_of_status(vocabulary, type_, fields), *_of_alerts(fields), *_of_load(vocabulary, type_, fields)]


class QuickLook:
    """Tells that nothing is wrong with a thing, in a tenth of the time that `troubles_of` takes for it."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._harmless: dict[tuple[str, str], bool] = {}
        """By type and status."""
        self._status = {name: one.status for name, one in vocabulary.types.items()}

    def clears(self, type_: str, fields: Fields) -> bool:
        """Tell whether surely nothing is wrong; if not, `troubles_of` may still find nothing."""
        metrics = fields.get("metrics", fields)
        if fields.get("alerts") or not isinstance(metrics, dict):
            return False
        for name in _LOAD_NAMES:
            load = metrics.get(name)
            if load is not None and not (isinstance(load, float | int) and load < _FULL):
                return False
        return self._is_harmless(type_, fields)

    def _is_harmless(self, type_: str, fields: Fields) -> bool:
        status = fields.get(self._status.get(type_, "status"))
        if not isinstance(status, str):
            return status is None and self._vocabulary.status_of(type_, fields) is None
        harmless = self._harmless.get((type_, status))
        if harmless is None:
            if len(self._harmless) >= _MOST_STATUSES:  # services may answer anything
                self._harmless.clear()
            severity = severity_of_status(self._vocabulary, type_, status)
            harmless = self._harmless[type_, status] = severity is None
        return harmless


def telling_fields(vocabulary: Vocabulary, type_: str, kind: TroubleKind) -> tuple[str, ...]:
    """Return the fields that can say that a thing of a type is in trouble, the one that counts first."""
    if kind == "alert":
        return ("alerts",)
    if kind == "load":
        return ("metrics", *_LOAD_NAMES)
    declared = vocabulary.types.get(type_)
    own = () if declared is None else (declared.status, declared.status.partition(".")[0])
    return tuple(dict.fromkeys((*own, "status")))


def severity_of_status(vocabulary: Vocabulary, type_: str, status: str) -> Severity | None:
    """Return how grave it is that a thing of a type has a status; None if that is no trouble."""
    raw = status.strip().lower()
    word, declared = STATUSES.get(raw, raw), vocabulary.types.get(type_)
    if declared is None:  # nobody has said that a thing of this type may be down
        return "critical" if word == "offline" else _SEVERITIES.get(TONES.get(word))
    own = declared.statuses.get(raw) or declared.statuses.get(word)
    return _SEVERITIES.get(own.tone if own else TONES.get(word))


def _of_status(vocabulary: Vocabulary, type_: str, fields: Fields) -> Iterator[Trouble]:
    status = vocabulary.status_of(type_, fields)
    severity = None if status is None else severity_of_status(vocabulary, type_, status)
    if status is not None and severity is not None:
        yield Trouble(severity, "status", status)


def _of_alerts(fields: Fields) -> Iterator[Trouble]:
    alerts = fields.get("alerts")
    for alert in alerts if isinstance(alerts, list) else ():
        own = alert if isinstance(alert, dict) else {}
        name = str(own.get("severity") or "").lower()
        severity = _ALERTS.get(name, "warning")
        if severity is not None:
            yield Trouble(severity, "alert", _message(alert, own, name))


def _message(alert: Json, own: Fields, severity: str) -> str:
    texts = (own.get("message"), own.get("type"), alert if isinstance(alert, str) else severity)
    return next(str(text) for text in texts if text is not None)


def _of_load(vocabulary: Vocabulary, type_: str, fields: Fields) -> Iterator[Trouble]:
    status = (vocabulary.status_of(type_, fields) or "").strip().lower()
    if STATUSES.get(status) == "offline":  # the last load of a machine that is silent is not one of now
        return
    load = load_of(fields)
    if load is not None and load >= _FULL:
        yield Trouble("critical", "load", f"{load:g}")


def load_of(fields: Fields) -> float | None:
    """Return how much of a machine is in use, from 0 to 1: the highest of its loads; None if it reports none."""
    metrics = fields.get("metrics")
    own = fields if metrics is None else metrics if isinstance(metrics, dict) else {}
    loads = [load for names in _LOADS if (load := _first(own, names)) is not None]
    return max(0.0, min(1.0, max(loads))) if loads else None


def _first(fields: Fields, names: tuple[str, ...]) -> float | None:
    return next((value for name in names if is_number(value := fields.get(name))), None)
