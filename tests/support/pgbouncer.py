"""A real PgBouncer for tests, in front of a PostgreSQL."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.nats_server import until
from tests.support.ports import free_port

_GET = Path(__file__).parents[2] / "scripts" / "get_pgbouncer.sh"
_ACCOUNT = "pgserver"  # it refuses to run as root, as PostgreSQL does


class PgBouncer:
    """One PgBouncer before the server that listens in the folder ``sockets``, not running until started.

    ``more`` are further lines of its configuration; ``owned`` are files that only its account may have to read.
    """

    def __init__(self, sockets: Path, pool_mode: str, more: str = "", owned: Sequence[Path] = ()) -> None:
        self.port = free_port()
        self._account = _ACCOUNT if os.geteuid() == 0 else None
        self._folder = tempfile.TemporaryDirectory(prefix="livingmap-")
        self._file = Path(self._folder.name) / "pgbouncer.ini"
        self._file.write_text(
            f"[databases]\n* = host={sockets} port=5432 user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {self.port}\nauth_type = any\n"
            f"pool_mode = {pool_mode}\n{_size(pool_mode)}unix_socket_dir =\n{more}\n"
        )
        if self._account:
            for one in (self._folder.name, *owned):
                shutil.chown(one, self._account)
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        program = await asyncio.to_thread(subprocess.check_output, [_GET], text=True)
        self._process = await asyncio.create_subprocess_exec(
            *_as(self._account),
            program.strip(),
            "-q",
            self._file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await until(lambda: _listens(self.port))

    async def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)

    async def close(self) -> None:
        """End it, and leave nothing behind."""
        await self.kill()
        self._folder.cleanup()


@asynccontextmanager
async def pgbouncer(
    sockets: Path, pool_mode: str, more: str = "", owned: Sequence[Path] = ()
) -> AsyncIterator[int]:
    """Run one; yield its port."""
    one = PgBouncer(sockets, pool_mode, more, owned)
    try:
        await one.start()
        yield one.port
    finally:
        await one.close()


def _size(pool_mode: str) -> str:
    """Let few connections serve many clients where that is possible; a session has one of its own."""
    return "default_pool_size = 3\n" if pool_mode == "transaction" else ""


def _as(account: str | None) -> list[str]:
    if account is None:
        return []
    return ["setpriv", f"--reuid={account}", f"--regid={pwd.getpwnam(account).pw_gid}", "--clear-groups"]


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
