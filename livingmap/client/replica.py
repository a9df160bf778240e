"""A replica: the copy of a map that a client keeps, message by message."""

from collections.abc import Mapping
from typing import Any

from livingmap.client.messages import Message
from livingmap.core.reducer import Draft, State, state_of


class Replica:
    """The state of a map as of the last message, and the cursor that goes on from there. Empty at first.

    >>> replica = Replica()
    >>> total = {"op": "total", "layer": "city", "set": {"active_users": 7}, "unset": []}
    >>> replica.take({"kind": "changes", "cursor": "c1", "skipped": 3, "changes": [total]})
    >>> replica.state["city"].totals, replica.cursor
    ({'active_users': 7}, 'c1')
    """

    def __init__(self) -> None:
        self.cursor: str | None = None
        """Where in the log the state stands; None before the first message, and where only a snapshot can help."""
        self.meta: Mapping[str, Any] = {}
        """``meta`` of the last snapshot."""
        self._draft = Draft({})

    @property
    def state(self) -> State:
        """The state now. What is returned never changes; messages that come later make another."""
        return self._draft.state()

    def take(self, message: Message) -> None:
        """Take the next message of the stream."""
        match message["kind"]:
            case "snapshot":
                self._draft = Draft(state_of(message["payload"]["layers"]))
                self.meta = message["payload"]["meta"]
                self.cursor = message["cursor"]
            case "event" | "changes":
                for change in message["changes"]:
                    self._draft.apply(change)
                self.cursor = message["cursor"]
            case "heartbeat":
                self.cursor = message["cursor"]
