"""A disk so small that a test can fill it: a file system in memory, which only root may mount."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_PIECE = b"\0" * (64 * 1024)


class NoSmallDisk(Exception):
    """Why this machine lends no small disk."""


class SmallDisk:
    """What is mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave no room at all."""
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            while True:
                file.write(_PIECE)

    def free(self) -> None:
        self._ballast.unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder: Path, size_mib: int) -> Iterator[SmallDisk]:
    """Mount one of this size on an empty folder. Raises NoSmallDisk where that is not possible."""
    if sys.platform != "linux" or os.geteuid() != 0:
        raise NoSmallDisk("a small disk can be mounted only on Linux and as root")
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_mib}m,mode=755", "tmpfs", folder]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        raise NoSmallDisk(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
