"""Captures: scenes that are to become states. One is taken between two entries, and packed beside the event loop.

What is in a scene never changes, it is only replaced. So to capture ten thousand items takes no longer than to
copy the dicts that refer to them, less than a millisecond; what takes longer is done in a thread, later.
"""

import asyncio
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import structlog

from livingmap.core.layers import Layers
from livingmap.core.model import Fields, Json, Position
from livingmap.core.scene import Scene
from livingmap.core.vocabulary import Vocabulary
from livingmap.history import Entry, History
from livingmap.history.state import Names, State, packed

_MOST_WAITING: Final = 2

_logger = structlog.get_logger(__name__)


class Still:
    """A `livingmap.core.layers.Layers` that stays as ``scene`` is now."""

    def __init__(self, scene: Layers) -> None:
        self.vocabulary: Vocabulary = scene.vocabulary
        self._names = {name: list(collections) for name, collections in scene.layers().items()}
        self._totals = {name: scene.totals(name) for name in self._names}
        self._items: dict[tuple[str, str], dict[str, Json]] = {
            (name, collection): dict(scene.items(name, collection))
            for name, collections in self._names.items()
            for collection in collections
        }

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        return self._names

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the items of a collection by id, in no order."""
        return self._items.get((layer, collection), {})

    def clear(self) -> None:
        """Forget the items one after another: to free a hundred thousand at once lets no other thread run."""
        for items in self._items.values():
            while items:
                items.popitem()

    def version(self, layer: str) -> int:  # noqa: ARG002 - one is as old as the other
        """Return 0: nothing changes."""
        return 0


@dataclass(frozen=True, slots=True)
class Capture:
    """A scene after the entry at ``position``, that is not packed yet."""

    position: Position
    received_at: datetime
    scene: Still
    sources: Sequence[Mapping[str, Json]]
    filled: Collection[str] = ()
    """The layers that some source has filled."""
    aliases: Mapping[str, Names] = field(default_factory=dict)
    """By id what `aliases_in` returned."""
    mark_time: datetime | None = None
    """Where the entry stands in the history; None until it is written."""

    def state(self) -> State:
        """Return the state. Takes a while for a large map."""
        body = packed(self.scene, self.sources, self.filled, self.aliases)
        return State(self.position, self.received_at, self.mark_time or self.received_at, body)


def aliases_in(scene: Scene) -> dict[str, Names]:
    """Return by id what else items are called that may come to be hidden: then nobody else says it any more."""
    return {
        entity_id: (record.aliases, record.namespaces)
        for source, key in scene.vocabulary.asked
        for entity_id, record in scene.part(source).records_of(key).items()
        if record.creates and record.aliases
    }


class Captures:
    """The captures that wait to be written into ``history``, each until the entries up to it are written.

    Two wait at most, the oldest and the newest: from the oldest all moments that the entries after it tell can be
    made, from the newest those after a gap.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._waiting: deque[Capture] = deque()
        self._due: deque[Capture] = deque()

    @property
    def any_due(self) -> bool:
        """Whether there is any of which the entries are written."""
        return bool(self._due)

    def add(self, capture: Capture) -> None:
        """Keep ``capture`` until it is written."""
        if len(self._waiting) == _MOST_WAITING:
            self._waiting.pop()
        self._waiting.append(capture)

    def clear(self) -> None:
        """Forget all: another process writes."""
        self._waiting.clear()
        self._due.clear()

    def note_written(self, entries: Sequence[Entry]) -> None:
        """Note that ``entries`` are written, and all before them."""
        marks = {entry.position: entry.mark.time for entry in entries} if self._waiting else {}
        for position in {entry.position.epoch: entry.position for entry in entries}.values() if marks else ():
            self.note_reached(position, marks)

    def note_reached(self, position: Position, marks: Mapping[Position, datetime] | None = None) -> None:
        """Note that the history has all up to ``position``; ``marks`` are the places of some of it."""
        for capture in list(self._waiting):
            if capture.position.epoch == position.epoch and capture.position.seq <= position.seq:
                self._waiting.remove(capture)
                mark_time = (marks or {}).get(capture.position, capture.received_at)
                self._due.append(replace(capture, mark_time=mark_time))

    async def write(self) -> None:
        """Write what is due. Raises HistoryUnavailable; what fails stays due."""
        while self._due:
            capture = self._due[0]
            try:
                state = await asyncio.to_thread(capture.state)
            except TypeError as error:  # values that a snapshot could not show either
                _logger.warning("a state could not be kept", position=str(capture.position), error=str(error))
            else:
                await self._history.write_state(state)
            if self._due and self._due[0] is capture:
                self._due.popleft()
                await asyncio.to_thread(capture.scene.clear)
