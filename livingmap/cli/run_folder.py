"""The folder of the run files and their locks. Standard library alone, as `livingmap health` has to be quick.

Beside each run file lies a lock that its process holds for as long as it lives. A file whose lock is free was left
behind, and the number in it may be another process by now. Containers may share the folder and yet each have a
process 1, so names begin with the namespace that a number belongs to.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO


def contents() -> Iterator[bytes]:
    """Yield the run files of the maps of this account that run on this machine; remove what others left behind."""
    for path in sorted(folder().glob("*.lock")):
        with contextlib.suppress(FileNotFoundError), path.open("rb") as lock:
            if _take(lock):
                remove(path)
            elif path.name.startswith(_namespace()):
                yield path.with_suffix(".json").read_bytes()


def own_lock() -> Path:
    """Return where the lock of this process belongs. Raises OSError."""
    return folder(make=True) / f"{_namespace()}{os.getpid()}.lock"


def folder(*, make: bool = False) -> Path:
    """Return the folder of this account's run files. Raises OSError if another account could write into it."""
    parent = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    own = Path(parent) / f"livingmap-{os.geteuid()}-run"
    if make:
        own.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        status = own.lstat()
        if status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise PermissionError(f"{own} has to belong to this account alone")
    return own


def held(path: Path) -> IO[bytes]:
    """Return the open file ``path``, locked. One who looks for maps may take a new one for left behind."""
    while True:
        lock = path.open("wb")
        with contextlib.suppress(FileNotFoundError):
            if _take(lock) and path.stat().st_ino == os.fstat(lock.fileno()).st_ino:
                return lock
        lock.close()


def _namespace() -> str:
    """Return how names of locks begin whose numbers mean the processes that this one sees."""
    with contextlib.suppress(OSError):  # only Linux has namespaces
        return f"{Path('/proc/self/ns/pid').stat().st_ino}-"
    return ""


def remove(path: Path) -> None:
    """Remove a lock and what belongs to it."""
    for suffix in (".json", ".new", ".lock"):
        path.with_suffix(suffix).unlink(missing_ok=True)


def _take(lock: IO[bytes]) -> bool:
    """Lock an open file for as long as it is open; return False if another process has."""
    import fcntl  # noqa: PLC0415 - POSIX only, as SIGHUP is

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
