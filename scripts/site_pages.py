"""Copies the pages of the site into a folder: the documentation, and every file that one of its pages links to.

Pages keep their places, so that their links to each other, to examples and to recipes lead where they do here.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FIRST: Final = ("README.md", "README.uk.md", "docs/*.md")
_LINK: Final = re.compile(r"\]\(([^)#\s]+)|src=\"([^\"]+)\"")


def linked(page: Path) -> set[Path]:
    """Return the files of this repository to which a page links."""
    targets = (match[1] or match[2] for match in _LINK.finditer(page.read_text(encoding="utf-8")))
    files = ((page.parent / target).resolve() for target in targets if not re.match(r"[a-z]+:", target))
    return {file for file in files if file.is_file()}


def pages() -> set[Path]:
    """Return what the site consists of."""
    waiting = [file for pattern in FIRST for file in ROOT.glob(pattern)]
    files: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in files:
            files.add(file)
            if file.suffix == ".md":
                waiting += linked(file)
    return files


if __name__ == "__main__":
    for file in pages():
        copy = Path(sys.argv[1]) / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
