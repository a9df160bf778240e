"""Mentions: which ids the items of the map speak of, wherever in them, so that a hidden id can be taken out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from livingmap.core.fold import Folded
from livingmap.core.layers import NamedLayers
from livingmap.core.model import CollectionKey, Drop, Json, Put
from livingmap.core.vocabulary import type_of

_ID: Final = re.compile(r"[a-z][a-z0-9_]*:\S.*", re.DOTALL)
_TOKEN: Final = re.compile(r"[a-z][a-z0-9_]*:[^\s\"'<>(){}\[\],;]+")
_ENDING: Final = ".:!?"

Standing = tuple[CollectionKey, str]
"""An item in one of the collections in which its id stands."""


def ids_in(value: Json) -> Iterator[str]:
    """Yield everything in a JSON value that may be a typed id: whole texts, parts of texts, keys."""
    if isinstance(value, str):
        if ":" in value:
            if _ID.fullmatch(value):
                yield value
            for token in _TOKEN.findall(value):
                yield token.rstrip(_ENDING)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from ids_in(name)
            yield from ids_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner)


def scrubbed(value: Json, hides: Callable[[str], bool]) -> Json:
    """Return ``value`` without what ``hides``: such a text becomes None, in a list or as a key it is left out."""
    if isinstance(value, str):
        return None if any(map(hides, ids_in(value))) else value
    if isinstance(value, Mapping):
        return {name: scrubbed(inner, hides) for name, inner in value.items() if not any(map(hides, ids_in(name)))}
    if isinstance(value, list):
        clean = [(inner, scrubbed(inner, hides)) for inner in value]
        return [inner for old, inner in clean if inner is not None or old is None]
    return value


class Mentions:
    """Where ids stand and what speaks of them, kept while the scene changes. All filtered scenes share one."""

    def __init__(self, scene: NamedLayers, namespaces: Iterable[str] = ()) -> None:
        """``namespaces`` are those in which sources are: messages name their things without it."""
        self._namespaces = ("", *(f"{namespace}/" for namespace in namespaces))
        self.types: set[str] = set(scene.vocabulary.types)
        """The types of id that are declared, or that the map has ever had."""
        self._scene = scene
        self._vocabulary = scene.vocabulary
        self._alias_revision = scene.alias_revision
        self._places: dict[str, set[CollectionKey]] = {}
        self._texts: dict[Standing, frozenset[str]] = {}
        self._by_text: dict[str, dict[Standing, None]] = {}
        self._meanings: dict[str, str] = {}
        self._by_meaning: dict[str, dict[str, None]] = {}
        for layer, collections in scene.layers().items():
            for collection in collections:
                for entity_id in scene.items(layer, collection):
                    self._update((layer, collection), entity_id)

    def places(self, entity_id: str) -> Iterable[CollectionKey]:
        """Return the collections in which an id stands."""
        return self._places.get(entity_id, ())

    def named(self, text: str) -> Iterator[str]:
        """Yield the ids on the map whose name, without the type, is ``text``; also by an alias."""
        for name in self.types:
            for namespace in self._namespaces:
                entity_id = self._scene.resolve(f"{name}:{namespace}{text}")
                if entity_id in self._places:
                    yield entity_id

    def texts(self, place: CollectionKey, entity_id: str) -> frozenset[str]:
        """Return what an item says that may be ids."""
        return self._texts.get((place, entity_id), frozenset())

    def of(self, entity_id: str) -> Iterator[Standing]:
        """Yield the items that speak of an id, under whatever name."""
        for text in self._by_meaning.get(entity_id, ()):
            yield from self._by_text[text]

    def take(self, folded: Folded) -> dict[str, None]:
        """Take in what an event changed; return the ids that it may have made visible or not."""
        touched: dict[str, None] = {}
        types = len(self.types)
        if self._vocabulary is not self._scene.vocabulary:  # the sources were replaced
            self._vocabulary = self._scene.vocabulary
            self.types.update(self._vocabulary.types)
        for change in folded.changes:
            if isinstance(change, Put | Drop):
                self._update((change.layer, change.collection), change.id)
                touched[change.id] = None
        if types != len(self.types):  # texts of a type that is new have been no ids until now
            touched |= dict.fromkeys(entity_id for text in self._by_text for _, entity_id in self._by_text[text])
        if self._alias_revision != self._scene.alias_revision:
            self._alias_revision = self._scene.alias_revision
            touched |= self._rename()
        return touched

    def _rename(self) -> dict[str, None]:
        """Note what texts mean now; return what meaning something else, and what speaks of it."""
        touched: dict[str, None] = {}
        for text in list(self._meanings):
            before = self._meanings[text]
            if self._note_meaning(text) != before:
                touched |= dict.fromkeys((before, self._meanings[text]))
                touched |= dict.fromkeys(entity_id for _, entity_id in self._by_text[text])
        return touched

    def _update(self, place: CollectionKey, entity_id: str) -> None:
        """Bring one item up to date: where it stands and what it speaks of."""
        item = self._scene.items(*place).get(entity_id)
        if item is None:
            self._places.get(entity_id, set()).discard(place)
            if not self._places.get(entity_id):
                self._places.pop(entity_id, None)
        else:
            self._places.setdefault(entity_id, set()).add(place)
            self.types.add(type_of(entity_id))
        self._note_texts((place, entity_id), frozenset(ids_in(item)))

    def _note_texts(self, standing: Standing, now: frozenset[str]) -> None:
        old = self._texts.pop(standing, frozenset())
        for text in old - now:
            self._by_text[text].pop(standing)
            if not self._by_text[text]:
                del self._by_text[text]
                self._forget_meaning(text)
        for text in now - old:
            self._by_text.setdefault(text, {})[standing] = None
            if text not in self._meanings:
                self._note_meaning(text)
        if now:
            self._texts[standing] = now

    def _note_meaning(self, text: str) -> str:
        meaning = self._scene.resolve(text)
        if self._meanings.get(text) != meaning:
            self._forget_meaning(text)
            self._meanings[text] = meaning
            self._by_meaning.setdefault(meaning, {})[text] = None
        return meaning

    def _forget_meaning(self, text: str) -> None:
        meaning = self._meanings.pop(text, None)
        if meaning is not None:
            self._by_meaning[meaning].pop(text)
            if not self._by_meaning[meaning]:
                del self._by_meaning[meaning]
