"""A client of the stream as anybody would write it: one small reducer that knows no plugin."""

import json
from typing import Any


class Follower:
    """Folds the messages of a stream into a state, and keeps what it saw."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.cursor: str | None = None
        self.seen: list[dict[str, Any]] = []

    def take(self, text: str | bytes) -> dict[str, Any]:
        """Fold one message in."""
        message: dict[str, Any] = json.loads(text)
        self.seen.append(message)
        self.cursor = message.get("cursor", self.cursor)
        if message["kind"] == "snapshot":
            self.state = normal(message["payload"]["layers"])
        for change in message.get("changes", []):
            self._apply(change)
        return message

    def _apply(self, change: dict[str, Any]) -> None:
        layer = self.state.setdefault(change["layer"], {})
        if change["op"] == "total":
            target = layer
        elif change["op"] == "drop":
            layer.get(change["collection"], {}).pop(change["id"], None)
            return
        else:
            target = layer.setdefault(change["collection"], {}).setdefault(change["id"], {"id": change["id"]})
        target.update(change["set"])
        for name in change["unset"]:
            target.pop(name, None)


def normal(layers: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot's layers with their collections by id."""
    return {
        name: {
            key: {item["id"]: item for item in value} if isinstance(value, list) else value
            for key, value in layer.items()
        }
        for name, layer in layers.items()
    }


def same(state: dict[str, Any]) -> dict[str, Any]:
    """Return ``state`` without what is empty: a collection without items may be there or not."""
    return {
        name: {key: value for key, value in layer.items() if value not in ({}, None)}
        for name, layer in state.items()
    }
