"""The version of a layer: a number that grows with every change, and of which items the last changes were."""

from collections import deque
from itertools import islice
from typing import Final, TypeAlias

ItemOfLayer: TypeAlias = tuple[str, str]
"""An item's collection and id."""

MOST_LATEST: Final = 1000
"""Of so many changes it is remembered which items they were of: some 64 kB for a layer."""


class Version:
    """The ``number`` of changes that a layer has seen."""

    def __init__(self) -> None:
        self.number = 0
        self._latest: deque[ItemOfLayer | None] = deque(maxlen=MOST_LATEST)

    def note_item(self, collection: str, entity_id: str) -> None:
        """Note that an item came, went or changed."""
        self.number += 1
        self._latest.append((collection, entity_id))

    def note_totals(self) -> None:
        """Note that the totals changed, and no item."""
        self.number += 1
        self._latest.append(None)

    def note_all(self) -> None:
        """Note that anything may have changed."""
        self.number += 1
        self._latest.clear()

    def changed_since(self, number: int) -> set[ItemOfLayer] | None:
        """Return the items that changed after the layer had the version ``number``; None if that is not known."""
        count = self.number - number
        if count > len(self._latest):
            return None
        return {item for item in islice(reversed(self._latest), count) if item is not None}
