"""`livingmap size`: what disk a history will take."""

import asyncio
from typing import Annotated

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, complain, fail, show
from livingmap.history.settings import HistorySettings
from livingmap.history.size import Costs, Size, measured
from livingmap.history.size import size as size_of

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def size(
    config: ConfigOption = None,
    per_second: Annotated[
        float, typer.Option("--events-per-second", "-e", min=0, help="Events that are published, and polls.")
    ] = 50,
    days: Annotated[
        float | None, typer.Option("--days", "-d", min=0, help="For how long; default: history.retention_days.")
    ] = None,
    entities: Annotated[int, typer.Option("--entities", min=0, help="How many things are on the map.")] = 10_000,
) -> None:
    """Print what disk the history will take, by what the database of history.url has now, if there is one."""
    settings = load_config(config).history
    if settings.kind == "memory":
        fail("history.url is memory: it keeps the last 10,000 entries, and nothing on disk")
    costs = asyncio.run(_costs(settings)) if settings.kind == "postgresql" else None
    wanted = settings.retention_days if days is None else days
    _show(size_of(per_second, wanted, entities, costs or Costs()), per_second, wanted, entities)
    show(f"by what {settings.shown} has" if costs else "by what was measured in a simulated network")


def _show(made: Size, per_second: float, days: float, entities: int) -> None:
    show(f"{per_second:g} events per second, kept for {days:g} days, on a map of {entities:,} things:")
    for name, number, taken in (
        ("entries", made.entries, made.entry_bytes),
        ("states", made.states, made.state_bytes),
    ):
        each = f"{taken / number:,.0f} bytes" if number else "0 bytes"
        show(f"  {name:8} {number:>17,} of {each:>16}  {readable(taken):>10}")
    show(f"  together {'':40}{readable(made.total_bytes):>10}")


async def _costs(settings: HistorySettings) -> Costs | None:
    from asyncpg import InterfaceError, PostgresError  # noqa: PLC0415

    from livingmap.history import HistoryError  # noqa: PLC0415
    from livingmap.history.database import connect  # noqa: PLC0415

    try:
        connection = await connect(settings.url.get_secret_value(), settings.connecting())
        try:
            return await measured(connection)
        finally:
            connection.terminate()
    except (HistoryError, OSError, PostgresError, InterfaceError) as error:
        complain(f"{settings.shown} cannot say what it has: {error}")
        return None


def readable(taken: float) -> str:
    """Return a number of bytes for people."""
    for unit in _UNITS[:-1]:
        if taken < 1024:  # noqa: PLR2004 - the step between units
            return f"{taken:.1f} {unit}"
        taken /= 1024
    return f"{taken:.1f} {_UNITS[-1]}"
