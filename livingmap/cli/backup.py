"""The commands that write the history into a file, and make one of such a file."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, complain, fail, show
from livingmap.cli.size import readable
from livingmap.cli.views import progress_bar
from livingmap.core.units import rfc3339

if TYPE_CHECKING:
    from asyncpg import Connection

    from livingmap.backup.copying import Begun
    from livingmap.backup.manifest import Manifest
    from livingmap.config.loading import Config
    from livingmap.history.settings import HistorySettings

_MEMORY: Final = (
    "history.url is memory: the map keeps the last 10,000 entries in its own memory, and nothing that could be "
    "backed up or restored; livingmap export writes them from the running map"
)


def backup(
    file: Annotated[Path, typer.Argument(help="File to write, such as livingmap-2026-03-01.tar.zst.")],
    config: ConfigOption = None,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave out the key that signs cursors; NATS is not asked then.")
    ] = False,
) -> None:
    """Write the whole history of history.url into a file, as of one instant, while the map runs or not."""
    configuration = _of_a_database(config)

    async def made() -> "Manifest":
        from livingmap.backup.dump import back_up  # noqa: PLC0415
        from livingmap.backup.file import writing  # noqa: PLC0415
        from livingmap.history.embedded import reached  # noqa: PLC0415

        with _tables_shown() as on_table, writing(file) as writer:
            key = None if without_key else await _key(configuration)
            async with contextlib.AsyncExitStack() as stack:
                is_own = configuration.history.kind == "embedded"
                url = await stack.enter_async_context(reached()) if is_own else None
                connection = await stack.enter_async_context(_connected(configuration.history, url))
                return await back_up(connection, writer, key, on_table)

    with _failures(str(file)):
        manifest = asyncio.run(made())
    show(f"{file}: {_contents(manifest)}; {readable(file.stat().st_size)}")
    if manifest.key is not None:
        show("the key that signs cursors is in it: whoever has it can make cursors")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that livingmap backup wrote.")],
    config: ConfigOption = None,
) -> None:
    """Make the empty history of history.url that of a backup: all of it, or nothing. Stop the map before."""
    configuration = _of_a_database(config)

    async def read() -> None:
        from livingmap.backup.file import opened  # noqa: PLC0415
        from livingmap.backup.load import restore as load  # noqa: PLC0415
        from livingmap.history.embedded import embedded  # noqa: PLC0415

        with _tables_shown() as on_table, opened(file) as backup:
            async with contextlib.AsyncExitStack() as stack:
                is_own = configuration.history.kind == "embedded"
                url = await stack.enter_async_context(embedded()) if is_own else None
                connection = await stack.enter_async_context(_connected(configuration.history, url))
                await load(connection, backup, on_table)
            show(f"{configuration.history.shown}: {_contents(backup.manifest)}")
            await _bring_key(configuration, backup.key())

    with _failures(str(file)):
        asyncio.run(read())


def _of_a_database(config: ConfigOption) -> "Config":
    configuration = load_config(config)
    if configuration.history.kind == "memory":
        fail(_MEMORY)
    return configuration


@contextlib.asynccontextmanager
async def _connected(settings: "HistorySettings", embedded_url: str | None) -> "AsyncIterator[Connection]":
    from livingmap.backup import BackupError  # noqa: PLC0415
    from livingmap.backup.copying import ANSWER_SECONDS  # noqa: PLC0415
    from livingmap.doctor.database import explained  # noqa: PLC0415
    from livingmap.history.database import connect  # noqa: PLC0415

    url, connecting = settings.url.get_secret_value(), settings.connecting()
    try:
        connection = await connect(embedded_url or url, {} if embedded_url else connecting, ANSWER_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever asyncpg raises; its text may have the password
        finding = explained(settings, error)
        raise BackupError(f"history.url: {finding.what}; {finding.fix}") from None
    try:
        yield connection
        await connection.close()
    finally:
        connection.terminate()  # does nothing once it is closed


@contextlib.contextmanager
def _failures(name: str) -> Iterator[None]:
    """End the program with what went wrong."""
    from asyncpg import InterfaceError, PostgresError  # noqa: PLC0415

    from livingmap.errors import LivingMapError  # noqa: PLC0415

    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except LivingMapError as error:
        fail(str(error) if str(error).startswith((name, "history")) else f"{name}: {error}")
    except OSError as error:
        fail(f"{name}: {error}")
    except (PostgresError, InterfaceError) as error:
        fail(f"{name}: the database failed: {type(error).__name__}: {error}")


@contextlib.contextmanager
def _tables_shown() -> "Iterator[Begun]":
    """Show on a terminal which table is being copied."""
    with progress_bar() as progress:
        task = progress.add_task("")
        yield lambda name, done, total: progress.update(task, completed=done, total=total, description=name)


async def _key(config: "Config") -> bytes | None:
    """Return the key that signs cursors, if it is shared by NATS."""
    if config.nats.url is None or not config.nats.jetstream:
        return None
    from livingmap.backup import BackupError  # noqa: PLC0415
    from livingmap.cluster.shared_key import present_key  # noqa: PLC0415
    from livingmap.transport.connection import connected  # noqa: PLC0415

    try:
        async with connected(config.nats) as client:
            return await present_key(client, config.nats)
    except OSError as error:
        raise BackupError(f"{error}; the key that signs cursors is there: --without-key leaves it out") from None


async def _bring_key(config: "Config", key: bytes | None) -> None:
    """Make the key that of the log, unless that has one."""
    if key is None or config.nats.url is None or not config.nats.jetstream:
        return
    from livingmap.cluster.shared_key import open_bucket, shared_key  # noqa: PLC0415
    from livingmap.transport.connection import connected  # noqa: PLC0415

    try:
        async with connected(config.nats) as client:
            present = await shared_key(await open_bucket(client.jetstream(), config.nats), key)
    except OSError as error:
        complain(f"the history is restored, but not the key that signs cursors: {error}")
        raise typer.Exit(1) from None
    if present != key:
        complain("the log has a key of its own already: cursors from before the backup do not hold")


def _contents(manifest: "Manifest") -> str:
    states, gaps = manifest.rows_of("living_map_states"), manifest.rows_of("living_map_gaps")
    until = f", the last of {rfc3339(manifest.newest)}" if manifest.newest else ""
    return f"{manifest.entries:,} entries{until}; {states:,} states, {gaps:,} gaps"
