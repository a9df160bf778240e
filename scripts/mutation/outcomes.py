"""What became of the mutants, kept from run to run, and the report of it."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import takewhile
from pathlib import Path
from typing import Final

from scripts.mutation.room import Room, function_of
from scripts.mutation.share import interval

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


def report(room: Room, mutants: Sequence[str], outcomes: Outcomes, say: Callable[[str], object]) -> None:
    """Say which mutants were not killed by a test, with what they change, and the numbers.

    ``mutants`` are in a random order, so those before the first that was not tried are a random sample of all.
    """
    tried = {mutant: one for mutant in mutants if (one := _outcome(room, outcomes, mutant)) is not None}
    for mutant, one in sorted(tried.items()):
        if one.fate is not Fate.KILLED:
            cause = f" ({one.killer}: {one.error})" if one.killer else ""
            say(f"{one.fate}: {mutant}{cause}\n{room.difference(mutant)}")
    counts = Counter(one.fate.value for one in tried.values())
    counts["not tried"] = len(mutants) - len(tried)
    say(f"{len(mutants)} mutants: " + ", ".join(f"{number} {fate}" for fate, number in counts.items() if number))
    sample = [tried[mutant].fate for mutant in takewhile(tried.__contains__, mutants)]
    killed = sum(fate in {Fate.KILLED, Fate.LATE} for fate in sample)
    if sample:
        low, high = interval(killed, len(sample))
        share = f"{killed} of {len(sample)} killed, {killed / len(sample):.1%}"
        say(f"random sample: {share} (95 % confidence interval {low:.1%} to {high:.1%})")


def _outcome(room: Room, outcomes: Outcomes, mutant: str) -> Outcome | None:
    """Return what became of a mutant, if its function is still the same."""
    outcome = outcomes.get(mutant)
    return outcome if outcome is not None and outcome.function == room.functions[function_of(mutant)] else None
