"""The emitter: what a source's run says goes through it into the log, as what polls find and NATS brings."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Final

import orjson

from livingmap.core.freshness import SourceHealth
from livingmap.core.model import Change, CollectionKey, Fields, Put, Total
from livingmap.core.route import matches
from livingmap.core.source import Client, Layer, Source
from livingmap.log import Log
from livingmap.sources.announcing import Appending
from livingmap.sources.comparison import Comparison
from livingmap.sources.plugin_thread import on
from livingmap.transport.parsing import DeadMessage, read

MOST_WAITING: Final = 1000
"""How many calls of one run may wait for the log at once."""


async def _nothing() -> None:
    pass


class Emitter:
    """The `livingmap.core.source.Emit` of one run: takes one thing after another, in their order.

    Each call returns when the log has what it was given, so a run is held up as long as the log is. It may be used
    on whatever loop the plugin runs; after `close` it takes nothing more.
    """

    def __init__(
        self,
        source: Source,
        log: Log,
        comparison: Comparison,
        state: SourceHealth,
        client: Client,
        note_life: Callable[[], Awaitable[None]],
    ) -> None:
        self._source = source
        self._layers = {(layer.name, layer.collection): layer for layer in source.layers}
        self._log = log
        self._comparison = comparison
        self._state = state
        self._client = client
        self._note_life = note_life
        self._home = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._closed = False

    def close(self) -> None:
        """Take nothing from now on: the run has ended, or was told to."""
        self._closed = True

    async def event(self, subject: str, payload: Fields) -> None:
        """Append an event; see `livingmap.core.source.Emit.event`."""
        if not any(matches(pattern, subject) for pattern in self._source.handlers):
            raise ValueError(f"{subject}: the source has no handler for it")
        await self._in_turn(partial(self._event, subject, payload))

    async def replace(self, layer: str, rows: Iterable[Put | Total], collection: str = "items") -> None:
        """Append how a whole listing differs; see `livingmap.core.source.Emit.replace`."""
        await self._in_turn(partial(self._replace, self._declared((layer, collection)), list(rows)))

    async def change(self, *changes: Change) -> None:
        """Append changes; see `livingmap.core.source.Emit.change`."""
        await self._in_turn(partial(self._change, [self._allowed(change) for change in changes]))

    async def alive(self) -> None:
        """Note that the source is well; see `livingmap.core.source.Emit.alive`."""
        await self._in_turn(_nothing)

    async def _in_turn(self, taking: Callable[[], Awaitable[None]]) -> None:
        await on(self._home, self._take(taking))

    async def _take(self, taking: Callable[[], Awaitable[None]]) -> None:
        if self._closed:
            raise ConnectionAbortedError("this run has ended: the map takes nothing from it any more")
        if self._waiting >= MOST_WAITING:
            raise RuntimeError(f"{MOST_WAITING} calls wait for the log already; await one before the next")
        self._waiting += 1
        try:
            async with self._turn:
                await taking()
                await self._note_life()
        finally:
            self._waiting -= 1

    async def _event(self, subject: str, payload: Fields) -> None:
        try:
            message = read(subject, orjson.dumps(payload))
        except (DeadMessage, TypeError) as error:
            self._state.note_fault(f"{subject}: {error}")
        else:
            await self._log.append(message)

    async def _replace(self, layer: Layer, rows: list[Put | Total]) -> None:
        position = self._log.position.seq
        self._state.dropped, self._state.dropped_rows, self._state.rows = [], 0, len(rows)
        appending = Appending(self._log, self._comparison, position)
        async for changes in self._comparison.changes(layer, rows, self._client, holds=False):
            await appending.add(changes)
        await appending.end()

    async def _change(self, changes: list[Change]) -> None:
        appending = Appending(self._log, self._comparison, self._log.position.seq)
        await appending.add(self._comparison.valid(changes))
        await appending.end()

    def _declared(self, key: CollectionKey) -> Layer:
        if key not in self._layers:
            raise ValueError(f"{'.'.join(key)}: the source does not declare it as a layer")
        return self._layers[key]

    def _allowed(self, change: Change) -> Change:
        if isinstance(change, Total):
            if all(change.layer != layer for layer, _ in self._layers):
                raise ValueError(f"{change.layer}: the source does not declare it as a layer")
            return change
        layer = self._declared((change.layer, change.collection))
        return replace(change, creates=False) if layer.decorates and isinstance(change, Put) else change
