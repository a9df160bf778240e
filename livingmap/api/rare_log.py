"""Log lines about what anybody may cause: each kind at most once a minute, with how many were left out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

SECONDS: Final = 60.0
"""How long a kind of line is not written again."""

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Kind:
    written_at: float
    left_out: int = 0


class RareLog:
    """Writes at most one line a minute for each event and reason. Both are the program's own words, so few."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def write(self, event: str, reason: str, **fields: Any) -> None:
        """Log ``event``, or count it if one with this reason was logged within the last minute."""
        now = self._clock()
        kind = self._kinds.get((event, reason))
        if kind is not None and now - kind.written_at < SECONDS:
            kind.left_out += 1
            return
        more = {"left_out": kind.left_out} if kind is not None and kind.left_out else {}
        self._kinds[event, reason] = _Kind(now)
        _logger.info(event, reason=reason, **fields, **more)
