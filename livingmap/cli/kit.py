"""The commands for authors of plugins."""

import asyncio
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from livingmap.cli.configuration import load_config
from livingmap.cli.exports import serve_export
from livingmap.cli.options import ConfigOption, fail, show
from livingmap.core.source import Source
from livingmap.kit import recording, replaying
from livingmap.kit.scaffold import Kind, ScaffoldError, create, requirement, section
from livingmap.kit.trial import Trial
from livingmap.logs import configure
from livingmap.sources.samples import Samples


def new(
    name: Annotated[str, typer.Argument(help="Of the source: its section in the YAML, such as weather.")],
    kind: Annotated[
        Kind,
        typer.Option(help="Requests to a service, a connection that pushes, messages on NATS, or YAML alone."),
    ] = Kind.HTTP,
    package: Annotated[
        bool, typer.Option("--package", help="A package to install and to pass on, instead of a single file.")
    ] = False,
) -> None:
    """Write a plugin with samples and tests that pass, into a new folder here."""
    try:
        folder = create(name, kind, Path.cwd(), package=package)
    except (ScaffoldError, OSError) as error:
        fail(str(error))
    show(f"{folder.name}: written")
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        show(f"  {file.relative_to(folder)}")
    if kind is Kind.NO_CODE:
        show(f"a stub of the service: python3 -m http.server 7020 --bind 127.0.0.1 --directory {folder.name}")
        show(f"try it: livingmap probe --config {folder.name}/livingmap.yaml")
        return
    if package:
        show(f"install and test it: pip install '{requirement()}' -e ./{folder.name} && pytest {folder.name}")
    else:
        lacking = not (find_spec("pytest") and find_spec("hypothesis"))
        show(
            f"test it: pytest {folder.name}"
            + (f"    (pip install '{requirement()}' brings it)" if lacking else "")
        )
        show(f"see it, and its grade: livingmap dev ./{folder.name}/{name}.py")
    show("then put this into livingmap.yaml:")
    for line in section(name, folder, package=package):
        show(line)


def record(
    source: Annotated[
        str, typer.Argument(help="The source whose service is asked, as the configuration names it.")
    ],
    into: Annotated[Path | None, typer.Option(help="Folder to write; default: ./SOURCE-samples.")] = None,
    seconds: Annotated[
        float, typer.Option(min=0, max=3600, help="How long messages are listened to, if there is a nats.url.")
    ] = 10.0,
    config: ConfigOption = None,
) -> None:
    """Ask a service once and keep its answers and messages as samples, without tokens, passwords and addresses."""
    configuration = load_config(config)
    configure(configuration.logging, quiet=True)
    folder = into or Path(f"{source}-samples")
    try:
        recorded = asyncio.run(recording.record(configuration, source, seconds))
        files = recorded.save(folder)
    except (recording.RecordingError, OSError) as error:
        fail(str(error))
    for file in files:
        show(str(file))
    for problem in recorded.problems:
        show(f"failed: {problem}", "red")
    show(f"{len(recorded.answers)} answers, {len(recorded.messages)} messages; read them before you pass them on")
    raise typer.Exit(int(bool(recorded.problems)))


def replay(
    samples: Annotated[
        Path,
        typer.Argument(help="A folder of samples, as livingmap record writes, or a file of livingmap export."),
    ],
    source: Annotated[
        str | None, typer.Option(help="Of samples: its name in the configuration, or the file of a plugin.")
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Keep what it makes of them: later replays are compared with that.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of a file: where it is served.")] = 7017,
    config: ConfigOption = None,
) -> None:
    """Replay what was recorded: serve a file of livingmap export, or compare what a plugin makes of samples.

    Of samples it shows what differs from what was accepted; exit status 1 if anything does.
    """
    if samples.is_file():
        serve_export(samples, port)
        return
    if source is None:
        fail(f"{samples}: no such file; for a folder of samples give --source, too")
    described, settings = _source(source, config)
    file = samples / replaying.ITEMS
    try:
        before = replaying.read(file) if file.exists() else None
        after, problems = asyncio.run(replaying.replay(described, Samples.load(samples), settings))
        if accept:
            replaying.save(file, after)
    except (ValueError, OSError) as error:
        fail(str(error))
    for problem in problems:
        show(problem, "red")
    if accept:
        show(f"{file}: {len(after)} items")
        return
    if before is None:
        fail(f"there is no {file} to compare with; --accept writes it")
    lines = list(replaying.differences(before, after))
    for line in lines:
        show(line)
    show(f"{len(lines)} differences" if lines else f"no differences in {len(after)} items")
    raise typer.Exit(int(bool(lines)))


def _source(name: str, config: Path | None) -> tuple[Source, Mapping[str, Any]]:
    """Return a source and the settings with which it is replayed: its own, but for the address."""
    configuration = Trial(name).load() if name.endswith(".py") else load_config(config)
    wanted = configuration.sources[0].name if name.endswith(".py") else name
    configure(configuration.logging, quiet=True)
    chosen = next((one for one in configuration.sources if one.name == wanted), None)
    if chosen is None or chosen.source is None or chosen.settings is None:
        names = ", ".join(source.name for source, _ in configuration.enabled())
        error = chosen.error if chosen else None
        fail(f"{name}: {error or f'no such source is enabled (there are: {names})'}")
    settings = chosen.settings
    address = {"base_url": "http://recorded"} if "base_url" in type(settings).model_fields else {}
    own = settings.model_dump(exclude_unset=True, exclude={"plugin", "module", "namespace"})  # already applied
    return chosen.source, {**own, **address}
