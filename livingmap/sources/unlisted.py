"""Items that a poll no longer lists although the service may still have them: hidden from the one who asks."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Final

from livingmap.core.model import Change, CollectionKey, Drop, Fields, Put
from livingmap.core.part import Part
from livingmap.core.source import Client, Layer, Unlisted
from livingmap.errors import SourceError
from livingmap.sources.hidden import HIDDEN_SINCE

MOST_ASKED: Final = 200
"""About how many items of a collection a poll asks; the others stay as they are until it is their turn."""


class UnlistedItems:
    """Finds out what became of the items of one source that its polls no longer list."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._kept: Counter[CollectionKey] = Counter()
        self._turns: Counter[CollectionKey] = Counter()

    @property
    def any_kept(self) -> bool:
        """Whether there is any item about which the next poll asks again."""
        return any(self._kept.values())

    def kept(self, key: CollectionKey) -> int:
        """Return how many items of a collection the last poll did not list, and did not remove either.

        Before the first poll of a process, which may have them from before: how many are hidden.
        """
        if key in self._kept:
            return self._kept[key]
        return sum(1 for record in self._part.records_of(key).values() if record.fields.get(HIDDEN_SINCE))

    async def changes(self, layer: Layer, client: Client, drops: Sequence[Drop]) -> list[Change]:
        """Return what becomes of the items that ``drops`` would remove: their drops, or what marks them.

        Of an item about which the service cannot be asked now, nothing is known: it stays as it is.
        """
        key = (layer.name, layer.collection)
        items = [drop for drop in drops if self._is_item(key, drop)]
        asked = self._next(key, items)
        fates = await asyncio.gather(*(self._fate(layer.unlisted, client, drop) for drop in asked))
        changes = [change for some in fates for change in some]
        self._kept[key] = len(items) - sum(isinstance(change, Drop) for change in changes)
        return [*(drop for drop in drops if not self._is_item(key, drop)), *changes]

    def _is_item(self, key: CollectionKey, drop: Drop) -> bool:
        """Tell whether a source lists an item rather than lending fields to one of another."""
        record = self._part.record(key, drop.id)
        return record is not None and record.creates

    def _next(self, key: CollectionKey, drops: list[Drop]) -> list[Drop]:
        """Return those about which to ask now: all of them, or the next ones in turn."""
        if len(drops) <= MOST_ASKED:
            return drops
        start = self._turns[key] % len(drops)
        self._turns[key] = start + MOST_ASKED
        return [*drops[start:], *drops[:start]][:MOST_ASKED]

    async def _fate(self, unlisted: Unlisted | None, client: Client, drop: Drop) -> list[Change]:
        """Return how one item changes: not at all, it is marked, or it is gone."""
        item: Fields = self._part.get(drop.layer, drop.id, drop.collection) or {}
        try:
            fate = await unlisted(client, drop.id, item) if unlisted else None
        except SourceError:
            return []
        if fate is None:
            return [drop]
        marks = {name: value for name, value in fate.items() if name not in item or item[name] != value}
        return [Put(drop.layer, drop.id, marks, collection=drop.collection, creates=False)] if marks else []
