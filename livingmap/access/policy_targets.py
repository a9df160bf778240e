"""The targets of policies: the ids that items belong to by the rules, which the engine is asked about."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from livingmap.access.policy import ITSELF, QuestionKind, question_kinds
from livingmap.access.settings import ItemRule
from livingmap.core.model import Fields
from livingmap.core.scene import Scene
from livingmap.core.vocabulary import type_of

_GOOD_SECONDS: Final = 1.0


def owners(rule: ItemRule, entity_id: str, item: Fields) -> Iterator[str]:
    """Yield the ids of what an item belongs to by a rule."""
    if rule.field == ITSELF:
        yield entity_id
        return
    value = item.get(rule.field)
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one


class PolicyTargets:
    """The ids on the map that rules may ask about, collected again when it has changed, once a second at most."""

    def __init__(
        self, scene: Scene, rules: Sequence[ItemRule], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._scene = scene
        self._clock = clock
        self._kinds = question_kinds(rules)
        self._by_type: dict[str, list[ItemRule]] = defaultdict(list)
        for rule in rules:
            for name in rule.types if rule.type is not None else ():
                self._by_type[name].append(rule)
        self._versions: list[int] = []
        self._targets: dict[QuestionKind, frozenset[str]] = {}
        self._good_until = float("-inf")

    def __call__(self) -> Mapping[QuestionKind, frozenset[str]]:
        """Return the ids for each kind of question."""
        if not self._kinds or self._clock() < self._good_until:
            return self._targets
        versions = [self._scene.version(name) for name in self._scene.layers()]
        if versions != self._versions:
            self._versions, self._targets = versions, self._collect()
        self._good_until = self._clock() + _GOOD_SECONDS
        return self._targets

    def _collect(self) -> dict[QuestionKind, frozenset[str]]:
        targets: dict[QuestionKind, set[str]] = {kind: set() for kind in self._kinds}
        for layer, collections in self._scene.layers().items():
            for collection in collections:
                for entity_id, item in self._scene.items(layer, collection).items():
                    for rule in self._by_type.get(type_of(entity_id), ()):
                        ids = map(self._scene.resolve, owners(rule, entity_id, item))
                        targets[rule.action, str(rule.type)].update(ids)
        return {kind: frozenset(ids) for kind, ids in targets.items()}
