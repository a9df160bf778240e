"""The commands for authors of plugins."""

from pathlib import Path
from typing import Annotated

import typer

from livingmap.cli.options import fail, show
from livingmap.kit.scaffold import Kind, ScaffoldError, create, section


def new(
    name: Annotated[str, typer.Argument(help="Of the source: its section in the YAML, such as weather.")],
    kind: Annotated[
        Kind, typer.Option(help="Where its data comes from: requests to a service, or messages on NATS.")
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
    if package:
        show(f"install and test it: pip install -e './{folder.name}[test]' && pytest {folder.name}")
    else:
        show(f"test it: pytest {folder.name}    (pip install 'livingmap[testing]' brings pytest)")
    show("then put this into livingmap.yaml:")
    for line in section(name, folder, package=package):
        show(line)
