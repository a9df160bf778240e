"""The problems of viewers with equal rights and one language: those they have, and what changes."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from livingmap.access.view import Rights
from livingmap.problems.open_problems import OpenProblems, Problem
from livingmap.problems.reports import Reports
from livingmap.state.reader import MapReader
from livingmap.stream import messages

MOST_PROBLEMS: Final = 500
"""Only the gravest, so many, are listed; what was once among them stays for as long as it is open."""
_NUMBER: Final = re.compile(r"[\d.,]+")


@dataclass(frozen=True, slots=True)
class _Item:
    """A problem as it is listed."""

    fields: dict[str, Any]
    """All but when it was last seen."""
    last_seen: str

    @property
    def state(self) -> str:
        state: str = self.fields["state"]
        return state

    def differs(self, before: "_Item") -> bool:
        """Tell whether it is worth a message: numbers in the sentence alone are not, such as 97% after 96%."""
        if self.fields == before.fields:
            return False
        return _without_numbers(self.fields) != _without_numbers(before.fields)

    def report(self) -> dict[str, Any]:
        return {**self.fields, "last_seen": self.last_seen}


class ProblemListing:
    """What callers with ``rights`` get of ``problems`` in a language."""

    def __init__(self, rights: Rights, language: str, reader: MapReader, problems: OpenProblems) -> None:
        self.key = rights, language
        self.language = language
        self._rights = rights
        self._reader = reader
        self._problems = problems
        self._items: dict[str, _Item] = {}
        self._total = 0
        self._has_network = False
        """Whether those of the network are among them: not while the log is being read."""
        self.changes()

    def all(self) -> bytes:
        """Return the message with all of them."""
        reports = [one.report() for one in self._items.values()]
        return messages.problems(reports, self._total, self._reader.now())

    def changes(self) -> Sequence[bytes] | None:
        """Look again; return a message for each change, or None if the map is another one: all is to be sent."""
        before, has_network = self._items, self._reader.progress.is_shown
        scene = self._reader.shown(self._rights)
        problems = self._problems.shown(self._rights, scene, network=has_network)
        reports = Reports(scene, self._rights, self.language)
        self._items = {one.id: _item(one, reports) for one in self._listed(problems)}
        self._total = len(problems)
        is_another, self._has_network = has_network != self._has_network, has_network
        return None if is_another else list(self._differences(before))

    def _listed(self, problems: Sequence[Problem]) -> Iterator[Problem]:
        return (one for place, one in enumerate(problems) if place < MOST_PROBLEMS or one.id in self._items)

    def _differences(self, before: dict[str, _Item]) -> Iterator[bytes]:
        now = self._reader.now()
        for key, old in before.items():
            if key not in self._items:
                yield messages.problem("ended", old.report(), now)
        for key, new in self._items.items():
            if key not in before or new.differs(before[key]):
                yield messages.problem(new.state, new.report(), now)


def _without_numbers(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "what": _NUMBER.sub("", fields["what"])}


def _item(problem: Problem, reports: Reports) -> _Item:
    fields = reports.report(problem).model_dump()
    return _Item(fields, fields.pop("last_seen"))
