"""What the commands share that show tables, views of the whole terminal, or a progress bar."""

import sys
from collections.abc import Callable, Iterable, Sequence

import typer
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from livingmap.core.printable import printable


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
