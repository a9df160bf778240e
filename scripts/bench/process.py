"""Programs beside this one: started, told what to do by lines of JSON, and watched by /proc."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Self

ROOT: Final = Path(__file__).resolve().parents[2]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 15
_LOOK_SECONDS: Final = 0.5
_MOST_LOOKS: Final = 60
_LITTLE: Final = 0.1
"""Of a core."""


class Process:
    """A program that runs until the ``with`` ends."""

    def __init__(self, *command: str | Path, quiet: bool = False) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the benches' own programs
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if quiet else None,
            text=True,
            cwd=ROOT,
        )
        assert self._process.stdin  # noqa: S101 - it is a pipe
        assert self._process.stdout  # noqa: S101
        self._to, self._from = self._process.stdin, self._process.stdout

    def rest(self) -> None:
        """Wait until the program does next to nothing, but not for ever."""
        for _ in range(_MOST_LOOKS):
            before = self.cpu_seconds()
            time.sleep(_LOOK_SECONDS)
            if self.cpu_seconds() - before < _LITTLE * _LOOK_SECONDS:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._to.close()
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def pin(self, core: int) -> Self:
        """Let the program run on one core alone."""
        os.sched_setaffinity(self._process.pid, {core})
        return self

    def tell(self, **what: Any) -> None:
        """Send a line."""
        self._to.write(json.dumps(what) + "\n")
        self._to.flush()

    def hear(self) -> dict[str, Any]:
        """Return the next answer, once it comes."""
        line = self._from.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended: {self._process.wait(_STOP_SECONDS)}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **what: Any) -> dict[str, Any]:
        """Send a line and return the answer."""
        self.tell(**what)
        return self.hear()

    def cpu_seconds(self) -> float:
        """Return the time that the program has computed, in user and kernel mode (proc(5))."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident_bytes(self) -> int:
        """Return the memory that the program holds."""
        pages = Path(f"/proc/{self._process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


def module(name: str, *arguments: object) -> Process:
    """Start a module of this folder."""
    return Process(sys.executable, "-m", f"scripts.bench.{name}", *map(str, arguments))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Return as soon as somebody listens."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody listens on {port}")


async def told() -> AsyncIterator[dict[str, Any]]:
    """Yield what the parent tells this program, until that goes."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield json.loads(line)


def say(**what: Any) -> None:
    """Answer the parent."""
    print(json.dumps(what), flush=True)
