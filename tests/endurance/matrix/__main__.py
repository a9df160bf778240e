"""Tries every fault on a map of one process and of three, and prints the table of docs/reliability.md.

``scripts/faults`` is how it is started.
"""

import argparse
import asyncio
import sys

from tests.endurance.matrix.faults import FAULTS, Fault
from tests.endurance.matrix.load import Load
from tests.endurance.matrix.starts import started
from tests.endurance.matrix.table import conditions, measured, table, write
from tests.endurance.matrix.trial import Result, tried

_CROWD = Load(events_per_second=200, viewers=100, front_door=True)


def main() -> int:
    options = _options()
    rows = measured(crowded=options.crowd) if options.missing else set()
    chosen = [
        (one, processes)
        for one in FAULTS
        for processes in one.processes
        if processes in options.processes and options.only.casefold() in f"{one.of}, {one.name}".casefold()
        if (one.of, one.name, str(processes)) not in rows
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
    load = Load(options.events, options.viewers, options.seconds, options.crowd)
    results = asyncio.run(_all(chosen, load, to_document=options.write))
    sys.stdout.write(table(results, crowded=options.crowd))
    sys.stdout.write(conditions(results))
    return 1 if any(one.wrong for one in results) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("scripts/faults", description=__doc__)
    parser.add_argument("--only", default="", help="faults whose name contains this, such as 'PostgreSQL, killed'")
    parser.add_argument("--processes", type=int, nargs="*", help="1, 3 or both (default)")
    parser.add_argument(
        "--crowd",
        action="store_true",
        help="a hundred viewers through haproxy, 200 events per second, 3 processes",
    )
    parser.add_argument("--events", type=int, help=f"events per second ({Load.events_per_second})")
    parser.add_argument("--viewers", type=int, help=f"how many watch ({Load.viewers})")
    parser.add_argument(
        "--seconds", type=float, default=Load.fault_seconds, help="how long a fault lasts (%(default)s)"
    )
    parser.add_argument("--starts", type=int, default=0, help="instead: start and end a map so many times")
    parser.add_argument("--write", action="store_true", help="put each result into docs/reliability.md")
    parser.add_argument(
        "--missing", action="store_true", help="only faults of which docs/reliability.md has no row"
    )
    parser.add_argument("--list", action="store_true", help="say what would be tried")
    options = parser.parse_args()
    usual = _CROWD if options.crowd else Load()
    options.events = options.events or usual.events_per_second
    options.viewers = options.viewers or usual.viewers
    options.processes = options.processes or ([3] if options.crowd else [1, 3])
    return options


async def _all(chosen: list[tuple[Fault, int]], load: Load, *, to_document: bool) -> list[Result]:
    results: list[Result] = []
    for number, (one, processes) in enumerate(chosen, 1):
        sys.stderr.write(f"[{number}/{len(chosen)}] {one.of}: {one.name}, {processes} process(es) … ")
        sys.stderr.flush()
        results.append(await tried(one, processes, load))
        sys.stderr.write(f"{results[-1].verdict}\n")
        if to_document:
            write(results[-1:], crowded=load.front_door)
    return results


if __name__ == "__main__":
    sys.exit(main())
