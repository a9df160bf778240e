"""Tries every fault on a map of one process and of three, and prints the table of docs/reliability.md.

``scripts/faults`` is how it is started.
"""

import argparse
import asyncio
import os
import platform
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.endurance.matrix.faults import FAULTS, Fault
from tests.endurance.matrix.starts import started
from tests.endurance.matrix.trial import Load, Result, tried

_DOCUMENT = Path("docs/reliability.md")
_COUNTS = ("published", "in the stream", "in the history")
_HEADING = "\n## Measured\n"


def main() -> int:
    options = _options()
    chosen = [
        (one, processes)
        for one in FAULTS
        for processes in one.processes
        if processes in options.processes and options.only.casefold() in f"{one.of} {one.name}".casefold()
    ]
    if not chosen:
        sys.stderr.write("error: no such fault; scripts/faults --list shows them\n")
        return 1
    if options.list:
        sys.stdout.writelines(f"{one.of}, {one.name} ({processes})\n" for one, processes in chosen)
        return 0
    if options.starts:
        text, holds = asyncio.run(started(options.starts, sys.stderr.write))
        sys.stdout.write(f"\n{text}")
        return 0 if holds else 1
    load = Load(options.events, options.viewers, options.seconds)
    results = asyncio.run(_all(chosen, load))
    text = table(results, load)
    sys.stdout.write(text)
    if options.write:
        _write(text)
    return 1 if any(one.wrong for one in results) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/faults", description=__doc__)
    parser.add_argument("--only", default="", help="faults whose name contains this, such as 'PostgreSQL, killed'")
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 3], help="1, 3 or both (default)")
    parser.add_argument(
        "--events", type=int, default=Load.events_per_second, help="events per second (%(default)s)"
    )
    parser.add_argument("--viewers", type=int, default=Load.viewers, help="how many watch (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=Load.fault_seconds, help="how long a fault lasts (%(default)s)"
    )
    parser.add_argument("--starts", type=int, default=0, help="instead: start and end a map so many times")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    parser.add_argument("--list", action="store_true", help="say what would be tried")
    return parser.parse_args()


async def _all(chosen: list[tuple[Fault, int]], load: Load) -> list[Result]:
    results: list[Result] = []
    for number, (one, processes) in enumerate(chosen, 1):
        sys.stderr.write(f"[{number}/{len(chosen)}] {one.of}: {one.name}, {processes} process(es) … ")
        sys.stderr.flush()
        results.append(await tried(one, processes, load))
        sys.stderr.write(f"{'; '.join(results[-1].wrong) or 'holds'}\n")
    return results


def table(results: list[Result], load: Load) -> str:
    """Return the results as Markdown."""
    heads = ("what", "happens", "processes", "readiness meanwhile", *_COUNTS, "well again after", "")
    conditions = (
        f"On {datetime.now(UTC):%-d %B %Y}, {platform.system()} with {_cores()} cores:"
        f" {load.events_per_second} messages per second by a publisher of core NATS,"
        f" {load.viewers} viewers that come and go, each fault for {load.fault_seconds:g} s."
    )
    lines = [conditions, "", _line(heads), "|" + "---|" * len(heads), *(_row(one) for one in results), ""]
    return "\n".join(lines)


def _row(one: Result) -> str:
    well = "never" if one.well_again_seconds is None else f"{one.well_again_seconds:.1f} s"
    cells = (
        *(one.fault.of, one.fault.name, one.processes, ", ".join(sorted(one.said)) or "not asked"),
        *(one.published, one.in_stream, one.in_history, well, "; ".join(one.wrong) or "holds"),
    )
    return _line(cells)


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write(text: str) -> None:
    before, heading, rest = _DOCUMENT.read_text().partition(_HEADING)
    _, following, after = rest.partition("\n## ")
    _DOCUMENT.write_text(f"{before}{heading}\n{text}{following}{after}")


if __name__ == "__main__":
    sys.exit(main())
