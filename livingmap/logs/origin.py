"""The origin of lines of the log: a process, and where it stood in the map's log when it wrote them."""

from collections.abc import Callable

import structlog

from livingmap.cluster import Cluster
from livingmap.core.progress import Progress


class Origin:
    """A value that every line of a process has, as it is when the line is written."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text()


def origin(cluster: Cluster, progress: Progress) -> dict[str, Origin]:
    """Return what every line is to have, to be bound where a process begins."""
    position = {"position": Origin(lambda: str(progress.position))}
    return {"process": Origin(lambda: cluster.id), **position} if cluster.is_shared else position


def for_people(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Leave out what only puts the lines of several processes in order: as a processor of structlog."""
    return {name: value for name, value in event.items() if not isinstance(value, Origin)}
