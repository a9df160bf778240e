"""The table of docs/reliability.md: results as rows of Markdown, which later ones replace or join."""

import os
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.endurance.matrix.faults import FAULTS
from tests.endurance.matrix.trial import Result

_DOCUMENT = Path("docs/reliability.md")
_HEADS = (
    *("what", "happens", "processes", "may be", "was", "published", "in the stream", "in the history"),
    *("said to be lost", "well again after", "", "seen"),
)
_CROWDED_HEADS = (*_HEADS[:-2], "per second", "connections", "as events", "in others", "compared", *_HEADS[-2:])
_KEY = 3
"""How many cells say what a row is about."""

Cells = tuple[str, ...]


def table(results: Iterable[Result], *, crowded: bool) -> str:
    """Return the results as Markdown."""
    return _table([_cells(one, crowded=crowded) for one in results], crowded=crowded)


def write(results: Iterable[Result], *, crowded: bool) -> None:
    """Put the results into the document: in place of those of the same fault, or in their place beside others."""
    before, heading, section, after = _split(crowded=crowded)
    text, _, old = section.partition("\n| what |")
    _, _, below = old.partition("\n\n")
    rows = _parsed(section)
    rows |= {cells[:_KEY]: cells for cells in (_cells(one, crowded=crowded) for one in results)}
    order = {
        (one.of, one.name, str(processes)): place
        for place, (one, processes) in enumerate((one, some) for one in FAULTS for some in one.processes)
    }
    kept = sorted(
        (cells for cells in rows.values() if cells[:_KEY] in order), key=lambda cells: order[cells[:_KEY]]
    )
    whole = _table(kept, crowded=crowded) + (f"\n{below}" if below else "")
    _DOCUMENT.write_text(f"{before}{heading}{text}\n{whole}{after}")


def measured(*, crowded: bool) -> set[Cells]:
    """Return which faults have a row: what it is of, what happens, and to how many processes."""
    _, _, section, _ = _split(crowded=crowded)
    return set(_parsed(section))


def _split(*, crowded: bool) -> tuple[str, str, str, str]:
    """Return the document before a table's heading, the heading, its section, and what follows."""
    heading = "\n## Measured with a crowd\n" if crowded else "\n## Measured\n"
    before, heading, rest = _DOCUMENT.read_text().partition(heading)
    section, following, after = rest.partition("\n## ")
    return before, heading, section, f"{following}{after}"


def _parsed(text: str) -> dict[Cells, Cells]:
    lines = [line for line in text.splitlines() if line.startswith("| ")][1:]
    rows = [tuple(cell.strip() for cell in line[1:-1].split("|")) for line in lines]
    return {cells[:_KEY]: cells for cells in rows}


def _table(rows: Iterable[Cells], *, crowded: bool) -> str:
    heads = _CROWDED_HEADS if crowded else _HEADS
    return "\n".join([_line(heads), "|" + "---|" * len(heads), *map(_line, rows), ""])


def _cells(one: Result, *, crowded: bool) -> Cells:
    well = "never" if one.well_again_seconds is None else f"{one.well_again_seconds:.1f} s"
    rate = f"{one.events_per_second:.0f}" if one.events_per_second else "not noted"
    counts = (rate, one.connections, one.events, one.skipped, one.compared) if crowded else ()
    cells = (
        *(one.fault.of, one.fault.name, one.processes),
        *(one.fault.expected, ", ".join(sorted(one.said)) or "not asked"),
        *(_published(one), one.in_stream, one.in_history, _lost(one), well, *counts, one.verdict, _seen()),
    )
    return tuple(map(str, cells))


def _published(one: Result) -> str:
    return f"{one.published}, {one.out_of_reach} out of reach" if one.out_of_reach else str(one.published)


def _lost(one: Result) -> str:
    return f"{one.reported_lost} or more" if one.more_lost else str(one.reported_lost)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _seen() -> str:
    """Return when and of which version."""
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], text=True).strip()
    return f"{datetime.now(UTC):%-d %b}, {commit}"


def conditions(results: Iterable[Result]) -> str:
    """Return what was reached of the load, and on what."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    reached = [one.events_per_second for one in results if one.events_per_second]
    least = f"{min(reached):.0f} to {max(reached):.0f}" if reached else "an unknown number of"
    return f"{least} messages per second while faults lasted, with {cores} cores\n"
