"""The table of results: what was measured, the map's value, and those it is compared with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Self

_INTEGERS_FROM = 100


@dataclass
class Scale:
    """How much is measured. Everything beside each other is measured in turn, ``rounds`` times."""

    rounds: int = 3
    seconds: float = 4
    viewers: int = 1000
    agents: int = 10_000
    events: int = 10_000
    """Folded, or taken in, in a round."""
    rows: int = 200_000
    """Of the history that is read."""
    page_seconds: float = 60
    """For how long the page is watched."""
    days: int = 2
    """Of the history that is asked for moments."""
    keep: Path | None = None
    """Where that is kept for the next time."""
    nginx: Path | None = None

    @classmethod
    def quick(cls) -> Self:
        """Return what takes less than a minute."""
        return cls(
            rounds=1, seconds=1, viewers=200, agents=2000, events=5000, rows=20_000, page_seconds=10, days=1
        )

    @classmethod
    def full(cls) -> Self:
        """Return what takes ten minutes."""
        return cls(rounds=5, rows=1_000_000, page_seconds=600, days=7)


@dataclass
class Table:
    """Rows and remarks, printed as Markdown. Values are medians; ratios are medians of each round's ratio."""

    lines: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def row(self, what: str, ours: Sequence[float], beside: Mapping[str, Sequence[float]] | None = None) -> None:
        """Add what was measured, one value a round."""
        others = [f"{name} {_shown(theirs)} ({_ratio(ours, theirs)})" for name, theirs in (beside or {}).items()]
        self.lines.append(f"| {what} | {_shown(ours)} | {' · '.join(others)} |")

    def note(self, text: str) -> None:
        """Add a remark below the table."""
        self.notes.append(text)

    def __str__(self) -> str:
        head = ["| measured | the map | compared with (the map's value ÷ its) |", "|---|---|---|"]
        return "\n".join([*head, *self.lines, "", *(f"- {note}" for note in self.notes)])


def _shown(values: Sequence[float]) -> str:
    value = median(values)
    return f"{value:,.0f}" if value >= _INTEGERS_FROM else f"{value:.3g}"


def _ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    pairs = [own / other for own, other in zip(ours, theirs, strict=True) if other]
    return f"{median(pairs):.3g}" if pairs else "?"
