"""The command that has running maps read their configuration again."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

from livingmap.cli.options import ConfigOption, complain, fail, show
from livingmap.cli.run_file import Running, running
from livingmap.config.loading import config_file

_WAIT_SECONDS: Final = 90.0
_LOOK_SECONDS: Final = 0.05


def reload(config: ConfigOption = None) -> None:
    """Have every map of this machine that runs with the file read it again. Exit status 1 if one refuses it."""
    given = config_file(config)
    file = str(Path(given).absolute()) if given else None
    try:
        maps = list(running())
    except OSError as error:
        fail(str(error))
    chosen = [one for one in maps if one.file == file]
    if not chosen:
        others = ", ".join(one.file or "the environment" for one in maps) or "none"
        fail(f"no map of this account runs here with {file or 'the environment'} (running: {others})")
    for one in chosen:
        os.kill(one.pid, signal.SIGHUP)
    outcomes = [_outcome(one) for one in chosen]
    raise typer.Exit(int(any(one is None or one.refused for one in outcomes)))


def _outcome(before: Running) -> Running | None:
    """Wait until a map has read its configuration; show what became of it. None if it does not say."""
    until = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < until:
        present = next((one for one in running() if one.pid == before.pid), None)
        if present is None:
            complain(f"process {before.pid} has ended")
            return None
        if present.ended > before.begun:
            for line in present.refused:
                complain(line)
            for line in () if present.refused else _lines(present):
                show(line)
            return present
        time.sleep(_LOOK_SECONDS)
    complain(f"process {before.pid} has not read its configuration within {_WAIT_SECONDS:g} s")
    return None


def _lines(present: Running) -> Iterator[str]:
    sources = {"added": present.added, "changed": present.changed, "removed": present.removed}
    for what, names in sources.items():
        for name in names:
            yield f"{name}: {what}"
    if not any(sources.values()):
        yield "no source has changed"
