"""The command that serves the map."""

import os
from functools import partial
from typing import Annotated, Final

import structlog
import typer

from livingmap import memory, supervision
from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, fail
from livingmap.config.loading import Config, demo_file
from livingmap.errors import LogError
from livingmap.logs import configure
from livingmap.logs.output import Output, standard_streams

_END_SECONDS: Final = 30.0
"""After that the process is ended, whatever it still does."""

_logger = structlog.get_logger(__name__)


def serve(
    config: ConfigOption = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Serve a simulated network; needs no configuration and no service.")
    ] = False,
    watches: Annotated[
        bool, typer.Option("--watch", help="Reload whenever the configuration or a plugin's file is saved.")
    ] = False,
) -> None:
    """Serve the map until SIGINT or SIGTERM. SIGHUP has it read its configuration again."""
    if demo and config is not None:
        fail("give --config or --demo, not both")
    file = demo_file() if demo else config
    memory.set_up()
    with standard_streams(_report_dropped) as output:
        deadline = supervision.Deadline(_END_SECONDS, partial(_end, output))
        with supervision.stop_signals(deadline.start, _leave):
            try:
                _serve(load_config(file), deadline, output, watches=watches)
            finally:
                deadline.start()  # whatever a library left behind does not keep the process


def _leave() -> None:
    """End the program at a signal for which nothing had to be stopped yet."""
    raise SystemExit(0)


def _end(output: Output, status: int) -> None:
    """End the process at once, but for the last line of its log."""
    output.settle()
    os._exit(status)


def _report_dropped(lines: int) -> None:
    _logger.warning("lines of the log could not be written", lines=lines)


def _serve(
    configuration: Config, deadline: supervision.Deadline, output: Output, *, watches: bool = False
) -> None:
    configure(configuration.logging)
    for source in configuration.sources:
        if source.error is not None:
            _logger.warning("a source could not be loaded", source=source.name, error=source.error)
    from livingmap.app import LivingMap  # noqa: PLC0415
    from livingmap.cli.run_file import run_file  # noqa: PLC0415
    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.store import store  # noqa: PLC0415
    from livingmap.state.handler_watch import TICK_SECONDS  # noqa: PLC0415

    memory.settle()

    async def run() -> None:
        async with store(configuration.history) as history:
            living = LivingMap(configuration, history, lines_dropped=lambda: output.dropped)
            with (
                run_file(living.reloading, lambda: living.address),
                supervision.ticking(TICK_SECONDS, living.handler_watch.tick),
            ):
                await living.run(deadline.start, watches=watches)

    try:
        supervision.run(run())
    except (HistoryError, LogError) as error:
        fail(str(error))
