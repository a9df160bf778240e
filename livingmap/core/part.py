"""A part: everything that one source has said about the map so far."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from livingmap.core.aliases import Aliases
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total
from livingmap.core.record import NEVER, NOTHING_SUPERSEDED, Record, Superseded
from livingmap.core.shared import shared
from livingmap.core.validity import ID

MOST_LOOSE: Final = 50_000
"""How many records of one source may stand that events alone made, of items that only other sources list."""
MOST_DROPS: Final = 50_000
"""How many drops by events one source may have remembered, until a poll begins after them."""
MOST_MADE: Final = 50_000
"""How many items of one source may exist that only its events created."""

_NOTHING_RENAMED: Final[Mapping[str, str]] = {}
_NOTHING_SUPERSEDED_ANYWHERE: Final[Mapping[CollectionKey, Superseded]] = {}

Item: TypeAlias = tuple[CollectionKey, str]
"""An item's collection and id."""


class Part:
    """One source's own part of the map: its records by item, and its totals by layer.

    Only the source itself changes its part; a layer is the union of all parts. Example: ``agents`` lists
    ``agent:sofia`` with a name, ``usage`` lends her the field ``tokens``. When ``agents`` drops her she disappears
    from the map, but the part of ``usage`` still has ``tokens``, and shows them should she come back.

    Handlers read the part of their source; only the scene writes it.
    """

    def __init__(
        self,
        decorated: frozenset[CollectionKey] = frozenset(),
        renamed: Mapping[str, str] = _NOTHING_RENAMED,
        superseded: Mapping[CollectionKey, Superseded] = _NOTHING_SUPERSEDED_ANYWHERE,
        settings: Any = None,
    ) -> None:
        """``renamed`` are the ids that this source alone uses for something else, and what they are on the map."""
        self.renamed = renamed
        self.revision = 0
        """Grows whenever anything but a poll of the source changes this part, and when a poll could not."""
        self._settings = settings
        self._decorated = decorated
        self._superseded = superseded
        self._aliases = Aliases()  # of this source alone: no other's claims may change what its handlers read
        self._records: dict[CollectionKey, dict[str, Record]] = {}
        self._totals: dict[str, Record] = {}
        self._dropped: dict[Item, int] = {}
        """By item, the position of the event that dropped it: a poll that began earlier does not bring it back."""
        self._loose: dict[Item, None] = {}
        self._made: set[Item] = set()
        """Items that events alone created: no poll has listed them."""

    @property
    def settings(self) -> Any:
        """The source's own validated section of the YAML."""
        return self._settings

    def get(self, layer: str, id: str, collection: str = "items") -> Fields | None:  # noqa: A002 - the field's name
        """Return the fields that this source gave to an item, by its id or own alias; None if it gave none."""
        record = self.record((layer, collection), self._aliases.resolve(self.renamed.get(id, id)))
        return record.fields if record else None

    def items(self, layer: str, collection: str = "items") -> Iterator[tuple[str, Fields]]:
        """Yield ``(id, fields)`` of every item of a collection that this source describes."""
        for entity_id, record in self._records.get((layer, collection), {}).items():
            yield entity_id, record.fields

    def count(self, layer: str, collection: str = "items") -> int:
        """Return how many items of a collection this source describes."""
        return len(self._records.get((layer, collection), ()))

    def total(self, layer: str) -> Fields:
        """Return the totals that this source gave to a layer."""
        return self._totals[layer].fields if layer in self._totals else {}

    # What follows is for the scene and the poller.

    def state(self) -> dict[str, Json]:
        """Return the whole part as JSON, for `restore`."""
        return {
            "records": [[*key, entity_id, record.state()] for key, entity_id, record in self.records()],
            "totals": {layer: record.state() for layer, record in self._totals.items()},
            "dropped": [[*key, entity_id, seq] for (key, entity_id), seq in self._dropped.items()],
            "loose": [[*key, entity_id] for key, entity_id in self._loose],
        }

    def restore(self, state: Mapping[str, Json]) -> None:
        """Replace this part by the one that returned ``state``."""
        self.revision += 1
        self._aliases = Aliases()
        self._records = {}
        self._made = set()
        for layer, collection, entity_id, record_state in state["records"]:
            key = (layer, collection)
            record = self.records_of(key)[entity_id] = Record.from_state(record_state)
            record.fields.pop(ID, None)  # older versions of the program accepted it
            if record.creates:
                self._aliases.add(entity_id)
                self._note_made(key, entity_id, record)
            self._aliases.rename(entity_id, (), record.aliases)
        self._totals = {layer: Record.from_state(totals) for layer, totals in state["totals"].items()}
        self._dropped = {((layer, name), entity_id): seq for layer, name, entity_id, seq in state["dropped"]}
        self._loose = {((layer, name), entity_id): None for layer, name, entity_id in state["loose"]}

    def records(self) -> Iterator[tuple[CollectionKey, str, Record]]:
        """Yield every record with its collection and id."""
        for key, records in self._records.items():
            for entity_id, record in records.items():
                yield key, entity_id, record

    def filled_layers(self) -> set[str]:
        """Return the layers in which this part has items of its own, or totals."""
        return {key[0] for key, _, record in self.records() if record.creates} | self._totals.keys()

    def record(self, key: CollectionKey, entity_id: str) -> Record | None:
        """Return the record kept under exactly this id."""
        records = self._records.get(key)
        return records.get(entity_id) if records else None

    def records_of(self, key: CollectionKey) -> dict[str, Record]:
        """Return the records of a collection by id; the mapping stays up to date until `restore`."""
        return self._records.setdefault(key, {})

    def polled_count(self, key: CollectionKey) -> int:
        """Return how many items of a collection came from polls.

        A poll that lists less than half of them is suspicious: of 40 items, an answer of 12 is held until the
        next poll confirms it.
        """
        return sum(1 for record in self._records.get(key, {}).values() if record.polled_fields)

    def own_id(self, change: Put, from_seq: int | None) -> str:
        """Return the id under which ``change`` is kept: an event's may be an alias, a poll's is literal."""
        entity_id = self.renamed.get(change.id, change.id)
        return self._aliases.resolve(entity_id) if from_seq is None else entity_id

    def lists(self, entity_id: str) -> bool:
        """Tell whether this source lists an item under exactly this id."""
        return self._aliases.has(entity_id)

    def meaning(self, entity_id: str) -> str:
        """Return the id as which this source itself lists what it calls ``entity_id``, or would list it."""
        return self._aliases.resolve(self.renamed.get(entity_id, entity_id))

    def fills(self, change: Change) -> bool:
        """Tell whether ``change`` fills its layer rather than decorating items of other sources."""
        if isinstance(change, Put):
            return change.creates and (change.layer, change.collection) not in self._decorated
        return isinstance(change, Total)

    def first_refused(self, changes: Sequence[Change]) -> Put | None:
        """Return the first of an event's ``changes`` that would create more items than `MOST_MADE`."""
        if len(self._made) + len(changes) <= MOST_MADE:
            return None
        created: set[Item] = set()
        for change in changes:
            if isinstance(change, Put) and self.fills(change):
                key, entity_id = (change.layer, change.collection), self.own_id(change, None)
                record = self.record(key, entity_id)
                if record is None or not record.creates:
                    created.add((key, entity_id))
                    if len(self._made) + len(created) > MOST_MADE:
                        return change
        return None

    def put(self, change: Put, entity_id: str, seq: int, from_seq: int | None) -> Record | None:
        """Apply ``change`` to its `own_id`; return that record, None if a later event has dropped the item."""
        key, fills = (change.layer, change.collection), self.fills(change)
        if from_seq is not None and self._dropped.get((key, entity_id), NEVER) > from_seq:
            return None
        record = self.record(key, entity_id)
        if record is None:
            record = self.records_of(key)[entity_id] = Record()
        record.put(change, seq, from_seq, self._superseded.get(key, NOTHING_SUPERSEDED))
        if fills or record.creates or record.polled_fields:
            self._loose.pop((key, entity_id), None)
        else:
            self._loose[key, entity_id] = None
        if fills and not record.creates:
            record.creates = True
            self._aliases.add(entity_id)
        if record.creates:
            self._note_made(key, entity_id, record)
        if fills and (change.aliases or change.namespaces or from_seq is not None):
            self._name(key, entity_id, record, change, from_seq)
        return record

    def _name(self, key: CollectionKey, entity_id: str, record: Record, change: Put, from_seq: int | None) -> None:
        """Give ``record`` the aliases and namespaces of ``change``."""
        own = {name: name for name in (entity_id, *change.aliases)}  # the same texts, not equal ones
        record.namespaces = {own.get(name, name): namespace for name, namespace in change.namespaces.items()}
        if change.aliases != record.aliases:
            self._aliases.rename(entity_id, record.aliases, change.aliases)
            record.aliases = shared(change.aliases)
            self._absorb(key, record, from_seq)

    def _note_made(self, key: CollectionKey, entity_id: str, record: Record) -> None:
        if record.polled_fields:
            self._made.discard((key, entity_id))
        else:
            self._made.add((key, entity_id))

    def forget_loose(self) -> Item | None:
        """Forget the oldest loose record if there are more than `MOST_LOOSE`; return whose it was."""
        if len(self._loose) <= MOST_LOOSE:
            return None
        key, entity_id = oldest = next(iter(self._loose))
        del self._loose[oldest]
        del self._records[key][entity_id]
        return oldest

    def _absorb(self, key: CollectionKey, record: Record, from_seq: int | None) -> None:
        """Take over what events said about an alias before it was declared as one."""
        for alias in record.aliases:
            early = self.record(key, alias)
            if early is None or early is record or early.creates:
                continue
            del self._records[key][alias]
            self._loose.pop((key, alias), None)
            record.absorb(early, NEVER if from_seq is None else from_seq)

    def drop(self, change: Drop, seq: int, from_seq: int | None) -> list[tuple[str, Record]]:
        """Apply ``change`` and return the records that it removed, by id; none if a later event changed it."""
        key = (change.layer, change.collection)
        removed = []
        dropped_id = self.renamed.get(change.id, change.id)
        for entity_id in self._aliases.same(dropped_id) if from_seq is None else (dropped_id,):
            if from_seq is None:
                self._dropped.pop((key, entity_id), None)  # it is the newest again, the last to be forgotten
                self._dropped[key, entity_id] = seq
                if len(self._dropped) > MOST_DROPS:
                    del self._dropped[next(iter(self._dropped))]
            record = self.record(key, entity_id)
            if record and (from_seq is None or record.last_event_seq() <= from_seq):
                del self._records[key][entity_id]
                self._loose.pop((key, entity_id), None)
                self._made.discard((key, entity_id))
                self._aliases.rename(entity_id, record.aliases, ())
                if record.creates:
                    self._aliases.remove(entity_id)
                removed.append((entity_id, record))
        return removed

    def dropped_at(self, key: CollectionKey, entity_id: str) -> int | None:
        """Return the position of the event that dropped an item, until a poll that began after it was folded."""
        return self._dropped.get((key, self.renamed.get(entity_id, entity_id)))

    def set_total(self, change: Total, seq: int, from_seq: int | None) -> None:
        """Apply ``change`` to the totals of its layer."""
        self._totals.setdefault(change.layer, Record()).put(change, seq, from_seq)

    def forget_drops(self, until_seq: int) -> None:
        """Forget the drops that no poll still under way can contradict: those up to the start of the last one."""
        self._dropped = {item: seq for item, seq in self._dropped.items() if seq > until_seq}

    def difference(self, key: CollectionKey, answer: Put | Total) -> Change | None:
        """Return the change that makes this part equal a poll's ``answer`` about one item, or about the layer."""
        if isinstance(answer, Total):
            record = self._totals.get(answer.layer)
        else:
            record = self.record(key, self.renamed.get(answer.id, answer.id))
        if record is not None:
            return record.difference(answer, self._superseded.get(key, NOTHING_SUPERSEDED))
        if isinstance(answer, Put) and (answer.unset or answer.unknown):
            return replace(answer, unset=(), unknown=())
        return answer

    def missing(
        self,
        key: CollectionKey,
        listed: Collection[str],
        shown: Container[str] = (),
        *,
        complete: bool = True,
        among: Iterable[str] | None = None,
    ) -> list[Drop]:
        """Return the drops of all, or of those ``among`` some, that a poll lacks; ``listed`` is what it has.

        What events alone said about items of other sources stays while these are ``shown`` on the map. If the
        answer is not the ``complete`` list, only what polls brought is dropped.
        """
        records = self._records.get(key, {})
        if self.renamed:
            listed = {self.renamed.get(one, one) for one in listed}
        return [
            Drop(key[0], entity_id, key[1])
            for entity_id in (records if among is None else among)
            if entity_id not in listed
            and (record := records.get(entity_id)) is not None
            and (
                record.polled_fields or (complete and record.creates) or not (record.creates or entity_id in shown)
            )
        ]


def within(state: Mapping[str, Json], keys: Collection[CollectionKey]) -> dict[str, Json]:
    """Return what a `Part.state` has of the collections ``keys``, and of their layers."""
    layers = {layer for layer, _ in keys}
    return {
        "totals": {layer: totals for layer, totals in state["totals"].items() if layer in layers},
        **{
            name: [one for one in state[name] if (one[0], one[1]) in keys]
            for name in ("records", "dropped", "loose")
        },
    }
