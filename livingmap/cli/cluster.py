"""The commands about the processes that share a log in JetStream."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from livingmap.cli.options import ConfigOption, fail, load_config, show
from livingmap.errors import LogError

if TYPE_CHECKING:
    from livingmap.cluster.report import ClusterReport
    from livingmap.config.loading import Config


def status(config: ConfigOption = None) -> None:
    """Show which processes share the log, which of them leads, and how this configuration differs from theirs."""
    loaded = _loaded(config)

    async def look() -> "ClusterReport | None":
        from livingmap.cluster.report import report  # noqa: PLC0415
        from livingmap.transport.connection import connected  # noqa: PLC0415

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
        from livingmap.cluster.report import set_generation  # noqa: PLC0415
        from livingmap.core.fold import Fold  # noqa: PLC0415
        from livingmap.log.declaration import Stream  # noqa: PLC0415
        from livingmap.transport import IntakeStatus  # noqa: PLC0415
        from livingmap.transport.connection import connected  # noqa: PLC0415

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


def _loaded(config: ConfigOption) -> "Config":
    loaded = load_config(config)
    if loaded.nats.url is None or not loaded.nats.jetstream:
        fail("nats.url is not set, or nats.jetstream is false: only a log in JetStream is shared")
    return loaded


def _sources(config: "Config") -> list[str]:
    return [source.name for source, _ in config.enabled()]
