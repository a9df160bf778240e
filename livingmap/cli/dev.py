"""The command that serves one plugin while it is written, and again whenever it is saved."""

import os
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from livingmap.cli.local import serve
from livingmap.cli.options import fail, show
from livingmap.kit.trial import Trial, TrialError

_PROGRAM: Final = "from livingmap.cli import main; main()"


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
            serve(file)
        return
    from watchfiles import run_process  # noqa: PLC0415

    show(f"http://127.0.0.1:{port} shows it; {folder} is watched; Ctrl-C ends it")
    arguments = [plugin, "--once", "--port", str(port), *(["--live"] if live else [])]
    command = shlex.join([sys.executable, "-c", _PROGRAM, "dev", *arguments])
    run_process(folder, target=command, target_type="command", callback=_report)


def _report(changes: Iterable[tuple[Any, str]]) -> None:
    names = sorted({os.path.relpath(path) for _, path in changes if Path(path).exists()})
    show(f"saved: {', '.join(names)}; starting again")
