"""How many rows the layers of a source had, and which were of no use, each layer when it was read last."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final

from livingmap.core.freshness import SourceHealth, shortened
from livingmap.core.model import CollectionKey
from livingmap.sources.poll_client import PollClient

_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class _Rows:
    count: int
    dropped_count: int
    dropped: tuple[str, ...]
    notes: tuple[str, ...]


class RowReports:
    """Keeps the report of each layer, and shows them together as the source's health."""

    def __init__(self, health: SourceHealth) -> None:
        self._health = health
        self._rows: dict[CollectionKey, _Rows] = {}

    def begin(self) -> None:
        """Let the comparison note anew what of a layer is of no use."""
        self._health.dropped, self._health.dropped_rows = [], 0

    def note(self, key: CollectionKey, client: PollClient) -> None:
        """Note a layer: what its fetch has dropped, and what the comparison has since `begin`."""
        self._rows[key] = _Rows(
            client.read_rows,
            client.dropped_rows + self._health.dropped_rows,
            (*client.dropped, *self._health.dropped),
            tuple(client.notes),
        )

    def show(self) -> None:
        """Show the reports of all layers, also of those that were not read again because nothing has changed."""
        rows = self._rows.values()
        self._health.rows = sum(one.count for one in rows)
        self._health.dropped_rows = sum(one.dropped_count for one in rows)
        self._health.dropped = _first(reason for one in rows for reason in one.dropped)
        self._health.notes = _first(dict.fromkeys(note for one in rows for note in one.notes))


def _first(texts: Iterable[str]) -> list[str]:
    return [shortened(text) for text in islice(texts, _MOST)]
