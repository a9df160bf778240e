"""A record: one item, or the totals of one layer, as one source describes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, TypeAlias

from livingmap.core.model import Change, Json, Put, Total
from livingmap.core.shared import shared, shared_json

NEVER = -1
"""The position of a change that did not happen, before all others."""

Superseded: TypeAlias = Mapping[str, frozenset[str]]
"""By field, values that polls bring although they may be over; see `livingmap.core.source.Layer.superseded`."""

NOTHING_SUPERSEDED: Final[Superseded] = MappingProxyType({})


_NO_SEQS: Final[dict[str, int]] = {}
"""The positions of events at a record that no event has changed: shared by all of these, and never written to."""
NO_NAMESPACES: Final[Mapping[str, str]] = MappingProxyType({})
"""Those of most records that events made: shared by all of them."""


@dataclass(slots=True)
class Record:
    """The fields of one item, or of a layer itself, and where each came from.

    Example: a poll began at position 10 and is late. At 12 an event set ``status``. The poll's own ``status`` is
    ignored, because 12 is after 10; its ``name`` is taken. The next poll, from 15 on, sets ``status`` again.
    """

    fields: dict[str, Json] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    creates: bool = False
    """Whether the source says that the item exists, rather than lending it fields."""
    polled_fields: frozenset[str] = frozenset()
    """Fields that came from polls: a poll that lacks them removes them, and no others."""
    event_seqs: dict[str, int] = field(default_factory=lambda: _NO_SEQS)
    """By field, the position of the last event that changed it."""
    _named: tuple[str, ...] = ()
    """Of its id and its aliases those that have a namespace,"""
    _namespaces: tuple[str, ...] = ()
    """and the namespace of each: two tuples, one of which many records share, take a third of a dict."""

    @property
    def namespaces(self) -> Mapping[str, str]:
        """By id, the namespaces of its id and its aliases."""
        return dict(zip(self._named, self._namespaces, strict=True)) if self._named else NO_NAMESPACES

    @namespaces.setter
    def namespaces(self, namespaces: Mapping[str, str]) -> None:
        self._named, self._namespaces = shared(tuple(namespaces)), shared(tuple(namespaces.values()))

    def last_event_seq(self) -> int:
        """Return the position of the last event that changed anything here."""
        return max(self.event_seqs.values(), default=NEVER)

    def state(self) -> list[Json]:
        """Return all of it as JSON, for `from_state`."""
        return [
            dict(self.fields),
            list(self.aliases),
            self.creates,
            sorted(self.polled_fields),
            dict(self.event_seqs),
            dict(self.namespaces),
        ]

    @classmethod
    def from_state(cls, state: Sequence[Json]) -> "Record":
        """Return the record that returned ``state``."""
        fields, aliases, creates, polled_fields, event_seqs, *namespaces = state  # older ones have none
        polled_fields, event_seqs = shared(frozenset(polled_fields)), event_seqs or _NO_SEQS
        record = cls(fields, shared(tuple(aliases)), creates, polled_fields, event_seqs)
        record.namespaces = namespaces[0] if namespaces else NO_NAMESPACES
        return record

    def is_renamed_by(self, change: Put) -> bool:
        """Tell whether an event's ``change`` may alter that the item exists, or its aliases."""
        named = (change.aliases and change.aliases != self.aliases) or (
            change.namespaces and change.namespaces != self.namespaces
        )
        return (change.creates and not self.creates) or bool(named)

    def put(
        self,
        change: Put | Total,
        seq: int,
        from_seq: int | None,
        superseded: Superseded = NOTHING_SUPERSEDED,
    ) -> None:
        """Apply an event's ``change``, or with ``from_seq`` a poll's, to fields that no later event changed.

        A poll's values that are ``superseded`` by what an event set are passed over.
        """
        if from_seq is None:
            self._put_event(change, seq)
        else:
            self._put_poll(change, from_seq, superseded)

    def _put_event(self, change: Put | Total, seq: int) -> None:
        fields, event_seqs = self.fields, self._own_seqs()
        for name, value in change.set.items():
            fields[name], event_seqs[name] = value, seq
        for name in change.unset:
            fields.pop(name, None)
            event_seqs[name] = seq
        if not self.polled_fields.isdisjoint(change.unset):
            self.polled_fields = shared(self.polled_fields.difference(change.unset))

    def _own_seqs(self) -> dict[str, int]:
        """Return the positions of events, to be written to: most items were never changed by one."""
        if self.event_seqs is _NO_SEQS:
            self.event_seqs = {}
        return self.event_seqs

    def _put_poll(self, change: Put | Total, from_seq: int, superseded: Superseded) -> None:
        fields, event_seqs = self.fields, self.event_seqs
        polled: list[str] = []
        gone: list[str] = []
        for name, value in change.set.items():
            if not event_seqs or (
                event_seqs.get(name, NEVER) <= from_seq and not self._is_over(name, value, superseded)
            ):
                fields[name] = shared_json(value)
                polled.append(name)
        for name in change.unset:
            if event_seqs.get(name, NEVER) <= from_seq:
                fields.pop(name, None)
                gone.append(name)
        if not (self.polled_fields.issuperset(polled) and self.polled_fields.isdisjoint(gone)):
            self.polled_fields = shared(self.polled_fields.union(polled).difference(gone))

    def share(self, item: Mapping[str, Json]) -> None:
        """Keep the texts of an item in place of equal ones: several sources may say the same of it."""
        for name, value in self.fields.items():
            if type(value) is str and value == item.get(name):
                self.fields[name] = item[name]

    def absorb(self, early: "Record", from_seq: int) -> None:
        """Take over fields of ``early``, unless a later event or a poll from ``from_seq`` on set them."""
        for name, value in early.fields.items():
            seq = early.event_seqs.get(name, NEVER)
            if name not in self.fields or seq > max(from_seq, self.event_seqs.get(name, NEVER)):
                self.fields[name], self._own_seqs()[name] = value, seq

    def _is_over(self, name: str, value: Json, superseded: Superseded) -> bool:
        """Tell whether a poll's value of a field is one that an event has ended."""
        if name not in superseded or name not in self.event_seqs:
            return False
        values, present = superseded[name], self.fields.get(name)
        return isinstance(value, str) and value in values and isinstance(present, str) and present not in values

    def difference(self, answer: Put | Total, superseded: Superseded = NOTHING_SUPERSEDED) -> Change | None:
        """Return the change that makes this record equal a poll's ``answer``; None if it does already."""
        updates = {
            name: value
            for name, value in answer.set.items()
            if (name not in self.polled_fields or name not in self.fields or self.fields[name] != value)
            and not self._is_over(name, value, superseded)
        }
        if isinstance(answer, Total):  # several fetches may give totals of one layer: what one omits is another's
            return replace(answer, set=updates) if updates else None
        removals = tuple(sorted(self.polled_fields - answer.set.keys() - set(answer.unknown)))
        same = not answer.creates or (
            self.creates and answer.aliases == self.aliases and answer.namespaces == self.namespaces
        )
        if not updates and not removals and same:
            return None
        return replace(answer, set=updates, unset=removals, unknown=())
