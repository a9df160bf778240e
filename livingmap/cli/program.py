"""The program: its commands, put together."""

import sys
from typing import Annotated

import typer

from livingmap import __version__
from livingmap.cli import (
    backup,
    cluster,
    dev,
    diagnostics,
    doctor,
    exports,
    health,
    kit,
    local,
    past,
    plugins,
    problems,
    reload,
    size,
    top,
    watch,
)
from livingmap.cli.options import complain, show
from livingmap.errors import ConfigError

app = typer.Typer(
    name="livingmap",
    help="The state of a whole network of services, gathered live by plugins into one picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    local.serve,
    reload.reload,
    health.health,
    local.check,
    local.probe,
    doctor.doctor,
    diagnostics.diagnostics,
    plugins.plugins,
    kit.new,
    dev.dev,
    kit.record,
    kit.replay,
    local.snapshot,
    local.migrate,
    size.size,
    backup.backup,
    backup.restore,
    top.top,
    watch.tail,
    watch.history,
    problems.problems,
    past.diff,
    exports.export,
    watch.publish,
):
    app.command()(command)
config_app = typer.Typer(help="About the configuration file.", no_args_is_help=True)
config_app.command("schema")(local.config_schema)
app.add_typer(config_app, name="config")
cluster_app = typer.Typer(help="About the processes that share a log in JetStream.", no_args_is_help=True)
cluster_app.command("status")(cluster.status)
cluster_app.command("apply")(cluster.apply)
app.add_typer(cluster_app, name="cluster")


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
