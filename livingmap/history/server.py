"""Private PostgreSQL server: created, started and stopped by PostgreSQL's own programs."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

from livingmap.history import HistoryError

_START_SECONDS: Final = 120.0  # a crash recovery takes its time
_STOP_SECONDS: Final = 20.0
_SOCKET: Final = ".s.PGSQL.5432"
_SOCKET_BYTES: Final = 103  # sun_path, less its NUL, where it is shortest (macOS)
_TAIL: Final = 2000
_LOOK_SECONDS: Final = 0.02
_WATCH: Final = 'while read -r line; do :; done; kill -INT "$1"'
"""What a shell does that stops the server when its standard input, held by this process alone, ends."""
_OPTIONS: Final = tuple(
    f"--{name}"
    for name in (
        "listen_addresses=",
        "port=5432",
        "unix_socket_permissions=0700",
        "max_connections=40",
        "jit=off",
        "log_checkpoints=off",
        "max_wal_size=256MB",  # a history on somebody's laptop
    )
)


class EmbeddedError(HistoryError):
    """The embedded PostgreSQL cannot run: its folder is in use or unusable, or the server does not start."""


class Server:
    """One server, which keeps everything in ``folder``. It runs as ``account``; None for this process's own."""

    def __init__(self, folder: Path, programs: Path, account: str | None) -> None:
        self.folder = folder
        """Where all that it keeps is."""
        self._data = folder / "data"
        self._log = folder / "log"
        self._programs = programs
        self._account = account
        self._sockets = _socket_folder(folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._watch: subprocess.Popen[bytes] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the server was started, and runs no more."""
        return self._process is not None and self._process.poll() is not None

    @property
    def url(self) -> str:
        """The URL of the server while it runs."""
        return f"postgresql://postgres@/postgres?host={quote(str(self._sockets))}"

    def free_bytes(self) -> int:
        """Return what is free on the disk of the data folder."""
        return shutil.disk_usage(self.folder).free

    async def prepare(self) -> None:
        """Create the data folder, completely or not at all; stop a server that a killed process left running."""
        if not self._data.exists():
            fresh = self.folder / "data.new"
            shutil.rmtree(fresh, ignore_errors=True)
            await self._make(fresh)
            fresh.rename(self._data)
        self._make_socket_folder()
        await self._end_predecessor()

    def _make_socket_folder(self) -> None:
        """Create the folder of the socket. It may be where everybody may write, so check whose it is."""
        with suppress(FileExistsError):
            self._sockets.mkdir(mode=0o700)
        status = self._sockets.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid not in (os.geteuid(), self._data.stat().st_uid):
            raise EmbeddedError(f"history: {self._sockets} belongs to another account; remove it")
        if self._account:
            shutil.chown(self._sockets, self._account)

    async def start(self) -> None:
        """Start and wait until connections are accepted."""
        if self._log.exists():
            self._log.replace(self.folder / "log.1")
        with self._log.open("wb") as log:
            arguments = ("-D", str(self._data), "-k", str(self._sockets), *_OPTIONS)
            self._process = self._run("postgres", arguments, log)
        self._start_watch(self._process.pid)
        try:
            async with asyncio.timeout(_START_SECONDS):
                while not self._ready():
                    if self._process.poll() is not None:
                        raise EmbeddedError(
                            f"history: PostgreSQL does not start on {self.folder}: {self._log_tail()}"
                        )
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError as error:
            raise EmbeddedError(
                f"history: PostgreSQL is not ready on {self.folder}: {self._log_tail()}"
            ) from error

    async def restart(self) -> None:
        """Start the server again after it has ended. Raises EmbeddedError; then it may be tried again."""
        try:
            await self.prepare()
            await self.start()
        except OSError as error:  # such as a full disk
            raise EmbeddedError(f"history: PostgreSQL does not start on {self.folder}: {error}") from error

    def _start_watch(self, pid: int) -> None:
        """Have the server stopped when this process ends, even by SIGKILL."""
        self._end_watch()
        self._watch = self._started(("/bin/sh", "-c", _WATCH, "livingmap-watch", str(pid)), stdin=subprocess.PIPE)

    def _end_watch(self) -> None:
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.kill()  # before its input ends, which is what it waits for
            watch.communicate()

    async def stop(self) -> None:
        """Stop the server if it runs, within a minute at the latest. What was committed is on disk."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, by force
            with suppress(ProcessLookupError):
                process.send_signal(number)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    await _ended(process)
                    break
        self._end_watch()
        if self._sockets.parent != self.folder:
            with suppress(OSError):
                self._sockets.rmdir()

    def _ready(self) -> bool:
        """Tell whether connections are accepted: the last line of the pid file says so (miscadmin.h)."""
        assert self._process is not None  # noqa: S101 - asked by `start` alone
        lines = self._pid_file_lines()
        return lines[:1] == [str(self._process.pid)] and lines[-1].strip() == "ready"

    def _pid_file_lines(self) -> list[str]:
        with suppress(FileNotFoundError):
            return (self._data / "postmaster.pid").read_text(errors="replace").splitlines()
        return []

    def _log_tail(self) -> str:
        return self._log.read_text(errors="replace")[-_TAIL:].strip()

    async def _end_predecessor(self) -> None:
        """Stop the server that a killed process left on the data.

        A server that was killed itself may leave processes that still write; they end when they notice. A pid
        file whose number means another process now is removed: PostgreSQL itself takes any living process of its
        account for its predecessor, and does not start.
        """
        lines = self._pid_file_lines()
        for number in (signal.SIGINT, signal.SIGKILL):
            left = await asyncio.to_thread(_processes_in, self._data.resolve())
            for pid in left:
                if number == signal.SIGKILL or lines[:1] == [str(pid)]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
            with suppress(TimeoutError):
                async with asyncio.timeout(_STOP_SECONDS):
                    while left and await asyncio.to_thread(_processes_in, self._data.resolve()):  # noqa: ASYNC110
                        await asyncio.sleep(_LOOK_SECONDS)
                    break
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._sockets / f"{_SOCKET}.lock").unlink(missing_ok=True)

    async def _make(self, data: Path) -> None:
        with tempfile.TemporaryFile() as output:
            arguments = ("--auth=trust", "--encoding=UTF8", "--locale=C", "--username=postgres", "-D", str(data))
            process = self._run("initdb", arguments, output)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    status = await _ended(process)
            except TimeoutError:
                raise EmbeddedError(f"history: creating a database in {self.folder} takes too long") from None
            finally:
                with suppress(ProcessLookupError):  # it has ended, and all that it started
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            output.seek(0)
            tail = output.read().decode(errors="replace")[-_TAIL:].strip()
        if status:
            raise EmbeddedError(f"history: no database can be created in {self.folder}: {tail}")

    def _run(self, program: str, arguments: Sequence[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs."""
        return self._started((str(self._programs / "bin" / program), *arguments), stdout=output, stderr=output)

    def _started(
        self,
        command: Sequence[str],
        stdin: int = subprocess.DEVNULL,
        stdout: IO[bytes] | int = subprocess.DEVNULL,
        stderr: IO[bytes] | int = subprocess.DEVNULL,
    ) -> subprocess.Popen[bytes]:
        """Start a program as the account. Not by asyncio: uvloop starts none as another user."""
        return subprocess.Popen(  # noqa: S603 - PostgreSQL's own, and the shell
            command,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=self.folder,
            start_new_session=True,  # Ctrl-C is for the map, which then stops its server
            **_as(self._account),
        )


async def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program and return its status."""
    while (status := process.poll()) is None:  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(_LOOK_SECONDS)
    return status


def _processes_in(folder: Path) -> list[int]:
    """Return the processes that work in ``folder``, as all of a PostgreSQL server do in its data.

    A container may have another folder at the same path, so what the path leads to there is compared, too.
    """
    import psutil  # type: ignore[import-untyped]  # noqa: PLC0415 - comes with the wheel that brings the server

    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if Path(process.cwd()) != folder or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if not psutil.LINUX or Path(f"/proc/{process.pid}/cwd").samefile(folder):
                found.append(process.pid)
    return found


def _as(account: str | None) -> dict[str, Any]:
    if account is None:
        return {}
    import pwd  # noqa: PLC0415 - POSIX only

    return {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []}


def _socket_folder(folder: Path) -> Path:
    """Return where the server's socket is: in ``folder`` unless the path would be too long for one.

    Then it is named by what the folder is: another container may have another one at the same path.
    """
    near = folder / "socket"
    if len(os.fsencode(near / _SOCKET)) <= _SOCKET_BYTES and "," not in str(
        near
    ):  # a comma would separate folders
        return near
    status = folder.stat()
    return Path(tempfile.gettempdir()) / f"livingmap-{os.geteuid()}-{status.st_dev:x}-{status.st_ino:x}"
