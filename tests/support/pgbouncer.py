"""A real PgBouncer for tests, in front of a PostgreSQL."""

import asyncio
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.nats_server import until
from tests.support.ports import free_port

_GET = Path(__file__).parents[2] / "scripts" / "get_pgbouncer.sh"
_ACCOUNT = "pgserver"  # it refuses to run as root, as PostgreSQL does


@asynccontextmanager
async def pgbouncer(sockets: Path, pool_mode: str) -> AsyncIterator[int]:
    """Run one before the server that listens in the folder ``sockets``, as it is installed; yield its port."""
    program = await asyncio.to_thread(subprocess.check_output, [_GET], text=True)
    port, account = free_port(), _ACCOUNT if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="livingmap-") as name:
        file = Path(name) / "pgbouncer.ini"
        file.write_text(
            f"[databases]\n* = host={sockets} port=5432 user=postgres\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\n"
            f"pool_mode = {pool_mode}\n{_size(pool_mode)}unix_socket_dir =\n"
        )
        if account:
            shutil.chown(name, account)
        process = await asyncio.create_subprocess_exec(
            *_as(account),
            program.strip(),
            "-q",
            file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            await until(lambda: _listens(port))
            yield port
        finally:
            process.kill()
            await process.wait()


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
