"""What both transports of the stream have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Query:
    """What a stream is asked for."""

    layers: str | None
    """Names separated by commas; None for all."""
    cursor: str | None
    play: Mapping[str, str] | None = None
    """``from``, ``to`` and ``speed`` of what is to be shown of the past; None for the present."""
    problems_in: str | None = None
    """In which language to be sent problems instead of the map; None for the map."""

    def parameters(self) -> dict[str, str]:
        """Return it as parameters of a URL."""
        feed = {"feed": "problems", "lang": self.problems_in} if self.problems_in else {}
        values = {"layers": self.layers, "cursor": self.cursor, **(self.play or {}), **feed}
        return {name: value for name, value in values.items() if value}


class Connection(Protocol):
    """An open stream."""

    async def receive(self) -> str | bytes:
        """Return the next message. Raises MapError when there is none any more, or one that is too large."""

    async def send_token(self, token: str) -> None:
        """Send a token in place of the one that expires, if the transport can."""

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message. Raises Refused if the transport cannot."""
