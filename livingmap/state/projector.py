"""What follows the log: the scene, and all that is to hear of every event."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import orjson
import structlog

from livingmap.core.fold import Fold
from livingmap.core.freshness import SourceHealth
from livingmap.core.model import Event, Json, Position
from livingmap.history import entry_of
from livingmap.history.writer import HistoryWriter
from livingmap.state.reader import MapReader
from livingmap.stream.hub import Hub

_logger = structlog.get_logger(__name__)


class Projector:
    """Folds every event of a log, in order, and hands it to the history and to viewers.

    It is a `livingmap.cluster.checkpoint.Projector` too: it can be kept, and become what was kept.
    """

    def __init__(
        self,
        fold: Fold,
        reader: MapReader,
        hub: Hub,
        writer: HistoryWriter,
        states: Sequence[SourceHealth],
        position: Callable[[], Position],
    ) -> None:
        self._fold = fold
        self._reader = reader
        self._hub = hub
        self._writer = writer
        self._states = {state.name: state for state in states}
        self._position = position
        self._previous = position().seq

    def take(self, event: Event) -> None:
        """Fold ``event`` in."""
        folded = self._fold.apply(event)
        if self._reader.attached:
            self._hub.publish(folded)
        else:
            self._hub.keep(folded)
        self._writer.offer(entry_of(folded, self._fold.scene.resolve, self._previous))
        self._previous = event.position.seq
        for name in folded.sources:
            state = self._states[name]
            state.events += 1
            state.contributed |= bool(folded.changes)
        for fault in folded.faults:
            self._states[fault.source].note_fault(f"{event.type} at {event.position}: {fault.error}")
            _logger.debug("an event was set aside", source=fault.source, type=event.type, error=fault.error)

    def states(self) -> Iterator[tuple[str, Json]]:
        """Yield all that an event can depend on, as JSON."""
        return self._fold.scene.states()

    def restore(self, states: Mapping[str, Json]) -> None:
        """Become what yielded ``states``, at the position where the log is now."""
        self._fold.scene.restore(states)
        self._previous = self._position().seq
        self._hub.forget()
        for state in self._states.values():
            state.contributed = state.contributed or self._fold.scene.has_part(state.name)
            state.revision += 1
        if self._reader.attached:
            self._hub.restart()

    def caught_up(self) -> None:
        """Show the scene: it is that of now."""
        self._reader.attached = True
        self._hub.open()
        self._hub.restart()

    def oldest_unsettled(self) -> Position | None:
        """Return the first position that the history does not hold yet; None if it holds all."""
        return self._writer.oldest

    def told(self) -> bytes:
        """Return what the process that polls knows and the others do not, for `hear`."""
        return orjson.dumps({name: state.status_report() for name, state in self._states.items() if state.polls})

    def hear(self, told: bytes) -> None:
        """Take over what the process that polls `told`. What makes no sense is left out."""
        try:
            for name, state in orjson.loads(told).items():
                if name in self._states:
                    self._states[name].adopt(state)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _logger.debug("another process told nonsense", error=f"{type(error).__name__}: {error}")
