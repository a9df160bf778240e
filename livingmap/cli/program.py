"""The program: its commands, put together."""

import sys
from collections import UserDict
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

from livingmap import __version__
from livingmap.cli.options import complain, show
from livingmap.errors import ConfigError

MODULES: Final = {
    "serve": "serve",
    "reload": "reload",
    "health": "health",
    "check": "check",
    "probe": "probe",
    "doctor": "doctor",
    "diagnostics": "diagnostics",
    "plugins": "plugins",
    "new": "kit",
    "dev": "dev",
    "record": "kit",
    "replay": "kit",
    "snapshot": "snapshot",
    "migrate": "migrate",
    "size": "size",
    "backup": "backup",
    "restore": "backup",
    "top": "top",
    "tail": "watch",
    "history": "watch",
    "problems": "problems",
    "diff": "past",
    "export": "exports",
    "publish": "publish",
    "config": "schema",
    "cluster": "cluster",
}
"""The module of each command, which has a function of that name, or a `typer.Typer` if the command has others."""


class _Commands(UserDict[str, Any]):
    """The commands by name; what one needs is imported when it is asked for, as all of it takes a second."""

    def __getitem__(self, name: str) -> Any:
        command = getattr(import_module(f"livingmap.cli.{self.data[name]}"), name)
        return get_command(command if isinstance(command, typer.Typer) else _alone(name, command))


def _alone(name: str, command: Callable[..., None]) -> typer.Typer:
    one = typer.Typer(add_completion=False)
    one.command(name)(command)
    return one


class _Program(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = _Commands(MODULES)


app = typer.Typer(
    name="livingmap",
    cls=_Program,
    help="The state of a whole network of services, gathered live by plugins into one picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        show(f"livingmap {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Gather the state of a whole network of services into one picture."""


def run() -> None:
    """Run the command that the arguments name."""
    try:
        app()
    except ConfigError as error:
        complain(*error.lines())
        sys.exit(1)
