"""A filtered scene: the map as readers with certain rights may see it. It reads like a scene.

Nothing of what is hidden gets through: neither the items nor their ids in other items, neither the events that
concern them nor the numbers that count them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from livingmap.access.mentions import Mentions, Standing, ids_in, scrubbed
from livingmap.access.settings import ItemRule
from livingmap.access.verdicts import NO_VERDICTS, Verdicts
from livingmap.access.view import Rights
from livingmap.core.fold import Folded
from livingmap.core.layers import NamedLayers
from livingmap.core.merge import Dirty, difference
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total
from livingmap.core.source import Tally
from livingmap.core.tallies import Tallies
from livingmap.core.version import ItemOfLayer, Version
from livingmap.core.vocabulary import Vocabulary

COUNTS: Final = "counts"
"""The total that says, in a summary, how many items each collection of a layer has."""


class FilteredScene:
    """What ``rights`` let be seen of a scene. `take` has to be called for every event, in order.

    A scene of the past is shown by the verdicts of ``today``: see `Verdicts`.
    """

    def __init__(
        self,
        scene: NamedLayers,
        mentions: Mentions,
        rights: Rights,
        rules: Sequence[ItemRule],
        tallies: Iterable[Tally],
        today: Mapping[str, bool] = NO_VERDICTS,
    ) -> None:
        self._scene = scene
        self._mentions = mentions
        self._rights = rights
        self._verdicts = Verdicts(scene, mentions, rights, rules, today)
        self.shows_layer = self._verdicts.shows_layer
        self.hides = self._verdicts.hides
        self._items: dict[CollectionKey, dict[str, Fields]] = {}
        self._totals: dict[str, Fields] = {}
        self._versions: dict[str, Version] = defaultdict(Version)
        self._tallies = Tallies(tallies)
        self._filled = 0
        """How many layers have been filled by somebody, shown or not."""
        self._counted: frozenset[str] = frozenset()
        """The layers that numbers may count: those that have been filled and are shown."""
        self._build()

    # reading, as of a scene

    @property
    def vocabulary(self) -> Vocabulary:
        """What the sources declare of types and layers, shown or not."""
        return self._scene.vocabulary

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        return {name: names for name, names in self._scene.layers().items() if self.shows_layer(name)}

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the items of a collection by id, in no order."""
        return self._items.get((layer, collection), {})

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything that is shown of the layer changes."""
        return self._versions[layer].number

    def changed_since(self, layer: str, version: int) -> Collection[ItemOfLayer] | None:
        """Return the items of a layer that changed after it had a version; None if that is not known any more."""
        return self._versions[layer].changed_since(version)

    def knows(self, entity_id: str) -> bool:
        """Tell whether an id is on the map, shown or not."""
        return self._verdicts.judged(entity_id)

    def verdicts(self) -> dict[str, bool]:
        """Return of every id on the map whether it is shown, as of now."""
        return self._verdicts.copy()

    def scrub(self, value: Json) -> Json:
        """Return a JSON value without the ids of what is not shown."""
        return scrubbed(value, self.hides) if any(map(self.hides, ids_in(value))) else value

    # following the scene

    def _build(self) -> None:
        """Look at everything for the first time."""
        self._note_filled()
        places = [(layer, name) for layer, names in self._scene.layers().items() for name in names]
        standings = [(place, entity_id) for place in places for entity_id in self._scene.items(*place)]
        self._verdicts.judge_all(entity_id for _, entity_id in standings)
        for _ in self._update_items(dict.fromkeys(standings), set()):
            pass
        for _ in self._update_totals(self._scene.layers()):
            pass

    def take(self, folded: Folded, touched: Iterable[str]) -> list[Change]:
        """Follow an event that has changed the scene; return how what is shown changed.

        ``touched`` is what `Mentions.take` returned for it.
        """
        judged, dirty = self._verdicts.judge(touched)
        dirty |= dict.fromkeys(
            (place, entity_id)
            for place, items in self._items.items()
            for entity_id in judged
            if entity_id in items
        )
        recount = {change.layer for change in folded.changes if self._rights.summary or isinstance(change, Total)}
        if self._note_filled():  # numbers become known with the layer that they count
            dirty |= dict.fromkeys(
                (place, entity_id) for place, items in self._items.items() for entity_id in items
            )
            recount.update(self._scene.layers())
        changes = list(self._update_items(dirty, recount))
        return [*changes, *self._update_totals(recount)]

    def _note_filled(self) -> bool:
        """Note which layers have been filled; tell whether there are more than before."""
        layers = self._scene.filled_layers
        if len(layers) == self._filled:
            return False
        self._filled = len(layers)
        self._counted = frozenset(name for name in layers if self.shows_layer(name))
        return True

    def _update_items(self, dirty: dict[Standing, None], recount: set[str]) -> Iterator[Change]:
        """Bring items up to date; those that count others come last. Layers to ``recount`` are added."""
        while dirty:
            batch, dirty = dirty, {}
            counted = Dirty()
            for place, entity_id in batch:
                before, after = self._items.get(place, {}).get(entity_id), self._visible(place, entity_id)
                if after == before:
                    continue
                self._store(place, entity_id, after)
                names = dict.fromkeys((*(before or {}), *(after or {})))
                self._tallies.recount(place, before, after, names, counted)
                yield _change(place, entity_id, before, after, names)
            recount.update(counted.totals)
            dirty = {key: None for key in counted.items if key[1] in self._items.get(key[0], {})}

    def _store(self, place: CollectionKey, entity_id: str, item: Fields | None) -> None:
        self._versions[place[0]].note_item(place[1], entity_id)
        if item is None:
            del self._items[place][entity_id]
        else:
            self._items.setdefault(place, {})[entity_id] = item

    def _visible(self, place: CollectionKey, entity_id: str) -> Fields | None:
        """Return an item as it is shown: without hidden ids, and with numbers that count only what is shown."""
        item = self._scene.items(*place).get(entity_id)
        if item is None or not self._verdicts.shows(entity_id) or not self.shows_layer(place[0]):
            return None
        if any(map(self.hides, self._mentions.texts(place, entity_id))):
            item = scrubbed(item, self.hides)
        counted = self._own_numbers(self._tallies.of_item(place, entity_id, self._counted))
        return {**item, **counted} if any(item.get(name) != value for name, value in counted.items()) else item

    def _own_numbers(self, counted: Fields) -> Fields:
        """Return the numbers that are not the scene's: all where items are hidden, else those of hidden layers."""
        if self._rights.grants is not None:
            return counted
        return {name: value for name, value in counted.items() if value is None}

    def _update_totals(self, layers: Iterable[str]) -> Iterator[Change]:
        """Bring the totals of layers up to date."""
        for layer in layers:
            before, after = self._totals.get(layer, {}), self._visible_totals(layer)
            if after != before:
                self._totals[layer] = after
                self._versions[layer].note_totals()
                updates, removals, _ = difference(before, after, dict.fromkeys((*before, *after)))
                yield Total(layer, updates, removals)

    def _visible_totals(self, layer: str) -> Fields:
        if not self.shows_layer(layer):
            return {}
        totals = self._scene.totals(layer)
        if self._rights.summary:
            counts = {name: len(self._scene.items(layer, name)) for name in self._scene.layers().get(layer, [])}
            plain = {name: value for name, value in totals.items() if _is_plain(value)}
            return {**plain, COUNTS: counts} if counts else plain
        counted = self._own_numbers(self._tallies.of_layer(layer, self._counted))
        if self._rights.grants is not None:  # what sources count is of everything
            return counted
        return {**totals, **counted} if counted else totals


def _change(
    place: CollectionKey, entity_id: str, before: Fields | None, after: Fields | None, names: Iterable[str]
) -> Change:
    layer, collection = place
    if after is None:
        return Drop(layer, entity_id, collection)
    updates, removals, _ = difference(before or {}, after, names)
    return Put(layer, entity_id, updates, removals, collection)


def _is_plain(value: Json) -> bool:
    """Tell whether a total is a number or a word, and not a list of things."""
    return not isinstance(value, list | dict) and (not isinstance(value, str) or not any(ids_in(value)))
