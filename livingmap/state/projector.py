"""The projector: folds the log into the scene, entry by entry, and passes each result to its followers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from time import perf_counter
from typing import Final, Protocol

import orjson
import structlog

from livingmap import tracing
from livingmap.cluster import Checkpointed
from livingmap.core.aliases import Collision
from livingmap.core.calls import Call
from livingmap.core.fold import RESUMED, SET_ASIDE, Fault, Fold, Folded
from livingmap.core.freshness import SourceHealth
from livingmap.core.histogram import QUICK, Histogram
from livingmap.core.model import Event, Json
from livingmap.core.progress import Progress
from livingmap.sources.plugin_code import place_of_error

_SET_ASIDE: Final = "set aside"
"""The name under which checkpoints have the handlers that are set aside."""
_MOST_REPORTED: Final = 1000
"""Of so many kinds of errors of handlers the traceback is logged."""

_logger = structlog.get_logger(__name__)


class Follower(Protocol):
    """Something that follows the scene: the hub, the history."""

    def on_entry(self, folded: Folded, previous: int) -> None:
        """Take an entry right after it was folded; ``previous`` is the ``seq`` of the one before it."""

    def on_restored(self) -> None:
        """Forget the past: the scene is another one, and the next entry does not follow the last."""


class Projector:
    """Folds every event of a log in order. It can be kept in a checkpoint, and become what was kept.

    `take` never raises: an entry that nothing can be made of is logged and counted, and the log goes on.
    """

    def __init__(self, fold: Fold, progress: Progress) -> None:
        self.failures = 0
        """Entries that a follower, or the fold itself, could not take: faults of the program."""
        self.fold_seconds = Histogram(QUICK)
        self._fold = fold
        self._health: dict[str, SourceHealth] = {}
        self._progress = progress
        self._followers: list[Follower] = []
        self._kept: list[Checkpointed] = []
        self._previous = progress.position.seq
        self._reported: set[tuple[str, str, str]] = set()
        """The handlers, and the kinds of what they raised, of which the traceback was logged."""
        self._contests = 0
        self._collisions: dict[str, Collision] = {}

    def watch(self, health: Iterable[SourceHealth]) -> None:
        """Count entries and faults at ``health`` from now on."""
        self._health = {one.name: one for one in health}
        self._note_set_aside()

    def note_overrun(self, call: Call, at: str, seconds: float) -> None:
        """Count a handler that held the map for too long at its source."""
        route, event = call
        if health := self._health.get(route.source):
            health.note_overrun(
                f"the map was held by handler {route.pattern!r} at {event.position} ({at})", seconds
            )

    def _note_set_aside(self) -> None:
        """Let the health of each source say which of its handlers are set aside."""
        for name, health in self._health.items():
            patterns = sorted(pattern for source, pattern in self._fold.set_aside if source == name)
            if patterns != health.set_aside:
                health.set_aside = patterns
                health.revision += 1

    def add(self, follower: Follower) -> None:
        """Pass every entry from now on to ``follower``, after those added before."""
        self._followers.append(follower)

    def keep(self, kept: Checkpointed) -> None:
        """Have checkpoints hold ``kept`` as well. Of a follower: it is restored before it is told of that."""
        self._kept.append(kept)

    def take(self, event: Event) -> None:
        """Fold ``event`` in, and pass the result to the followers."""
        began = perf_counter()
        folded = self._folded(event)
        self.fold_seconds.observe(perf_counter() - began)
        for follower in self._followers:
            try:
                follower.on_entry(folded, self._previous)
            except Exception as error:  # noqa: BLE001 - the log goes on, and the follower begins anew
                self._fail("an entry could not be passed on", event, error)
                follower.on_restored()
        self._previous = event.position.seq
        self._progress.folded_at = event.received_at
        self._count(folded)
        if self._fold.scene.contests != self._contests:
            self._report_collisions()

    def _report_collisions(self) -> None:
        """Log which ids several entities claim now, and which no longer."""
        self._contests = self._fold.scene.contests
        before, after = self._collisions, {one.id: one for one in self._fold.scene.collisions()}
        for name in sorted(after.keys() - before):
            claims = [f"{entity_id} ({namespace})" for entity_id, namespace in after[name].claims]
            _logger.warning("several things claim one id", id=name, claims=claims, means=after[name].refers_to)
        for name in sorted(before.keys() - after):
            _logger.info("one thing alone claims an id again", id=name)
        self._collisions = after

    def _folded(self, event: Event) -> Folded:
        try:
            folded = self._fold.apply(event)
        except Exception as error:  # noqa: BLE001 - one entry must not end the map at every start
            self._fail("an entry could not be folded", event, error)
            return Folded(event)
        if not folded.faults:
            return folded
        tracing.note_error("fault")
        for fault in folded.faults:
            self._report(fault)
        faults = tuple(
            replace(fault, raised=None) for fault in folded.faults
        )  # it holds on to all that was called
        return replace(folded, faults=faults)

    def _report(self, fault: Fault) -> None:
        """Log what a handler raised with its traceback, once for each handler and kind of error."""
        route, error = fault.route, fault.raised
        if route is None or error is None:
            return
        kind = (route.source, route.pattern, type(error).__name__)
        if kind in self._reported or len(self._reported) >= _MOST_REPORTED:
            return
        self._reported.add(kind)
        _logger.warning(
            "a plugin's handler raised",
            source=route.source,
            handler=route.pattern,
            type=fault.event.type,
            position=str(fault.event.position),
            at=place_of_error(error, route.handler),
            exc_info=error,
        )

    def _fail(self, what: str, event: Event, error: Exception) -> None:
        self.failures += 1
        _logger.error(what, type=event.type, position=str(event.position), exc_info=error)

    def _count(self, folded: Folded) -> None:
        """Count the entry at its sources. One that was since taken out of the configuration has no counter."""
        event = folded.event
        if event.type in (SET_ASIDE, RESUMED):
            self._note_set_aside()
        for name in folded.sources:
            if health := self._health.get(name):
                health.events += 1
                health.contributed |= bool(folded.changes)
        for fault in folded.faults:
            if health := self._health.get(fault.source):
                health.note_fault(f"{event.type} at {event.position}: {fault.error}")
            _logger.debug("an event was set aside", source=fault.source, type=event.type, error=fault.error)

    # as something that is kept in checkpoints

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield all that an event can depend on, as JSON."""
        yield _SET_ASIDE, sorted(self._fold.set_aside)
        yield from self._fold.scene.states()
        for one in self._kept:
            yield from one.states()

    def announce(self) -> None:
        """Let the followers know that the entries to come are of another epoch."""
        self._previous = self._progress.position.seq
        for follower in self._followers:
            follower.on_restored()

    def restore(self, states: Mapping[str, Json]) -> None:
        """Restore what `states` yielded, at the position where the log is now."""
        self._fold.scene.restore(states)
        self._fold.restore_set_aside(states.get(_SET_ASIDE, ()))
        for one in self._kept:
            one.restore(states)
        self._note_set_aside()
        for health in self._health.values():
            health.contributed = health.contributed or self._fold.scene.has_part(health.name)
            health.revision += 1
        self._report_collisions()
        self.announce()

    # between processes

    def status_report(self) -> bytes:
        """Return the health of the sources, which only the process that polls has, for `adopt` in the others."""
        return orjson.dumps({name: one.status_report() for name, one in self._health.items() if one.polls})

    def adopt(self, report: bytes) -> None:
        """Take over the `status_report` of the process that polls. What cannot be understood is left out."""
        try:
            for name, status in orjson.loads(report).items():
                if health := self._health.get(name):
                    health.adopt(status)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _logger.debug("a status report makes no sense", error=f"{type(error).__name__}: {error}")
