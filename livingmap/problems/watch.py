"""The watch for problems: what finds them, keeps what is to outlast a process, and lets others know."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from datetime import datetime
from functools import partial
from time import monotonic
from typing import Any, Final

from livingmap.cluster import Cluster
from livingmap.config.notify import NotifyRoute
from livingmap.core.freshness import SourceHealth
from livingmap.core.progress import Progress
from livingmap.core.scene import Scene
from livingmap.history import History
from livingmap.problems.acknowledgements import Acknowledgements, recall
from livingmap.problems.elsewhere import ProblemsElsewhere, is_announcement
from livingmap.problems.notified import Notified
from livingmap.problems.notifier import Append, Notifier, responsible
from livingmap.problems.of_network import Collisions, Troubles
from livingmap.problems.open_problems import Finder, OpenProblems
from livingmap.problems.sending import Publish, send

_SHARE_SECONDS: Final = 5.0


class ProblemWatch:
    """What is wrong, by ``finders`` and on ``scene``, and those who are sent it by ``routes``.

    ``publish`` publishes it for programs, ``append`` appends to the log, ``states`` is the health of the sources.
    """

    def __init__(
        self,
        finders: Sequence[Finder],
        scene: Scene,
        states: Callable[[], Sequence[SourceHealth]],
        cluster: Cluster,
        progress: Progress,
        routes: Sequence[NotifyRoute],
        publish: Publish | None,
        append: Append,
        now: Callable[[], datetime],
    ) -> None:
        self._cluster, self._notifies = cluster, bool(routes) or publish is not None
        self._elsewhere = ProblemsElsewhere(cluster.id)
        self._acknowledgements = Acknowledgements()
        troubles, notified = Troubles(scene, now), Notified()
        self.followers = (troubles, self._acknowledgements, notified)
        """What follows the log, and is kept in its checkpoints."""
        every = (Collisions(scene), *finders)
        self.open = OpenProblems(every, troubles, self._acknowledgements, states, self._elsewhere, cluster.id, now)
        """The problems that are open."""
        is_responsible = partial(responsible, cluster, progress)
        self.notifier = Notifier(
            routes, self.open, scene, notified, is_responsible, append, send, publish, now, monotonic
        )

    def take(self, report: bytes) -> bool:
        """Take what another process broadcasts; tell whether it is about problems."""
        is_mine = is_announcement(report)
        if is_mine:
            self._elsewhere.take(report)
        return is_mine

    def background(
        self, history: History, is_history_open: Callable[[], bool]
    ) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
        """Yield what runs for as long as the process does, each with its name."""
        yield "problems", self.open.run()
        if self._notifies:
            yield "notifications", self.notifier.run()
        if self._cluster.is_shared:
            yield "problems shared", self._share()
        else:
            yield "acknowledgements", recall(self._acknowledgements, history, is_history_open)

    async def _share(self) -> None:
        """Let the other processes know what is wrong with this one."""
        while True:
            await self._cluster.broadcast(self.open.announcement())
            await asyncio.sleep(_SHARE_SECONDS)
