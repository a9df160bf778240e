"""Messages from outside: how they are received, and how they are parsed into messages for the log."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias

import structlog

from livingmap import tracing
from livingmap.core.model import Message
from livingmap.transport.parsing import DeadLetters

Append: TypeAlias = Callable[[Message], Awaitable[None]]
"""Appends a message to the log; see `livingmap.log.Log.append`."""

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class IntakeStatus:
    """The state of one intake: its connection, and what became of the messages that came over it."""

    name: str
    """What the transport is called, such as ``nats``."""
    url: str
    """The server, or all that are tried while there is no connection. Never holds credentials."""
    connected: bool = False
    error: str | None = "not connected yet"
    refusal: str | None = None
    """Why the stream stores nothing, as this process was answered."""
    refusal_elsewhere: str | None = None
    """The same, as another process says that shares the stream."""
    refused: list[str] = field(default_factory=list)
    """Patterns of which the server refused the subscription. They are tried again at the next connection."""
    differences: list[str] = field(default_factory=list)
    """What the stream keeps beyond this configuration, setting by setting."""
    reconnects: int = 0
    received: int = 0
    """Messages that came, each counted once however many patterns it matches."""
    received_at: datetime | None = None
    """When the last message came."""
    logged: int = 0
    dropped: int = 0
    """Messages that were dropped because too many were waiting."""
    dead: DeadLetters = field(default_factory=DeadLetters)
    oversized: int = 0
    """Entries of the map's own that are larger than the server takes, and were left out."""
    missed: int = 0
    """Messages that NATS carried and the stream does not have."""
    missed_until: datetime | None = None
    """When the last of them was carried."""

    @property
    def reported_error(self) -> str | None:
        """What is wrong with it: of the connection, or that nothing which goes over it is stored."""
        refusal = self.refusal or self.refusal_elsewhere
        return self.error or (f"the stream stores nothing: {refusal}" if refusal else None)

    @property
    def waiting(self) -> int:
        """Messages that are neither logged nor dropped yet."""
        return self.received - self.logged - self.dropped - self.dead.count

    def set_aside(self, received_at: datetime, subject: str, reason: object, data: bytes) -> None:
        """Keep a message that cannot be an event as a dead letter, and log that."""
        self.dead.add(received_at, subject, reason, data)
        tracing.note_error(type(reason).__name__)
        log = _logger.warning if self.dead.count == 1 else _logger.debug
        letter = self.dead.letters[-1]
        log("a message was set aside", subject=letter.subject, reason=letter.reason)


class Intake(Protocol):
    """A way by which messages come from outside. The API lists its status; a new transport is another of these."""

    @property
    def status(self) -> IntakeStatus:
        """The state of its connection, and what became of the messages."""

    async def run(self) -> None:
        """Take in messages until cancelled. Never waits for a server to start."""
