"""What became of the mutants, kept from run to run, and the report of it."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from scripts.mutation.room import Room, function_of

_TIME: Final = ("timeout", "timed out", "in time")
"""What the error of a test says that waited in vain."""


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    LATE = "killed by a limit of time"
    SURVIVED = "survived"
    PARTLY = "survived the first tests"
    UNREACHED = "reached by no test"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant, by which test and error; it holds while these digests do."""

    fate: Fate
    function: str
    tests: str
    killer: str | None = None
    error: str | None = None


def fate_of(error: str) -> Fate:
    """Return what became of a mutant with which a test failed."""
    return Fate.LATE if any(word in error.lower() for word in _TIME) else Fate.KILLED


class Outcomes(dict[str, Outcome]):
    """The outcomes by mutant, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        rows = json.loads(path.read_text()) if path.exists() else {}
        super().__init__({name: Outcome(**one | {"fate": Fate(one["fate"])}) for name, one in rows.items()})

    def save(self) -> None:
        """Keep them."""
        new = self._path.with_suffix(".new")
        new.write_text(json.dumps({name: asdict(one) for name, one in self.items()}))
        new.replace(self._path)


def report(room: Room, mutants: Iterable[str], outcomes: Outcomes, say: Callable[[str], object]) -> None:
    """Say which mutants were not killed by a test, with what they change, and the numbers."""
    counts: Counter[str] = Counter()
    for mutant in mutants:
        outcome = outcomes.get(mutant)
        if outcome is None or outcome.function != room.functions[function_of(mutant)]:
            counts["not tried"] += 1
            continue
        counts[outcome.fate] += 1
        if outcome.fate is not Fate.KILLED:
            cause = f" ({outcome.killer}: {outcome.error})" if outcome.killer else ""
            say(f"{outcome.fate}: {mutant}{cause}\n{room.difference(mutant)}")
    killed, tried = counts[Fate.KILLED] + counts[Fate.LATE], counts.total() - counts["not tried"]
    parts = ", ".join(f"{number} {fate}" for fate, number in counts.items())
    say(f"{killed} of {tried} killed ({killed / max(tried, 1):.1%}), of {counts.total()} mutants: {parts}")
