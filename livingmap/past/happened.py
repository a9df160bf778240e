"""What happened between two moments: what came, went and changed, and what was in trouble in between."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from livingmap.core.labels import label_in
from livingmap.core.layers import Layers
from livingmap.core.model import Fields
from livingmap.core.vocabulary import Vocabulary, type_of
from livingmap.history.rollups import Episode


@dataclass(frozen=True, slots=True)
class Moved:
    """A thing that came, went or changed, with the net change in its wire form."""

    id: str
    type: str
    layer: str
    label: str
    change: Fields


@dataclass(frozen=True, slots=True)
class Stretch:
    """All troubles of one thing between two moments, however grave and however often."""

    id: str
    type: str
    layer: str
    label: str
    gravest: Episode
    """The first of the gravest of them."""
    since: datetime
    """When the first of them began, be it before."""
    began: datetime | None
    """The same; None if it was in trouble before."""
    ended: datetime | None
    """When the last of them ended; None if it goes on."""
    times: int


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened between two moments."""

    vocabulary: Vocabulary
    start: datetime
    end: datetime
    came: Sequence[Moved]
    went: Sequence[Moved]
    changed: Sequence[Moved]
    """Those of which something changed that does not change all the time."""
    stretches: Sequence[Stretch]

    @property
    def everything(self) -> Sequence[Moved | Stretch]:
        """All of it."""
        return [*self.came, *self.went, *self.changed, *self.stretches]


def happened(
    before: Layers,
    after: Layers,
    changes: Iterable[Fields],
    episodes: Iterable[Episode],
    start: datetime,
    end: datetime,
) -> Happened:
    """Return what happened, by the net ``changes`` between two scenes and the troubles between two times."""
    vocabulary = after.vocabulary
    came, went, changed = dict[str, Moved](), dict[str, Moved](), dict[str, Moved]()
    for change in changes:
        if change["op"] == "total" or not _is_at_home(change, vocabulary):
            continue
        entity_id, scene = change["id"], before if change["op"] == "drop" else after
        item = scene.items(change["layer"], change["collection"]).get(entity_id, {})
        moved = Moved(entity_id, type_of(entity_id), change["layer"], label_in(entity_id, item), change)
        if change["op"] == "drop":
            went[entity_id] = moved
        elif change.get("came"):
            came[entity_id] = moved
        elif not _is_volatile(change, vocabulary):
            changed[entity_id] = moved
    elsewhere = came.keys() & went.keys()  # it stands in another collection of its layer
    return Happened(
        vocabulary,
        start,
        end,
        [one for one in came.values() if one.id not in elsewhere],
        [one for one in went.values() if one.id not in elsewhere],
        list(changed.values()),
        _stretches(episodes, start, end),
    )


def _is_at_home(change: Fields, vocabulary: Vocabulary) -> bool:
    home = vocabulary.homes.get(type_of(change["id"]))
    return home in (None, change["layer"])


def _is_volatile(change: Fields, vocabulary: Vocabulary) -> bool:
    volatile = vocabulary.volatile.get((change["layer"], change["collection"]), ())
    return all(name in volatile for name in (*change["set"], *change["unset"]))


def _stretches(episodes: Iterable[Episode], start: datetime, end: datetime) -> list[Stretch]:
    """Return the troubles by thing, in the order in which they began."""
    of_things: dict[str, list[Episode]] = {}
    for one in sorted(episodes, key=lambda one: one.began):
        of_things.setdefault(one.entity_id, []).append(one)
    return [_stretch(some, start, end) for some in of_things.values()]


def _stretch(episodes: Sequence[Episode], start: datetime, end: datetime) -> Stretch:
    first, last = episodes[0], episodes[-1]
    gravest = next((one for one in episodes if one.severity == "critical"), first)
    began = first.began if first.began > start else None
    ended = last.ended if last.ended is not None and last.ended <= end else None
    times = 1 + sum(one.ended != other.began for one, other in pairwise(episodes))
    return Stretch(first.entity_id, first.type, first.layer, last.label, gravest, first.began, began, ended, times)


def by_type(happened: Happened) -> Mapping[str, Sequence[Moved | Stretch]]:
    """Return all that happened by type, in the order of the vocabulary."""
    ranks = {name: rank for rank, name in enumerate(happened.vocabulary.types)}
    names = {one.type for one in happened.everything}
    ordered = sorted(names, key=lambda name: (ranks.get(name, len(ranks)), name))
    return {name: [one for one in happened.everything if one.type == name] for name in ordered}
