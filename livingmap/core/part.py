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
        for typed, record in self._records.get((layer, collection), {}).items():
            yield typed, record.fields

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
            "records": [[*place, typed, record.state()] for place, typed, record in self.records()],
            "totals": {layer: record.state() for layer, record in self._totals.items()},
            "dropped": [[*place, typed, seq] for (place, typed), seq in self._dropped.items()],
            "loose": [[*place, typed] for place, typed in self._loose],
        }

    def restore(self, state: Mapping[str, Json]) -> None:
        """Become the part whose `state` that was; what is here goes."""
        self._aliases = Aliases()
        self._records = {}
        self._made = set()
        for layer, collection, typed, kept in state["records"]:
            record = self._records.setdefault((layer, collection), {})[typed] = Record.of(kept)
            if record.creates:
                self._aliases.add(typed)
                self._note_made((layer, collection), typed, record)
            self._aliases.rename(typed, (), record.aliases)
        self._totals = {layer: Record.of(kept) for layer, kept in state["totals"].items()}
        self._dropped = {((layer, name), typed): seq for layer, name, typed, seq in state["dropped"]}
        self._loose = {((layer, name), typed): None for layer, name, typed in state["loose"]}

    def records(self) -> Iterator[tuple[CollectionKey, str, Record]]:
        """Yield every record with its place and id."""
        for place, records in self._records.items():
            for typed, record in records.items():
                yield place, typed, record

    def record(self, place: CollectionKey, typed: str) -> Record | None:
        """Return the record kept under exactly this id."""
        records = self._records.get(place)
        return records.get(typed) if records else None

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

    def put(self, change: Put, typed: str, seq: int, since: int | None) -> Record | None:
        """Apply ``change`` to its `own_id`; return that record, None if a newer event has dropped the item."""
        place, fills = (change.layer, change.collection), self.fills(change)
        if since is not None and self._dropped.get((place, typed), NEVER) > since:
            return None
        record = self.record(place, typed)
        if record is None:
            record = self.at(place)[typed] = Record()
        record.put(change, seq, since)
        self._bound_loose(place, typed, loose=not (fills or record.creates or record.polled))
        if fills and not record.creates:
            record.creates = True
            self._aliases.add(typed)
        if record.creates:
            self._note_made(place, typed, record)
        if fills and change.aliases != record.aliases and (change.aliases or since is not None):
            self._aliases.rename(typed, record.aliases, change.aliases)
            record.aliases = change.aliases
            self._absorb(place, record, since)
        return record

    def _note_made(self, place: CollectionKey, typed: str, record: Record) -> None:
        if record.polled:
            self._made.discard((place, typed))
        else:
            self._made.add((place, typed))

    def _bound_loose(self, place: CollectionKey, typed: str, *, loose: bool) -> None:
        """Keep no more than `MOST_LOOSE` records that events alone made, of items that others list."""
        if not loose:
            self._loose.pop((place, typed), None)
            return
        self._loose[place, typed] = None
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
        for typed in self._aliases.same(change.id) if since is None else (change.id,):
            if since is None:
                self._dropped[place, typed] = seq
                if len(self._dropped) > MOST_LOOSE:
                    del self._dropped[next(iter(self._dropped))]
            record = self.record(place, typed)
            if record and (since is None or record.newest() <= since):
                del self._records[place][typed]
                self._loose.pop((place, typed), None)
                self._made.discard((place, typed))
                self._aliases.rename(typed, record.aliases, ())
                if record.creates:
                    self._aliases.remove(typed)
                gone.append((typed, record))
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
        self, place: CollectionKey, listed: Container[str], shown: Container[str] = (), *, whole: bool = True
    ) -> list[Change]:
        """Return what has to go after a poll that ``listed`` the content of a collection.

        What only events said of items that others list stays; of those not ``shown`` on the map it goes.
        If the answer is not the ``whole`` list, it takes away only what polls brought.
        """
        return [
            Drop(place[0], typed, place[1])
            for typed, record in self._records.get(place, {}).items()
            if typed not in listed
            and (record.polled or (whole and record.creates) or not (record.creates or typed in shown))
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
