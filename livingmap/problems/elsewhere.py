"""Problems elsewhere: what the other processes of a map say is wrong with them, so that each lists what all know.

Example: the configuration of one of three processes is refused. It broadcasts that every few seconds; the others
list it with its process, and the one that leads has it sent to people. When it is mended, or the process is gone,
they hear nothing more of it, and forget it.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
import structlog

from livingmap.core.freshness import shortened
from livingmap.core.model import Json
from livingmap.problems.catalogue import KINDS
from livingmap.problems.kind import Finding

_PREFIX: Final = b"problems "
_FORGET_SECONDS: Final = 15.0
MOST_PROBLEMS: Final = 50
"""So many of one process are listed by the others."""
MOST_PROCESSES: Final = 100
"""Of so many processes."""
_KINDS: Final = {kind.code: kind for kind in KINDS if kind.of_process}

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A problem of another process."""

    process: str
    finding: Finding
    since: datetime
    last_seen: datetime


def is_announcement(data: bytes) -> bool:
    """Tell whether a broadcast is about problems."""
    return data.startswith(_PREFIX)


def announcement(problems: Iterable[Elsewhere], process: str) -> bytes:
    """Return the broadcast of what is wrong with a process."""
    own = [_to_json(one) for one in problems if one.finding.kind.code in _KINDS]
    return _PREFIX + orjson.dumps({"process": process, "problems": own[:MOST_PROBLEMS]})


class ProblemsElsewhere:
    """What other processes than ``process`` have said lately. ``clock`` counts seconds."""

    def __init__(self, process: str, clock: Callable[[], float] | None = None) -> None:
        self._process = process
        self._clock = clock or (lambda: asyncio.get_running_loop().time())
        self._by_process: dict[str, tuple[float, list[Elsewhere]]] = {}

    def take(self, data: bytes) -> None:
        """Take a broadcast. What makes no sense is left out."""
        try:
            report = orjson.loads(data.removeprefix(_PREFIX))
            process = str(report["process"])
            problems = [
                _from_json(process, one) for one in report["problems"][:MOST_PROBLEMS] if one["code"] in _KINDS
            ]
        except (ValueError, TypeError, KeyError) as error:
            _logger.debug("problems of a process make no sense", error=f"{type(error).__name__}: {error}")
            return
        self._forget()
        if process != self._process and (process in self._by_process or len(self._by_process) < MOST_PROCESSES):
            self._by_process[process] = self._clock(), problems

    def __iter__(self) -> Iterator[Elsewhere]:
        """Yield the problems."""
        self._forget()
        for _, problems in self._by_process.values():
            yield from problems

    def _forget(self) -> None:
        now = self._clock()
        self._by_process = {
            process: kept for process, kept in self._by_process.items() if now - kept[0] < _FORGET_SECONDS
        }


def _to_json(one: Elsewhere) -> dict[str, Json]:
    finding = one.finding
    return {
        "code": finding.kind.code,
        "subject": finding.subject,
        "values": dict(finding.values),
        "source": finding.source,
        "layers": finding.layers,
        "detail": shortened(finding.detail) if finding.detail else None,
        "since": one.since,
        "last_seen": one.last_seen,
    }


def _from_json(process: str, report: Mapping[str, Json]) -> Elsewhere:
    since, last_seen = (datetime.fromisoformat(report[name]) for name in ("since", "last_seen"))
    if since.tzinfo is None or last_seen.tzinfo is None:
        raise ValueError("a time without an offset")
    finding = Finding(
        _KINDS[report["code"]],
        str(report["subject"]),
        dict(report["values"]),
        since,
        last_seen,
        report["source"],
        layers=tuple(map(str, report["layers"])),
        detail=report["detail"],
    )
    return Elsewhere(process, finding, since, last_seen)
