"""The command that brings a database up to date."""

import asyncio
from typing import Annotated

import typer
from asyncpg import InterfaceError, PostgresError

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, fail, show
from livingmap.history import HistoryError
from livingmap.history.migrate import migrate as apply


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
    try:
        steps = asyncio.run(
            apply(settings.url.get_secret_value(), dry_run=dry_run, connecting=settings.connecting())
        )
    except (HistoryError, OSError, PostgresError, InterfaceError) as error:
        fail(f"{settings.shown}: {error}")
    for step in steps:
        show(f"{'pending' if dry_run else 'applied'} {step.name}")
    show(f"{settings.shown}: {'nothing applied' if dry_run else 'up to date'}")
