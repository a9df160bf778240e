"""What the commands share: options, output, and the way to end with an error."""

import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from livingmap.config.loading import Config, config_file, load
from livingmap.config.settings import PREFIX
from livingmap.core.printable import printable
from livingmap.errors import ConfigError

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


def is_in_environment() -> bool:
    """Tell whether the environment names sources: it may be the whole configuration."""
    names = {name.upper() for name in os.environ if os.environ[name]}
    return any(name == f"{PREFIX}SOURCES" or name.startswith(f"{PREFIX}SOURCES__") for name in names)


def load_config(given: Path | None) -> Config:
    """Return the configuration, or end the program with what is wrong with it."""
    file = config_file(given)
    if file is None and not is_in_environment():
        fail(
            "no configuration: give --config, set LIVINGMAP_CONFIG, write ./livingmap.yaml, "
            "or name sources in the environment: LIVINGMAP_SOURCES__CITY__ENABLED=true "
            "(livingmap serve --demo needs none)"
        )
    try:
        return load(file)
    except ConfigError as error:
        fail(*error.lines())


def show(line: str, color: str | None = None) -> None:
    """Print one line. All output goes through this module, so that no service can steer a terminal."""
    typer.secho(printable(line), fg=color)


def show_json(value: Any, *, indent: int | None = None) -> None:
    """Print a value as JSON, in one line without ``indent``."""
    lines = json.dumps(value, indent=indent, ensure_ascii=False).split("\n")
    typer.echo("\n".join(map(printable, lines)))


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows below their heads, in columns."""
    table = Table(*heads, box=None)
    for row in rows:
        table.add_row(*map(printable, row))
    Console(soft_wrap=True, markup=False, emoji=False, highlight=False).print(table)


def terminal() -> Console:
    """Return the terminal, for a view that escapes what it is made of."""
    return Console(markup=False, emoji=False, highlight=False)


def show_view(view: Callable[[int], RenderableType]) -> None:
    """Print a view, which is made for the width of the terminal, and escapes what it is made of.

    Lines end with their text: rich fills them with spaces up to the width.
    """
    console = terminal()
    with console.capture() as capture:
        console.print(view(console.width))
    typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def progress_bar() -> Progress:
    """Return a progress bar on standard error, shown on a terminal alone and removed at the end."""
    text = TextColumn("{task.completed}/{task.total} {task.description}", markup=False)
    columns = (BarColumn(20), text, TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


def clock(time: str) -> str:
    """Return the time of day, in UTC as the map writes it: ``14:00:03Z``."""
    return f"{time[11:19]}Z" if time else ""


@contextlib.contextmanager
def following() -> Iterator[None]:
    """End a command that follows a map: at Ctrl-C, when nobody reads its output, or with why the map refuses."""
    from livingmap.client import MapError  # noqa: PLC0415 - only for commands that use the client

    try:
        yield
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be flushed
    except MapError as error:
        fail(str(error))


def complain(*lines: str) -> None:
    """Print lines on standard error."""
    for line in lines:
        typer.echo(printable(line), err=True)


def fail(*lines: str) -> NoReturn:
    """End the program with a message and exit status 1."""
    complain(*lines)
    raise typer.Exit(1)
