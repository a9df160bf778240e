"""The commands that read a configuration: serve it, check it, and try it out."""

import asyncio
import gc
import json
import os
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import structlog
import typer

from livingmap import supervision
from livingmap.cli.options import (
    DEFAULT_URL,
    ConfigOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    fail,
    is_in_environment,
    load_config,
    show,
    show_json,
    token_of,
)
from livingmap.cli.past import snapshot_at
from livingmap.config.loading import Config, SourceConfig, config_file, demo_file
from livingmap.config.schema import of_all_plugins, schema
from livingmap.errors import LogError
from livingmap.log.local import utc_now
from livingmap.logs import configure
from livingmap.logs.output import Output, standard_streams
from livingmap.sources.settings import SectionSettings

_END_SECONDS: Final = 30.0
"""After that the process is ended, whatever it still does."""
COLLECTING: Final = (5_000, 4, 1_250)
"""Thresholds of the garbage collector. To look through a map of 10,000 things takes it 0.3 s, in which nothing
else runs, and by default it does so whenever a quarter as much was added, as by rebuilding a moment. What is new
it looks through in steps of 20,000 objects, some 5 ms each: while a map grows all of it is new."""

_logger = structlog.get_logger(__name__)

if TYPE_CHECKING:  # what serves is imported by the commands that serve: `check` has to be quick
    from livingmap.app import LivingMap
    from livingmap.sources.poll import Poller


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
    gc.set_threshold(*COLLECTING)
    for source in configuration.sources:
        if source.error is not None:
            _logger.warning("a source could not be loaded", source=source.name, error=source.error)
    from livingmap.app import LivingMap  # noqa: PLC0415
    from livingmap.cli.run_file import run_file  # noqa: PLC0415
    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.store import store  # noqa: PLC0415
    from livingmap.state.handler_watch import TICK_SECONDS  # noqa: PLC0415

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


def check(config: ConfigOption = None) -> None:
    """Check the configuration without touching the network. Exit status 1 if anything is wrong."""
    configuration = load_config(config)
    for source in configuration.sources:
        show(f"{source.name}: {_summary(source)}")
        if _lacks_samples(source) and getattr(configuration.mock_settings, "module", None) is None:
            show("  mock: true, but it has no samples that could answer; record some, or give it a world")
    for collection, names in _sources_by_collection(configuration).items():
        if len(names) > 1:
            show(f"{collection}: {', '.join(names)} (the first that has a field wins)")
    show(f"access: {_access(configuration)}")
    show(f"{configuration.file or 'environment'}: ok")


def probe(
    source: Annotated[str | None, typer.Argument(help="Only this source; default: all that are enabled.")] = None,
    config: ConfigOption = None,
) -> None:
    """Ask each service once; show what came and what was dropped. Exit status 1 if one failed."""
    configuration = load_config(config)
    names = _enabled(configuration)
    if source is not None and source not in names:
        fail(f"{source}: no such source is enabled (there are: {', '.join(names)})")
    chosen = [source] if source else names
    from livingmap.doctor.services import polled  # noqa: PLC0415

    configure(configuration.logging, quiet=True)
    living = asyncio.run(polled(configuration, chosen))
    failed = False
    for name in chosen:
        failed |= _has_failed(living, living.pollers[name])
    for broken in configuration.sources if source is None else ():
        if broken.error is not None:
            failed = True
            show(f"{broken.name}: failed: {broken.error}", "red")
    raise typer.Exit(int(failed))


def snapshot(
    layers: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    compact: Annotated[bool, typer.Option("--compact", help="One line instead of indented JSON.")] = False,
    config: ConfigOption = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="As the running map at --url was then: a time, -15m, or a cursor. It needs no --config."
        ),
    ] = None,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
) -> None:
    """Ask each service once and print the snapshot as JSON, without a running map; with --at that of a moment."""
    if at is not None:
        show_json(snapshot_at(at, layers, url, token_of(token, token_file)), indent=None if compact else 2)
        return
    configuration = load_config(config)

    async def ask() -> bytes:
        from livingmap.access.view import View  # noqa: PLC0415
        from livingmap.api.snapshot import Snapshots  # noqa: PLC0415
        from livingmap.core.layers import layer_names  # noqa: PLC0415
        from livingmap.doctor.services import polled  # noqa: PLC0415
        from livingmap.stream.layers import LayersError, wanted  # noqa: PLC0415

        configure(configuration.logging, quiet=True)
        living = await polled(configuration, _enabled(configuration))
        try:
            shown = wanted(layers, layer_names(living.fold.scene))
        except LayersError as error:
            fail(str(error))
        return Snapshots(living.reader).prepared(View(shown)).body

    body = asyncio.run(ask())
    if compact:
        show(body.decode())
    else:
        show_json(json.loads(body), indent=2)


def migrate(
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would be applied.")] = False,
) -> None:
    """Apply the migrations that the database of history.url lacks. Safe to repeat, and to run twice at once."""
    settings = load_config(config).history
    if settings.kind != "postgresql":
        fail(
            f"history.url is {settings.shown}: only a PostgreSQL database of your own is migrated by this command"
        )
    from asyncpg import InterfaceError, PostgresError  # noqa: PLC0415

    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.migrate import migrate as apply  # noqa: PLC0415

    try:
        steps = asyncio.run(
            apply(settings.url.get_secret_value(), dry_run=dry_run, connecting=settings.connecting())
        )
    except (HistoryError, OSError, PostgresError, InterfaceError) as error:
        fail(f"{settings.shown}: {error}")
    for step in steps:
        show(f"{'pending' if dry_run else 'applied'} {step.name}")
    show(f"{settings.shown}: {'nothing applied' if dry_run else 'up to date'}")


def config_schema(config: ConfigOption = None) -> None:
    """Print the JSON Schema of the configuration, with the settings of every plugin, for editors.

    With a configuration these are the plugins that it enables, else all that are installed.
    """
    is_given = config_file(config) is not None or is_in_environment()
    show_json(schema(load_config(config) if is_given else of_all_plugins()), indent=2)


def _has_failed(living: "LivingMap", poller: "Poller") -> bool:
    """Show what became of a source's polls and run; return whether one of them failed."""
    state = poller.state
    at = state.observed_at or utc_now()
    status, error = state.status_at(at), state.error_at(at)
    part = living.fold.scene.part(state.name)
    where = ", ".join(filter(None, (state.service, _address(poller.service.settings))))
    show(f"{state.name} ({where}): {status}", "green" if error is None else "red")
    for layer in poller.source.layers:
        items = part.count(layer.name, layer.collection)
        note = "" if layer.fetch else " (by events)"
        show(f"  {layer.name}.{layer.collection}: {items} items{note}")
    show(f"  rows: {state.rows} read, {state.dropped_rows} dropped")
    for line in state.dropped:
        show(f"    dropped {line}")
    for line in state.notes:
        show(f"  note: {line}")
    for path in state.missing:
        show(f"  not there: {path}")
    for line in error.split("; ") if error else ():
        show(f"  error: {line}")
    return error is not None


def _access(config: Config) -> str:
    """Describe who may read the map, without secrets."""
    auth, checked, policy = config.auth, config.access.authenticator, config.access.policy
    if checked is None:
        return "none: everybody who can reach the map can read everything"
    anonymous = {"off": "nothing", "summary": "counts", "full": "what the policies let anonymous see"}
    if policy is None:
        anonymous["full"] = "everything but the errors of services"
    decided = (
        f"policies of {policy.settings.base_url} decide" if policy else "authenticated callers see everything"
    )
    return "; ".join(
        [
            f"{auth.mode}: {checked.plugin.summary(checked.settings)}",
            decided,
            f"anonymous callers get {anonymous[auth.public_mode]}",
        ]
    )


def _summary(source: SourceConfig) -> str:
    """Describe a source in a few words: its service, and where that is asked."""
    if not source.enabled:
        return "disabled"
    if source.source is None or source.settings is None:
        return f"failed: {source.error}"
    plugin = f"plugin {source.source.plugin}" if source.source.plugin != source.name else ""
    return ", ".join(filter(None, (source.source.service, _address(source.settings), plugin)))


def _lacks_samples(one: SourceConfig) -> bool:
    """Tell whether a source is to be simulated by its samples and has none. A world may know more than these."""
    if one.source is None or one.settings is None or one.settings.mock is not True:
        return False
    return one.source.samples is None and any(layer.fetch for layer in one.source.layers)


def _address(settings: SectionSettings) -> str:
    """Return where a source is asked, for people."""
    return "mock" if settings.mock else settings.address


def _enabled(config: Config) -> list[str]:
    return [source.name for source in config.sources if source.source]


def _sources_by_collection(config: Config) -> dict[str, list[str]]:
    sources: dict[str, list[str]] = {}
    for source, _ in config.enabled():
        for layer in source.layers:
            sources.setdefault(f"{layer.name}.{layer.collection}", []).append(source.name)
    return sources
