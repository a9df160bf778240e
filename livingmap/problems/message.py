"""Messages about problems: title, text and tone for people, and the end of a problem for programs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from livingmap.core.language import text_in
from livingmap.core.units import rfc3339
from livingmap.problems.kind import Severity
from livingmap.problems.notified import Incident
from livingmap.problems.open_problems import Problem
from livingmap.problems.sending import Tone

_MOST_LISTED: Final = 20
_WORDS: Final = {
    "en": ("Living Map: {count} new, {over} over", "Over: {what}", "and {more} more", "since", "until"),
    "uk": ("Жива мапа: нових {count}, минуло {over}", "Минуло: {what}", "та ще {more}", "від", "до"),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a problem that was sent."""

    incident: Incident
    at: datetime | None
    """When it ended, if that is known."""

    @property
    def until(self) -> str | None:
        """When it ended, to the second."""
        return str(rfc3339(self.at.replace(microsecond=0))) if self.at else None


def message(
    language: str, begun: Sequence[Problem], incidents: Sequence[Incident], ended: Sequence[Ending]
) -> tuple[str, str]:
    """Return title and text of a message. ``incidents`` are those of the problems that have ``begun``."""
    summary, over, more, *_ = _WORDS[language]
    lines = [*_begun_lines(language, begun, incidents), *_ended_lines(language, ended)]
    if len(begun) + len(ended) == 1:
        title = incidents[0].what if incidents else over.format(what=ended[0].incident.what)
    else:
        title = summary.format(count=len(begun), over=len(ended))
    if len(lines) > _MOST_LISTED:
        lines = [*lines[:_MOST_LISTED], more.format(more=len(lines) - _MOST_LISTED)]
    return title, "\n".join(lines)


def tone(begun: Sequence[Problem]) -> Tone:
    """Return how a message is to be taken: by the gravest problem that begins; if none does, something is over."""
    if not begun:
        return "success"
    tones: dict[Severity, Tone] = {
        Severity.CRITICAL: "failure",
        Severity.WARNING: "warning",
        Severity.INFO: "info",
    }
    return tones[min((one.severity for one in begun), key=lambda one: one.rank)]


def ended_json(one: Ending) -> bytes:
    """Return what programs get of a problem that is over: what every process knows of it."""
    incident = one.incident
    fields = {
        "id": incident.id,
        "code": incident.code or None,
        "state": "ended",
        "severity": incident.severity,
        "what": incident.what,
        "since": incident.since or None,
        "until": one.until,
    }
    return orjson.dumps(fields)


def _begun_lines(language: str, begun: Sequence[Problem], incidents: Sequence[Incident]) -> Iterator[str]:
    for one, incident in zip(begun, incidents, strict=True):
        todo = text_in(language, one.kind.todo, "")
        yield f"{one.severity.upper()} {incident.what} ({incident.since}). {todo} {_key(incident)}"


def _ended_lines(language: str, ended: Sequence[Ending]) -> Iterator[str]:
    _, over, _, since, until = _WORDS[language]
    for one in ended:
        times = ((since, one.incident.since), (until, one.until))
        span = ", ".join(f"{word} {time}" for word, time in times if time)
        yield f"{over.format(what=one.incident.what)}{f' ({span})' if span else ''} {_key(one.incident)}"


def _key(incident: Incident) -> str:
    """Return code and id, by which programs that read messages for people know a problem again."""
    return f"[{f'{incident.code} {incident.id}'.lstrip()}]"
