"""The command that prints a snapshot, without a running map or as one was."""

import asyncio
import json
from typing import Annotated

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.options import (
    DEFAULT_URL,
    ConfigOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    fail,
    show,
    show_json,
    token_of,
)
from livingmap.logs import configure


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
        from livingmap.cli.past import snapshot_at  # noqa: PLC0415 - it needs the client, and nothing else does

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
        living = await polled(configuration, [source.name for source, _ in configuration.enabled()])
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
