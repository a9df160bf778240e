"""The command line: ``livingmap --help``."""

import asyncio
import json
import os
import sys
from contextlib import aclosing
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from livingmap import __version__
from livingmap.config import Config, config_file, load, schema
from livingmap.errors import ConfigError
from livingmap.logs import configure

if TYPE_CHECKING:  # what serves is imported by the commands that serve: `check` has to be quick
    from livingmap.app import LivingMap
    from livingmap.sources.poll import Poller

app = typer.Typer(
    name="livingmap",
    help="The state of a whole network of services, gathered live by plugins into one picture.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="About the configuration file.", no_args_is_help=True)
app.add_typer(config_app, name="config")

_out = Console(soft_wrap=True)
_MOST_SHOWN: Final = 4

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The YAML file; default: LIVINGMAP_CONFIG, ./config/livingmap.yaml or ./livingmap.yaml.",
    ),
]

DEFAULT_URL = "http://127.0.0.1:7017"
UrlOption = Annotated[str, typer.Option("--url", "-u", envvar="LIVINGMAP_URL", help="Address of the running map.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"livingmap {__version__}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Gather the state of a whole network of services into one picture."""


@app.command()
def serve(config: ConfigOption = None) -> None:
    """Serve the map until SIGINT or SIGTERM."""
    loaded = _load(config)
    configure(loaded.logging)
    from livingmap.app import LivingMap  # noqa: PLC0415
    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.store import store  # noqa: PLC0415

    async def run() -> None:
        async with store(loaded.history) as history:
            await LivingMap(loaded, history).run()

    try:
        asyncio.run(run())
    except HistoryError as error:
        _fail(f"history: {error}")


@app.command()
def check(config: ConfigOption = None) -> None:
    """Check the configuration without touching the network. Exit status 1 if anything is wrong."""
    loaded = _load(config)
    for one in loaded.sources:
        _out.print(f"{one.name}: {_told(loaded, one.name)}", highlight=False, markup=False)
    for place, names in _places(loaded).items():
        if len(names) > 1:
            _out.print(f"{place}: {', '.join(names)} (the first that knows a field wins it)", highlight=False)
    _out.print(f"{loaded.file or 'environment'}: ok", highlight=False, markup=False)


@app.command()
def probe(
    source: Annotated[str | None, typer.Argument(help="Only this source; default: all that are enabled.")] = None,
    config: ConfigOption = None,
) -> None:
    """Reach each service once and show what came and what was dropped. Exit status 1 if one failed."""
    loaded = _load(config)
    names = [one.name for one in loaded.sources if one.source]
    if source is not None and source not in names:
        _fail(f"{source}: no such source is enabled (there are: {', '.join(names)})")
    living = asyncio.run(_polled(loaded, [source] if source else names))
    failed = False
    for name in [source] if source else names:
        _report(living, living.pollers[name])
        failed |= living.pollers[name].state.error is not None
    for one in loaded.sources if source is None else ():
        if one.error is not None:
            failed = True
            _out.print(f"{one.name}: failed: {one.error}", highlight=False, markup=False, style="red")
    raise typer.Exit(int(failed))


@app.command()
def plugins() -> None:
    """List the installed plugins, without importing any."""
    from livingmap.sources.registry import MOCKS, SOURCES, installed  # noqa: PLC0415

    table = Table("plugin", "kind", "module", "distribution", box=None)
    for group, kind in ((SOURCES, "source"), (MOCKS, "mock")):
        for name, entries in installed(group).items():
            for entry in entries:
                owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
                table.add_row(name, kind, entry.value, owner)
    _out.print(table)


@app.command()
def snapshot(
    layers: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    compact: Annotated[bool, typer.Option("--compact", help="One line instead of indented JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Ask every service once and print the snapshot as JSON. Does not need a running map."""
    loaded = _load(config)

    async def ask() -> bytes:
        from livingmap.api.snapshot import Snapshots  # noqa: PLC0415
        from livingmap.core.view import layer_names  # noqa: PLC0415
        from livingmap.stream.layers import LayersError, wanted  # noqa: PLC0415

        living = await _polled(loaded, [one.name for one in loaded.sources if one.source])
        try:
            shown = wanted(layers, layer_names(living.fold.scene))
        except LayersError as error:
            _fail(str(error))
        return Snapshots(living.picture).prepared(shown).body

    body = asyncio.run(ask())
    typer.echo(body.decode() if compact else json.dumps(json.loads(body), indent=2, ensure_ascii=False))


@app.command()
def tail(
    url: UrlOption = DEFAULT_URL,
    layer: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON message a line, as it came.")] = False,
) -> None:
    """Follow the stream of a running map; a broken connection goes on where it was."""
    from livingmap.remote import RemoteError, fits, follow  # noqa: PLC0415

    async def run() -> None:
        async with aclosing(follow(url, layer)) as messages:
            async for message in messages:
                if fits(message, type):
                    print(dumps(message) if json else _line(message), flush=True)  # noqa: T201

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:  # whoever read has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except RemoteError as error:
        _fail(str(error))


@app.command()
def history(
    url: UrlOption = DEFAULT_URL,
    since: Annotated[str | None, typer.Option(help="From this time on: 2026-01-02T03:04:05Z.")] = None,
    type: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Only events of this type, with NATS wildcards: 'dao.event.*'.")
    ] = None,
    entity: Annotated[str | None, typer.Option(help="Only what concerns this entity: agent:sofia.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show what happened on a running map, newest first."""
    from livingmap.remote import RemoteError, get  # noqa: PLC0415

    try:
        page = get(url, "/living-map/history", since=since, event_type=type, entity_id=entity, limit=limit)
    except RemoteError as error:
        _fail(str(error))
    for item in page["items"]:
        line = dumps(item) if json else f"{item['timestamp']} {item['event_type']}  {dumps(item['payload'])}"
        _out.print(line, highlight=False, markup=False)


@app.command()
def migrate(
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be applied.")] = False,
) -> None:
    """Bring the database of history.url to the present form. Safe to repeat and to run twice at once."""
    settings = _load(config).history
    if settings.kind != "postgresql":
        _fail(f"history.url is {settings.shown}: only a database of your own is migrated by hand")
    from asyncpg import InterfaceError, PostgresError  # noqa: PLC0415

    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.migrate import migrate as apply  # noqa: PLC0415

    try:
        steps = asyncio.run(apply(settings.url.get_secret_value(), dry_run=dry_run))
    except (HistoryError, OSError, PostgresError, InterfaceError) as error:
        _fail(f"{settings.shown}: {error}")
    for step in steps:
        _out.print(f"{'pending' if dry_run else 'applied'} {step.name}", highlight=False, markup=False)
    _out.print(
        f"{settings.shown}: {'nothing applied' if dry_run else 'up to date'}", highlight=False, markup=False
    )


@app.command()
def publish(
    subject: Annotated[str, typer.Argument(help="Such as agent.event.status.")],
    payload: Annotated[str, typer.Argument(help="A JSON object.")],
    config: ConfigOption = None,
) -> None:
    """Publish one message on the NATS of the configuration, to try things out."""
    loaded = _load(config)
    if loaded.nats.url is None:
        _fail("nats.url is not set: there is nowhere to publish")
    from livingmap.log.intake import DeadMessage, read  # noqa: PLC0415
    from livingmap.log.nats import publish_once  # noqa: PLC0415

    try:
        read(subject, payload.encode(), loaded.nats.most_bytes)
        asyncio.run(publish_once(loaded.nats, subject, payload.encode()))
    except DeadMessage as error:
        _fail(f"the map would not read this: {error}")
    except OSError as error:
        _fail(str(error))
    _out.print(f"published on {subject}", highlight=False, markup=False)


@config_app.command("schema")
def config_schema(config: ConfigOption = None) -> None:
    """Print the JSON Schema of the configuration, with every enabled plugin's settings, for editors."""
    typer.echo(json.dumps(schema(_load(config)), indent=2))


async def _polled(config: Config, names: list[str]) -> "LivingMap":
    """Return a map whose sources ``names`` were asked once."""
    from livingmap.app import LivingMap  # noqa: PLC0415
    from livingmap.history.memory import MemoryHistory  # noqa: PLC0415

    configure(config.logging, quiet=True)
    living = LivingMap(config, MemoryHistory())
    await asyncio.gather(*(living.pollers[name].poll() for name in names))
    await living.close()
    return living


def _report(living: "LivingMap", poller: "Poller") -> None:
    state = poller.state
    part = living.fold.scene.part(state.name)
    head = f"{state.name} ({state.service}, {poller.service.settings.base_url}): {state.status}"
    _out.print(head, highlight=False, markup=False, style="green" if state.error is None else "red")
    for layer in poller.source.layers:
        items = sum(1 for _ in part.items(layer.name, layer.collection))
        note = "" if layer.fetch else " (by events)"
        _out.print(f"  {layer.name}.{layer.collection}: {items} items{note}", highlight=False, markup=False)
    _out.print(f"  rows: {state.rows} read, {state.dropped_rows} dropped", highlight=False)
    for line in state.dropped:
        _out.print(f"    dropped {line}", highlight=False, markup=False)
    for path in state.missing:
        _out.print(f"  not there: {path}", highlight=False, markup=False)
    for line in (state.error or "").split("; "):
        if line:
            _out.print(f"  error: {line}", highlight=False, markup=False)


def _line(message: dict[str, Any]) -> str:
    """Return one message for people."""
    time = str(message.get("timestamp", ""))[11:19]
    match message["kind"]:
        case "event":
            touched = [change.get("id", change["layer"]) for change in message["changes"]]
            rest = f" +{len(touched) - _MOST_SHOWN}" if len(touched) > _MOST_SHOWN else ""
            return f"{time} {message['event_type']}  {' '.join(touched[:_MOST_SHOWN])}{rest}"
        case "snapshot":
            layers = message["payload"]["layers"]
            items = sum(
                len(value) for layer in layers.values() for value in layer.values() if isinstance(value, list)
            )
            return f"{time} snapshot ({message['reason']})  {items} items in {len(layers)} layers"
        case "changes":
            return f"{time} caught up  {len(message['changes'])} changes of {message['skipped']} events"
        case "disconnected":
            return f"disconnected, trying again within {message['retry_seconds']} s"
        case kind:
            return f"{time} {kind}"


def _told(config: Config, name: str) -> str:
    one = next(one for one in config.sources if one.name == name)
    if not one.enabled:
        return "disabled"
    if one.source is None or one.settings is None:
        return f"failed: {one.error}"
    return f"{one.source.service}, {'mock' if one.settings.mock else one.settings.base_url}"


def _places(config: Config) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for source, _ in config.enabled():
        for layer in source.layers:
            places.setdefault(f"{layer.name}.{layer.collection}", []).append(source.name)
    return places


def _load(given: Path | None) -> Config:
    file = config_file(given)
    if file is None:
        _fail("no configuration: give --config, set LIVINGMAP_CONFIG, or write ./livingmap.yaml")
    try:
        return load(file)
    except ConfigError as error:
        _fail("\n".join(error.lines()))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command line."""
    try:
        app()
    except ConfigError as error:
        typer.echo("\n".join(error.lines()), err=True)
        sys.exit(1)
