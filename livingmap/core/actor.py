"""Who reads the map: an actor, and what it showed to be known as one."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scheme(StrEnum):
    """How a caller says who it is."""

    BEARER = "bearer"
    """``Authorization: Bearer``, or the same token in a WebSocket's subprotocol or first message."""
    API_KEY = "api_key"
    """``X-API-Key``."""
    SESSION = "session"
    """The cookie ``session_token``."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller shows. The value is a secret: it is in no ``repr``."""

    scheme: Scheme
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """One who reads, in the words of the policies: DAARION's ActorIdentity."""

    actor_id: str
    actor_type: str = "human"
    """``human``, ``agent`` or ``service``."""
    microdao_ids: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identity:
    """An actor for as long as its credential is good."""

    actor: Actor
    expires_at: datetime | None = None
    """UTC; None if the credential does not say."""


ANONYMOUS = Actor("anonymous")
"""Who shows nothing. Policies are asked about it like about anybody."""
