"""All errors of the map, sorted by what the host does about them."""

from collections.abc import Iterable
from dataclasses import dataclass


class LivingMapError(Exception):
    """Base of every error that the map raises on purpose. The message says where, what and what would work."""


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One thing that is wrong with the configuration."""

    path: str
    """Where, as a dotted path into the YAML: ``sources.city.interval_seconds``."""
    problem: str
    line: int | None = None
    from_file: bool = True
    """False: it stands in the environment."""

    def __str__(self) -> str:
        return f"{self.path}: {self.problem}" if self.path else self.problem


class ConfigError(LivingMapError):
    """The configuration cannot be used. Fatal: the program ends before it starts anything."""

    def __init__(self, faults: Iterable[ConfigFault], file: str | None = None) -> None:
        self.faults = tuple(faults)
        self.file = file
        super().__init__("\n".join(self.lines()))

    def lines(self) -> list[str]:
        """Return one line per fault: file, line number where known, path, problem."""
        return [self._line(fault) for fault in self.faults]

    def _line(self, fault: ConfigFault) -> str:
        if not self.file or not fault.from_file:
            return str(fault)
        return f"{self.file}:{fault.line}: {fault}" if fault.line else f"{self.file}: {fault}"


class LogError(LivingMapError):
    """The log cannot be had as it is set up. Fatal: no waiting would mend it."""


class SourceError(LivingMapError):
    """A service did not give what was asked for. The host keeps the last good part and marks the source."""


class Unreachable(SourceError):
    """Nobody answered in time, or the service itself failed (5xx, 429). Retried with backoff."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        """With which the service failed; None if no answer came."""


class RequestRejected(SourceError):
    """The service answered with a 4xx. Asking again at once would not help."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class NotFound(RequestRejected):
    """The service has no such path or item (404)."""


class InvalidAnswer(SourceError):
    """An answer came that cannot be used: not JSON, too large, too deep, or of another shape."""


class InvalidCredential(LivingMapError):
    """A credential is not good: expired, forged, of the wrong kind, unknown. The message is shown to its owner."""
