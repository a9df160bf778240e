"""The reader: what all endpoints read the map through, with its health and its position in the log."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

import structlog

from livingmap.access.filtered_scenes import FilteredScenes
from livingmap.access.view import EVERYTHING, Rights, View
from livingmap.core.bounded import LRU
from livingmap.core.catalogue import Catalogue, home_of
from livingmap.core.cursor import Cursor
from livingmap.core.fold import Fold
from livingmap.core.freshness import Freshness, SourceHealth, seconds_since, shortened
from livingmap.core.layers import LiveLayers
from livingmap.core.links import filled_link
from livingmap.core.model import CollectionKey, Fields, Json, Position, Total
from livingmap.core.namespaced import outside
from livingmap.core.progress import Progress
from livingmap.core.units import rfc3339
from livingmap.core.validity import invalid_reason
from livingmap.errors import RequestRejected, SourceError
from livingmap.history import Entry
from livingmap.history.changes import redacted
from livingmap.sources.poll import Poller

_DETAILS_SECONDS: Final = 2.0
_MOST_CATALOGUES: Final = 64

_logger = structlog.get_logger(__name__)


Revision: TypeAlias = tuple[str, int, int, datetime | None]


@dataclass(frozen=True, slots=True)
class Described:
    """An entity with all that its sources and its service say of it."""

    id: str
    layer: str
    data: Fields
    sources: dict[str, str]
    """By field, the source whose value is shown."""
    observed_at: datetime | None
    links: list[dict[str, str]]
    """Where it has a page elsewhere, each with the ``source`` whose settings say so, and its ``url``."""


class MapReader:
    """The map as it stands."""

    def __init__(
        self,
        fold: Fold,
        filtered_scenes: FilteredScenes,
        progress: Progress,
        cursor_key: Callable[[], bytes],
        now: Callable[[], datetime],
    ) -> None:
        self.scene = fold.scene
        self.filtered_scenes = filtered_scenes
        self.redaction = fold.redaction
        self.states: Sequence[SourceHealth] = ()
        """How each source of the configuration fares."""
        self.now = now
        self.progress = progress
        """How far the log was read, and the phase that follows from it."""
        self._cursor_key = cursor_key
        self._catalogues: LRU[Rights, Catalogue] = LRU(_MOST_CATALOGUES)
        self._pollers: Mapping[str, Poller] = {}
        self._earlier_revisions = 0

    def replace_sources(self, states: Sequence[SourceHealth], pollers: Mapping[str, Poller]) -> None:
        """Have other sources, with their health and what asks them."""
        self._earlier_revisions = self._revisions() + 1
        self.states, self._pollers = states, pollers

    def _revisions(self) -> int:
        return self._earlier_revisions + sum([state.revision for state in self.states])

    @property
    def position(self) -> Position:
        """The last position of the log that the scene holds."""
        return self.progress.position

    @property
    def revision(self) -> Revision:
        """All that a snapshot depends on: the position, the sources' health, and whether the log is away."""
        position, away_since = self.position, self.progress.away_since
        return position.epoch, position.seq, self._revisions(), away_since

    def last_fold_age_seconds(self) -> float | None:
        """Return the age of the last entry that was folded; None before the first, or after a clock was set."""
        return seconds_since(self.progress.folded_at, self.now())

    def shown(self, rights: Rights) -> LiveLayers:
        """Return the scene as callers with these rights see it."""
        return self.filtered_scenes.of(rights)

    def catalogue(self, rights: Rights) -> Catalogue:
        """Return the entities that callers with these rights may see."""
        shown = self.shown(rights)
        catalogue = self._catalogues.get(rights)
        if catalogue is None or catalogue.scene is not shown:
            catalogue = Catalogue(shown)
            self._catalogues.put(rights, catalogue)
        return catalogue

    def layers(self, rights: Rights) -> list[str]:
        """Return the layers that callers with these rights may see, be they declared or simply there."""
        vocabulary = self.scene.vocabulary
        names = sorted({*vocabulary.layers, *self.shown(rights).layers()}, key=vocabulary.place_of)
        return [name for name in names if rights.layers is None or name in rights.layers]

    def types(self, rights: Rights) -> dict[str, list[CollectionKey]]:
        """Return the types of which callers with these rights may see something, each with its collections.

        The home of a type comes first. What stands nowhere now is there if it is declared.
        """
        layers, places = set(self.layers(rights)), self.catalogue(rights).places()
        types: dict[str, list[CollectionKey]] = {}
        for name, one in self.scene.vocabulary.types.items():
            visible = [place for place in (one.home, *one.elsewhere) if place[0] in layers]
            types[name] = list(dict.fromkeys((*visible, *places.get(name, ()))))
        types.update((name, places[name]) for name in sorted(places) if name not in types)
        return {name: collections for name, collections in types.items() if collections}

    def cursor(self, view: View, position: Position | None = None) -> str:
        """Return the cursor of a position, the present one if none is given, in a view."""
        return Cursor(position or self.position, view.name).encode(self._cursor_key())

    def contributors(self) -> list[str]:
        """Return the services from which something on the map came, each once."""
        return list(dict.fromkeys(state.service for state in self.states if state.contributed))

    def sources(self, now: datetime, *, reports: bool = True) -> list[dict[str, Json]]:
        """Return how far each source can be trusted, as in ``meta.sources``; errors only with ``reports``."""
        return [
            {
                "name": state.name,
                "service": state.service,
                "status": str(state.status_at(now)),
                "observed_at": rfc3339(state.observed_at),
                "age_seconds": _rounded(state.age_seconds(now)),
                "error": state.error_at(now) if reports else None,
            }
            for state in self.states
        ]

    def recorded_sources(self, now: datetime) -> list[dict[str, Json]]:
        """Return `sources` with what else the history has to know of them, to say later how they were."""
        return [
            {
                **shown,
                "contributed": state.contributed,
                "good": str(state.good),
                "stale_after_seconds": state.stale_after_seconds,
            }
            for shown, state in zip(self.sources(now), self.states, strict=True)
        ]

    def collisions(self, rights: Rights = EVERYTHING) -> list[dict[str, Json]]:
        """Return the ids that several entities claim, if somebody with these rights may see all of these."""
        shown = self.shown(rights)
        return [
            {
                "id": one.id,
                "refers_to": one.refers_to,
                "claims": [{"id": entity_id, "namespace": namespace} for entity_id, namespace in one.claims],
            }
            for one in self.scene.collisions()
            if all(home_of(shown, entity_id) for entity_id, _ in one.claims)
        ]

    def entry(self, entry: Entry, rights: Rights) -> Entry | None:
        """Return an entry of the history as callers with these rights see it; None if they do not."""
        payload = self.redaction.payload(entry.payload)  # what was written before there was a rule
        changes = redacted(entry.changes, self.redaction)
        if payload is not entry.payload or changes is not entry.changes:
            entry = replace(entry, payload=payload, changes=changes)
        return self.filtered_scenes.entry(entry, rights)

    async def describe(self, entity_id: str, rights: Rights = EVERYTHING) -> Described | None:
        """Return an entity by id or alias, with the details that its service gives at once.

        None if there is none, or it is hidden from callers with these rights.
        """
        entity_id, shown = self.scene.resolve(entity_id), self.shown(rights)
        place = home_of(shown, entity_id)
        if place is None:
            return None
        item = dict(shown.items(*place)[entity_id])
        owners = {name: by for name, by in self.scene.owners(*place, entity_id).items() if name in item}
        verdicts = self.scene.verdicts(place, entity_id)  # what is over for the map is so on an item's own page
        for name, fields in await self._details(entity_id, list(dict.fromkeys(owners.values()))):
            clean = self.redaction.fields(place[0], fields)
            fresh = {key: value for key, value in clean.items() if value is not None and key not in verdicts}
            item |= self.filtered_scenes.scrub(self.scene.resolved(place, fresh, name), rights)
            owners |= dict.fromkeys(fresh, name)
        times = [state.observed_at for state in self.states if state.name in owners.values() and state.observed_at]
        links = list(self._links(place, entity_id, item))
        return Described(entity_id, place[0], item, owners | verdicts, max(times, default=None), links)

    def links(self, entity_id: str, rights: Rights) -> list[dict[str, str]]:
        """Return where an entity has a page elsewhere now, as `Described.links`, without asking its service.

        The list is empty for what is not there, or is hidden from callers with these rights.
        """
        entity_id, shown = self.scene.resolve(entity_id), self.shown(rights)
        place = home_of(shown, entity_id)
        return [] if place is None else list(self._links(place, entity_id, shown.items(*place)[entity_id]))

    def _links(self, place: CollectionKey, entity_id: str, item: Fields) -> Iterator[dict[str, str]]:
        """Yield the links of an item, of which only visible fields are given."""
        for name in self.scene.describing(place, entity_id):
            poller = self._pollers.get(name)
            template = poller.service.settings.links.get(entity_id.partition(":")[0]) if poller else None
            if poller is None or template is None:
                continue
            namespace = poller.source.namespace
            own = {field: outside(namespace, value) for field, value in item.items()} if namespace else item
            if url := filled_link(template, outside(namespace, entity_id), own):
                yield {"source": name, "url": url}

    async def _details(self, entity_id: str, sources: Sequence[str]) -> list[tuple[str, Fields]]:
        """Ask the first source of the item that offers details. Never raises."""
        for name in sources:
            kind, _, rest = self.scene.listed_as(name, entity_id).partition(":")
            poller = self._pollers.get(name)
            if poller is None or kind not in poller.source.details or poller.state.status is Freshness.DOWN:
                continue
            try:
                async with asyncio.timeout(_DETAILS_SECONDS):
                    fields = await poller.details(kind, rest)
                if problem := invalid_reason(Total("details", fields)):
                    raise ValueError(problem)
            except RequestRejected:  # such as of an item that is gone: an answer, too
                continue
            except SourceError as error:
                _note_details(poller.state, str(error))
                continue
            except TimeoutError:
                _note_details(poller.state, f"no details within {_DETAILS_SECONDS:g} s")
                continue
            except Exception as error:  # noqa: BLE001 - the plugin rim: what raises is what lacks
                poller.state.note_fault(f"details of {entity_id}: {type(error).__name__}: {error}")
                continue
            _note_details(poller.state, None)
            return [(name, fields)]
        return []


def _note_details(state: SourceHealth, error: str | None) -> None:
    """Note why a source gave no details, and tell the operator, once each."""
    if error is not None and state.details_error is None:
        _logger.warning("details cannot be had for now", source=state.name, error=error)
    elif error is None and state.details_error is not None:
        _logger.info("details can be had again", source=state.name)
    state.details_error = error and shortened(error)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
