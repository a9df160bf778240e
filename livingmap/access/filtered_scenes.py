"""All sights of one map: who has equal rights shares one, and with it all that is made from it."""

import re
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import structlog

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import Mentions, ids_in
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.fold import DOWN, REFRESHED, UP, Fold, Folded
from livingmap.core.layers import Layers
from livingmap.core.model import Change, Drop, Event, Fields, Json, Position, Put, id_of
from livingmap.core.route import Routes
from livingmap.core.source import Source
from livingmap.history import Entry

_logger = structlog.get_logger(__name__)

WITHHELD: Final = "livingmap.withheld"
"""The type of an event whose own type and payload are not for everybody; its changes are."""

_OWN: Final = frozenset({REFRESHED, DOWN, UP})
_MOST_KEPT_EVENTS: Final = 5_000
_MOST_KEPT_CHANGES: Final = 50_000
_UNUSED_SECONDS: Final = 300.0
_KEY: Final = re.compile(r"(?:.*_)?([a-z][a-z0-9]*)_ids?")


@dataclass(slots=True)
class _Live:
    """A sight that hears every event, and what it told of the last ones."""

    sight: FilteredScene
    since: Position
    """Everything after it is kept."""
    used_at: float
    kept: deque[tuple[int, Folded | None]] = field(default_factory=deque)
    by_seq: dict[int, Folded | None] = field(default_factory=dict)
    changes: int = 0
    viewers: int = 0

    def keep(self, position: Position, told: Folded | None) -> None:
        """Keep what was told of an event, for who resumes."""
        self.kept.append((position.seq, told))
        self.by_seq[position.seq] = told
        self.changes += len(told.changes) if told else 0
        while len(self.kept) > _MOST_KEPT_EVENTS or self.changes > _MOST_KEPT_CHANGES:
            seq, gone = self.kept.popleft()
            del self.by_seq[seq]
            self.changes -= len(gone.changes) if gone else 0
            self.since = Position(position.epoch, seq)


class FilteredScenes:
    """Tells everybody only what their rights let them see. `take` has to be called for every event, in order."""

    def __init__(
        self,
        fold: Fold,
        sources: Sequence[Source],
        rules: Sequence[ItemRule],
        position: Callable[[], Position],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scene = fold.scene
        self._routes: Routes = fold.routes
        self._layers = {source.name: frozenset(layer.name for layer in source.layers) for source in sources}
        self._tallies = [tally for source in sources for tally in source.tallies]
        self._rules = rules
        self._position = position
        self._clock = clock
        self._mentions: Mentions | None = None
        self._live: OrderedDict[Rights, _Live] = OrderedDict()

    def of(self, rights: Rights) -> Layers:
        """Return what somebody with these rights reads, as of now."""
        return self._lively(rights).sight if rights.restricted else self._scene

    def take(self, folded: Folded) -> set[Rights]:
        """Follow an event, right after it has been folded.

        Return the rights of those who have to be sent a snapshot, as their sight could not follow: a fault of the
        program that must neither stop the log nor show anybody too much.
        """
        if self._mentions is None:
            return set()
        try:
            touched = self._mentions.take(folded)
        except Exception:
            _logger.exception("readers with limited rights get a snapshot")
            lost = set(self._live)
            self.forget()
            return lost
        self._drop_unused()
        return {rights for rights in list(self._live) if not self._follow(rights, folded, touched)}

    def _drop_unused(self) -> None:
        gone_before = self._clock() - _UNUSED_SECONDS
        for rights, live in list(self._live.items()):
            if not live.viewers and live.used_at < gone_before:
                del self._live[rights]
        if not self._live:
            self._mentions = None

    def _follow(self, rights: Rights, folded: Folded, touched: Iterable[str]) -> bool:
        """Let one sight follow an event; tell whether it could."""
        live = self._live[rights]
        try:
            changes = live.sight.take(folded, touched)
            live.keep(folded.event.position, self._telling(live.sight, rights, folded, changes))
        except Exception:
            _logger.exception("readers with limited rights get a snapshot")
            del self._live[rights]
            return False
        return True

    def enter(self, rights: Rights) -> None:
        """Note a viewer that hears every event from now on, until it has left."""
        if rights.restricted:
            self._lively(rights).viewers += 1

    def leave(self, rights: Rights) -> None:
        """Undo one `enter`."""
        if rights.restricted and (live := self._live.get(rights)) and live.viewers:
            live.viewers -= 1

    def forget(self) -> None:
        """Forget every sight: the scene is another than the one that they were of."""
        self._live.clear()
        self._mentions = None

    def visible(self, folded: Folded, rights: Rights) -> Folded | None:
        """Return an event as it is told to who has these rights; None if they are told nothing of it."""
        if rights.restricted:
            return self._lively(rights).by_seq.get(folded.event.position.seq)
        if not rights.reports and folded.event.type == DOWN:
            return replace(folded, redacted=_brief(folded.public_payload))
        return folded

    def reaches(self, position: Position, rights: Rights) -> bool:
        """Tell whether it is known what everything after ``position`` was to who has these rights."""
        if not rights.restricted:
            return True
        since = self._lively(rights).since
        return since.epoch == position.epoch and position.seq >= since.seq

    def entry(self, entry: Entry, rights: Rights) -> Entry | None:
        """Return an entry of the history as it is shown; None if it is not. The present rights count."""
        if not rights.restricted:
            hushed = not rights.reports and entry.event_type == DOWN
            return replace(entry, payload=_brief(entry.payload)) if hushed else entry
        sight = self._lively(rights).sight
        if entry.event_type == REFRESHED and all(map(sight.hides, entry.entity_ids)):
            return None
        payload = self._payload(sight, rights, entry.event_type, entry.payload, entry.entity_ids)
        return None if payload is None else replace(entry, payload=payload)

    def scrub(self, fields: Fields, rights: Rights) -> Fields:
        """Return fields that are of no scene without the ids of what is not shown."""
        if not rights.restricted:
            return fields
        clean: Fields = self._lively(rights).sight.scrub(fields)
        return clean

    def _lively(self, rights: Rights) -> _Live:
        live = self._live.get(rights)
        if live is None:
            if self._mentions is None:
                self._mentions = Mentions(self._scene)
            sight = FilteredScene(self._scene, self._mentions, rights, self._rules, self._tallies)
            live = self._live[rights] = _Live(sight, self._position(), self._clock())
        live.used_at = self._clock()
        return live

    def _telling(
        self, sight: FilteredScene, rights: Rights, folded: Folded, changes: list[Change]
    ) -> Folded | None:
        event = folded.event
        seen_to_go = {one.id for one in changes if isinstance(one, Drop) and not sight.knows(one.id)}
        ids = {one.id for one in folded.changes if isinstance(one, Put | Drop)} - seen_to_go
        if all(sight.shows_layer(change.layer) for change in folded.changes):
            payload = self._payload(sight, rights, event.type, folded.public_payload, ids, seen_to_go)
        else:
            payload = None
        if payload is None and not changes:
            return None
        kind = event.type if payload is not None else WITHHELD
        told = Event(event.position, kind, payload or {}, event.received_at)
        return Folded(told, tuple(changes), sources=folded.sources, redacted=payload or {})

    def _payload(
        self,
        sight: FilteredScene,
        rights: Rights,
        kind: str,
        payload: Fields,
        ids: Collection[str],
        seen_to_go: Collection[str] = (),
    ) -> Fields | None:
        """Return what is told of an event's payload; None if even its type is not told.

        ``ids`` are the items that it changed or names, but for those that the reader has ``seen_to_go``.
        """
        if rights.summary:
            return None
        if kind in _OWN:
            shown = kind != REFRESHED or not ids or not all(map(sight.hides, ids))
            return _brief(payload) if shown else None
        heard = [self._layers[source] for source, _ in self._routes.of(kind)]
        if not heard or not all(sight.shows_layer(layer) for layers in heard for layer in layers):
            return None  # what nobody understands may be about anything
        spoken_of = (*ids, *ids_in(payload), *_named_in(payload))
        return None if any(one not in seen_to_go and sight.hides(one) for one in spoken_of) else payload


def _brief(payload: Fields) -> Fields:
    """Return what everybody may know of a source that was asked, went or came: which."""
    return {"source": payload["source"]} if "source" in payload else {}


def _named_in(value: Json) -> Iterator[str]:
    """Yield the ids that a payload names by kind: ``agent_id``, ``target_agent_id``, ``microdao_ids``."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if found := _KEY.fullmatch(name):
                for one in inner if isinstance(inner, list) else [inner]:
                    if isinstance(one, str | int) and not isinstance(one, bool) and str(one).strip():
                        yield id_of(found[1], one)
            yield from _named_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_in(inner)
