"""Lifetimes: what is shown only for so long, judged by the time that the log carries.

Example: the rule says that a node's ``status`` is ``offline`` 120 s after its ``last_heartbeat``. At 12:00:10 a
poll brings the heartbeat of 12:00:00, and the node is shown ``online``, as its registry says. None follows. At
12:02:00 the process that leads appends ``livingmap.time.passed``; folding it, every process shows the node
``offline``, whatever its sources say. Nobody reads a clock for that: the time of an entry is part of the log, so
that processes which have read the same entries show the same.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from livingmap.core.merge import strongest
from livingmap.core.model import CollectionKey, Fields, Json
from livingmap.core.source import Lifetime, Source

_SET_BACK: Final = timedelta(minutes=1)
"""Servers of one cluster differ by less; a clock of the log that goes back by more was set."""

MOST_JUDGED: Final = 50
"""So many items are judged again by one entry: nothing else runs meanwhile."""

_MOST_SCOPES: Final = 1024
"""For so many sets of fields that change together it is remembered what has to be judged."""

_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)

Item: TypeAlias = tuple[CollectionKey, str]

Wait: TypeAlias = tuple[Item, int]
"""An item, and the number of the rule by which it has to be judged again."""

Reached: TypeAlias = tuple[datetime, Wait | None]
"""A time, and of the lifetimes that end at it the last one that is over; None if all are."""


class Rule(NamedTuple):
    """A lifetime, and the source that declares it."""

    source: str
    lifetime: Lifetime

    @property
    def name(self) -> str:
        """How an entity's sources name the rule, such as ``livingmap:heartbeat_seconds``."""
        return f"livingmap:{self.lifetime.setting}"


@dataclass(slots=True)
class Clock:
    """The time up to which all is judged, and the items that have to be judged again after it.

    Where many lifetimes end together, one entry judges `MOST_JUDGED` items, in order, and the clock stands at the
    last of them until the next entry. Example: 5,000 nodes had their heartbeat at 12:00:00. The entry of 12:02:01
    makes the first 50 offline; a process that begins from a checkpoint made then shows the same 50.
    """

    now: datetime = _LONG_AGO
    judged: Wait | None = None
    """Of the lifetimes that end `now`, the last one that is over; None if all are."""
    _ends: dict[Wait, datetime] = field(default_factory=dict)
    """When which rule has to judge an item again."""
    _queue: list[tuple[datetime, Wait]] = field(default_factory=list)
    """Of each one entry that counts, at its end or earlier: ends are put off far more often than they come."""
    _queued: dict[Wait, datetime] = field(default_factory=dict)

    @property
    def reached(self) -> Reached:
        """The place up to which all is judged."""
        return self.now, self.judged

    def start_at(self, reached: Reached) -> None:
        """Have all judged up to a place that another clock has reached."""
        self.now, self.judged = reached

    def wait(self, item: Item, rule: int, until: datetime) -> None:
        """Have ``item`` judged again by a rule at a time, or earlier if that has been asked for since `forget`."""
        wait = (item, rule)
        self._ends[wait] = min(until, self._ends.get(wait, until))
        if wait not in self._queued or until < self._queued[wait]:
            self._queued[wait] = until
            heapq.heappush(self._queue, (until, wait))

    def forget(self, item: Item, rule: int) -> None:
        """Forget when a rule would have to judge an item again."""
        self._ends.pop((item, rule), None)

    def is_past(self, end: datetime, item: Item, rule: int) -> bool:
        """Tell whether a lifetime that ends at a time, of an item by a rule, is over."""
        return end < self.now or (end == self.now and (self.judged is None or (item, rule) <= self.judged))

    def next_due(self) -> datetime | None:
        """Return when the next item has to be judged again; None if none has."""
        while self._queue:
            due, wait = self._queue[0]
            end = self._ends.get(wait)
            if self._queued.get(wait) != due:  # there is an earlier entry of it, or was
                heapq.heappop(self._queue)
            elif end is None:
                self._take()
            elif end > due:
                self._queued[wait] = end
                heapq.heapreplace(self._queue, (end, wait))
            else:
                return due
        return None

    def set_back(self, now: datetime) -> bool:
        """Go back to ``now`` if the clock of the log was set; return whether it was, and all has to be judged."""
        if self.now - now <= _SET_BACK:
            return False
        self.now, self.judged = now, None
        return True

    def advance(self, now: datetime) -> list[Item]:
        """Move on to ``now``, not back; return the items to judge again, in an order that is always the same.

        Of very many only the first: then the clock stands at the last of these.
        """
        until, items, wait = max(self.now, now), dict[Item, None](), self.judged
        while (due := self.next_due()) is not None and due <= until:
            if len(items) == MOST_JUDGED:
                self.judged = wait
                return list(items)
            self.now, wait = due, self._take()
            items[wait[0]] = None
        self.now, self.judged = until, None
        return list(items)

    def _take(self) -> Wait:
        wait = heapq.heappop(self._queue)[1]
        del self._queued[wait]
        self._ends.pop(wait, None)
        return wait


class _Timed(NamedTuple):
    """A rule with its number among those of the collection."""

    number: int
    source: str
    lifetime: Lifetime
    length: timedelta

    def end(self, fields: Fields) -> datetime:
        """Return when the lifetime ends: its length after the latest of its times, or never without one."""
        times = [moment for name in self.lifetime.since if (moment := _moment(fields.get(name))) is not None]
        try:
            return max(times) + self.length if times else _NEVER
        except OverflowError:
            return _NEVER


class Scope(NamedTuple):
    """What has to be judged when some fields of an item change."""

    names: tuple[str, ...] | None
    """The fields that have to be merged: those that changed, and those that depend on them. None: all."""
    own: Mapping[str, tuple[_Timed, ...]]
    """By source, the rules by which what it says itself may be over."""
    shown: tuple[_Timed, ...]
    """The rules by which what is shown may be over, whoever says it."""
    numbers: tuple[int, ...]
    """The numbers of all of them."""


class Lifetimes:
    """The rules of one collection."""

    def __init__(self, key: CollectionKey, rules: Sequence[Rule], clock: Clock) -> None:
        self._key = key
        self._clock = clock
        self._rules = [
            _Timed(number, rule.source, rule.lifetime, _length(rule.lifetime)) for number, rule in enumerate(rules)
        ]
        self._names = {one.number: rule.name for one, rule in zip(self._rules, rules, strict=True)}
        self._everything = self._scope(None, whole=True)
        self._fields_by_since: dict[str, set[str]] = {}
        for rule in rules:
            for since in (*rule.lifetime.since, rule.lifetime.field):
                self._fields_by_since.setdefault(since, set()).add(rule.lifetime.field)
        self._scope_of = lru_cache(maxsize=_MOST_SCOPES)(self._widened)

    def scope(self, names: Iterable[str] | None, *, whole: bool) -> Scope | None:
        """Return what to judge when the fields ``names`` change, None being all; None if no lifetime is concerned.

        With ``whole`` all of the item is judged.
        """
        return self._everything if names is None else self._scope_of(tuple(names), whole)

    def _widened(self, names: tuple[str, ...], whole: bool) -> Scope | None:
        more = set().union(*(self._fields_by_since.get(name, ()) for name in names))
        if not (more or whole):
            return None
        return self._scope(tuple(dict.fromkeys([*names, *sorted(more)])), whole=whole)

    def _scope(self, names: tuple[str, ...] | None, *, whole: bool) -> Scope:
        rules = [one for one in self._rules if whole or names is None or one.lifetime.field in names]
        own: dict[str, tuple[_Timed, ...]] = {}
        for one in rules:
            if one.lifetime.becomes is None:
                own[one.source] = (*own.get(one.source, ()), one)
        shown = tuple(one for one in rules if one.lifetime.becomes is not None)
        return Scope(names, own, shown, tuple(one.number for one in rules))

    def forget(self, entity_id: str, scope: Scope | None = None) -> None:
        """Forget when an item has to be judged again, by the rules of ``scope`` or by all.

        Asked before it is judged, and when the item goes.
        """
        for number in (scope or self._everything).numbers:
            self._clock.forget((self._key, entity_id), number)

    def valid(self, entity_id: str, source: str, fields: Fields, scope: Scope) -> Fields:
        """Return what ``source`` says of an item without what has ended."""
        for one in scope.own.get(source, ()):
            if self._is_over(one, entity_id, fields):
                fields = {name: value for name, value in fields.items() if name != one.lifetime.field}
        return fields

    def judge(self, entity_id: str, candidates: Sequence[Fields], shown: dict[str, Json], scope: Scope) -> None:
        """Replace those of the fields ``shown`` whose time is over; ``candidates`` have the times."""
        for one in scope.shown:
            name = one.lifetime.field
            if name in shown:
                fields = strongest(candidates, one.lifetime.since)
                fields[name] = shown[name]
                if self._is_over(one, entity_id, fields):
                    shown[name] = one.lifetime.becomes

    def verdicts(self, entity_id: str, records: Iterable[tuple[str, Fields]], item: Fields) -> dict[str, str]:
        """Return, by field, the rule that spoke about an item which is shown as ``item``."""
        verdicts = {}
        for source, fields in records:
            for one in self._everything.own.get(source, ()):
                if self._is_over(one, entity_id, fields):
                    verdicts[one.lifetime.field] = self._names[one.number]
        item_of = self._key, entity_id
        for one in self._everything.shown:
            name = one.lifetime.field
            if item.get(name) == one.lifetime.becomes and self._clock.is_past(one.end(item), item_of, one.number):
                verdicts[name] = self._names[one.number]
        return verdicts

    def _is_over(self, one: _Timed, entity_id: str, fields: Fields) -> bool:
        value = fields.get(one.lifetime.field)
        if value is None or (one.lifetime.values and value not in one.lifetime.values):
            return False
        end, item = one.end(fields), (self._key, entity_id)
        is_over = self._clock.is_past(end, item, one.number)
        if not is_over and end is not _NEVER:
            self._clock.wait(item, one.number, end)
        return is_over


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


def _length(lifetime: Lifetime) -> timedelta:
    try:
        return timedelta(seconds=lifetime.seconds)
    except OverflowError:
        return timedelta.max


def _moment(value: Json) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def rules_of(sources: Iterable[Source]) -> dict[CollectionKey, list[Rule]]:
    """Return the rules of each collection. Of several for one field and verdict the first source's holds."""
    rules: dict[CollectionKey, list[Rule]] = {}
    for source in sources:
        for one in source.lifetimes:
            others = rules.setdefault((one.layer, one.collection), [])
            declared = {(rule.lifetime.field, rule.lifetime.becomes) for rule in others if rule.lifetime.becomes}
            if (one.field, one.becomes) not in declared:
                others.append(Rule(source.name, one))
    return rules
