"""Verdicts: of every id on the map, whether a reader may see it, by its rights and the rules over items."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from livingmap.access.mentions import Mentions, Standing
from livingmap.access.policy import ITSELF, question_kinds
from livingmap.access.policy_targets import owners
from livingmap.access.settings import ItemRule
from livingmap.access.view import Rights
from livingmap.core.layers import NamedLayers
from livingmap.core.vocabulary import type_of

_NO_RULES: Final[Sequence[ItemRule]] = ()
NO_VERDICTS: Final[Mapping[str, bool]] = MappingProxyType({})


class Verdicts:
    """What ``rights`` let be seen of a scene, id by id. `judge` has to be called for what an event touched.

    For a scene of the past, ``today`` has the verdicts of the present: what is hidden now is hidden then. What is
    not on the map any more is judged by the fields that it had.
    """

    def __init__(
        self,
        scene: NamedLayers,
        mentions: Mentions,
        rights: Rights,
        rules: Sequence[ItemRule],
        today: Mapping[str, bool] = NO_VERDICTS,
    ) -> None:
        self._scene = scene
        self._mentions = mentions
        self._rights = rights
        self._grants = dict(zip(question_kinds(rules), rights.grants or (), strict=False))
        self._rules: dict[str, list[ItemRule]] = defaultdict(list)
        for rule in rules if rights.grants is not None else ():
            for name in rule.types:
                self._rules[name].append(rule)
        self._verdicts: dict[str, bool] = {}
        self._today = today

    def shows_layer(self, name: str) -> bool:
        """Tell whether a layer is shown at all."""
        return self._rights.layers is None or name in self._rights.layers

    def shows(self, entity_id: str) -> bool:
        """Tell whether an id is on the map and shown."""
        return self._verdicts.get(entity_id, False)

    def judged(self, entity_id: str) -> bool:
        """Tell whether an id is on the map, shown or not."""
        return entity_id in self._verdicts

    def hides(self, text: str) -> bool:
        """Tell whether ``text`` is an id, or an alias, of something that is not shown."""
        if type_of(text) not in self._mentions.types:
            return False
        entity_id = self._scene.resolve(text)
        verdict = self._verdicts.get(entity_id, self._today.get(entity_id))
        return not verdict if verdict is not None else self._hides_absent(entity_id)

    def _hides_absent(self, entity_id: str) -> bool:
        """Decide about an id that is not on the map, and may have been or come to be: by its type alone."""
        name = type_of(entity_id)
        if self._rights.summary:
            return True
        if rules := self._rules.get(name):
            return not all(
                rule.type is not None and rule.field == ITSELF and self._granted(rule, entity_id) for rule in rules
            )
        home = self._scene.vocabulary.homes.get(name)
        return self._rights.layers is not None and (home is None or home not in self._rights.layers)

    def copy(self) -> dict[str, bool]:
        """Return the verdicts by id, as they are now."""
        return dict(self._verdicts)

    def judge_all(self, ids: Iterable[str]) -> None:
        """Decide about ids for the first time."""
        self._verdicts = {entity_id: self._verdict(entity_id) for entity_id in ids}

    def judge(self, touched: Iterable[str]) -> tuple[set[str], dict[Standing, None]]:
        """Decide about ids again, and about what belongs to them.

        Return the ids that were judged, and the items that may look different now.
        """
        dirty: dict[Standing, None] = {}
        queue: deque[str] = deque(touched)
        seen: set[str] = set()
        while queue:
            entity_id = queue.popleft()
            if entity_id in seen:
                continue
            seen.add(entity_id)
            dirty |= dict.fromkeys((place, entity_id) for place in self._mentions.places(entity_id))
            if not self._changes(entity_id):
                continue
            for standing in self._mentions.of(entity_id):  # what speaks of it may do so differently now
                dirty[standing] = None
                if self._follows(standing[1]):
                    queue.append(standing[1])
        return seen, dirty

    def _changes(self, entity_id: str) -> bool:
        """Decide about an id again; tell whether the verdict is another."""
        before = self._verdicts.pop(entity_id, None)
        after = self._verdict(entity_id) if self._mentions.places(entity_id) else None
        if after is not None:
            self._verdicts[entity_id] = after
        return before != after

    def _follows(self, entity_id: str) -> bool:
        return any(rule.type is None for rule in self._rules.get(type_of(entity_id), _NO_RULES))

    def _verdict(self, entity_id: str, path: tuple[str, ...] = ()) -> bool:
        """Decide whether an item is shown: in some layer that is, and no rule is against it in any."""
        places = self._mentions.places(entity_id)
        if self._rights.summary or not any(self.shows_layer(layer) for layer, _ in places):
            return False
        if (verdict := self._today.get(self._scene.resolve(entity_id))) is not None:
            return verdict
        if entity_id in self._rights.memberships:
            return True
        for rule in self._rules.get(type_of(entity_id), _NO_RULES):
            for place in places:
                ids = list(owners(rule, entity_id, self._scene.items(*place)[entity_id]))
                if ids and not any(self._allows(rule, owner, (*path, entity_id)) for owner in ids):
                    return False
        return True

    def _allows(self, rule: ItemRule, owner: str, path: tuple[str, ...]) -> bool:
        owner = self._scene.resolve(owner)
        if rule.type is not None:
            return self._granted(rule, owner)
        # items that belong to each other in a circle belong to nothing that is shown
        return owner not in path and bool(self._mentions.places(owner)) and self._verdict(owner, path)

    def _granted(self, rule: ItemRule, entity_id: str) -> bool:
        return entity_id in self._grants.get((rule.action, str(rule.type)), ())
