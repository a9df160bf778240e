"""Prints the version, which stands in livingmap/__init__.py, or writes another one into every file that has it.

.venv/bin/python scripts/version.py          prints it
.venv/bin/python scripts/version.py 1.2.0    changes it everywhere
"""

import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PLACES: Final = {
    "livingmap/__init__.py": r'(?<=^__version__ = ")[^"]+',
    "frontend/package.json": r'(?<=^  "version": ")[^"]+',
    "frontend/package-lock.json": r'(?<="name": "livingmap-frontend",\n) +"version": "([^"]+)',
    "frontend/package/package.json": r'(?<=^  "version": ")[^"]+',
    "frontend/src/features/livingMap/client/openapi.ts": r"(?<=\* @default )[0-9]+\.[0-9]+\.[0-9]+\S*",
    "deploy/helm/livingmap/Chart.yaml": r"(?<=^version: )\S+|(?<=^appVersion: )\S+",
}
"""Where the version is in each file."""
_VERSION: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")


def versions() -> dict[str, set[str]]:
    """Return the versions that each file has."""
    return {name: {match.group(match.lastindex or 0) for match in _matches(name)} for name in PLACES}


def write(version: str) -> None:
    """Write ``version`` into every file."""
    for name in PLACES:
        text = (ROOT / name).read_text(encoding="utf-8")
        for match in reversed(_matches(name)):
            start, end = match.span(match.lastindex or 0)
            text = text[:start] + version + text[end:]
        (ROOT / name).write_text(text, encoding="utf-8")


def _matches(name: str) -> list[re.Match[str]]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return list(re.finditer(PLACES[name], text, re.MULTILINE))


def main() -> None:
    """Print the version, or write the one that is given."""
    if len(sys.argv) == 1:
        print(*versions()["livingmap/__init__.py"])
    elif len(sys.argv) == 2 and _VERSION.fullmatch(sys.argv[1]):  # noqa: PLR2004
        write(sys.argv[1])
    else:
        sys.exit("usage: scripts/version.py [VERSION], such as 1.2.0")


if __name__ == "__main__":
    main()
