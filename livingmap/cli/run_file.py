"""Run files: what a running map lets commands on the same machine know, so that they find and follow it."""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from pydantic import TypeAdapter

from livingmap.cli import run_folder
from livingmap.config.reloading import Reloading

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A map that runs on this machine, as its run file describes it."""

    pid: int
    file: str | None
    """Its configuration; None if all of it is in the environment."""
    address: str | None = None
    """Where it is reached from this machine."""
    begun: int = 0
    """How often it had been asked to reload when the last reading began."""
    ended: int = 0
    """The same of the last reading that has ended, whose outcome follows."""
    refused: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


_JSON: Final = TypeAdapter(Running)


def running() -> Iterator[Running]:
    """Yield the maps of this account that run on this machine."""
    for content in run_folder.contents():
        with contextlib.suppress(ValueError):
            yield _JSON.validate_json(content)


@contextlib.contextmanager
def run_file(reloading: Reloading, address: Callable[[], str | None]) -> Iterator[None]:
    """Keep a run file up to date while the map runs. Without a place for it the map runs all the same."""
    try:
        path = run_folder.own_lock()
        lock = run_folder.held(path)
    except (OSError, ImportError) as error:  # a file system that is read-only, or Windows
        _logger.debug("livingmap reload will not find this process", error=str(error))
        yield
        return
    with lock:
        reloading.on_outcome = lambda: _write(path, _present(reloading, address()))
        try:
            yield
        finally:
            run_folder.remove(path)


def _write(path: Path, present: Running) -> None:
    new = path.with_suffix(".new")
    with contextlib.suppress(OSError):  # a full disk
        new.write_bytes(_JSON.dump_json(present))
        new.replace(path.with_suffix(".json"))


def _present(reloading: Reloading, address: str | None) -> Running:
    outcome, file = reloading.outcome, reloading.file
    return Running(
        os.getpid(),
        str(file.absolute()) if file else None,
        address,
        reloading.begun,
        reloading.ended,
        outcome.refused if outcome else (),
        outcome.difference.added if outcome else (),
        outcome.difference.changed if outcome else (),
        outcome.difference.removed if outcome else (),
    )
