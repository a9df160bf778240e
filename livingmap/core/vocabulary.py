"""The vocabulary of the map: what sources declare of types and layers, and the words that all of them share."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, replace
from types import MappingProxyType
from typing import Final

from livingmap.core.model import CollectionKey, Fields
from livingmap.core.source import Layer, Source
from livingmap.core.types import LAST, TROUBLE, Relation, Tone, Type, Words
from livingmap.core.values import value_at

STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "active": "active",
        "busy": "busy",
        "connected": "online",
        "critical": "degraded",
        "dead": "offline",
        "degraded": "degraded",
        "down": "offline",
        "healthy": "online",
        "idle": "idle",
        "inactive": "inactive",
        "offline": "offline",
        "ok": "online",
        "online": "online",
        "running": "online",
        "unhealthy": "degraded",
        "up": "online",
        "warn": "degraded",
        "warning": "degraded",
    }
)
"""What services call a status, in lower case, and the one word that the map uses for it."""

TONES: Final[Mapping[str, Tone]] = MappingProxyType(
    {
        "active": "good",
        "busy": "busy",
        "degraded": "warn",
        "deleted": "off",
        "error": "bad",
        "failed": "bad",
        "idle": "good",
        "inactive": "off",
        "offline": "off",
        "online": "good",
    }
)
"""How the map's own statuses are judged, of whatever type a thing is; a type may judge otherwise."""


@dataclass(frozen=True, slots=True)
class LayerWords:
    """What people call a layer."""

    title: Words = field(default_factory=dict)
    hint: Words = field(default_factory=dict)
    icon: str = ""


class Vocabulary:
    """What ``sources``, the strongest first, declare of types and layers."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self.types: dict[str, Type] = {}
        """The declared types by name, lowest rank first."""
        self.sources: dict[str, tuple[str, ...]] = {}
        """By declared type the sources that declare it."""
        self.layers: dict[str, LayerWords] = {}
        """The words of all layers, be they empty."""
        self.listing: dict[CollectionKey, tuple[str, ...]] = {}
        """By collection the sources that list its items."""
        self.references: dict[CollectionKey, tuple[str, ...]] = {}
        """By collection the fields that hold ids."""
        self.volatile: dict[CollectionKey, frozenset[str]] = {}
        """By collection the fields that change all the time; only of collections that have some."""
        self.standing: dict[str, Fields] = {}
        """The layers that every snapshot has, each with what it holds while no source has filled it."""
        self.asked: list[tuple[str, CollectionKey]] = []
        """The collections of which a source can be asked about items that it no longer lists, each with it."""
        for source in sources:
            for layer in source.layers:
                self._take_layer(source.name, layer)
            for one in source.types:
                before = self.types.get(one.name)
                self.types[one.name] = one if before is None else _joined(before, one)
                self.sources[one.name] = (*self.sources.get(one.name, ()), source.name)
        self.types = {one.name: one for one in sorted(self.types.values(), key=lambda one: (one.rank, one.name))}
        self.homes: dict[str, str] = {name: one.home[0] for name, one in self.types.items()}
        """The home layer of each declared type."""
        self.languages = tuple(dict.fromkeys(_languages(self.types.values(), self.layers.values())))
        """The languages in which there are words, English first."""
        self.standing = {name: self.standing[name] for name in sorted(self.standing, key=self.place_of)}

    def type(self, name: str, places: Sequence[CollectionKey]) -> Type:
        """Return a type as it is declared, or else as the collections suggest in which it stands.

        Fields that refer to others, as layers say, are relations even where the type does not name them.
        """
        declared = self.types.get(name)
        one = declared or Type(name, places[0])
        named = {relation.field for relation in one.relations}
        found = dict.fromkeys(field for place in places for field in self.references.get(place, ()))
        relations = (*one.relations, *(Relation(field) for field in found if field not in named))
        return replace(one, relations=relations, within=one.within if declared else tuple(found))

    def sources_of(self, name: str, places: Iterable[CollectionKey]) -> list[str]:
        """Return the sources that declare a type, or else that list the collections in which it stands."""
        listing = (source for place in places for source in self.listing.get(place, ()))
        return list(self.sources.get(name, ())) or list(dict.fromkeys(listing))

    def place_of(self, layer: str) -> tuple[bool, int, str]:
        """Return a key that sorts layers: standing ones first, then by the ranks of what is at home there."""
        ranks = [one.rank for one in self.types.values() if one.home[0] == layer]
        return layer not in self.standing, min(ranks, default=LAST), layer

    def status_of(self, type_: str, item: Fields) -> str | None:
        """Return what an item says of how it is, by the field that its type names for that."""
        declared = self.types.get(type_)
        names = ("status",) if declared is None else (declared.status, "status")
        return next((value for name in names if isinstance(value := value_at(item, name), str)), None)

    def trouble(self, type_: str) -> list[str]:
        """Return the statuses of a type that mean something is wrong."""
        declared = self.types.get(type_)
        tones = {**TONES, **{name: one.tone for name, one in (declared.statuses if declared else {}).items()}}
        return sorted(name for name, tone in tones.items() if tone in TROUBLE)

    def _take_layer(self, source: str, layer: Layer) -> None:
        place, words = (layer.name, layer.collection), self.layers.get(layer.name, LayerWords())
        self.layers[layer.name] = LayerWords(
            words.title or layer.title, words.hint or layer.hint, words.icon or layer.icon
        )
        if layer.unlisted:
            self.asked.append((source, place))
        self.references[place] = tuple(dict.fromkeys((*self.references.get(place, ()), *layer.references)))
        if layer.volatile:
            self.volatile[place] = self.volatile.get(place, frozenset()).union(layer.volatile)
        if not layer.decorates:
            self.listing[place] = (*self.listing.get(place, ()), source)
        if layer.standing is not None:
            empty = {**layer.standing, **self.standing.get(layer.name, {}), layer.collection: []}
            self.standing[layer.name] = empty


def _languages(types: Iterable[Type], layers: Iterable[LayerWords]) -> Iterator[str]:
    yield "en"
    for one in types:
        yield from (*one.label, *one.plural, *one.counts)
    for layer in layers:
        yield from layer.title


def _joined(first: Type, second: Type) -> Type:
    """Return a type that two sources declare: where both say something the first counts, the rest is added."""
    unsaid = (one for one in dataclasses.fields(Type) if one.default is not MISSING)
    added = {one.name: getattr(second, one.name) for one in unsaid if getattr(first, one.name) == one.default}
    joined = replace(first, **added)
    places = dict.fromkeys((*first.elsewhere, second.home, *second.elsewhere))
    fields, more = ({member.name: member for member in one.fields} for one in (first, second))
    relations, further = ({member.field: member for member in one.relations} for one in (first, second))
    return replace(
        joined,
        elsewhere=tuple(place for place in places if place != first.home),
        label={**second.label, **first.label},
        plural={**second.plural, **first.plural},
        counts={**second.counts, **first.counts},
        statuses={**second.statuses, **first.statuses},
        fields=tuple((fields | more | fields).values()),
        relations=tuple((relations | further | relations).values()),
        within=tuple(dict.fromkeys((*first.within, *second.within))),
    )


def type_of(entity_id: str) -> str:
    """Return the type that an id names: ``agent`` for ``agent:sofia``."""
    return entity_id.partition(":")[0]
