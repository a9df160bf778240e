"""Entries: what the history keeps of each event of the log."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple

from livingmap.core.fold import OF_SOURCES, Folded
from livingmap.core.model import Drop, Fields, Json, Position, Put, id_of
from livingmap.core.scene import Scene
from livingmap.core.units import rfc3339
from livingmap.history.changes import kept

ROW_IDS: Final = uuid.UUID("6c1f0f7e-4f53-5c1c-9a53-0c1d6f0a7017")
"""The namespace of row ids (RFC 9562, version 5)."""

_TIMES: Final = ("ts", "timestamp", "created_at")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the log as the history keeps it."""

    position: Position
    event_type: str
    payload: Fields
    received_at: datetime
    """When the log received it, UTC. Grows with the position, unless the log's clock was set back."""
    occurred_at: datetime | None = None
    """What the payload itself says, UTC. Publishers' clocks differ: never sort by it."""
    source: str | None = None
    entity_ids: tuple[str, ...] = ()
    previous: int | None = None
    """The ``seq`` of the entry before it in the log, if known.

    Positions may have holes, so after 7 may come 9; if its ``previous`` is 7 nothing was lost between them.
    """
    changes: bytes | None = None
    """How the map changed, as `livingmap.history.changes` says. None if that was not kept."""
    size: int = field(default=0, compare=False)
    """About how many bytes payload and changes are; 0 in what was read from the history."""
    place: datetime | None = None
    """Where it stands in the order of the history, if not at ``received_at``: see `livingmap.history.places`."""

    @property
    def id(self) -> uuid.UUID:
        """The id of the row. It depends on the position alone, so writing an entry twice is harmless."""
        return uuid.uuid5(ROW_IDS, str(self.position))

    @property
    def mark(self) -> "Mark":
        """Where the entry stands in the history."""
        return Mark(self.place or self.received_at, self.position.epoch, self.position.seq)


class Effect(NamedTuple):
    """What an entry did to the map, which is read sooner than the whole entry."""

    seq: int
    previous: int | None
    received_at: datetime
    changes: bytes | None
    report: Entry | None
    """The whole entry, if it is about a source."""

    @classmethod
    def of(cls, entry: Entry) -> "Effect":
        """Return the effect of ``entry``."""
        report = entry if entry.event_type in OF_SOURCES else None
        return cls(entry.position.seq, entry.previous, entry.received_at, entry.changes, report)


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in the order of the history: by time, and by position within one instant."""

    time: datetime
    epoch: str
    seq: int


_NOTHING: Final = Scene(())


def entry_of(folded: Folded, scene: Scene = _NOTHING, previous: int | None = None) -> Entry:
    """Return what the history keeps of an event, by what ids mean on a scene into which it has been folded."""
    event = folded.event
    source = folded.sources[0] if folded.sources else None
    if source is None and event.type in OF_SOURCES:
        source = str(event.payload.get("source"))
    occurred_at = next((time for name in _TIMES if (time := rfc3339(event.payload.get(name)))), None)
    changes = kept(folded.changes, scene.vocabulary)
    return Entry(
        event.position,
        event.type,
        folded.public_payload,
        utc(event.received_at),
        datetime.fromisoformat(occurred_at) if occurred_at else None,
        source,
        _entities(folded, scene),
        previous,
        changes,
        event.size + len(changes or b""),
    )


def _entities(folded: Folded, scene: Scene) -> tuple[str, ...]:
    changed = [scene.resolve(change.id) for change in folded.changes if isinstance(change, Put | Drop)]
    return tuple(dict.fromkeys((*changed, *_named(folded.event.payload, scene))))


def _named(payload: Fields, scene: Scene) -> Iterator[str]:
    """Yield the ids in fields like ``agent_id``, if the type is declared or there is such a thing on the map."""
    for name, value in payload.items():
        if name.endswith("_id") and _is_id(value):
            kind = name.removesuffix("_id")
            entity_id = scene.resolve(id_of(kind, value))
            if kind in scene.vocabulary.types or scene.has(entity_id):
                yield entity_id


def _is_id(value: Json) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, int) and not isinstance(value, bool)
    )


def utc(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; one without a time zone is taken to be in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
