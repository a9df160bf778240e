"""Recollection: what a map takes over from its history when its log begins anew, because no poll says it.

Example: a message closed a proposal, and dao-service goes on calling it active. A log in JetStream has that
message after a restart; one in memory does not, so the next poll would open the proposal again. The history has
the map as it was, where the proposal is ``passed``. The same holds for a microDAO that is hidden from the map's
account: the service does not list it, but the map had it, with the time since when.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Literal, TypeAlias

import structlog

from livingmap.core.backoff import Backoff
from livingmap.core.fold import REFRESHED, recalled
from livingmap.core.model import Change, Fields, Position, Put
from livingmap.core.redaction import Redaction
from livingmap.core.scene import Scene
from livingmap.core.source import Layer, Source
from livingmap.history import History, HistoryUnavailable, Query
from livingmap.history.state import Names
from livingmap.log import Log
from livingmap.past.moment import MomentError
from livingmap.past.past_scene import PastScene
from livingmap.past.rebuilding import Rebuilding, Turns
from livingmap.sources.hidden import HIDDEN_SINCE

_FIRST_PAUSE_SECONDS: Final = 0.1
_LONGEST_PAUSE_SECONDS: Final = 0.5
_PATIENCE_SECONDS: Final = 5.0
"""So long the first polls wait for the history; what it says later is taken all the same."""
_CHANGES_PER_ENTRY: Final = 250

RecollectionState: TypeAlias = Literal["waiting", "late", "taken", "failed"]

_NO_NAMES: Final[Names] = ((), {})

_logger = structlog.get_logger(__name__)


class Recollection:
    """Takes over from ``history``, once, what the polls of ``sources`` would undo or do not bring.

    ``began`` is when the process did: what the history has of later is of its own log.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        scene: Scene,
        redaction: Redaction,
        history: History,
        log: Log,
        began: datetime,
    ) -> None:
        self._layers = [(source, layer) for source in sources for layer in source.layers if _is_concerned(layer)]
        self._sources, self._scene = sources, scene
        self._history, self._log, self._began = history, log, began
        self._rebuilding = Rebuilding(history, lambda state: PastScene.of(scene, redaction, state), Turns())
        self._done = asyncio.Event()
        self.state: RecollectionState | None = "waiting" if self._layers else None
        """How far it has come; None if there is nothing to take over."""
        self.error: str | None = None
        """Why something could not be had from the history."""
        if not self._layers:
            self._done.set()

    async def wait(self) -> None:
        """Return when it has ended, or after a few seconds: polls do not wait for a history that is away."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._done.wait()
        except TimeoutError:
            self.state = "late"
            _logger.warning("polls begin before the history says what the map last knew")

    async def run(self) -> None:
        """Take over what there is, as soon as the history answers."""
        try:
            for source in dict.fromkeys(source.name for source, _ in self._layers):
                past = await self._past(source)
                if past is not None:
                    await self._take(source, past)
            if self._layers:
                self._end()
        finally:
            self._done.set()

    def _end(self) -> None:
        if self.state == "late" and self.error is None:
            _logger.info("the history has said what the map last knew")
        self.state = "taken" if self.error is None else "failed"

    async def _past(self, source: str) -> PastScene | None:
        """Return the map as the last process left it that asked a source; None if the history does not have it."""
        backoff = Backoff(_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS)
        while True:
            try:
                return await self._last(source)
            except HistoryUnavailable:  # the writer says so
                await asyncio.sleep(backoff.pause_seconds())
            except MomentError as error:
                self.error = str(error)
                _logger.warning("what the map last knew cannot be had from the history", error=str(error))
                return None

    async def _last(self, source: str) -> PastScene | None:
        polls = Query(until=self._began, event_types=(REFRESHED,), source=source, limit=1)
        for poll in (await self._history.read(polls)).entries:
            epoch = poll.position.epoch
            last = await self._history.last_seq(epoch)
            rebuilt = await self._rebuilding.at(Position(epoch, last or poll.position.seq))
            return rebuilt.scene if rebuilt else None
        return None

    async def _take(self, source: str, past: PastScene) -> None:
        layers = [layer for owner, layer in self._layers if owner.name == source]
        hidden = [put for layer in layers if layer.unlisted for put in self._hidden(source, layer, past)]
        await self._append(source, hidden, self._log.position.seq)
        ended = [put for layer in layers if layer.superseded for put in self._ended(source, layer, past)]
        await self._append(source, ended)

    async def _append(self, source: str, changes: Sequence[Change], from_seq: int | None = None) -> None:
        for start in range(0, len(changes), _CHANGES_PER_ENTRY):
            await self._log.append(recalled(source, changes[start : start + _CHANGES_PER_ENTRY], from_seq))

    def _hidden(self, source: str, layer: Layer, past: PastScene) -> Iterator[Put]:
        """Yield the items that were hidden and that no poll has listed since, as the polls had left them."""
        key, part, computed = (layer.name, layer.collection), self._scene.part(source), self._computed(layer)
        for entity_id, item in past.items(*key).items():
            record = part.record(key, entity_id)
            if item.get(HIDDEN_SINCE) and (record is None or not record.polled_fields):
                fields = {name: item[name] for name in item.keys() - computed}
                names, namespaces = past.aliases.get(entity_id, _NO_NAMES)
                yield Put(layer.name, entity_id, fields, (), key[1], tuple(names), namespaces=namespaces)

    def _ended(self, source: str, layer: Layer, past: PastScene) -> Iterator[Put]:
        """Yield the values that ended such as are superseded, as events had set them."""
        key, part = (layer.name, layer.collection), self._scene.part(source)
        for entity_id, item in past.items(*key).items():
            present = part.get(layer.name, entity_id, layer.collection) or {}
            if ended := _ended(layer, item, present):
                yield Put(layer.name, entity_id, ended, collection=layer.collection, creates=False)

    def _computed(self, layer: Layer) -> frozenset[str]:
        """Return the fields of a collection that the map counts itself."""
        tallies = [tally for source in self._sources for tally in source.tallies if tally.per]
        key = (layer.name, layer.collection)
        return frozenset(one.field for one in tallies if (one.layer, one.collection) == key) | {"id"}


def _is_concerned(layer: Layer) -> bool:
    return bool(layer.superseded or layer.unlisted)


def _ended(layer: Layer, item: Fields, present: Fields) -> dict[str, str]:
    """Return the values of an item that end one which is superseded, where it does not have such a value."""
    return {
        name: item[name]
        for name, values in layer.superseded.items()
        if _ends(item.get(name), values) and not _ends(present.get(name), values)
    }


def _ends(value: object, values: frozenset[str]) -> bool:
    return isinstance(value, str) and value not in values
