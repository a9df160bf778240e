"""The open problems: what is wrong now with the network and with the map itself, and since when."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol, TypeAlias

from livingmap.access.view import EVERYTHING, Rights
from livingmap.core.catalogue import home_of
from livingmap.core.freshness import SourceHealth
from livingmap.core.layers import Layers
from livingmap.problems.acknowledgements import Acknowledgement, Acknowledgements
from livingmap.problems.elsewhere import Elsewhere, ProblemsElsewhere, announcement
from livingmap.problems.kind import Finding, Kind, Severity, problem_id
from livingmap.problems.of_network import Troubles

_LOOK_SECONDS: Final = 1.0
_SEEN_SECONDS: Final = 10
"""When a problem was last seen is rounded to so many seconds, so that an answer stays the same for a while."""

State: TypeAlias = Literal["open", "acknowledged"]
Count: TypeAlias = tuple[str, Severity, str, State]
"""A code, a severity, a source or an empty text, and a state."""


class Finder(Protocol):
    """Something that finds problems of the map itself."""

    def find(self, now: datetime) -> Iterable[Finding]:
        """Return the problems there are now."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that is open."""

    id: str
    finding: Finding
    since: datetime
    """The earliest time at which it is known to have been there."""
    last_seen: datetime
    acknowledgement: Acknowledgement | None
    process: str = ""
    """The process that it is of, if it is of one."""

    @property
    def kind(self) -> Kind:
        """What kind of problem it is."""
        return self.finding.kind

    @property
    def severity(self) -> Severity:
        """How grave it is."""
        return self.finding.severity or self.kind.severity

    @property
    def state(self) -> State:
        """Whether somebody has acknowledged it."""
        return "open" if self.acknowledgement is None else "acknowledged"


class OpenProblems:
    """What is wrong now. ``process`` is the id of this one, and empty if there are no others."""

    def __init__(
        self,
        finders: Sequence[Finder],
        troubles: Troubles,
        acknowledgements: Acknowledgements,
        states: Callable[[], Sequence[SourceHealth]],
        elsewhere: ProblemsElsewhere,
        process: str,
        now: Callable[[], datetime],
    ) -> None:
        self._elsewhere = elsewhere
        self._process = process
        self._finders = finders
        self._troubles = troubles
        self._acknowledgements = acknowledgements
        self._states = states
        self._now = now
        self._own: dict[str, Problem] = {}
        """Those of the map itself, by id."""

    async def run(self) -> None:
        """Look at the map until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(_LOOK_SECONDS)

    def look(self) -> None:
        """Find out what is wrong with the map itself now; what is no longer wrong is forgotten."""
        now, before = self._now(), self._own
        self._acknowledgements.begin(now)
        findings = (finding for finder in self._finders for finding in finder.find(now))
        problems = (self._problem(finding, before, now) for finding in findings)
        self._own = {problem.id: problem for problem in problems}

    def _problem(self, finding: Finding, before: dict[str, Problem], now: datetime) -> Problem:
        """Return an open problem, since when it is open by what was known ``before``."""
        key = problem_id(finding.kind, finding.subject, self._process)
        seen_at = now.replace(second=now.second // _SEEN_SECONDS * _SEEN_SECONDS, microsecond=0)
        old, earlier = before.get(key), self._acknowledgements.since(key, now)
        times = (finding.since, old.since if old else None, earlier)
        since = min((time for time in times if time is not None), default=now)
        last_seen = finding.seen_at or max(seen_at, since)
        process = self._process if finding.kind.of_process else ""
        return Problem(key, finding, since, last_seen, self._acknowledgements.of(key, since, now), process)

    def announcement(self) -> bytes:
        """Return what to broadcast to the other processes."""
        own = (one for one in self._own.values() if one.process)
        shared = (Elsewhere(self._process, one.finding, one.since, one.last_seen) for one in own)
        return announcement(shared, self._process)

    def _of_others(self) -> Iterator[Problem]:
        """Yield the problems of other processes; a reader of theirs has them under the same ids."""
        now = self._now()
        for one in self._elsewhere:
            key = problem_id(one.finding.kind, one.finding.subject, one.process)
            given = self._acknowledgements.of(key, one.since, now)
            yield Problem(key, one.finding, one.since, one.last_seen, given, one.process)

    def shown(self, rights: Rights, scene: Layers, *, network: bool = True) -> list[Problem]:
        """Return the problems that callers with these rights may know of, the gravest and oldest first.

        ``scene`` is what they are shown. Without ``network`` only those of the map itself.
        """
        self.look()
        every = (*self._own.values(), *self._of_others())
        own = (one for one in every if _is_shown(one.finding, rights, scene))
        problems = [*own, *(self._of_network(scene) if network and not rights.summary else ())]
        return sorted(problems, key=lambda one: (one.severity.rank, one.since, one.id))

    def everything(self, scene: Layers) -> list[Problem]:
        """Return all problems of the whole ``scene`` and of the map itself, whoever may know of them."""
        return self.shown(EVERYTHING, scene)

    def _of_network(self, scene: Layers) -> Iterator[Problem]:
        now, observed = self._now(), {state.name: state.observed_at for state in self._states()}
        for finding in self._troubles.find(scene):
            key = problem_id(finding.kind, finding.subject, self._process)
            since = self._acknowledgements.since_in_log(key, finding.since or now, now)
            times = (since, finding.seen_at, observed.get(finding.source or ""))
            last_seen = max(time for time in times if time is not None)
            yield Problem(key, finding, since, last_seen, self._acknowledgements.of(key, since, now))

    def counts(self) -> Counter[Count]:
        """Return how many problems this process finds by code, severity, source and state, whoever may know."""
        self.look()
        counts = Counter[Count](
            (one.kind.code, one.severity, one.finding.source or "", one.state) for one in self._own.values()
        )
        now = self._now()
        for entity_id, one in self._troubles:
            key = problem_id(one.kind, entity_id, self._process)
            since = self._acknowledgements.since_in_log(key, one.since, now)
            state: State = "acknowledged" if self._acknowledgements.of(key, since, now) else "open"
            counts[one.kind.code, one.severity, one.source or "", state] += 1
        return counts


def _is_shown(finding: Finding, rights: Rights, scene: Layers) -> bool:
    """Tell whether callers may know of a problem: all that it is about is shown to them."""
    if not finding.kind.is_public and not rights.reports:
        return False
    return not rights.summary and all(home_of(scene, one) for one in finding.entity_ids)
