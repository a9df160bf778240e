"""The commands that work on a configuration: they serve it, check it, and try it out."""

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.table import Table

from livingmap import supervision
from livingmap.cli.options import ConfigOption, fail, load_config, out
from livingmap.config.loading import Config
from livingmap.config.schema import schema
from livingmap.errors import LogError
from livingmap.logs import configure

_END_SECONDS: Final = 30.0
"""After that the process is ended, whatever it still does."""

if TYPE_CHECKING:  # what serves is imported by the commands that serve: `check` has to be quick
    from livingmap.app import LivingMap
    from livingmap.sources.poll import Poller


def serve(config: ConfigOption = None) -> None:
    """Serve the map until SIGINT or SIGTERM."""
    loaded = load_config(config)
    configure(loaded.logging)
    from livingmap.app import LivingMap  # noqa: PLC0415
    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.store import store  # noqa: PLC0415

    deadline = supervision.Deadline(_END_SECONDS)

    async def run() -> None:
        async with store(loaded.history) as history:
            await LivingMap(loaded, history).run(deadline.start)

    try:
        supervision.run(run())
    except (HistoryError, LogError) as error:
        fail(str(error))
    finally:
        deadline.start()  # whatever a library left behind does not keep the process


def check(config: ConfigOption = None) -> None:
    """Check the configuration without touching the network. Exit status 1 if anything is wrong."""
    loaded = load_config(config)
    for one in loaded.sources:
        out.print(f"{one.name}: {_told(loaded, one.name)}", highlight=False, markup=False)
    for place, names in _places(loaded).items():
        if len(names) > 1:
            out.print(f"{place}: {', '.join(names)} (the first that knows a field wins it)", highlight=False)
    out.print(f"access: {_access(loaded)}", highlight=False, markup=False)
    out.print(f"{loaded.file or 'environment'}: ok", highlight=False, markup=False)


def probe(
    source: Annotated[str | None, typer.Argument(help="Only this source; default: all that are enabled.")] = None,
    config: ConfigOption = None,
) -> None:
    """Reach each service once and show what came and what was dropped. Exit status 1 if one failed."""
    loaded = load_config(config)
    names = [one.name for one in loaded.sources if one.source]
    if source is not None and source not in names:
        fail(f"{source}: no such source is enabled (there are: {', '.join(names)})")
    living = asyncio.run(_polled(loaded, [source] if source else names))
    failed = False
    for name in [source] if source else names:
        _report(living, living.pollers[name])
        failed |= living.pollers[name].state.error is not None
    for one in loaded.sources if source is None else ():
        if one.error is not None:
            failed = True
            out.print(f"{one.name}: failed: {one.error}", highlight=False, markup=False, style="red")
    raise typer.Exit(int(failed))


def plugins() -> None:
    """List the installed plugins, without importing any."""
    from livingmap.sources.plugin_import import MOCKS, SOURCES, installed  # noqa: PLC0415
    from livingmap.sources.registry import ACCOUNTS, AUTHENTICATORS, POLICIES  # noqa: PLC0415

    table = Table("plugin", "kind", "module", "distribution", box=None)
    auth = [(one.group, one.kind) for one in (AUTHENTICATORS, POLICIES, ACCOUNTS)]
    for group, kind in ((SOURCES, "source"), (MOCKS, "mock"), *auth):
        for name, entries in installed(group).items():
            for entry in entries:
                owner = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "?"
                table.add_row(name, kind, entry.value, owner)
    out.print(table)


def snapshot(
    layers: Annotated[str | None, typer.Option(help="Only these layers, separated by commas.")] = None,
    compact: Annotated[bool, typer.Option("--compact", help="One line instead of indented JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Ask every service once and print the snapshot as JSON. Does not need a running map."""
    loaded = load_config(config)

    async def ask() -> bytes:
        from livingmap.access.view import View  # noqa: PLC0415
        from livingmap.api.snapshot import Snapshots  # noqa: PLC0415
        from livingmap.core.layers import layer_names  # noqa: PLC0415
        from livingmap.stream.layers import LayersError, wanted  # noqa: PLC0415

        living = await _polled(loaded, [one.name for one in loaded.sources if one.source])
        try:
            shown = wanted(layers, layer_names(living.fold.scene))
        except LayersError as error:
            fail(str(error))
        return Snapshots(living.reader).prepared(View(shown)).body

    body = asyncio.run(ask())
    typer.echo(body.decode() if compact else json.dumps(json.loads(body), indent=2, ensure_ascii=False))


def migrate(
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be applied.")] = False,
) -> None:
    """Bring the database of history.url to the present form. Safe to repeat and to run twice at once."""
    settings = load_config(config).history
    if settings.kind != "postgresql":
        fail(f"history.url is {settings.shown}: only a database of your own is migrated by hand")
    from asyncpg import InterfaceError, PostgresError  # noqa: PLC0415

    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.migrate import migrate as apply  # noqa: PLC0415

    try:
        steps = asyncio.run(apply(settings.url.get_secret_value(), dry_run=dry_run))
    except (HistoryError, OSError, PostgresError, InterfaceError) as error:
        fail(f"{settings.shown}: {error}")
    for step in steps:
        out.print(f"{'pending' if dry_run else 'applied'} {step.name}", highlight=False, markup=False)
    out.print(f"{settings.shown}: {'nothing applied' if dry_run else 'up to date'}", highlight=False, markup=False)


def config_schema(config: ConfigOption = None) -> None:
    """Print the JSON Schema of the configuration, with every enabled plugin's settings, for editors."""
    typer.echo(json.dumps(schema(load_config(config)), indent=2))


async def _polled(config: Config, names: list[str]) -> "LivingMap":
    """Return a map whose sources ``names`` were asked once."""
    from livingmap.app import LivingMap  # noqa: PLC0415
    from livingmap.history.memory import MemoryHistory  # noqa: PLC0415
    from livingmap.transport.settings import NatsSettings  # noqa: PLC0415

    configure(config.logging, quiet=True)
    living = LivingMap(replace(config, nats=NatsSettings()), MemoryHistory())
    await asyncio.gather(*(living.pollers[name].poll() for name in names))
    await living.close()
    return living


def _report(living: "LivingMap", poller: "Poller") -> None:
    state = poller.state
    part = living.fold.scene.part(state.name)
    head = f"{state.name} ({state.service}, {poller.service.settings.base_url}): {state.status}"
    out.print(head, highlight=False, markup=False, style="green" if state.error is None else "red")
    for layer in poller.source.layers:
        items = part.count(layer.name, layer.collection)
        note = "" if layer.fetch else " (by events)"
        out.print(f"  {layer.name}.{layer.collection}: {items} items{note}", highlight=False, markup=False)
    out.print(f"  rows: {state.rows} read, {state.dropped_rows} dropped", highlight=False)
    for line in state.dropped:
        out.print(f"    dropped {line}", highlight=False, markup=False)
    for path in state.missing:
        out.print(f"  not there: {path}", highlight=False, markup=False)
    for line in (state.error or "").split("; "):
        if line:
            out.print(f"  error: {line}", highlight=False, markup=False)


def _access(config: Config) -> str:
    """Return who is let in to what, without secrets."""
    auth, checked, policy = config.auth, config.access.authenticator, config.access.policy
    if checked is None:
        return "none: everybody who reaches the map reads everything"
    anonymous = {"off": "nothing", "summary": "counts", "full": "what the policies let anonymous see"}
    if policy is None:
        anonymous["full"] = "everything but the errors of services"
    decided = f"policies of {policy.settings.base_url} decide" if policy else "who is known sees everything"
    return "; ".join(
        [
            f"{auth.mode}: {checked.plugin.summary(checked.settings)}",
            decided,
            f"anonymous callers get {anonymous[auth.public_mode]}",
        ]
    )


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
