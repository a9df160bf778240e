"""The command that serves one plugin while it is written, and again whenever it is saved."""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.options import fail, show
from livingmap.cli.serve import serve
from livingmap.config.loading import Config
from livingmap.kit.trial import Trial, TrialError
from livingmap.sources.grade import graded

if TYPE_CHECKING:
    from watchfiles import Change

_PROGRAM: Final = "from livingmap.cli import main; main()"
_PYTEST_FOLDER: Final = "pytest-cache-files-"
"""Begins the name that pytest's cache has while it is made."""


def dev(
    plugin: Annotated[str, typer.Argument(help="Its file, ./weather.py, or its name if it is installed.")],
    live: Annotated[
        bool, typer.Option("--live", help="Ask the service at base_url, even if the plugin has samples.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=1, max=65535, envvar="LIVINGMAP_SERVER__PORT", help="Where the map is served.")
    ] = 7017,
    once: Annotated[
        bool, typer.Option("--once", help="Serve it as it is now, without watching its folder.")
    ] = False,
) -> None:
    """Serve a map of one plugin with its samples, or its service; start again whenever something is saved."""
    trial = Trial(plugin)
    try:
        folder = trial.folder
    except TrialError as error:
        fail(str(error))
    if once:
        with trial.file(live=live, port=port) as file:
            _show_grade(load_config(file))
            serve(file)
        return
    from watchfiles import run_process  # noqa: PLC0415

    show(f"{folder} is watched; Ctrl-C ends it")  # the map itself says when and where it is served
    arguments = [plugin, "--once", "--port", str(port), *(["--live"] if live else [])]
    command = shlex.join([sys.executable, "-c", _PROGRAM, "dev", *arguments])
    run_process(folder, target=command, target_type="command", watch_filter=is_of_a_plugin, callback=_report)


def is_of_a_plugin(change: "Change", path: str) -> bool:
    """Tell whether a change is of a file that a plugin is made of, not of what pytest, editors and such keep."""
    from watchfiles import DefaultFilter  # noqa: PLC0415

    file = Path(path)
    kept_by_pytest = any(part.startswith(_PYTEST_FOLDER) for part in file.parts)
    return bool(file.suffix) and not kept_by_pytest and not file.is_dir() and DefaultFilter()(change, path)


def _report(changes: Iterable[tuple[Any, str]]) -> None:
    names = sorted({os.path.relpath(path) for _, path in changes})
    show(f"changed: {', '.join(names)}; starting again")


def _show_grade(config: Config) -> None:
    for source, _ in config.enabled():
        grade = graded(source)
        show(f"{source.name}: {grade.grade}" + (f"; lacks {grade.lacks_in_short()}" if grade.lacks else ""))
