"""Comparison: how what a source lists differs from what is known of it, and what of that can be used."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeAlias

from livingmap.core.freshness import SourceHealth, shortened
from livingmap.core.model import Change, CollectionKey, Drop, Put, Total
from livingmap.core.record import Record
from livingmap.core.scene import Scene
from livingmap.core.source import Client, Layer, Source
from livingmap.core.validity import ID, OTHER_ID, invalid_reason, without_id
from livingmap.errors import InvalidAnswer
from livingmap.sources.unlisted import UnlistedItems

_MOST_FAULTS: Final = 20
_COMPARED_AT_ONCE: Final = 200
_LOOKED_UP_AT_ONCE: Final = 5_000

Within: TypeAlias = Callable[[Coroutine[Any, Any, list[Change]], str], Coroutine[Any, Any, list[Change]]]
"""Has a plugin compute an answer where its code runs, for a limited time; the second argument names it."""


class Comparison:
    """Compares the listings of one source with its part, and notes at ``state`` what of them is of no use."""

    def __init__(self, source: Source, scene: Scene, state: SourceHealth, within: Within) -> None:
        self.source = source
        self._volatile = {
            (one.name, one.collection): frozenset(one.volatile) for one in source.layers if one.volatile
        }
        self._scene = scene
        self._part = scene.part(source.name)
        self._state = state
        self._within = within
        self._held: dict[CollectionKey, int] = {}
        self._unlisted = UnlistedItems(self._part)

    async def changes(
        self, layer: Layer, answer: list[Put | Total], client: Client, *, holds: bool = True
    ) -> AsyncIterator[list[Change]]:
        """Yield piece by piece how ``answer`` differs from the source's part, and how it goes on differing.

        Raises InvalidAnswer if it cannot be used: with ``holds``, one that is suspicious cannot until the next one
        confirms it. ``answer`` is empty afterwards: to let go of a hundred thousand rows at once takes too long.
        """
        key = (layer.name, layer.collection)
        listed, has_total = await self._own(layer, answer)
        if holds:
            self._hold_if_suspicious(key, len(listed))
        if not layer.decorates and not has_total:
            answer.append(Total(layer.name))  # the layer exists even if the service has nothing to list
        differing = used = False
        # What events change meanwhile is newer than the poll, and wins over it when the log folds this in.
        while answer:
            batch = answer[:_COMPARED_AT_ONCE]
            del answer[:_COMPARED_AT_ONCE]
            differences = [change for row in batch if (change := self._part.difference(key, row))]
            changes = list(self.valid(differences))
            differing, used = differing or bool(differences), used or bool(changes)
            yield changes
            if self._state.polling is not None:
                self._state.polling["compared"] += len(batch)
            await asyncio.sleep(0)  # nobody waits for thousands of items to be compared
        missing = await self._missing(layer, listed, client)
        changes = list(self.valid(missing))
        if (differing or missing) and not (used or changes):
            raise InvalidAnswer(f"nothing in the answer can be used; {self._state.dropped[-1]}")
        yield changes

    def is_volatile(self, change: Change) -> bool:
        """Tell whether a change is nothing but another value of volatile fields of an item that is there."""
        if not self._volatile or not isinstance(change, Put):
            return False
        key, names = (change.layer, change.collection), {*change.set, *change.unset}
        record = self._part.record(key, change.id)
        return bool(names) and names <= self._volatile.get(key, frozenset()) and record is not None

    @property
    def asks_again(self) -> bool:
        """Whether there are items that the last answers did not list and that are still there."""
        return self._unlisted.any_kept

    def weight(self, change: Change) -> int:
        """Return about how many items have to be merged again when ``change`` is folded in."""
        return self._scene.weight(self.source.name, change)

    async def _missing(self, layer: Layer, listed: Collection[str], client: Client) -> Sequence[Change]:
        """Return what becomes of the items that the answer does not list."""
        key, asks = (layer.name, layer.collection), layer.unlisted is not None
        shown = self._scene.items(*key)
        drops: list[Drop] = []
        records = self._part.records_of(key)
        copied = dict.fromkeys(records) if await self._may_lack_some(records, listed) else {}
        ids = iter(copied)  # no list, as in `_own`
        while some := list(islice(ids, _LOOKED_UP_AT_ONCE)):
            drops += self._part.missing(key, listed, shown, complete=layer.complete or asks, among=some)
            await asyncio.sleep(0)
        if not asks:
            return drops
        name = f"items of {self.source.name} that are not listed"
        return await self._within(self._unlisted.changes(layer, client, drops), name)

    async def _may_lack_some(self, records: Mapping[str, Record], listed: Collection[str]) -> bool:
        """Tell whether an answer may not list all of what there is: to copy a hundred thousand ids takes 20 ms."""
        if self._part.renamed:
            return True
        before, present, ids = (len(records), self._part.revision), 0, iter(listed)
        while some := list(islice(ids, _LOOKED_UP_AT_ONCE)):
            present += sum(map(records.__contains__, some))
            await asyncio.sleep(0)
        return before != (present, self._part.revision) or present != len(records)

    async def _own(self, layer: Layer, answer: list[Put | Total]) -> tuple[dict[str, None], bool]:
        """Leave in ``answer`` only what is of the layer that was asked for; note the rest.

        Return the ids of what is left, and whether there is a total.

        The ids are in a dict, and ``answer`` stays the same list: the garbage collector never looks through a dict
        of texts, but through all that a new list of a hundred thousand rows refers to, which takes it 50 ms.
        """
        listed: dict[str, None] = {}
        start, has_total = 0, False
        while start < len(answer):
            some = list(self._own_of(layer, answer[start : start + _COMPARED_AT_ONCE]))
            answer[start : start + _COMPARED_AT_ONCE] = some
            start += len(some)
            ids = [row.id for row in some if isinstance(row, Put)]
            listed.update(dict.fromkeys(ids))
            has_total |= len(ids) < len(some)
            await asyncio.sleep(0)
        return listed, has_total

    def _own_of(self, layer: Layer, answer: Iterable[Put | Total]) -> Iterator[Put | Total]:
        for row in answer:
            if not isinstance(row, Put | Total):
                raise TypeError(f"returned {shortened(repr(row))} among its rows; they are Put and Total")
            if row.layer != layer.name or (isinstance(row, Put) and row.collection != layer.collection):
                self._drop(row, f"is not of {layer.name}.{layer.collection}")
            elif isinstance(row, Put):
                own = self._with_its_id(row)
                yield replace(own, creates=False) if layer.decorates else own
            else:
                yield row

    def _with_its_id(self, row: Put) -> Put:
        """Return ``row`` without a field called id; note it if that is another than the item's own."""
        fields: object = row.set
        if not isinstance(fields, Mapping) or ID not in fields:
            return row
        if fields[ID] != row.id:
            self._note(row, OTHER_ID)
        return without_id(row)

    def valid(self, changes: Iterable[Change]) -> Iterator[Change]:
        """Yield what can be kept and sent; note what cannot."""
        for change in changes:
            if reason := invalid_reason(change):
                self._drop(change, reason)
            else:
                yield change

    def _drop(self, change: Change, reason: str) -> None:
        self._state.dropped_rows += 1
        self._note(change, reason)

    def _note(self, change: Change, reason: str) -> None:
        if len(self._state.dropped) < _MOST_FAULTS:
            self._state.dropped.append(f"{getattr(change, 'id', 'total')}: {reason}")

    def _hold_if_suspicious(self, key: CollectionKey, count: int) -> None:
        """Raise InvalidAnswer the first time an answer is empty or less than half of what there was.

        With 10 items on the map, an answer of 2 is held; if the next has 1 to 4 it is believed, else held again.
        """
        held = self._held.pop(key, None)
        if count * 2 >= self._part.count(*key):  # as almost always: nothing has to be counted
            return
        previous = self._part.polled_count(key) - self._unlisted.kept(key)
        confirmed = held is not None and held <= count * 2 and count <= held * 2
        if previous and count * 2 < previous and not confirmed:
            self._held[key] = count
            raise InvalidAnswer(f"held until the next poll confirms it: {count} items instead of {previous}")
