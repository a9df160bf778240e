"""The command line in processes of its own, without the second of imports that each costs.

They are forked from a process that has imported the program, and are like any other in all else: they have an exit
status, a memory and a folder of their own, and obey signals.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from livingmap.cli.program import MODULES

_FORKS = multiprocessing.get_context("forkserver")
_PLUGINS = ("mock", "agents", "city", "dao", "messaging", "microdao", "space", "usage")
_COMMANDS = sorted(set(MODULES.values()))
_FORKS.set_forkserver_preload(
    [
        "livingmap.app",
        *(f"livingmap.cli.{name}" for name in _COMMANDS),
        *(f"livingmap_{name}.plugin" for name in _PLUGINS),
        "tests.support.frozen",
    ]
)
_END_SECONDS = 60


class Program:
    """One ``livingmap`` with these arguments, running in ``folder``; what it writes is added to the files."""

    def __init__(
        self, arguments: tuple[str, ...], environment: Mapping[str, str], folder: Path, output: Path, errors: Path
    ) -> None:
        given = (arguments, dict(environment), str(folder), str(output), str(errors))
        self._process = _FORKS.Process(target=_become, args=given, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    async def wait(self) -> int:
        while (status := self.returncode) is None:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.005)
        return status

    def end(self, seconds: float) -> int:
        """Wait until it ends; kill it and raise TimeoutError if that takes longer."""
        self._process.join(seconds)
        if (status := self.returncode) is None:
            self._process.kill()
            raise TimeoutError("the program does not end")
        return status


def _become(arguments: tuple[str, ...], environment: dict[str, str], folder: str, *streams: str) -> None:
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(folder)
    for number, file in enumerate(streams, 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), number)
    sys.argv = ["livingmap", *arguments]
    from livingmap.cli import main  # noqa: PLC0415 - nothing else of this module needs it

    main()


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, folder: Path = Path(), environment: Mapping[str, str] = os.environ) -> Ended:
    """Run a command to its end."""
    with tempfile.TemporaryDirectory() as name:
        output, errors = Path(name, "output"), Path(name, "errors")
        status = Program(tuple(map(str, arguments)), environment, folder, output, errors).end(_END_SECONDS)
        return Ended(status, output.read_text(), errors.read_text())
