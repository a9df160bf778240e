"""What this machine and the processes on it say of themselves, as far as it helps to find a fault."""

import os
import platform
import sys
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from livingmap import __version__

_LOG_BYTES: Final = 512 * 1024
_VARIABLES: Final = (
    "LIVINGMAP_",
    "PG",
    "NATS_",
    "OTEL_",
    "SSL_",
    "XDG_",
    "PYTHON",
    "HTTP",
    "NO_PROXY",
    "TZ",
    "LANG",
    "LC_",
)
"""The names of such variables are listed, never what they hold."""


def versions() -> dict[str, Any]:
    """Return the versions of everything that is installed here, and the names of variables."""
    packages = {one.metadata["Name"]: one.version for one in metadata.distributions()}
    return {
        "livingmap": __version__,
        "python": sys.version,
        "platform": platform.platform(),
        "packages": dict(sorted(packages.items())),
        "variables": sorted(name for name in os.environ if name.upper().startswith(_VARIABLES)),
    }


def limits() -> dict[str, Any]:
    """Return what the machine has, and how much of it a process may use. Raises ImportError on Windows."""
    import resource  # noqa: PLC0415 - POSIX only

    space = os.statvfs(".")
    facts: dict[str, Any] = {
        "processors": os.cpu_count(),
        "load": os.getloadavg(),
        "free_bytes_here": space.f_bavail * space.f_frsize,
    }
    names = [name for name in dir(resource) if name.startswith("RLIMIT_")]
    facts |= {name: resource.getrlimit(getattr(resource, name)) for name in names}
    for name in ("/proc/meminfo", "/proc/pressure/cpu", "/proc/pressure/io", "/sys/fs/cgroup/memory.max"):
        with suppress(OSError):
            facts[name] = Path(name).read_text(encoding="utf-8").splitlines()
    return facts


def process(pid: int) -> dict[str, Any]:
    """Return what Linux says of a process; nothing elsewhere. Its arguments and environment may hold secrets."""
    folder, facts = Path(f"/proc/{pid}"), dict[str, Any]()
    with suppress(OSError):
        facts["status"] = (folder / "status").read_text(encoding="utf-8").splitlines()
        facts["limits"] = (folder / "limits").read_text(encoding="utf-8").splitlines()
        facts["descriptors"] = sum(1 for _ in (folder / "fd").iterdir())
    return facts


def tail(file: Path) -> str:
    """Return the end of a log."""
    with file.open("rb") as opened:
        end = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, end - _LOG_BYTES))
        return opened.read().decode(errors="replace")
