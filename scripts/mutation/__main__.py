"""Mutation tests of one room: ``scripts/mutate ROOM``."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from scripts.mutation.outcomes import Outcomes, report
from scripts.mutation.room import Room
from scripts.mutation.trial import Budget, Trial, say

_SERVING: Final = ("cli", "matrix", "openapi", "services", "wire_laws")
_TESTS: Final = {
    "core": ["tests/core", "tests/client/test_reducer.py"],
    "access": ["tests/access", *(f"--ignore=tests/access/test_{name}.py" for name in _SERVING)],
    "state": ["tests/state", "tests/history/test_entry.py"],
    "stream": ["tests/stream"],
}
"""What a run takes its verdict from: the room's own tests, as far as they start no server."""


def _arguments(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "scripts/mutate",
        description="Mutates a room of livingmap/, or some of its modules, in a copy, and keeps the outcomes. A "
        "mutant is tried again if its function has changed, or the test that killed it, or, where it survived, "
        "any test that reaches it.",
    )
    parser.add_argument("room", choices=sorted(_TESTS))
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as scene, or same_*")
    parser.add_argument("--minutes", type=float, default=60, help="stop after so many (default: %(default)s)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of the random order of the mutants (default: %(default)s)"
    )
    parser.add_argument("--workers", type=int, default=1, help="mutants tried at once (default: %(default)s)")
    parser.add_argument(
        "--seconds",
        type=float,
        default=60,
        help="try only the first tests, of so many CPU seconds, with each mutant (default: %(default)s)",
    )
    parser.add_argument("--examples", type=int, default=50, help="of each law at most (default: %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="forget the outcomes of earlier runs")
    parser.add_argument("--report", action="store_true", help="try nothing, only list what was not killed")
    return parser.parse_args(words)


def _copy(folder: Path) -> None:
    """Make a copy of the program in which its modules can be mutated, and go there."""
    shutil.rmtree(folder / "program", ignore_errors=True)
    for name in ("livingmap", "plugins", "tests", "migrations", "frontend/tests"):
        shutil.copytree(name, folder / "program" / name, ignore=shutil.ignore_patterns("__pycache__", "_ui"))
    shutil.copy("pyproject.toml", folder / "program")
    shutil.copy(Path(__file__).with_name("switch.py"), folder / "program" / "mutation_switch.py")
    os.chdir(folder / "program")
    Path("setup.cfg").write_text("[mutmut]\nsource_paths = livingmap\n")


def main() -> int:
    """Try the mutants of a room, and report."""
    arguments = _arguments(sys.argv[1:])
    folder = Path(".cache", "mutate", arguments.room).absolute()
    if arguments.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    _copy(folder)
    sys.dont_write_bytecode = True
    room, outcomes = Room(arguments.room, folder), Outcomes(folder / "outcomes.json")
    mutants, status = room.mutants(arguments.modules, arguments.seed), 0
    say(f"{len(mutants)} mutants, in the random order of seed {arguments.seed}")
    if not arguments.report:
        budget = Budget(arguments.minutes, arguments.workers, arguments.seconds, arguments.examples)
        own = ["--capture=sys", "--tb=native", "--timeout=0", "-p", "no:cacheprovider", "-q", "--no-header"]
        trial = Trial(room, mutants, outcomes, budget)
        status = int(pytest.main([*_TESTS[arguments.room], *own], plugins=[trial]))
    report(room, mutants, outcomes, say)
    return status


if __name__ == "__main__":
    sys.exit(main())
