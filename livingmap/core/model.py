"""The model: positions in the log, messages and events, and the three kinds of change: put, drop and total."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeAlias

from livingmap.core.value import value

Json: TypeAlias = Any
"""A decoded JSON value: the rim at which types end."""

Fields: TypeAlias = Mapping[str, Json]
"""The fields of an item by name. Treated as immutable once it is in a change."""

CollectionKey: TypeAlias = tuple[str, str]
"""A layer and one of its collections."""

_ID = re.compile(r"[a-z][a-z0-9_]*:\S.*", re.DOTALL)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A position in the log: the ``seq``-th entry of one ``epoch`` of it.

    An epoch begins whenever a log begins anew, so that a position never means two entries. Example: a client has
    read up to ``a1-500``; the log is lost and begins again, as epoch ``b2``. ``b2-501`` is not what follows
    ``a1-500``: the client has to take a new snapshot. Only positions of one epoch are ordered, by ``seq``.
    """

    epoch: str
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.seq}"


@value
class Message:
    """A log entry to be: a NATS message, the difference that a poll found, or a source that went down or up."""

    type: str
    """The NATS subject, or ``livingmap.source.*`` for entries of the host itself."""
    payload: Fields
    size: int = field(default=0, compare=False)
    """How many bytes it came in, if it came from outside."""


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the log: a message with its position."""

    position: Position
    type: str
    payload: Fields
    received_at: datetime
    """When the log received it, UTC. Prefer it to times in the payload: publishers send naive local ones."""
    size: int = field(default=0, compare=False)
    """How many bytes the message came in, if it came from outside: buffers of events are bounded by it."""


def typed_id(text: str) -> str:
    """Return ``text`` if it is a typed id such as ``agent:sofia``, else raise ValueError."""
    if not _ID.fullmatch(text):
        raise ValueError(f"id {text!r} does not say its type; write it like 'agent:sofia'")
    return text


def id_of(kind: str, value: object) -> str:
    """Return ``value`` as an id of this type: ``agent:sofia`` for ``sofia`` and for ``agent:sofia``."""
    return _id_of_text(kind, str(value))


@lru_cache(maxsize=4096)
def _id_of_text(kind: str, text: str) -> str:
    """Return the id of a text; the same object while a row is read, and for what many rows refer to."""
    text = text.strip()
    return text if text.startswith(f"{kind}:") else f"{kind}:{text}"


def id_or_none(kind: str, value: object) -> str | None:
    """Return ``value`` as an id of this kind; None for None and for empty text: no reference."""
    return None if value is None or value == "" else id_of(kind, value)


def id_and_aliases(kind: str, key: str, *names: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the id of a thing that its service calls by several names, and its aliases.

    A service's own ``key`` that says its type is the id. Else the first of ``names`` that is there makes the id.
    """
    ids = [id_of(kind, name) for name in (*names, key) if name]
    entity_id = key if key.startswith(f"{kind}:") else ids[0]
    return entity_id, tuple(dict.fromkeys(name for name in ids if name != entity_id))


def namespaces_of(kind: str, **names: str | None) -> dict[str, str]:
    """Return by id the namespace of each of a thing's names; of equal ids the first: the strongest comes first.

    ``namespaces_of("node", external="node:gpu-1", uuid="9f3e", slug="gpu-1")`` is
    ``{"node:gpu-1": "external", "node:9f3e": "uuid"}``.
    """
    namespaces: dict[str, str] = {}
    for namespace, name in names.items():
        if name:
            namespaces.setdefault(id_of(kind, name), namespace)
    return namespaces


@value
class Put:
    """Set and unset fields of an item; the item appears if it was not there.

    Fields that are not named stay as they are. A value is replaced as a whole, never merged.
    """

    layer: str
    id: str
    """A typed id: ``agent:sofia``. Events may use an alias in place of the id."""
    set: Fields = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    collection: str = "items"
    aliases: tuple[str, ...] = ()
    """Other typed ids of the same entity (``agent:<uuid>``); references to them resolve to ``id``.
    Only a source that lists an item declares its aliases: ignored without ``creates``."""
    creates: bool = True
    """False: only adds to an item that some source lists; alone it shows nothing."""
    namespaces: Mapping[str, str] = field(default_factory=dict)
    """The namespaces of ``id`` and ``aliases``, such as ``{"agent:sofia": "slug"}``; see `namespaces_of`."""
    unknown: tuple[str, ...] = ()
    """Only in a fetch: fields that could not be asked for now. Those that are not in ``set`` stay as they were."""
    was: Fields = field(default_factory=dict, compare=False, kw_only=True)
    """Filled by the map: what ``set`` and ``unset`` replace. A field that it lacks was not there."""
    came: bool = field(default=False, compare=False, kw_only=True)
    """Filled by the map: whether the item was not there before."""

    def __post_init__(self) -> None:
        typed_id(self.id)
        for alias in self.aliases:
            typed_id(alias)


@value
class Drop:
    """Remove an item from a source's part; unless another source lists it, it disappears from the map."""

    layer: str
    id: str
    collection: str = "items"
    was: Fields = field(default_factory=dict, compare=False, kw_only=True)
    """Filled by the map: the fields of the item that disappears."""

    def __post_init__(self) -> None:
        typed_id(self.id)


@value
class Total:
    """Set and unset fields of a layer itself, such as a count of all its items."""

    layer: str
    set: Fields = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    was: Fields = field(default_factory=dict, compare=False, kw_only=True)
    """Filled by the map: what ``set`` and ``unset`` replace. A field that it lacks was not there."""


Change: TypeAlias = Put | Drop | Total


def change_to_json(change: Change) -> dict[str, Json]:
    """Return the wire form, a JSON object told apart by ``op``: ``put``, ``drop`` or ``total``."""
    match change:
        case Put():
            wire: dict[str, Json] = {
                "op": "put",
                "layer": change.layer,
                "collection": change.collection,
                "id": change.id,
                "set": dict(change.set),
                "unset": list(change.unset),
            }
            if change.aliases:
                wire["aliases"] = list(change.aliases)
            if not change.creates:
                wire["creates"] = False
            if change.namespaces:
                wire["namespaces"] = dict(change.namespaces)
            return wire
        case Drop():
            return {"op": "drop", "layer": change.layer, "collection": change.collection, "id": change.id}
        case Total():
            return {
                "op": "total",
                "layer": change.layer,
                "set": dict(change.set),
                "unset": list(change.unset),
            }


def change_from_json(wire: Fields) -> Change:
    """Return the change that `change_to_json` wrote. Raises ValueError or KeyError for anything else."""
    match wire["op"]:
        case "put":
            return Put(
                wire["layer"],
                wire["id"],
                wire["set"],
                tuple(wire["unset"]),
                wire["collection"],
                tuple(wire.get("aliases", ())),
                wire.get("creates", True),
                wire.get("namespaces", {}),
            )
        case "drop":
            return Drop(wire["layer"], wire["id"], wire["collection"])
        case "total":
            return Total(wire["layer"], wire["set"], tuple(wire["unset"]))
        case op:
            raise ValueError(f"a change's op is put, drop or total, not {op!r}")
