"""The event filter: what readers with limited rights see of an event, on the stream and in the history."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from livingmap.access.filtered_scene import FilteredScene
from livingmap.access.mentions import Mentions
from livingmap.access.past_changes import numbers_of, visible_changes
from livingmap.access.payload_ids import payload_ids
from livingmap.access.view import Rights
from livingmap.core.fold import OWN_TYPES, TIME_PASSED, WITH_CHANGES, Folded
from livingmap.core.model import Change, Drop, Event, Fields, Put
from livingmap.core.namespaced import inside
from livingmap.core.route import Routes
from livingmap.core.scene import Scene
from livingmap.core.source import Source
from livingmap.history import Entry
from livingmap.history.changes import decoded, encoded

WITHHELD: Final = "livingmap.withheld"
"""The type of an event whose own type and payload are not for everybody; its changes are."""

_OF_ITEMS: Final = WITH_CHANGES | {TIME_PASSED}
"""The entries of the map itself of which nothing is visible unless an item is."""


class EventFilter:
    """Decides whether the type and the payload of an event are visible, or only its changes."""

    def __init__(self, scene: Scene, routes: Routes, sources: Sequence[Source]) -> None:
        self._scene = scene
        self._routes = routes
        self._namespaces = {source.name: source.namespace for source in sources if source.namespace}
        self._numbers = numbers_of(sources)
        self._layers = {source.name: frozenset(layer.name for layer in source.layers) for source in sources}

    def event(
        self,
        filtered: FilteredScene,
        rights: Rights,
        folded: Folded,
        changes: Sequence[Change],
        named: Iterable[str],
    ) -> Folded | None:
        """Return an event with its ``changes`` of what is shown; None if nothing of it is visible.

        ``named`` are the ids that its payload names.
        """
        event, payload = folded.event, None
        seen_to_go = {one.id for one in changes if isinstance(one, Drop) and not filtered.knows(one.id)}
        ids = {one.id for one in folded.changes if isinstance(one, Put | Drop)} - seen_to_go
        if all(filtered.shows_layer(change.layer) for change in folded.changes):
            spoken_of = ids.union(self._meant(event.type, named)) - seen_to_go
            payload = self._payload(filtered, rights, event.type, folded.public_payload, ids, spoken_of)
        if payload is None and not changes:
            return None
        kind = event.type if payload is not None else WITHHELD
        visible = Event(event.position, kind, payload or {}, event.received_at)
        return Folded(visible, tuple(changes), sources=folded.sources, redacted=payload or {})

    def entry(self, filtered: FilteredScene, mentions: Mentions, rights: Rights, entry: Entry) -> Entry | None:
        """Return an entry of the history as it is shown; None if it is not. The present rights count."""
        changes = visible_changes(decoded(entry.changes), filtered, rights, self._numbers)
        payload = self._payload_of(filtered, mentions, rights, entry)
        if payload is not None:
            return replace(entry, payload=payload, changes=entry.changes and encoded(changes))
        if not changes:
            return None
        ids = tuple(dict.fromkeys(change["id"] for change in changes if "id" in change))
        return Entry(
            entry.position,
            WITHHELD,
            {},
            entry.received_at,
            entity_ids=ids,
            changes=encoded(changes),
            place=entry.place,
        )

    def _payload_of(
        self, filtered: FilteredScene, mentions: Mentions, rights: Rights, entry: Entry
    ) -> Fields | None:
        """Return what is visible of the payload of an entry of the history."""
        ids = entry.entity_ids
        if entry.event_type in _OF_ITEMS and not ids:
            return None  # it changed totals alone, and those may count what is hidden
        spoken_of = {*self._meant(entry.event_type, payload_ids(entry.payload, mentions)), *ids}
        return self._payload(filtered, rights, entry.event_type, entry.payload, ids, spoken_of)

    def _meant(self, kind: str, named: Iterable[str]) -> Iterator[str]:
        """Yield the ids that a payload names; of a contested one, what its takers call so."""
        takers = [source for source, *_ in self._routes.of(kind)]
        namespaces = {self._namespaces[source] for source in takers if source in self._namespaces}
        for name in named:
            for one in self._meant_in(namespaces, name) if namespaces else (name,):
                if self._scene.is_contested(one):
                    yield from (self._scene.meaning(source, one) for source in takers)
                else:
                    yield one

    def _meant_in(self, namespaces: Collection[str], name: str) -> Iterable[str]:
        """Return what an id means to takers in their namespaces; the id itself if it means nothing to any."""
        ids = {name, *(inside(namespace, name) for namespace in namespaces)}
        return [one for one in ids if self._scene.lists(one)] or [name]

    def _payload(
        self,
        filtered: FilteredScene,
        rights: Rights,
        kind: str,
        payload: Fields,
        ids: Collection[str],
        spoken_of: Iterable[str],
    ) -> Fields | None:
        """Return what is visible of an event's payload; None if even its type is not.

        ``ids`` are the items that it changed, ``spoken_of`` also those that it names.
        """
        if rights.summary:
            return None
        if kind in OWN_TYPES:
            is_visible = kind not in _OF_ITEMS or not ids or not all(map(filtered.hides, ids))
            return brief(payload) if is_visible else None
        takers = [self._layers[source] for source, *_ in self._routes.of(kind)]
        if not takers or not all(filtered.shows_layer(layer) for layers in takers for layer in layers):
            return None  # what no source understands may be about anything
        return None if any(map(filtered.hides, spoken_of)) else payload


def brief(payload: Fields) -> Fields:
    """Return what everybody may know of a source that was asked, went or came: which."""
    return {"source": payload["source"]} if "source" in payload else {}
