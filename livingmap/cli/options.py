"""What the commands share: options, output, and the way to end with an error."""

import json
import os
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from livingmap.core.printable import printable

DEFAULT_URL: Final = "http://127.0.0.1:7017"

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help="The YAML file; default: LIVINGMAP_CONFIG, ./config/livingmap.yaml or ./livingmap.yaml.",
    ),
]
UrlOption = Annotated[str, typer.Option("--url", "-u", envvar="LIVINGMAP_URL", help="Address of the running map.")]


TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="LIVINGMAP_TOKEN",
        show_envvar=True,
        help="Token to read the map with. Others on the machine can see a command line: prefer the variable.",
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file", envvar="LIVINGMAP_TOKEN_FILE", help="File with the token, read at every connection."
    ),
]


LanguageOption = Annotated[
    str | None,
    typer.Option(help="Language of the sentences: en or uk. Default: that of the terminal (LANG), or en."),
]


def language_of(given: str | None) -> str:
    """Return the language to write in: the given one, or that of the terminal, as far as the map knows it."""
    if given is not None:
        return given
    settings = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "uk" if next(filter(None, settings), "").startswith("uk") else "en"


def token_of(token: str | None, file: Path | None) -> str | None:
    """Return the token to read a map with, from the option or the file. Ends the program if there is a problem."""
    if token is not None and file is not None:
        fail("give --token or --token-file, not both")
    try:
        text = file.read_text(encoding="utf-8") if file else token or ""
    except (OSError, UnicodeDecodeError) as error:
        fail(f"--token-file: {error}")
    return text.strip() or None


def show(line: str, color: str | None = None) -> None:
    """Print one line. All output goes through here or `views`, so that no service can steer a terminal."""
    typer.secho(printable(line), fg=color)


def show_json(value: Any, *, indent: int | None = None) -> None:
    """Print a value as JSON, in one line without ``indent``."""
    lines = json.dumps(value, indent=indent, ensure_ascii=False).split("\n")
    typer.echo("\n".join(map(printable, lines)))


def clock(time: str) -> str:
    """Return the time of day, in UTC as the map writes it: ``14:00:03Z``."""
    return f"{time[11:19]}Z" if time else ""


def complain(*lines: str) -> None:
    """Print lines on standard error."""
    for line in lines:
        typer.echo(printable(line), err=True)


def fail(*lines: str) -> NoReturn:
    """End the program with a message and exit status 1."""
    complain(*lines)
    raise typer.Exit(1)
