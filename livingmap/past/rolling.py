"""Rolling up: makes the roll-ups of entries that are given to it in the order of the history.

What entries say is taken in where things are known: from a state on, and up to the first entry that is missing or
whose changes were not kept. After that nothing is claimed until the next state. Example: the map stops at 02:10
while Hazel-15 is red, and when it starts at 03:00 Hazel-15 is fine. When it recovered is not known; its trouble is
over by 03:00, and that is when it ends.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from livingmap.core.model import Fields
from livingmap.history import Entry, Mark
from livingmap.history.rollups import Episode, Reading, RollUp, Silence, minute_of
from livingmap.past.things import NO_NUMBERS, Thing, Things

_PATIENCE: Final = timedelta(minutes=10)
"""So long after a start something may come back that was in trouble."""


class Rolling:
    """Rolls up what follows ``mark``, up to which it was done; ``episodes`` are the troubles that go on there."""

    def __init__(self, mark: Mark, episodes: Iterable[Episode]) -> None:
        self.mark = mark
        self.finished: list[RollUp] = []
        """The minutes after which another has begun."""
        self.things: Things | None = None
        """What is on the map; None while that is not known."""
        self._open = {one.entity_id: one for one in episodes}
        self._absent: set[str] = set()
        """What is in trouble, and was not there when it began: a map reads its sources one after another."""
        self._begun = mark.time
        self._numbers: dict[str, Mapping[str, float]] = {}
        self._minute: _Minute | None = None

    def begin(self, things: Things, moment: datetime, *, knows_numbers: bool) -> None:
        """Go on from ``things``, as they are at ``moment``; ``knows_numbers`` if theirs are rolled up already."""
        self.things = things
        minute, before, seen = self._at(moment), self._numbers, set[str]()
        self._numbers = {}
        for thing in things.all():
            seen.add(thing.id)
            if knows_numbers and thing.numbers:
                self._numbers[thing.id] = thing.numbers
            self._compare(minute, moment, thing.id, thing)
        self._absent, self._begun = self._open.keys() - seen, moment
        for entity_id in before.keys() - seen:
            minute.values.update(((entity_id, name), [None]) for name in before[entity_id])

    def lose(self) -> None:
        """Claim nothing until the next `begin`. Takes a while if there are many things."""
        things, self.things = self.things, None
        if things is not None:
            things.clear()

    def take(self, entry: Entry, changes: Sequence[Fields]) -> None:
        """Take in the next entry."""
        moment, epoch = entry.mark.time, self.mark.epoch
        minute = self._at(moment)
        if self._absent and moment - self._begun > _PATIENCE:
            self._give_up(minute)
        if epoch != entry.position.epoch:
            minute.silences.append(Silence(self.mark.time, moment))
        self.mark = entry.mark
        minute.count(changes)
        for change in changes if self.things is not None else ():
            effect = self.things.take(change) if self.things is not None else None
            if effect is not None:
                self._compare(minute, moment, *effect)

    def roll_ups(self) -> list[RollUp]:
        """Return all minutes, the last one as far as it has come."""
        minute = self._minute
        return [*self.finished, minute.roll_up(self.mark)] if minute and minute.is_used else [*self.finished]

    def _at(self, moment: datetime) -> "_Minute":
        """Return the minute of a moment, which is the present one or comes after it."""
        start = minute_of(moment)
        if self._minute is None:
            self._minute = _Minute(start)
        elif self._minute.start < start:
            if self._minute.is_used:
                self.finished.append(self._minute.roll_up(self.mark))
            self._minute = _Minute(start)
        return self._minute

    def _give_up(self, minute: "_Minute") -> None:
        """End the troubles of what has not come back since it began: when they ended nobody can tell."""
        for entity_id in self._absent & self._open.keys():
            minute.note(replace(self._open.pop(entity_id), ended=self._begun))
        self._absent = set()

    def _compare(self, minute: "_Minute", moment: datetime, entity_id: str, thing: Thing | None) -> None:
        """Note how a thing differs from what was known of it."""
        self._absent.discard(entity_id)
        self._note_trouble(minute, moment, entity_id, thing)
        numbers = NO_NUMBERS if thing is None else thing.numbers
        before = self._numbers.get(entity_id, NO_NUMBERS)
        if numbers is before:
            return
        for name, value in numbers.items():
            if before.get(name) != value:
                minute.values[entity_id, name].append(value)
        for name in before.keys() - numbers.keys():
            minute.values[entity_id, name].append(None)
        if numbers:
            self._numbers[entity_id] = numbers
        else:
            self._numbers.pop(entity_id, None)

    def _note_trouble(self, minute: "_Minute", moment: datetime, entity_id: str, thing: Thing | None) -> None:
        trouble, episode = None if thing is None else thing.trouble, self._open.get(entity_id)
        if episode is not None and (trouble is None or trouble.severity != episode.severity):
            minute.note(replace(episode, ended=moment))
            del self._open[entity_id]
            episode = None
        if thing is not None and trouble is not None and episode is None:
            episode = Episode(
                entity_id,
                thing.type,
                thing.layer,
                thing.label,
                trouble.kind,
                trouble.text,
                trouble.severity,
                moment,
            )
            self._open[entity_id] = episode
            minute.note(episode)


@dataclass(slots=True)
class _Minute:
    """The roll-up of a minute in the making."""

    start: datetime
    entries: int = 0
    changes: int = 0
    layers: Counter[str] = field(default_factory=Counter)
    changes_of_layers: Counter[str] = field(default_factory=Counter)
    silences: list[Silence] = field(default_factory=list)
    episodes: dict[tuple[str, datetime], Episode] = field(default_factory=dict)
    values: defaultdict[tuple[str, str], list[float | None]] = field(default_factory=lambda: defaultdict(list))

    @property
    def is_used(self) -> bool:
        return bool(self.entries or self.episodes or self.values)

    def count(self, changes: Sequence[Fields]) -> None:
        self.entries += 1
        self.changes += len(changes)
        for change in changes:
            self.changes_of_layers[change["layer"]] += 1
        for layer in {change["layer"] for change in changes}:
            self.layers[layer] += 1

    def note(self, episode: Episode) -> None:
        """Keep an episode as it is now; one that was over at once was none."""
        key = episode.entity_id, episode.began
        if episode.began == episode.ended:
            self.episodes.pop(key, None)
        else:
            self.episodes[key] = episode

    def roll_up(self, mark: Mark) -> RollUp:
        return RollUp(
            self.start,
            mark,
            self.entries,
            self.changes,
            {name: (count, self.changes_of_layers[name]) for name, count in self.layers.items()},
            tuple(self.silences),
            tuple(self.episodes.values()),
            {key: _reading(self.start, values) for key, values in self.values.items()},
        )


def _reading(minute: datetime, values: Sequence[float | None]) -> Reading:
    numbers = [value for value in values if value is not None]
    if values[-1] is None:
        return Reading(minute)
    return Reading(minute, min(numbers), sum(numbers) / len(numbers), max(numbers), values[-1])
