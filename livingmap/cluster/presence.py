"""Presence: what a process of a cluster broadcasts about itself, again and again."""

from dataclasses import dataclass
from typing import Final

import orjson
import structlog

_PREFIX: Final = b"presence "
_MOST_TEXT: Final = 300

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """A process of the cluster, as its last broadcast describes it."""

    id: str
    sources: frozenset[str]
    works: bool
    """Whether it can do the duties."""
    heard_at: float
    """When that broadcast came, by the event loop's clock."""
    address: str | None = None
    """Where it serves, as host and port; None if it does not say."""
    refusal: str | None = None
    """Why the stream stores nothing, as it was answered; None if it was not."""


def announcement(member: Member) -> bytes:
    """Return a broadcast that describes a process."""
    own = {
        "id": member.id,
        "sources": sorted(member.sources),
        "works": member.works,
        "address": member.address,
        "refusal": member.refusal,
    }
    return _PREFIX + orjson.dumps(own)


def is_announcement(data: bytes) -> bool:
    """Tell whether a broadcast describes a process."""
    return data.startswith(_PREFIX)


def member_in(data: bytes, now: float) -> Member | None:
    """Return the process that a broadcast describes; None if it is about something else, or invalid."""
    if not is_announcement(data):
        return None
    try:
        own = orjson.loads(data.removeprefix(_PREFIX))
        address, refusal = (_text(own.get(name)) for name in ("address", "refusal"))  # older versions give none
        return Member(str(own["id"]), frozenset(own["sources"]), bool(own["works"]), now, address, refusal)
    except (ValueError, KeyError, TypeError) as error:
        _logger.debug("a process describes itself strangely", error=f"{type(error).__name__}: {error}")
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) <= _MOST_TEXT else None
