"""The files that a source is made of, and the state in which they were, by which a change of them is noticed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

_KINDS: Final = (".py", ".yaml", ".yml", ".json")
_WORD: Final = re.compile(r"\w+")


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


def with_neighbours(file: Path) -> list[Path]:
    """Return a plugin's file, and those beside it that its text names: it may import or read them."""
    files = [file]
    for one in files:  # grows meanwhile: a neighbour may name others
        files += [beside for beside in _named_in(one) if beside not in files]
    return files


def _named_in(file: Path) -> Iterator[Path]:
    if file.suffix != ".py":
        return
    try:
        words = set(_WORD.findall(file.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return
    for beside in sorted(file.parent.iterdir()):
        if beside.suffix in _KINDS and beside.stem in words:
            yield beside
