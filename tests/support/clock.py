"""Clocks that a test can set for processes it starts, by libfaketime: only what time it is, not how it passes."""

import subprocess
from functools import cache
from pathlib import Path

_GET = Path(__file__).parents[2] / "scripts" / "get_faketime.sh"


class Clock:
    """The wall clock of processes that were started with its ``environment``. It is right at first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.show("+0")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def show(self, offset: str) -> None:
        """Be so far from the right time from now on, such as +40d or -1h; it is noticed within a second."""
        other = self._file.with_suffix(".new")
        other.write_text(f"{offset}\n")
        other.replace(self._file)


@cache
def _library() -> str:
    return subprocess.check_output([_GET], text=True).strip()
