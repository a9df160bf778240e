"""Run files: what a running map lets commands on the same machine know, so that they find and follow it.

Beside each lies a lock that its process holds for as long as it lives. A file whose lock is free was left behind,
and the number in it may be another process by now.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import structlog
from pydantic import TypeAdapter

from livingmap.config.reloading import Reloading

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """A map that runs on this machine, as its run file describes it."""

    pid: int
    file: str | None
    """Its configuration; None if all of it is in the environment."""
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
    for path in sorted(_folder().glob("*.lock")):
        with contextlib.suppress(FileNotFoundError, ValueError), path.open("rb") as lock:
            if not _take(lock):
                yield _JSON.validate_json(path.with_suffix(".json").read_bytes())
            else:
                _remove(path)


@contextlib.contextmanager
def run_file(reloading: Reloading) -> Iterator[None]:
    """Keep a run file up to date while the map runs. Without a place for it the map runs all the same."""
    try:
        path = _folder(make=True) / f"{os.getpid()}.lock"
        lock = _held(path)
    except (OSError, ImportError) as error:  # a file system that is read-only, or Windows
        _logger.debug("livingmap reload will not find this process", error=str(error))
        yield
        return
    with lock:
        reloading.on_outcome = lambda: _write(path, _present(reloading))
        try:
            yield
        finally:
            _remove(path)


def _write(path: Path, present: Running) -> None:
    new = path.with_suffix(".new")
    with contextlib.suppress(OSError):  # a full disk
        new.write_bytes(_JSON.dump_json(present))
        new.replace(path.with_suffix(".json"))


def _present(reloading: Reloading) -> Running:
    outcome, file = reloading.outcome, reloading.file
    return Running(
        os.getpid(),
        str(file.absolute()) if file else None,
        reloading.begun,
        reloading.ended,
        outcome.refused if outcome else (),
        outcome.difference.added if outcome else (),
        outcome.difference.changed if outcome else (),
        outcome.difference.removed if outcome else (),
    )


def _folder(*, make: bool = False) -> Path:
    """Return the folder of this account's run files. Raises OSError if another account could write into it."""
    parent = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    folder = Path(parent) / f"livingmap-{os.geteuid()}-run"
    if make:
        folder.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        status = folder.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise PermissionError(f"{folder} has to belong to this account alone")
    return folder


def _held(path: Path) -> IO[bytes]:
    """Return the open file ``path``, locked. One who looks for maps may take a new one for left behind."""
    while True:
        lock = path.open("wb")
        with contextlib.suppress(FileNotFoundError):
            if _take(lock) and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
                return lock
        lock.close()


def _take(lock: IO[bytes]) -> bool:
    """Lock an open file for as long as it is open; return False if another process has."""
    import fcntl  # noqa: PLC0415 - POSIX only, as SIGHUP is

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(path: Path) -> None:
    for suffix in (".json", ".new", ".lock"):
        path.with_suffix(suffix).unlink(missing_ok=True)
