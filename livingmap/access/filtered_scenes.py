"""All filtered scenes of one map: readers with equal rights share one, and with it all that is encoded from it."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from livingmap.access.event_filter import EventFilter, brief
from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import Mentions
from livingmap.access.payload_ids import payload_ids
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.bounded import FIFO, Limit
from livingmap.core.fold import ACKNOWLEDGED, DOWN, NOTIFIED, Fold, Folded
from livingmap.core.layers import LiveLayers, NamedLayers
from livingmap.core.model import Change, Fields, Position
from livingmap.core.source import Source, Tally
from livingmap.core.vocabulary import type_of
from livingmap.history import Entry

_logger = structlog.get_logger(__name__)

MOST_EVENTS: Final = 5_000
"""How many events each filtered scene keeps for readers that resume."""
MOST_CHANGES: Final = 50_000
"""How many changes these events may have together."""
_UNUSED_SECONDS: Final = 300.0
_REPORTS: Final = frozenset({DOWN, ACKNOWLEDGED, NOTIFIED})
"""The types of entries that name errors of services, or operators and what they note."""


@dataclass(frozen=True, slots=True)
class PastFilter:
    """What readers with certain rights are shown of scenes of the past, by what they see now."""

    rights: Rights
    rules: Sequence[ItemRule]
    tallies: Sequence[Tally]
    namespaces: Sequence[str]
    verdicts: Mapping[str, bool]
    """Of every id on the map whether it is shown now."""
    types: Collection[str]
    """The types of id that the map has ever had."""

    def filtered(self, scene: NamedLayers) -> FilteredScene:
        """Return what is shown of ``scene``. Takes a while for a large one: it may be called in a thread."""
        mentions = Mentions(scene)
        mentions.types.update(self.types)
        return FilteredScene(scene, mentions, self.rights, self.rules, self.tallies, self.verdicts)


@dataclass(frozen=True, slots=True)
class _Visible:
    """An event as readers with certain rights see it; None if they do not."""

    seq: int
    event: Folded | None


def _tallies_of(sources: Iterable[Source]) -> list[Tally]:
    return [tally for source in sources for tally in source.tallies]


def _namespaces_of(sources: Iterable[Source]) -> list[str]:
    return sorted({source.namespace for source in sources if source.namespace})


def _weight(visible: _Visible) -> int:
    return len(visible.event.changes) if visible.event else 0


def _queue() -> FIFO[_Visible]:
    return FIFO(MOST_EVENTS, Limit(MOST_CHANGES, _weight))


@dataclass(slots=True)
class _Live:
    """A filtered scene that follows every event, and the latest events as its readers see them."""

    scene: FilteredScene
    after: Position
    """Every event after it is kept."""
    used_at: float
    by_seq: dict[int, Folded | None] = field(default_factory=dict)
    viewers: int = 0
    _kept: FIFO[_Visible] = field(default_factory=_queue)

    def keep(self, position: Position, event: Folded | None) -> None:
        """Keep an event as it is visible, for readers that resume."""
        self.by_seq[position.seq] = event
        for evicted in self._kept.put(_Visible(position.seq, event)):
            del self.by_seq[evicted.seq]
            self.after = Position(position.epoch, evicted.seq)


class FilteredScenes:
    """Shows every reader only what its rights let it see. `take` has to be called for every event, in order."""

    def __init__(
        self,
        fold: Fold,
        sources: Sequence[Source],
        rules: Sequence[ItemRule],
        position: Callable[[], Position],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fold = fold
        self._scene = fold.scene
        self._filter = EventFilter(fold.scene, fold.routes, sources)
        self._namespaces = _namespaces_of(sources)
        self._tallies = _tallies_of(sources)
        self._rules = rules
        self._position = position
        self._clock = clock
        self._mentions: Mentions | None = None
        self._live: dict[Rights, _Live] = {}

    # viewers

    def enter(self, rights: Rights) -> None:
        """Note a viewer that gets every event from now on, until it has left."""
        if rights.restricted:
            self._of(rights).viewers += 1

    def leave(self, rights: Rights) -> None:
        """Undo one `enter`."""
        if rights.restricted and (live := self._live.get(rights)) and live.viewers:
            live.viewers -= 1

    # following the scene

    def take(self, folded: Folded) -> set[Rights]:
        """Follow an event, right after it has been folded.

        Return the rights of readers that have to be sent a snapshot, as their scene could not follow: a fault of
        the program that must neither stop the log nor show anybody too much.
        """
        if self._mentions is None:
            return set()
        try:
            touched = self._mentions.take(folded)
            named = payload_ids(folded.public_payload, self._mentions)
        except Exception:
            _logger.exception("readers with limited rights get a snapshot")
            lost = set(self._live)
            self.forget()
            return lost
        self._drop_unused()
        return {rights for rights in list(self._live) if not self._follow(rights, folded, touched, named)}

    def _follow(self, rights: Rights, folded: Folded, touched: Iterable[str], named: Iterable[str]) -> bool:
        """Let one filtered scene follow an event; tell whether it could."""
        live = self._live[rights]
        try:
            changes = live.scene.take(folded, touched)
            event = self._filter.event(live.scene, rights, folded, changes, named)
            live.keep(folded.event.position, event)
        except Exception:
            _logger.exception("readers with limited rights get a snapshot")
            del self._live[rights]
            return False
        return True

    def _drop_unused(self) -> None:
        used_before = self._clock() - _UNUSED_SECONDS
        for rights, live in list(self._live.items()):
            if not live.viewers and live.used_at < used_before:
                del self._live[rights]
        if not self._live:
            self._mentions = None

    def forget(self) -> None:
        """Forget every filtered scene: the scene is another than the one that they were of."""
        self._live.clear()
        self._mentions = None

    def replace_sources(self, sources: Sequence[Source]) -> set[Rights]:
        """Take note that ``sources`` make the scene now; what they change comes with the next event.

        Return the rights of readers that have to be sent a snapshot, as other numbers are counted for them
        or other ids named.
        """
        self._filter = EventFilter(self._scene, self._fold.routes, sources)
        before = self._tallies, self._namespaces
        self._tallies, self._namespaces = _tallies_of(sources), _namespaces_of(sources)
        if before == (self._tallies, self._namespaces):
            return set()
        lost = set(self._live)
        self.forget()
        return lost

    # reading

    def of(self, rights: Rights) -> LiveLayers:
        """Return what readers with these rights read, as of now."""
        return self._of(rights).scene if rights.restricted else self._scene

    def visible(self, folded: Folded, rights: Rights) -> Folded | None:
        """Return an event as readers with these rights see it; None if they do not."""
        if rights.restricted:
            return self._of(rights).by_seq.get(folded.event.position.seq)
        if not rights.reports and folded.event.type in _REPORTS:
            return replace(folded, redacted=brief(folded.public_payload))
        return folded

    def reaches(self, position: Position, rights: Rights) -> bool:
        """Tell whether every event after ``position`` is kept as readers with these rights see it."""
        if not rights.restricted:
            return True
        after = self._of(rights).after
        return after.epoch == position.epoch and position.seq >= after.seq

    def entry(self, entry: Entry, rights: Rights) -> Entry | None:
        """Return an entry of the history as it is shown; None if it is not. The present rights count."""
        if rights.restricted:
            scene = self._of(rights).scene
            return self._filter.entry(scene, self._mentioned(), rights, entry)
        brief_only = not rights.reports and entry.event_type in _REPORTS
        return replace(entry, payload=brief(entry.payload)) if brief_only else entry

    def hides(self, entity_id: str, rights: Rights) -> bool:
        """Tell whether something that is on the map, or once was, is hidden from readers with these rights."""
        if not rights.restricted:
            return False
        scene = self._of(rights).scene
        is_judged = scene.knows(entity_id) or type_of(entity_id) in self._scene.vocabulary.types
        return not is_judged or scene.hides(entity_id)

    def event_then(
        self,
        filtered: FilteredScene,
        rights: Rights,
        folded: Folded,
        changes: Sequence[Change],
        named: Iterable[str],
    ) -> Folded | None:
        """Return an event of the past, with its ``changes`` of what is shown; None if nothing of it is visible.

        ``named`` are the ids that its payload names.
        """
        return self._filter.event(filtered, rights, folded, changes, named)

    def past(self, rights: Rights) -> "PastFilter":
        """Return what shows a scene of the past to readers with these restricted rights."""
        verdicts = self._of(rights).scene.verdicts()
        types = frozenset(self._mentioned().types)
        return PastFilter(rights, self._rules, self._tallies, self._namespaces, verdicts, types)

    def scrub(self, fields: Fields, rights: Rights) -> Fields:
        """Return fields that are of no scene without the ids of what is not shown."""
        if not rights.restricted:
            return fields
        clean: Fields = self._of(rights).scene.scrub(fields)
        return clean

    def counts(self, layers: Iterable[str], name: str) -> bool:
        """Tell whether the map itself counts a field of the items of ``layers``, and maybe what is hidden."""
        return any(one.per is not None and one.field == name and one.layer in layers for one in self._tallies)

    def _of(self, rights: Rights) -> _Live:
        live = self._live.get(rights)
        if live is None:
            scene = FilteredScene(self._scene, self._mentioned(), rights, self._rules, self._tallies)
            live = self._live[rights] = _Live(scene, self._position(), self._clock())
        live.used_at = self._clock()
        return live

    def _mentioned(self) -> Mentions:
        if self._mentions is None:
            self._mentions = Mentions(self._scene, self._namespaces)
        return self._mentions
