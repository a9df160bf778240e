"""What both transports of the stream have in common."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Query:
    """What a stream is asked for."""

    layers: str | None
    """Names separated by commas; None for all."""
    cursor: str | None


class Connection(Protocol):
    """An open stream."""

    async def receive(self) -> str | bytes:
        """Return the next message. Raises MapError when there is none any more, or one that is too large."""

    async def send_token(self, token: str) -> None:
        """Send a token in place of the one that expires, if the transport can."""
