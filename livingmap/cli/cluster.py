"""The commands about the processes that share a log in JetStream."""

import asyncio
from typing import Annotated

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, fail, show
from livingmap.cluster.report import ClusterReport, report, set_generation
from livingmap.config.loading import Config
from livingmap.core.fold import Fold
from livingmap.errors import LogError
from livingmap.log.declaration import Stream
from livingmap.transport import IntakeStatus
from livingmap.transport.connection import connected

cluster = typer.Typer(
    help="About the processes that share a log in JetStream.", no_args_is_help=True, add_completion=False
)


@cluster.command()
def status(config: ConfigOption = None) -> None:
    """Show which processes share the log, which of them leads, and how this configuration differs from theirs."""
    loaded = _loaded(config)

    async def look() -> ClusterReport | None:
        async with connected(loaded.nats) as client:
            return await report(client, loaded.nats)

    try:
        found = asyncio.run(look())
    except OSError as error:
        fail(str(error))
    if found is None:
        fail(f"nats.stream: no map has used {loaded.nats.stream} on this server yet")
    sources = ", ".join(sorted(found.generation.sources)) or "none"
    show(f"generation {found.generation.number}: {sources}")
    for member in found.members:
        role = "leads" if member.id == found.leader else "follows"
        lacks = found.generation.lacking(member.sources)
        notes = [
            role,
            *([f"lacks {', '.join(lacks)}"] if lacks else []),
            *([] if member.works else ["cannot lead"]),
        ]
        show(f"{member.id}: {', '.join(notes)}")
    if not found.members:
        show("no process speaks up")
    if lacks := found.generation.lacking(_sources(loaded)):
        show(f"this configuration lacks {', '.join(lacks)}")


@cluster.command()
def apply(
    config: ConfigOption = None,
    allow_shrink: Annotated[
        bool,
        typer.Option(
            "--allow-shrink", help="Take from the stream what this configuration does not have; messages may go."
        ),
    ] = False,
) -> None:
    """Bring the stream and the generation to this configuration. Without --allow-shrink they only grow."""
    loaded = _loaded(config)

    async def bring() -> list[str]:
        state = IntakeStatus("nats", "")
        patterns = Fold([source for source, _ in loaded.enabled()]).routes.patterns()
        async with connected(loaded.nats) as client:
            await Stream(loaded.nats, patterns, state, may_shrink=allow_shrink).attach(client)
            if allow_shrink or not state.differences:
                await set_generation(client, loaded.nats, _sources(loaded))
        return state.differences

    try:
        left = asyncio.run(bring())
    except (OSError, LogError) as error:
        fail(str(error))
    for line in left:
        show(f"kept: {line} (--allow-shrink would take it away)")
    show(f"{loaded.nats.stream}: {'grown' if left else 'as configured'}")


def _loaded(config: ConfigOption) -> Config:
    loaded = load_config(config)
    if loaded.nats.url is None or not loaded.nats.jetstream:
        fail("nats.url is not set, or nats.jetstream is false: only a log in JetStream is shared")
    return loaded


def _sources(config: Config) -> list[str]:
    return [source.name for source, _ in config.enabled()]
