"""What one source said so far: its part of every layer, and how a poll differs from it."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from livingmap.core.aliases import Aliases
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total

NEVER = -1
MOST_LOOSE: Final = 50_000
MOST_MADE: Final = 50_000
"""How many items of one source may be there by the word of events alone."""


@dataclass(slots=True)
class Record:
    """One item as one source describes it."""

    fields: dict[str, Json] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()
    creates: bool = False
    polled: set[str] = field(default_factory=set)
    """Fields that came from polls: a poll that lacks them takes them away, and no others."""
    touched: dict[str, int] = field(default_factory=dict)
    """By field, the position of the last event that changed it."""

    def newest(self) -> int:
        """Return the position of the last event that changed anything here."""
        return max(self.touched.values(), default=NEVER)

    def state(self) -> list[Json]:
        """Return all of it as JSON, for `of`."""
        return [dict(self.fields), list(self.aliases), self.creates, sorted(self.polled), dict(self.touched)]

    @classmethod
    def of(cls, state: Sequence[Json]) -> "Record":
        """Return the record whose `state` that is."""
        fields, aliases, creates, polled, touched = state
        return cls(fields, tuple(aliases), creates, set(polled), touched)

    def is_renamed_by(self, change: Put) -> bool:
        """Tell whether an event's ``change`` may alter that the item is there, or what else it is called."""
        return (change.creates and not self.creates) or bool(change.aliases and change.aliases != self.aliases)

    def put(self, change: Put | Total, seq: int, since: int | None) -> None:
        """Take over ``change``; with ``since``, a poll's, only where no event was newer."""
        fields, touched = self.fields, self.touched
        for name, value in change.set.items():
            if since is None:
                fields[name], touched[name] = value, seq
            elif touched.get(name, NEVER) <= since:
                fields[name] = value
                self.polled.add(name)
        for name in change.unset:
            if since is None:
                touched[name] = seq
            if since is None or touched.get(name, NEVER) <= since:
                fields.pop(name, None)
                self.polled.discard(name)


class Part:
    """One source's own part of the map. Handlers read it; only the scene writes it."""

    def __init__(self, decorated: frozenset[CollectionKey] = frozenset()) -> None:
        self._decorated = decorated
        self._aliases = (
            Aliases()
        )  # what this source itself calls the same: no other's word may change what it reads
        self._records: dict[CollectionKey, dict[str, Record]] = {}
        self._totals: dict[str, Record] = {}
        self._dropped: dict[tuple[CollectionKey, str], int] = {}
        self._loose: dict[tuple[CollectionKey, str], None] = {}
        self._made: set[tuple[CollectionKey, str]] = set()
        """Items that events alone brought: no poll has listed them."""

    def get(self, layer: str, id: str, collection: str = "items") -> Fields | None:  # noqa: A002 - the field's name
        """Return the fields that this source gave to an item, by its id or own alias; None if it gave none."""
        record = self.record((layer, collection), self._aliases.resolve(id))
        return record.fields if record else None

    def items(self, layer: str, collection: str = "items") -> Iterator[tuple[str, Fields]]:
        """Yield ``(id, fields)`` of every item that this source speaks of in one collection."""
        for entity_id, record in self._records.get((layer, collection), {}).items():
            yield entity_id, record.fields

    def count(self, layer: str, collection: str = "items") -> int:
        """Return how many items of a collection this source speaks of."""
        return len(self._records.get((layer, collection), ()))

    def total(self, layer: str) -> Fields:
        """Return the totals that this source gave to a layer."""
        return self._totals[layer].fields if layer in self._totals else {}

    # What follows is the scene's and the poller's.

    def state(self) -> dict[str, Json]:
        """Return all that was said as JSON, for `restore`."""
        return {
            "records": [[*place, entity_id, record.state()] for place, entity_id, record in self.records()],
            "totals": {layer: record.state() for layer, record in self._totals.items()},
            "dropped": [[*place, entity_id, seq] for (place, entity_id), seq in self._dropped.items()],
            "loose": [[*place, entity_id] for place, entity_id in self._loose],
        }

    def restore(self, state: Mapping[str, Json]) -> None:
        """Become the part whose `state` that was; what is here goes."""
        self._aliases = Aliases()
        self._records = {}
        self._made = set()
        for layer, collection, entity_id, kept in state["records"]:
            record = self._records.setdefault((layer, collection), {})[entity_id] = Record.of(kept)
            if record.creates:
                self._aliases.add(entity_id)
                self._note_made((layer, collection), entity_id, record)
            self._aliases.rename(entity_id, (), record.aliases)
        self._totals = {layer: Record.of(kept) for layer, kept in state["totals"].items()}
        self._dropped = {((layer, name), entity_id): seq for layer, name, entity_id, seq in state["dropped"]}
        self._loose = {((layer, name), entity_id): None for layer, name, entity_id in state["loose"]}

    def records(self) -> Iterator[tuple[CollectionKey, str, Record]]:
        """Yield every record with its place and id."""
        for place, records in self._records.items():
            for entity_id, record in records.items():
                yield place, entity_id, record

    def record(self, place: CollectionKey, entity_id: str) -> Record | None:
        """Return the record kept under exactly this id."""
        records = self._records.get(place)
        return records.get(entity_id) if records else None

    def at(self, place: CollectionKey) -> dict[str, Record]:
        """Return the records of a collection by id; they stay up to date until `restore`."""
        return self._records.setdefault(place, {})

    def polled_count(self, place: CollectionKey) -> int:
        """Return how many items of a collection came from polls."""
        return sum(1 for record in self._records.get(place, {}).values() if record.polled)

    def own_id(self, change: Put, since: int | None) -> str:
        """Return the id under which ``change`` is kept: events may speak in aliases, polls say what they mean."""
        return self._aliases.resolve(change.id) if since is None else change.id

    def fills(self, change: Change) -> bool:
        """Tell whether ``change`` fills its layer rather than decorating what others fill."""
        if isinstance(change, Put):
            return change.creates and (change.layer, change.collection) not in self._decorated
        return isinstance(change, Total)

    def refuses(self, change: Put) -> bool:
        """Tell whether an event's ``change`` would bring one item too many: what is published is not bounded."""
        if len(self._made) < MOST_MADE or not self.fills(change):
            return False
        record = self.record((change.layer, change.collection), self._aliases.resolve(change.id))
        return record is None or not record.creates

    def put(self, change: Put, entity_id: str, seq: int, since: int | None) -> Record | None:
        """Apply ``change`` to its `own_id`; return that record, None if a newer event has dropped the item."""
        place, fills = (change.layer, change.collection), self.fills(change)
        if since is not None and self._dropped.get((place, entity_id), NEVER) > since:
            return None
        record = self.record(place, entity_id)
        if record is None:
            record = self.at(place)[entity_id] = Record()
        record.put(change, seq, since)
        self._bound_loose(place, entity_id, loose=not (fills or record.creates or record.polled))
        if fills and not record.creates:
            record.creates = True
            self._aliases.add(entity_id)
        if record.creates:
            self._note_made(place, entity_id, record)
        if fills and change.aliases != record.aliases and (change.aliases or since is not None):
            self._aliases.rename(entity_id, record.aliases, change.aliases)
            record.aliases = change.aliases
            self._absorb(place, record, since)
        return record

    def _note_made(self, place: CollectionKey, entity_id: str, record: Record) -> None:
        if record.polled:
            self._made.discard((place, entity_id))
        else:
            self._made.add((place, entity_id))

    def _bound_loose(self, place: CollectionKey, entity_id: str, *, loose: bool) -> None:
        """Keep no more than `MOST_LOOSE` records that events alone made, of items that others list."""
        if not loose:
            self._loose.pop((place, entity_id), None)
            return
        self._loose[place, entity_id] = None
        if len(self._loose) > MOST_LOOSE:
            where, oldest = next(iter(self._loose))
            del self._loose[where, oldest]
            self._records[where].pop(oldest, None)

    def _absorb(self, place: CollectionKey, record: Record, since: int | None) -> None:
        """Take over what events said of an alias before it was known to be one."""
        for alias in record.aliases:
            early = self.record(place, alias)
            if early is None or early is record or early.creates:
                continue
            del self._records[place][alias]
            for name, value in early.fields.items():
                if name not in record.fields or early.touched.get(name, NEVER) > (since or NEVER):
                    record.fields[name] = value
                    record.touched[name] = early.touched.get(name, NEVER)

    def drop(self, change: Drop, seq: int, since: int | None) -> list[tuple[str, Record]]:
        """Apply ``change`` and return what went, by id; nothing if a newer event has touched the item."""
        place = (change.layer, change.collection)
        gone = []
        for entity_id in self._aliases.same(change.id) if since is None else (change.id,):
            if since is None:
                self._dropped[place, entity_id] = seq
                if len(self._dropped) > MOST_LOOSE:
                    del self._dropped[next(iter(self._dropped))]
            record = self.record(place, entity_id)
            if record and (since is None or record.newest() <= since):
                del self._records[place][entity_id]
                self._loose.pop((place, entity_id), None)
                self._made.discard((place, entity_id))
                self._aliases.rename(entity_id, record.aliases, ())
                if record.creates:
                    self._aliases.remove(entity_id)
                gone.append((entity_id, record))
        return gone

    def set_total(self, change: Total, seq: int, since: int | None) -> None:
        """Apply ``change`` to the totals of its layer."""
        self._totals.setdefault(change.layer, Record()).put(change, seq, since)

    def settled(self, since: int) -> None:
        """Forget drops that no poll still under way can contradict."""
        self._dropped = {key: seq for key, seq in self._dropped.items() if seq > since}

    def difference(self, place: CollectionKey, said: Put | Total) -> Change | None:
        """Return what has to change for this part to say what a poll ``said`` of one item, or of the layer."""
        kept = self._totals.get(said.layer) if isinstance(said, Total) else self.record(place, said.id)
        return _difference(kept or Record(), said) or (said if kept is None else None)

    def missing(
        self, place: CollectionKey, listed: Container[str], shown: Container[str] = (), *, complete: bool = True
    ) -> list[Change]:
        """Return what has to go after a poll that ``listed`` the content of a collection.

        What only events said of items that others list stays; of those not ``shown`` on the map it goes.
        If the answer is not the ``complete`` list, it takes away only what polls brought.
        """
        return [
            Drop(place[0], entity_id, place[1])
            for entity_id, record in self._records.get(place, {}).items()
            if entity_id not in listed
            and (record.polled or (complete and record.creates) or not (record.creates or entity_id in shown))
        ]


def _difference(kept: Record, said: Put | Total) -> Change | None:
    fresh = {
        name: value
        for name, value in said.set.items()
        if name not in kept.polled or name not in kept.fields or kept.fields[name] != value
    }
    if isinstance(said, Total):  # several fetches may give totals of one layer: what one omits is another's
        return replace(said, set=fresh) if fresh else None
    gone = tuple(sorted(kept.polled - said.set.keys()))
    same = not said.creates or (kept.creates and said.aliases == kept.aliases)
    if not fresh and not gone and same:
        return None
    return replace(said, set=fresh, unset=gone)
