"""Measures the map against its limits and the obvious implementation: one Markdown table, ratios of one run."""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from livingmap import memory
from scripts.bench import (
    abuse,
    chain,
    fanout,
    fold,
    growth,
    history,
    ingest,
    intake,
    moments,
    page,
    processes,
    rebuild,
    silent,
    snapshot,
)
from scripts.bench.table import Scale, Table

_BENCHES: Final = {
    "fanout": fanout.bench,
    "silent": silent.bench,
    "chain": chain.bench,
    "snapshot": snapshot.bench,
    "rebuild": rebuild.bench,
    "fold": fold.bench,
    "history": history.bench,
    "moments": moments.bench,
    "intake": intake.bench,
    "ingest": ingest.bench,
    "page": page.bench,
    "abuse": abuse.bench,
    "growth": growth.bench,
    "processes": processes.bench,
}

_LONG: Final = ("moments", "growth", "processes")
"""Measured only where they are named: the first takes an hour and much disk, the others minutes."""


def main() -> None:
    """Run the benches that the command line names, all by default."""
    parser = argparse.ArgumentParser(prog="scripts/bench/run", description=__doc__)
    parser.add_argument(
        "bench", nargs="*", help=f"which: {', '.join(_BENCHES)}; default: all but {', '.join(_LONG)}"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="under a minute, rough: one round of everything")
    size.add_argument("--full", action="store_true", help="a history of a million rows, five rounds")
    parser.add_argument("--viewers", type=int, help="how many watch (1000; 200 with --quick)")
    parser.add_argument("--days", type=int, help="how long a history is asked for moments (2; 7 with --full)")
    parser.add_argument(
        "--keep", type=Path, help="a folder where that history stays, to be asked again in minutes"
    )
    parser.add_argument("--nginx", default=shutil.which("nginx"), help="the program nginx, if it is not on PATH")
    arguments = parser.parse_args()
    if unknown := set(arguments.bench) - set(_BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))} (there are: {', '.join(_BENCHES)})")
    scale = Scale.quick() if arguments.quick else Scale.full() if arguments.full else Scale()
    scale.viewers = arguments.viewers or scale.viewers
    scale.days = arguments.days or scale.days
    scale.keep = arguments.keep and arguments.keep.absolute()
    scale.nginx = Path(arguments.nginx) if arguments.nginx else None
    memory.set_up()
    memory.settle()  # as `livingmap serve` does: some benches have a map in this process
    table = Table()
    for name in arguments.bench or [name for name in _BENCHES if name not in _LONG]:
        began = time.monotonic()
        _BENCHES[name](scale, table)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table)


if __name__ == "__main__":
    main()
