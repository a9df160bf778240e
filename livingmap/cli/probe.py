"""The command that asks each service once."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from livingmap.cli.check import address_of
from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, fail, show
from livingmap.log.local import utc_now
from livingmap.logs import configure

if TYPE_CHECKING:
    from livingmap.app import LivingMap
    from livingmap.sources.poll import Poller


def probe(
    source: Annotated[str | None, typer.Argument(help="Only this source; default: all that are enabled.")] = None,
    config: ConfigOption = None,
) -> None:
    """Ask each service once; show what came and what was dropped. Exit status 1 if one failed."""
    configuration = load_config(config)
    names = [source.name for source, _ in configuration.enabled()]
    if source is not None and source not in names:
        fail(f"{source}: no such source is enabled (there are: {', '.join(names)})")
    chosen = [source] if source else names
    from livingmap.doctor.services import polled  # noqa: PLC0415 - it needs the whole map, and --help does not

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


def _has_failed(living: "LivingMap", poller: "Poller") -> bool:
    """Show what became of a source's polls and run; return whether one of them failed."""
    state = poller.state
    at = state.observed_at or utc_now()
    status, error = state.status_at(at), state.error_at(at)
    part = living.fold.scene.part(state.name)
    where = ", ".join(filter(None, (state.service, address_of(poller.service.settings))))
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
