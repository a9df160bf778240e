"""The state of a file, by which a change of it is noticed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it was once; one that was not there has no stamp."""

    file: Path
    stamp: tuple[int, int, int] | None

    @classmethod
    def of(cls, file: Path) -> Self:
        """Return the present state of ``file``."""
        return cls(file, _stamp(file))

    def is_present(self) -> bool:
        """Tell whether the file still is as it was."""
        return _stamp(self.file) == self.stamp


def _stamp(file: Path) -> tuple[int, int, int] | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
