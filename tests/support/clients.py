"""A client of the stream for tests: the public one's replica, and all that it was sent."""

import json
from collections.abc import Mapping
from typing import Any

from livingmap.client import Replica, State, state_of


class Follower:
    """Folds the messages of a stream into a state, and keeps what it saw."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self._replica = Replica()

    @property
    def cursor(self) -> str | None:
        return self._replica.cursor

    @property
    def state(self) -> dict[str, Any]:
        """By layer, its totals and its collections by id, side by side as in a snapshot."""
        return flat(self._replica.state)

    def take(self, text: str | bytes) -> dict[str, Any]:
        """Fold one message in."""
        message: dict[str, Any] = json.loads(text)
        self.seen.append(message)
        self._replica.take(message)
        return message


def flat(state: State) -> dict[str, Any]:
    return {name: {**layer.totals, **layer.collections} for name, layer in state.items()}


def normal(layers: Mapping[str, Any]) -> dict[str, Any]:
    """Return a snapshot's layers with their collections by id."""
    return flat(state_of(layers))


def same(state: dict[str, Any]) -> dict[str, Any]:
    """Return ``state`` without what is empty: a collection without items may be there or not."""
    return {
        name: {key: value for key, value in layer.items() if value not in ({}, None)}
        for name, layer in state.items()
    }
