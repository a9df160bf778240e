"""The cluster: what several processes on one log share, which are the lease, checkpoints, keys and broadcasts."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from livingmap.core.model import Json

Duties: TypeAlias = Callable[[], Awaitable[None]]
"""The duties, which one process does for all: polling, pruning, writing a shared history."""


class Checkpointed(Protocol):
    """Something that follows the log and can be saved in a checkpoint: the scene, and what goes with it."""

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield its whole state by name, as JSON. Nothing is read from the log meanwhile."""

    def restore(self, states: Mapping[str, Json]) -> None:
        """Restore what `states` yielded; without any, begin empty. The log's position is set before."""


class Cluster(Protocol):
    """The processes that read one log."""

    @property
    def id(self) -> str:
        """By which the others know this process."""

    def peers(self) -> Mapping[str, str]:
        """Return where the others serve, as host and port by id; as last heard while there is no connection."""

    def serve_at(self, host: str, port: int) -> None:
        """Let the others know where this process serves."""

    def replace_sources(self, sources: Collection[str], shape: bytes) -> None:
        """Let the others know that this process has other sources; its fold is of another ``shape`` by that."""

    def cursor_key(self) -> bytes:
        """Return the key of cursors, the same for all processes that accept one another's cursors."""

    @property
    def is_shared(self) -> bool:
        """Whether there can be other processes at all."""

    @property
    def leads(self) -> bool:
        """Whether this process does the duties."""

    @property
    def lacks(self) -> Sequence[str]:
        """The sources that the others read and this process does not."""

    def term(self) -> int:
        """Return the term in which this process leads, or led last."""

    def leaderless_seconds(self) -> float | None:
        """Return for how long no process leads; None if one does, or if that is not known."""

    @property
    def lease_failure(self) -> str | None:
        """Why this process could not read or renew the lease last; None if it could, or if nobody needs one."""

    async def lead(self, duties: Duties) -> None:
        """Run ``duties`` whenever this process leads, until cancelled. Raises what they raise."""

    async def run(self, works: Callable[[], bool]) -> None:
        """Let the others know of this process until cancelled; ``works`` tells whether it can do the duties."""

    async def broadcast(self, data: bytes) -> None:
        """Send something short-lived to the other processes. It may be lost."""

    def on_broadcast(self, listener: Callable[[bytes], None]) -> None:
        """Hand what any process broadcasts to ``listener``, which never raises."""


class Alone:
    """The `Cluster` of a single process: it always leads, and its broadcasts reach nobody."""

    id = ""
    is_shared = False
    leads = True
    lacks: Sequence[str] = ()
    lease_failure: str | None = None

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def peers(self) -> Mapping[str, str]:
        """Return nothing: there are no others."""
        return {}

    def serve_at(self, host: str, port: int) -> None:
        """Do nothing."""

    def replace_sources(self, sources: Collection[str], shape: bytes) -> None:
        """Do nothing."""

    def term(self) -> int:
        """Return 0: nobody else ever leads."""
        return 0

    def leaderless_seconds(self) -> float | None:
        """Return None: this process leads."""
        return None

    def cursor_key(self) -> bytes:
        """Return the key of cursors; it ends with the process."""
        return self._key

    async def lead(self, duties: Duties) -> None:
        """Run ``duties``."""
        await duties()

    async def run(self, works: Callable[[], bool]) -> None:
        """Do nothing: there are no others."""

    async def broadcast(self, data: bytes) -> None:
        """Do nothing."""

    def on_broadcast(self, listener: Callable[[bytes], None]) -> None:
        """Do nothing."""
