"""Measures the map against its limits and the obvious implementation: one Markdown table, ratios of one run."""

import argparse
import shutil
import sys
import time
from pathlib import Path
from typing import Final

from scripts.bench import abuse, chain, fanout, fold, history, ingest, intake, page, silent, snapshot
from scripts.bench.table import Scale, Table

_BENCHES: Final = {
    "fanout": fanout.bench,
    "silent": silent.bench,
    "chain": chain.bench,
    "snapshot": snapshot.bench,
    "fold": fold.bench,
    "history": history.bench,
    "intake": intake.bench,
    "ingest": ingest.bench,
    "page": page.bench,
    "abuse": abuse.bench,
}


def main() -> None:
    """Run the benches that the command line names, all by default."""
    parser = argparse.ArgumentParser(prog="scripts/bench/run", description=__doc__)
    parser.add_argument("bench", nargs="*", help=f"which: {', '.join(_BENCHES)}; default: all")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="under a minute, rough: one round of everything")
    size.add_argument("--full", action="store_true", help="a history of a million rows, five rounds")
    parser.add_argument("--viewers", type=int, help="how many watch (1000; 200 with --quick)")
    parser.add_argument("--nginx", default=shutil.which("nginx"), help="the program nginx, if it is not on PATH")
    told = parser.parse_args()
    if unknown := set(told.bench) - set(_BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))} (there are: {', '.join(_BENCHES)})")
    scale = Scale.quick() if told.quick else Scale.full() if told.full else Scale()
    scale.viewers = told.viewers or scale.viewers
    scale.nginx = Path(told.nginx) if told.nginx else None
    table = Table()
    for name in told.bench or _BENCHES:
        began = time.monotonic()
        _BENCHES[name](scale, table)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table)


if __name__ == "__main__":
    main()
