"""Actors: the callers that read the map, and the credentials that identify them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scheme(StrEnum):
    """How a caller presents its credential."""

    BEARER = "bearer"
    """``Authorization: Bearer``, or the same token in a WebSocket's subprotocol or first message."""
    API_KEY = "api_key"
    """``X-API-Key``."""
    SESSION = "session"
    """The cookie that the authenticator names."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret that a caller presents. The value is in no ``repr``."""

    scheme: Scheme
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Actor:
    """A caller in the terms that policies use."""

    actor_id: str
    actor_type: str = "human"
    """``human``, ``agent`` or ``service``."""
    group_ids: tuple[str, ...] = ()
    """Ids of the groups that its credential names. Policies are sent them."""
    roles: tuple[str, ...] = ()
    memberships: frozenset[str] = frozenset()
    """Typed ids of all that it belongs to, each by any id that the map may know. Policies are not sent them."""


@dataclass(frozen=True, slots=True)
class Identity:
    """An actor for as long as its credential is valid."""

    actor: Actor
    expires_at: datetime | None = None
    """UTC; None if the credential does not say."""


ANONYMOUS = Actor("anonymous")
"""The actor of a caller without a credential. Policies decide about it as about any other."""
