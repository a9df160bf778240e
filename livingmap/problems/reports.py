"""Reports of problems: each as callers with certain rights get it, in a language."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from livingmap.access.view import Rights
from livingmap.core.catalogue import home_of
from livingmap.core.language import text_in
from livingmap.core.layers import Layers
from livingmap.core.units import rfc3339
from livingmap.core.vocabulary import type_of
from livingmap.problems.acknowledgements import Acknowledgement
from livingmap.problems.catalogue import link_of
from livingmap.problems.in_words import what_is_wrong
from livingmap.problems.kind import Severity
from livingmap.problems.open_problems import Problem, State

MOST_ENTITIES: Final = 20
_DOCUMENTED: Final = ConfigDict(use_attribute_docstrings=True)


class AffectedEntity(BaseModel):
    """A thing that a problem affects."""

    id: str
    type: str
    layer: str


class Affected(BaseModel):
    """What a problem affects, as far as the caller is shown it."""

    model_config = _DOCUMENTED

    entities: list[AffectedEntity]
    """The first twenty."""
    layers: list[str]


class AcknowledgementReport(BaseModel):
    """That somebody has seen a problem."""

    model_config = _DOCUMENTED

    by: str | None
    """The id of an actor; null without access control, and for callers that may not see how services do."""
    at: str
    until: str
    note: str


class ProblemReport(BaseModel):
    """A problem that is open."""

    model_config = _DOCUMENTED

    id: str
    """The same for as long as it is open."""
    code: str
    """Stable, for programs."""
    severity: Severity
    state: State
    title: str
    """What such a problem is called."""
    what: str
    """What is wrong, in a sentence."""
    meaning: str
    """What follows from it."""
    todo: str
    """What somebody can do about it."""
    link: str
    """Where the map describes such a problem, to everybody: a path below its address, with an anchor."""
    since: str
    """The earliest time at which it is known to have been there."""
    at_least: bool
    """Whether it may have begun before: the thing was in trouble when the map saw it first."""
    last_seen: str
    """When the map last knew that it is there."""
    source: str | None
    """The source that it is about, or whose value says so."""
    process: str | None
    """The process that it is of; null if it is of the whole map, or if there are no other processes."""
    affects: Affected
    detail: str | None
    """What a service or the program says of it; null for callers that may not see how services are doing."""
    acknowledgement: AcknowledgementReport | None


class Reports:
    """Problems as callers with certain rights get them, in a language."""

    def __init__(self, shown: Layers, rights: Rights, language: str) -> None:
        self._shown = shown
        self._rights = rights
        self._language = language

    def report(self, one: Problem, given: Acknowledgement | None = None) -> ProblemReport:
        """Return a problem, with the acknowledgement that was just ``given`` or the one that it has."""
        kind, finding, language = one.kind, one.finding, self._language
        acknowledgement = given or one.acknowledgement
        state: Literal["open", "acknowledged"] = "acknowledged" if acknowledgement else "open"
        return ProblemReport(
            id=one.id,
            code=kind.code,
            severity=one.severity,
            state=state,
            title=text_in(language, kind.title, kind.code),
            what=what_is_wrong(finding, self._shown, language),
            meaning=text_in(language, kind.meaning, ""),
            todo=text_in(language, kind.todo, ""),
            link=link_of(kind),
            since=str(rfc3339(one.since)),
            at_least=finding.at_least,
            last_seen=str(rfc3339(one.last_seen)),
            source=finding.source,
            process=one.process or None,
            affects=self._affected(one),
            detail=finding.detail if self._rights.reports else None,
            acknowledgement=self._acknowledged(acknowledgement) if acknowledgement else None,
        )

    def _affected(self, one: Problem) -> Affected:
        finding, layers = one.finding, self._rights.layers
        homes = ((entity_id, home_of(self._shown, entity_id)) for entity_id in finding.entity_ids)
        entities = [
            AffectedEntity(id=entity_id, type=type_of(entity_id), layer=home[0])
            for entity_id, home in homes
            if home
        ]
        shown = [name for name in finding.layers if layers is None or name in layers]
        return Affected(entities=entities[:MOST_ENTITIES], layers=shown)

    def _acknowledged(self, one: Acknowledgement) -> AcknowledgementReport:
        reports = self._rights.reports
        return AcknowledgementReport(
            by=one.by if reports else None,
            at=str(rfc3339(one.at)),
            until=str(rfc3339(one.until)),
            note=one.note if reports else "",
        )
