"""The command that reaches everything in the configuration, and says what is wrong and what mends it."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.progress import Progress

from livingmap import supervision
from livingmap.cli.configuration import load_config
from livingmap.cli.options import ConfigOption, TokenFileOption, show, show_json, token_of
from livingmap.cli.run_file import Running, running
from livingmap.cli.views import progress_bar
from livingmap.config.loading import Config, config_file, load
from livingmap.errors import ConfigError
from livingmap.logs import configure

if TYPE_CHECKING:
    from livingmap.doctor.report import Report, Surroundings

T = TypeVar("T")


def doctor(
    config: ConfigOption = None,
    token: Annotated[
        str | None, typer.Option(envvar="LIVINGMAP_TOKEN", help="Say whose this token is, and what it may see.")
    ] = None,
    token_file: TokenFileOption = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object instead of lines.")] = False,
) -> None:
    """Reach everything in the configuration and say what is wrong, with what mends it. It changes nothing.

    Exit status 1 if anything is wrong.
    """
    configuration = _loaded(config) if json else load_config(config)
    configure(configuration.logging, quiet=True)
    from livingmap.doctor.report import report  # noqa: PLC0415

    around = _surroundings(configuration.file, token_of(token, token_file))
    with _progress() as progress:
        found = supervision.run(_silently(report(configuration, around, progress.begin, progress.end)))
    if json:
        show_json({"configuration": str(configuration.file or "environment"), **found.to_json()}, indent=2)
    else:
        _show(found, str(configuration.file or "environment"))
    raise typer.Exit(int(bool(found.faults)))


def _loaded(given: Path | None) -> Config:
    """Return the configuration, or end the program with what is wrong with it as JSON."""
    file = config_file(given)
    if file is None:
        return load_config(given)
    try:
        return load(file)
    except ConfigError as error:
        from livingmap.doctor.report import of_configuration  # noqa: PLC0415

        show_json({"configuration": str(file), **of_configuration(error).to_json()}, indent=2)
        raise typer.Exit(1) from None


async def _silently(looking: Coroutine[Any, Any, T]) -> T:
    """Await what leaves things behind that are late: what becomes of them is of no interest."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    return await looking


def _show(found: "Report", name: str) -> None:
    for fault in found.faults:
        show(f"{fault.where or name}: {fault.what} ({fault.code})", "red")
        show(f"  fix: {fault.fix}")
    for note in found.notes:
        show(f"note: {note.where}: {note.what} ({note.code})")
    number = len(found.faults)
    outcome = f"{number} {'fault' if number == 1 else 'faults'}" if found.faults else "well"
    show(f"{name}: {outcome}, {len(found.checks)} checks", None if found.faults else "green")


def _surroundings(file: Path | None, token: str | None) -> "Surroundings":
    from livingmap.doctor.report import Surroundings  # noqa: PLC0415

    own = str(file.absolute()) if file else None
    maps: list[Running] = []
    with contextlib.suppress(OSError, ImportError):  # no folder of run files, or Windows
        maps = list(running())
    refusals = {one.pid: one.refused for one in maps if one.file == own and one.refused}
    return Surroundings(token, {one.pid: one.file for one in maps}, refusals)


class _Shown:
    """The progress of an examination, shown on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("")
        self._waiting: list[str] = []

    def begin(self, names: Sequence[str]) -> None:
        """Show how many checks there are."""
        self._waiting = list(names)
        self._update()
        self._progress.update(self._task, total=len(names))

    def end(self, name: str) -> None:
        """Show that one has ended, and which one is waited for."""
        self._waiting.remove(name)
        self._progress.advance(self._task)
        self._update()

    def _update(self) -> None:
        self._progress.update(self._task, description=", ".join(self._waiting[:3]))


@contextlib.contextmanager
def _progress() -> Iterator[_Shown]:
    with progress_bar() as progress:
        yield _Shown(progress)
