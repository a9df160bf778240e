"""A sight: the map as somebody may see it. It reads like a scene, and hears every event before it is told.

Nothing of what is hidden gets through: neither the items nor their ids in other items, neither the events that
concern them nor the numbers that count them.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from livingmap.access.mentions import Mentions, Standing, ids_in, scrubbed
from livingmap.access.policy import ITSELF, question_kinds
from livingmap.access.policy_targets import owners
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.fold import Folded
from livingmap.core.merge import Dirty, difference
from livingmap.core.model import Change, CollectionKey, Drop, Fields, Json, Put, Total
from livingmap.core.scene import Scene
from livingmap.core.source import Tally
from livingmap.core.tallies import Tallies
from livingmap.core.vocabulary import HOMES

COUNTS: Final = "counts"
"""The total that says, in a summary, how many items each collection of a layer has."""


class FilteredScene:
    """What ``rights`` let be seen of a scene. `take` has to be called for every event, in order."""

    def __init__(
        self,
        scene: Scene,
        mentions: Mentions,
        rights: Rights,
        rules: Sequence[ItemRule],
        tallies: Iterable[Tally],
    ) -> None:
        self._scene = scene
        self._mentions = mentions
        self._rights = rights
        asked = question_kinds(rules)
        self._grants = dict(zip(asked, rights.grants or (), strict=False))
        self._rules: dict[str, list[ItemRule]] = defaultdict(list)
        for rule in rules if rights.grants is not None else ():
            for kind in rule.types:
                self._rules[kind].append(rule)
        self._verdicts: dict[str, bool] = {}
        """Of everything on the map, whether it is shown."""
        self._items: dict[CollectionKey, dict[str, Fields]] = {}
        self._totals: dict[str, Fields] = {}
        self._versions: dict[str, int] = defaultdict(int)
        self._tallies = Tallies(tallies)
        self._heard = 0
        self._known: frozenset[str] = frozenset()
        self._look_around()

    # reading, as of a scene

    def shows_layer(self, name: str) -> bool:
        """Tell whether a layer is shown at all."""
        return self._rights.layers is None or name in self._rights.layers

    def layers(self) -> dict[str, list[str]]:
        """Return the names of the layers, each with those of its collections."""
        return {name: found for name, found in self._scene.layers().items() if self.shows_layer(name)}

    def totals(self, layer: str) -> Fields:
        """Return the fields of the layer itself."""
        return self._totals.get(layer, {})

    def items(self, layer: str, collection: str) -> Fields:
        """Return the items of a collection by id, in no order."""
        return self._items.get((layer, collection), {})

    def version(self, layer: str) -> int:
        """Return a number that grows whenever anything that is shown of the layer changes."""
        return self._versions[layer]

    def knows(self, entity_id: str) -> bool:
        """Tell whether an id is on the map, shown or not."""
        return entity_id in self._verdicts

    def hides(self, text: str) -> bool:
        """Tell whether ``text`` is an id, or an alias, of something that is not shown."""
        if text.partition(":")[0] not in self._mentions.types:
            return False
        entity_id = self._scene.resolve(text)
        shown = self._verdicts.get(entity_id)
        return not shown if shown is not None else self._hides_unknown(entity_id)

    def scrub(self, value: Json) -> Json:
        """Return a JSON value without the ids of what is not shown."""
        return scrubbed(value, self.hides) if any(map(self.hides, ids_in(value))) else value

    def _hides_unknown(self, entity_id: str) -> bool:
        """Decide about an id that is not on the map, and may have been or come to be: by its type alone."""
        kind = entity_id.partition(":")[0]
        if self._rights.summary:
            return True
        if rules := self._rules.get(kind):
            return not all(
                rule.type is not None and rule.field == ITSELF and self._granted(rule, entity_id) for rule in rules
            )
        home = HOMES.get(kind)
        return self._rights.layers is not None and (home is None or home not in self._rights.layers)

    # what is shown

    def _judge(self, entity_id: str, path: tuple[str, ...] = ()) -> bool:
        """Decide whether an item is shown: somewhere in sight, and no rule against it anywhere."""
        places = self._mentions.places(entity_id)
        if self._rights.summary or not any(self.shows_layer(layer) for layer, _ in places):
            return False
        rules = self._rules.get(entity_id.partition(":")[0], ())
        for rule in rules:
            for place in places:
                named = list(owners(rule, entity_id, self._scene.items(*place)[entity_id]))
                if named and not any(self._allows(rule, owner, (*path, entity_id)) for owner in named):
                    return False
        return True

    def _allows(self, rule: ItemRule, owner: str, path: tuple[str, ...]) -> bool:
        owner = self._scene.resolve(owner)
        if rule.type is not None:
            return self._granted(rule, owner)
        # a circle has nobody who vouches for it
        return owner not in path and bool(self._mentions.places(owner)) and self._judge(owner, path)

    def _granted(self, rule: ItemRule, entity_id: str) -> bool:
        return entity_id in self._grants.get((rule.action, str(rule.type)), ())

    def _look_around(self) -> None:
        """See everything for the first time."""
        self._hear()
        places = [(layer, name) for layer, names in self._scene.layers().items() for name in names]
        standing = [(place, entity_id) for place in places for entity_id in self._scene.items(*place)]
        self._verdicts = {entity_id: self._judge(entity_id) for _, entity_id in standing}
        for _ in self._see(dict.fromkeys(standing), set()):
            pass
        for _ in self._count(self._scene.layers()):
            pass

    def take(self, folded: Folded, touched: Iterable[str]) -> list[Change]:
        """Follow an event that has changed the scene; return how what is shown changed.

        ``touched`` is what `Mentions.take` said of it.
        """
        dirty = self._judge_anew(touched)
        recount = {change.layer for change in folded.changes if self._rights.summary or isinstance(change, Total)}
        if self._hear():  # numbers become known with the layer that they count
            dirty |= dict.fromkeys(
                (place, entity_id) for place, items in self._items.items() for entity_id in items
            )
            recount.update(self._scene.layers())
        changes = list(self._see(dirty, recount))
        return [*changes, *self._count(recount)]

    def _hear(self) -> bool:
        """Note which layers have been heard of; tell whether there are more than before."""
        known = self._scene.filled_layers
        if len(known) == self._heard:
            return False
        self._heard = len(known)
        self._known = frozenset(name for name in known if self.shows_layer(name))
        return True

    def _judge_anew(self, touched: Iterable[str]) -> dict[Standing, None]:
        """Decide about ids, and about what belongs to them; return the items that may look different now."""
        dirty: dict[Standing, None] = {}
        queue, seen = deque(touched), set()
        while queue:
            entity_id = queue.popleft()
            if entity_id in seen:
                continue
            seen.add(entity_id)
            places = self._mentions.places(entity_id)
            dirty |= dict.fromkeys((place, entity_id) for place in places)
            dirty |= dict.fromkeys(
                (place, entity_id) for place, items in self._items.items() if entity_id in items
            )
            before, after = self._verdicts.pop(entity_id, None), self._judge(entity_id) if places else None
            if after is not None:
                self._verdicts[entity_id] = after
            if before == after:
                continue
            # whoever speaks of it may do so differently now
            for standing in self._mentions.of(entity_id):
                dirty[standing] = None
                if self._follows(standing[1]):
                    queue.append(standing[1])
        return dirty

    def _follows(self, entity_id: str) -> bool:
        return any(rule.type is None for rule in self._rules.get(entity_id.partition(":")[0], ()))

    def _see(self, dirty: dict[Standing, None], recount: set[str]) -> Iterator[Change]:
        """Bring items up to date; those that count others come last. Layers to ``recount`` are added."""
        while dirty:
            batch, dirty = dirty, {}
            counted = Dirty()
            for place, entity_id in batch:
                before, after = self._items.get(place, {}).get(entity_id), self._shown(place, entity_id)
                if after == before:
                    continue
                self._store(place, entity_id, after)
                names = dict.fromkeys((*(before or {}), *(after or {})))
                self._tallies.recount(place, before, after, names, counted)
                yield _changed(place, entity_id, before, after, names)
            recount.update(counted.totals)
            dirty = {key: None for key in counted.items if key[1] in self._items.get(key[0], {})}

    def _store(self, place: CollectionKey, entity_id: str, item: Fields | None) -> None:
        self._versions[place[0]] += 1
        if item is None:
            self._items[place].pop(entity_id, None)
        else:
            self._items.setdefault(place, {})[entity_id] = item

    def _shown(self, place: CollectionKey, entity_id: str) -> Fields | None:
        """Return an item as it is shown: without hidden ids, and with numbers that count only what is shown."""
        item = self._scene.items(*place).get(entity_id)
        if item is None or not self._verdicts.get(entity_id) or not self.shows_layer(place[0]):
            return None
        if any(map(self.hides, self._mentions.texts(place, entity_id))):
            item = scrubbed(item, self.hides)
        counted = self._own_numbers(self._tallies.of_item(place, entity_id, self._known))
        return {**item, **counted} if any(item.get(name) != value for name, value in counted.items()) else item

    def _own_numbers(self, counted: Fields) -> Fields:
        """Return the numbers that are not the scene's: all where items are hidden, else those of hidden layers."""
        if self._rights.grants is not None:
            return counted
        return {name: value for name, value in counted.items() if value is None}

    def _count(self, layers: Iterable[str]) -> Iterator[Change]:
        """Bring the totals of layers up to date."""
        for layer in layers:
            before, after = self._totals.get(layer, {}), self._totalled(layer)
            if after != before:
                self._totals[layer] = after
                self._versions[layer] += 1
                yield Total(layer, *difference(before, after, dict.fromkeys((*before, *after))))

    def _totalled(self, layer: str) -> Fields:
        if not self.shows_layer(layer):
            return {}
        if self._rights.summary:
            counts = {name: len(self._scene.items(layer, name)) for name in self._scene.layers().get(layer, [])}
            return {**self._summed(layer), **({COUNTS: counts} if counts else {})}
        counted = self._own_numbers(self._tallies.of_layer(layer, self._known))
        if self._rights.grants is not None:  # what sources count is of everything
            return counted
        told = self._scene.totals(layer)
        return {**told, **counted} if counted else told

    def _summed(self, layer: str) -> Fields:
        return {name: value for name, value in self._scene.totals(layer).items() if _is_plain(value)}


def _changed(
    place: CollectionKey, entity_id: str, before: Fields | None, after: Fields | None, names: Iterable[str]
) -> Change:
    layer, collection = place
    if after is None:
        return Drop(layer, entity_id, collection)
    return Put(layer, entity_id, *difference(before or {}, after, names), collection)


def _is_plain(value: Json) -> bool:
    """Tell whether a total is a number or a word, and not a list of things."""
    return not isinstance(value, list | dict) and (not isinstance(value, str) or not any(ids_in(value)))
