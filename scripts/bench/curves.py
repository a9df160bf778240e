"""Curves: what an event costs on ever larger maps, and what it costs for ever more viewers and rights."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from livingmap.access.view import EVERYTHING, Rights, View
from livingmap.app import LivingMap
from livingmap.core.fold import Fold, refreshed
from livingmap.core.model import Change, Event, Message, Position, Put
from livingmap.core.part import Part
from livingmap.core.source import Layer, Source
from livingmap.sources.settings import SourceSettings
from livingmap.stream.frames import Framing
from scripts.bench.network import living_map
from scripts.bench.table import Scale, Table

_EVENTS: Final = 2000
_AT_ONCE: Final = 100
_LAYERS: Final = (1, 10, 100)
_RIGHTS: Final = (1, 10, 100)
_FLUSHED: Final = 20
"""Events that go out one by one."""
_LOOK_SECONDS: Final = 0.005


def bench(scale: Scale, table: Table) -> None:
    """Measure each curve; all in CPU time."""
    for items in (scale.agents // 100, scale.agents // 10, scale.agents, scale.agents * 10):
        table.row(f"an event among {items:,} simple items: CPU µs", asyncio.run(_among_items(items, scale)))
    for layers in _LAYERS:
        events, polled = _among_layers(layers, scale)
        table.row(f"an event among {layers} layers, {scale.agents:,} items in all: CPU µs", events)
        table.row(f"a new item with an alias among {layers} layers, polled: CPU µs", polled)
    for viewers in (scale.viewers // 10, scale.viewers, scale.viewers * 10):
        table.row(
            f"an event for each of {viewers:,} viewers, sockets apart: CPU µs",
            asyncio.run(_for_viewers(viewers, 1, scale)),
        )
    for rights in _RIGHTS:
        table.row(
            f"an event for each of {scale.viewers:,} viewers with {rights} distinct rights: CPU µs",
            asyncio.run(_for_viewers(scale.viewers, rights, scale)),
        )


def _us(work: Callable[[], object], count: int) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e6 / count


def _applied(fold: Fold, messages: Iterable[Message], first: int) -> None:
    now = datetime.now(UTC)
    for number, message in enumerate(messages, first):
        fold.apply(Event(Position("bench", number), message.type, message.payload, now))


def _status(layer: str, entity_id: str, number: int) -> Message:
    return Message(f"{layer}.event.status", {"agent_id": entity_id, "status": "busy" if number % 2 else "online"})


async def _among_items(items: int, scale: Scale) -> list[float]:
    """Fold and publish events on the map of all sources, which has so many simple agents."""
    async with living_map(1) as living:
        ids = [f"agent:n-{number:06}" for number in range(items)]
        await _fill(living, ids)
        taken: list[float] = []
        for _ in range(scale.rounds):
            events = [_event(living, ids[number * 997 % items], number) for number in range(_EVENTS)]
            taken.append(_us(partial(_published, living, events), _EVENTS))
            await asyncio.sleep(0.1)  # the hub's flush
        return taken


async def _fill(living: LivingMap, ids: list[str]) -> None:
    fields = {"name": "A simple one", "status": "idle", "node_id": "node:n-1"}
    for first in range(0, len(ids), _AT_ONCE):
        changes = [Put("agents", one, fields) for one in ids[first : first + _AT_ONCE]]
        await living.log.append(refreshed("agents", living.log.position.seq, changes))


def _event(living: LivingMap, entity_id: str, number: int) -> Event:
    message, here = _status("agent", entity_id, number), living.log.position
    return Event(Position(here.epoch, here.seq + number + 1), message.type, message.payload, datetime.now(UTC))


def _published(living: LivingMap, events: Iterable[Event]) -> None:
    for event in events:
        living.hub.publish(living.fold.apply(event))


def _among_layers(layers: int, scale: Scale) -> tuple[list[float], list[float]]:
    """Fold events, and polls of new items, on maps of as many items in so many layers, one of each source."""
    events: list[float] = []
    polled: list[float] = []
    for _ in range(scale.rounds):
        fold = Fold([_source(f"s{number}") for number in range(layers)])
        each = scale.agents // layers
        polls = [poll for number in range(layers) for poll in _polls(f"s{number}", each)]
        polled.append(_us(partial(_applied, fold, polls, 1), each * layers))
        ids = [(f"s{number % layers}", number * 997 // layers % each) for number in range(_EVENTS)]
        messages = [_status(name, f"{name}:n-{item}", item + number) for number, (name, item) in enumerate(ids)]
        events.append(_us(partial(_applied, fold, messages, len(polls) + 1), _EVENTS))
    return events, polled


def _source(name: str) -> Source:
    def on_status(event: Event, _: Part) -> list[Change]:
        return [Put(name, event.payload["agent_id"], {"status": event.payload["status"]}, creates=False)]

    return Source(
        name=name,
        service=name,
        settings=SourceSettings,
        layers=(Layer(name),),
        handlers={f"{name}.event.status": on_status},
    )


def _polls(name: str, items: int) -> list[Message]:
    puts = [
        Put(
            name, f"{name}:n-{item}", {"name": "A simple one", "status": "idle"}, aliases=(f"{name}:alias-{item}",)
        )
        for item in range(items)
    ]
    return [refreshed(name, 0, puts[first : first + _AT_ONCE]) for first in range(0, items, _AT_ONCE)]


class _Nowhere:
    """A sink that discards: what sockets cost is measured by the fan-out."""

    framing = Framing.WEBSOCKET

    def write(self, data: bytes) -> None:
        """Discard ``data``."""

    def unsent(self) -> int:
        """Return that nothing waits."""
        return 0

    def end(self) -> None:
        """Do nothing."""

    def give_up(self) -> None:
        """Do nothing."""


async def _for_viewers(viewers: int, rights: int, scale: Scale) -> list[float]:
    """Send events one by one to viewers, each in a tick of its own; return the cost for one of them."""
    async with living_map(10) as living:
        views = [View(None, _rights(number, rights)) for number in range(rights)]
        for number in range(viewers):
            living.hub.join(_Nowhere(), views[number % rights])
        ids = list(living.fold.scene.items("agents", "items"))
        await _idle(living)
        taken: list[float] = []
        for _ in range(scale.rounds):
            began = time.process_time()
            for number in range(_FLUSHED):
                await living.log.append(_status("agent", ids[number % len(ids)], number // len(ids)))
                await _idle(living)
            taken.append((time.process_time() - began) * 1e6 / _FLUSHED / viewers)
        return taken


def _rights(number: int, rights: int) -> Rights:
    """Return other rights for each number: to the agents, and to a layer that nobody fills."""
    return EVERYTHING if rights == 1 else Rights(frozenset({"agents", f"layer-{number}"}), reports=False)


async def _idle(living: LivingMap) -> None:
    while not living.hub.is_idle:  # noqa: ASYNC110 - the hub has no event for it
        await asyncio.sleep(_LOOK_SECONDS)
